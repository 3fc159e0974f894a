"""The network link by link: each link's timeline follows at once from the packets that reach it.

Dimension order has no circle, so links can be taken in an order in which all that feeds a link is known: injection,
then along the rows, then along the columns, then ejection. A link takes its packets in the order (time, number),
which is a merge of the streams from the links before it; each starts at the later of its arrival and the link's
``free_at``. With bounded queues this holds as long as no packet finds the next queue full.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.exact import FREE_AT, JOINED
from neurosim.engine.compiled.wires import EJECT, Runs, Wires, way_on

Ints = NDArray[np.int64]
_NOBODY = -1


class Packets(NamedTuple):
    """The packets of one step in the order of their numbers, int64[packets] each; the first ``ptr[-1]`` count.

    Those of endpoint e are ``ptr[e]:ptr[e + 1]``, in the order of sending. ``time`` is when a packet enters the
    network, and after ``flow`` when it is delivered (ps). ``arrived`` lists packets by goal and in the order of
    arrival there: those at endpoint e are ``arrived[begin[e]:begin[e] + arrivals[e]]``.
    """

    ptr: Ints
    source: Ints
    goal: Ints
    axon: Ints
    payload: Ints
    created: Ints
    time: Ints
    arrived: Ints
    begin: Ints
    arrivals: Ints


class Scratch(NamedTuple):
    """Room to work in: per packet, per stream (``head``, ``tail``) and per link (``busy``)."""

    follows: Ints
    taken: Ints
    started: Ints
    head: Ints
    tail: Ints
    busy: NDArray[np.bool_]
    front: Ints
    front_time: Ints
    front_run: Ints


def packets_of(room: int, endpoints: int) -> Packets:
    """Return arrays for up to ``room`` packets."""
    columns = [np.zeros(room, dtype=np.int64) for _ in range(7)]
    ends = np.zeros((2, endpoints), dtype=np.int64)
    return Packets(np.zeros(endpoints + 1, dtype=np.int64), *columns, ends[0], ends[1])


def scratch_of(room: int, runs: Runs) -> Scratch:
    """Return working space for up to ``room`` packets."""
    follows, taken, started = np.zeros((3, room), dtype=np.int64)
    streams, widest = int(runs.ptr[-1]), int(np.diff(runs.ptr).max(initial=1))
    head, tail = np.full((2, streams), _NOBODY, dtype=np.int64)
    front, front_time, front_run = np.zeros((3, widest), dtype=np.int64)
    busy = np.zeros(len(runs.order), dtype=np.bool_)
    return Scratch(follows, taken, started, head, tail, busy, front, front_time, front_run)


@njit(cache=True, inline="always")
def _pass_on(w: Wires, runs: Runs, packets: Packets, scratch: Scratch, link: int, p: int) -> None:
    """Append a packet to the stream from a link to the one that it takes next."""
    tile, direction = way_on(w, link, packets.source[p], packets.goal[p])
    if direction == EJECT:
        run, onward = runs.eject[packets.goal[p]], w.eject[packets.goal[p]]
    else:
        run, onward = runs.out[tile, direction], w.out[tile, direction]
    run += runs.port[link]
    if scratch.head[run] == _NOBODY:
        scratch.head[run] = p
        scratch.busy[runs.rank[onward]] = True
    else:
        scratch.follows[scratch.tail[run]] = p
    scratch.tail[run] = p
    scratch.follows[p] = _NOBODY


@njit(cache=True, inline="always")
def _open(runs: Runs, packets: Packets, scratch: Scratch, link: int) -> int:
    """Take the streams that lead to a link; returns how many there are."""
    k = 0
    for run in range(runs.ptr[link], runs.ptr[link + 1]):
        p = scratch.head[run]
        if p != _NOBODY:
            scratch.front[k], scratch.front_time[k], scratch.front_run[k] = p, packets.time[p], run
            scratch.head[run] = _NOBODY
            k += 1
    return k


@njit(cache=True, inline="always")
def _first(scratch: Scratch, k: int) -> int:
    """Return which of k streams has the next packet, by (time, number)."""
    front, time = scratch.front, scratch.front_time
    best = 0
    for i in range(1, k):
        if time[i] < time[best] or (time[i] == time[best] and front[i] < front[best]):
            best = i
    return best


@njit(cache=True, inline="always")
def _step_on(packets: Packets, scratch: Scratch, best: int, k: int) -> int:
    """Move a stream to its next packet; returns how many streams are left."""
    q = scratch.follows[scratch.front[best]]
    if q != _NOBODY:
        scratch.front[best], scratch.front_time[best] = q, packets.time[q]
        return k
    scratch.front[best], scratch.front_time[best] = scratch.front[k - 1], scratch.front_time[k - 1]
    scratch.front_run[best] = scratch.front_run[k - 1]
    return k - 1


@njit(cache=True)
def _finds_full(taken: Ints, started: Ints, depth: int) -> bool:
    """Tell whether a queue of ``depth`` slots may be full when one is wanted.

    ``taken`` are the times at which slots are taken, nearly in order, and are sorted here; ``started`` those at
    which they come back, ascending. What happens in one picosecond counts as overlapping, to be safe.
    """
    for i in range(1, len(taken)):
        value, at = taken[i], i
        while at and taken[at - 1] > value:
            taken[at] = taken[at - 1]
            at -= 1
        taken[at] = value
    for i in range(depth, len(taken)):
        if started[i - depth] >= taken[i]:
            return True
    return False


@njit(cache=True)
def flow(w: Wires, runs: Runs, links: Ints, packets: Packets, scratch: Scratch) -> bool:
    """Carry all packets of one step to their goals.

    Changes ``links`` (FREE_AT, JOINED) and writes time, arrived, begin and arrivals of ``packets``. Returns False, with
    all of that undefined, when a queue may have been full.
    """
    packets.arrivals[:] = 0
    for endpoint in range(len(w.inject)):
        link = w.inject[endpoint]
        free = links[link, FREE_AT]
        for p in range(packets.ptr[endpoint], packets.ptr[endpoint + 1]):
            start = max(packets.time[p], free)
            free = start + w.serialisation[link]
            packets.time[p] = start + w.latency[link]
            _pass_on(w, runs, packets, scratch, link, p)
        links[link, FREE_AT] = free
        links[link, JOINED] += packets.ptr[endpoint + 1] - packets.ptr[endpoint]
    delivered = 0
    for rank in range(len(runs.order)):
        if not scratch.busy[rank]:
            continue
        scratch.busy[rank] = False
        link = runs.order[rank]
        ejects = w.kind[link] == EJECT
        free, latency, serialisation = links[link, FREE_AT], w.latency[link], w.serialisation[link]
        k, n = _open(runs, packets, scratch, link), 0
        while k:
            best = _first(scratch, k)
            p, time, run = scratch.front[best], scratch.front_time[best], scratch.front_run[best]
            k = _step_on(packets, scratch, best, k)
            start = max(time, free)
            free = start + serialisation
            packets.time[p] = start + latency
            if w.depth:
                scratch.taken[n], scratch.started[n] = time - runs.latency[run], start
            n += 1
            if ejects:
                packets.arrived[delivered] = p
                delivered += 1
            else:
                _pass_on(w, runs, packets, scratch, link, p)
        links[link, FREE_AT] = free
        links[link, JOINED] += n
        if ejects:
            endpoint = packets.goal[packets.arrived[delivered - 1]]
            packets.begin[endpoint], packets.arrivals[endpoint] = delivered - n, n
        if w.depth and n > w.depth and _finds_full(scratch.taken[:n], scratch.started[:n], w.depth):
            scratch.head[:] = _NOBODY
            scratch.busy[:] = False
            return False
    return True
