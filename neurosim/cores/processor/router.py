"""The table of the multicast router: how many key-and-mask entries a program needs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.problem import Nets, distinct
from neurosim.program import Destinations, Program

_UNUSED, _MIXED = -1, -2  # instead of a route: no spike has a key of this block; the block has several routes


def router_entries(program: Program) -> int:
    """Return the entries (key and mask) that the spikes of a program need in the chip's one event router.

    Each core in use has a space of keys of its own, of the least power of two that holds its units, and the input
    lines have one together; the key is the unit's number. An entry matches an aligned block of 2**k keys, so it
    covers units that all reach the same set of cores; keys that no spike carries (units without destination, keys
    beyond the last unit) may lie in any block. Counted are the largest such blocks. A tool that lets entries
    overlap in order of priority may need fewer. In a tiling of several chips each router is taken to hold all.
    """
    return sum(_entries(_routes(destinations)) for destinations in (program.inputs, *program.outputs))


def entries_of(nets: Nets, core_of: NDArray[np.int32]) -> int:
    """Return the entries that ``router_entries`` will find when neurons stand on these cores (or clusters)."""
    n, cores = len(core_of), int(core_of.max(initial=0)) + 1
    pairs = distinct(nets.source[nets.net_of_synapse] * cores + core_of[nets.target])
    source, core = pairs // cores, (pairs % cores).astype(np.int32)
    ptr = np.searchsorted(source, np.arange(nets.n_inputs + n + 1))
    route = _routes(Destinations(ptr, core, core))
    order = np.argsort(core_of, kind="stable")
    own = np.split(route[nets.n_inputs :][order], np.cumsum(np.bincount(core_of, minlength=cores))[:-1])
    return sum(_entries(part) for part in (route[: nets.n_inputs], *own) if len(part))


def _routes(destinations: Destinations) -> NDArray[np.int64]:
    """Number the distinct sets of destination cores and return the number for every source, or _UNUSED."""
    ptr, core = destinations.ptr.tolist(), destinations.core
    numbers: dict[bytes, int] = {b"": _UNUSED}
    sets = (core[a:b].tobytes() for a, b in pairwise(ptr))
    return np.array([numbers.setdefault(cores, len(numbers)) for cores in sets], dtype=np.int64)


def _entries(routes: NDArray[np.int64]) -> int:
    """Return the least number of aligned blocks of one route each that hold all used keys."""
    size = 1 << max(len(routes) - 1, 0).bit_length()
    route = np.full(size, _UNUSED, dtype=np.int64)
    route[: len(routes)] = routes
    count = (route != _UNUSED).astype(np.int64)
    while len(route) > 1:
        left, right = route[::2], route[1::2]
        joined = np.where(left == _UNUSED, right, left)
        alike = (joined == right) | (right == _UNUSED)
        both = count[::2] + count[1::2]
        route = np.where(alike & (joined != _MIXED), joined, _MIXED)
        count = np.where(route == _MIXED, both, np.minimum(both, 1))
    return int(count[0])
