"""The host's side of an array: pulses become bit words, and the words that come back become pulses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a.code_events import END, SLOT
from neurosim.cores.f18a.plan import HOST, BitWord

Ints = NDArray[np.int64]


def encode(pulses: NDArray[np.bool_], words: Sequence[BitWord]) -> Ints:
    """Return the words of each step, int64[..., words], from pulses bool[..., input lines]; line k in bit 15 - k."""
    values = np.zeros((pulses.shape[-1], len(words)), dtype=np.float32)  # whole numbers below 2**24: exact
    for k, word in enumerate(words):
        for bit, line in enumerate(word.lines):
            if line >= 0:
                values[line, k] = 1 << _position(word, bit)
    found: Ints = (pulses.astype(np.float32) @ values).astype(np.int64)
    return found


def encode_events(words: Ints, slots: Sequence[int]) -> Ints:
    """Return the host's words of the steps int64[..., words] as lists of events, one after another, int64[k].

    An event is the address of its synapses in every leaf: the place of its line in the word, and the word's slot.
    """
    bits = words.reshape(-1, words.shape[-1])[..., None] >> np.arange(15, -1, -1) & 1
    events = np.where(bits == 1, np.array(slots)[:, None] * SLOT + np.arange(16), -1)
    lists = np.concatenate([events, np.full((*events.shape[:2], 1), END)], axis=2).ravel()
    found: Ints = lists[lists >= 0]
    return found


def decode(received: Ints, words: Sequence[BitWord], first: int, neurons: int) -> NDArray[np.bool_]:
    """Return which neurons fired, bool[..., neurons], from spike words int64[..., words].

    Lines of the words are numbers from ``first`` on; neurons that no word has stay silent.
    """
    fired = np.zeros((*received.shape[:-1], neurons), dtype=np.bool_)
    for k, word in enumerate(words):
        for bit, line in enumerate(word.lines):
            if line >= 0:
                fired[..., line - first] = received[..., k] >> _position(word, bit) & 1
    return fired


def _position(word: BitWord, bit: int) -> int:
    return 15 - bit if word.source == HOST else len(word.lines) - 1 - bit
