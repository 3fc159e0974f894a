"""Synapse memory of one input axon: the packing formula of the chip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.chip import Chip


def index_bits(compartments: int, chip: Chip) -> int:
    """Return the bits of a synapse's index on a core of that many compartments."""
    needed = max(compartments - 1, 0).bit_length()
    return min(max(needed, chip.limit("index_bits_min")), chip.limit("index_bits_max"))


def axon_words(count: NDArray[np.int64], bits_per_synapse: NDArray[np.int64], chip: Chip) -> NDArray[np.int64]:
    """Return the memory words of axons with ``count`` synapses each, int64[axons].

    Synapses go in blocks of at most 64; a block of m takes m * bits + 10 header bits, rounded up to a whole word.
    Source: nengo-loihi.
    """
    block, word = chip.limit("synapse_block"), chip.limit("word_bits")
    header = chip.limit("synapse_header_bits")
    full, rest = count // block, count % block
    full_words = -(-(block * bits_per_synapse + header) // word)
    rest_words = np.where(rest > 0, -(-(rest * bits_per_synapse + header) // word), 0)
    return full * full_words + rest_words


def is_dense(target: NDArray[np.int64], axon_ptr: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which axons reach a run of compartments without gap or repetition, so that no index is stored.

    ``target`` holds the compartments axon by axon, ascending; ``axon_ptr`` int64[axons + 1], no axon empty.
    """
    breaks = np.cumsum(np.diff(target, prepend=target[:1]) != 1)
    dense: NDArray[np.bool_] = breaks[axon_ptr[1:] - 1] == breaks[axon_ptr[:-1]]
    return dense
