"""Code for synapses that come from outside: a node keeps membranes, and gets the weights of every pulse as words.

Words are those of external memory, 16 bits, with several weights each, the first in the lowest bits, each with an
offset that makes it positive. For every pulse the node takes a 0 and then its words; a word with bit 17 set ends the
step: it then sends who fired, 16 neurons to a word, the first in the highest bit in use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a.assemble import AssemblyError, Code, assemble
from neurosim.errors import NeurosimError

Ints = NDArray[np.int64]

EXTERNAL_BITS = 16
MOST = 32  # membranes of a node
STEP = 0x20000  # ends a step
_GROUP = 16  # bits of a spike word


def weights_per_word(bits: int) -> int:
    """Return how many weights a word of the external memory holds."""
    return EXTERNAL_BITS // bits


def adder_text(neurons: int, bits: int, threshold: int, port: str) -> str:
    """Return the F18A text of a node with so many neurons (1 to MOST), whose words come through ``port``."""
    per_word = weights_per_word(bits)
    places = -(-neurons // per_word) * per_word
    offset, mask = 1 << (bits - 1), (1 << bits) - 1
    shift = " ".join(["2/"] * bits)
    add = [f"dup {mask} and -{offset} + @ + !+ {shift}"] * (per_word - 1) + [f"-{offset} + @ + !+ next take"]
    groups = [min(_GROUP, neurons - k) for k in range(0, neurons, _GROUP)]
    ends = " ".join(f"{size - 1} fold" for size in groups)
    return f"""
/p main
/b {port}
m:      fill {places} {-threshold}      \\ membranes, less the threshold
main:   dup dup or a!                   \\ A: the first membrane
        @b -if pulse                    \\ what it leaves on the stack goes down in the ring
        {ends} jump main                \\ the step is over
pulse:  {places // per_word - 1} push
take:   @b {" ".join(add)}
        jump main
fold:   push dup dup or                 \\ no bits yet
each:   @ -if fire
        !+ 2* next each
        !b ;
fire:   -{threshold} + !+ - 2* - next each  \\ twice the bits and one
        !b ;
"""


def adder_code(neurons: int, bits: int, threshold: int, port: str) -> Code:
    """Return the assembled node; raises AssemblyError where it does not fit into one."""
    return assemble(adder_text(neurons, bits, threshold, port))


def most_neurons(bits: int, threshold: int, port: str) -> int:
    """Return how many neurons fit into one node; raises NeurosimError where none does."""
    for neurons in range(MOST, 0, -weights_per_word(bits)):
        try:
            adder_code(neurons, bits, threshold, port)
        except AssemblyError:
            continue
        return neurons
    raise NeurosimError(f"weights of {bits} bits from outside: the code that takes them apart fills a node")


def rows(weights: Ints, bits: int) -> Ints:
    """Return the words of each line, int64[lines, words], from whole weights int64[lines, neurons]."""
    per_word = weights_per_word(bits)
    places = -(-weights.shape[1] // per_word) * per_word
    padded = np.zeros((len(weights), places), dtype=np.int64)
    padded[:, : weights.shape[1]] = weights
    lifted = (padded + (1 << (bits - 1))).reshape(len(weights), -1, per_word)
    found: Ints = (lifted << (bits * np.arange(per_word))).sum(axis=2)
    return found


def spike_words(neurons: int) -> int:
    """Return how many words tell who fired in a step."""
    return -(-neurons // _GROUP)


def fired(words: Ints, neurons: int) -> NDArray[np.bool_]:
    """Return who fired, bool[steps, neurons], from the spike words of a run, int64[steps * words of a step]."""
    sizes = [min(_GROUP, neurons - k) for k in range(0, neurons, _GROUP)]
    each = words.reshape(-1, len(sizes))
    return np.concatenate(
        [each[:, [k]] >> (size - 1 - np.arange(size)) & 1 for k, size in enumerate(sizes)], axis=1
    ).astype(np.bool_)
