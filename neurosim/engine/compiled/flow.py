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

from neurosim.engine.compiled.entries import Packets
from neurosim.engine.compiled.wires import (
    EJECT,
    END_X,
    END_Y,
    FAR_X,
    FAR_Y,
    FREE_AT,
    INJECT_LINK,
    JOINED,
    KIND,
    LATENCY,
    SERIALISATION,
    Runs,
    Wires,
)

Ints = NDArray[np.int64]
_NOBODY = -1


class Scratch(NamedTuple):
    """Room to work in: per packet, per stream (``tail``) and per link (``busy``).

    ``journal`` int64[links, 3] lists the links that were changed, with FREE_AT and JOINED as before; ``journal_size``
    int64[1] says how many.

    ``follows`` int64[room + streams] is the packet behind each packet in its stream, and after those the first one of
    each stream; an empty stream has that place as its ``tail``.
    """

    follows: Ints
    taken: Ints
    started: Ints
    tail: Ints
    busy: NDArray[np.bool_]
    front: Ints
    front_time: Ints
    front_run: Ints
    journal: Ints
    journal_size: Ints


def scratch_of(room: int, runs: Runs, links: int) -> Scratch:
    """Return working space for up to ``room`` packets on so many links."""
    taken, started = np.zeros((2, room), dtype=np.int64)
    streams, widest = int(runs.ptr[-1]), int(np.diff(runs.ptr).max(initial=1))
    follows, tail = np.zeros(room + streams, dtype=np.int64), room + np.arange(streams)
    front, front_time, front_run = np.zeros((3, widest), dtype=np.int64)
    busy = np.zeros(len(runs.order), dtype=np.bool_)
    journal = np.zeros((links, 3), dtype=np.int64)
    return Scratch(
        follows, taken, started, tail, busy, front, front_time, front_run, journal, np.zeros(1, dtype=np.int64)
    )


# Arrays are taken out of their tuples once and handed on one by one: inside a loop over packets, taking them out would
# cost more than the work itself.


@njit(cache=True, inline="always")
def _append(p: int, run: int, ranks: Ints, tail: Ints, follows: Ints, busy: NDArray[np.bool_]) -> None:
    """Put a packet at the end of a stream, whose link then has something to do."""
    busy[ranks[run]] = True
    follows[tail[run]] = p
    tail[run] = p
    follows[p] = _NOBODY


@njit(cache=True, inline="always")
def _open(
    first: int,
    last: int,
    streams: int,
    tail: Ints,
    follows: Ints,
    time: Ints,
    front: Ints,
    front_time: Ints,
    front_run: Ints,
) -> int:
    """Take the streams that lead to a link; returns how many there are."""
    k = 0
    for run in range(first, last):
        if tail[run] != streams + run:
            p = follows[streams + run]
            front[k], front_time[k], front_run[k] = p, time[p], run
            tail[run] = streams + run
            k += 1
    return k


@njit(cache=True, inline="always")
def _first(k: int, front: Ints, front_time: Ints) -> int:
    """Return which of k streams has the next packet, by (time, number)."""
    best = 0
    for i in range(1, k):
        if front_time[i] < front_time[best] or (front_time[i] == front_time[best] and front[i] < front[best]):
            best = i
    return best


@njit(cache=True, inline="always")
def _step_on(best: int, k: int, follows: Ints, time: Ints, front: Ints, front_time: Ints, front_run: Ints) -> int:
    """Move a stream to its next packet; returns how many streams are left."""
    q = follows[front[best]]
    if q != _NOBODY:
        front[best], front_time[best] = q, time[q]
        return k
    front[best], front_time[best], front_run[best] = front[k - 1], front_time[k - 1], front_run[k - 1]
    return k - 1


@njit(cache=True, inline="always")
def write_down(journal: Ints, changed: int, links: Ints, link: int) -> int:
    """Keep the state of a link before it changes; returns how many are kept."""
    journal[changed, 0], journal[changed, 1], journal[changed, 2] = link, links[link, FREE_AT], links[link, JOINED]
    return changed + 1


@njit(cache=True)
def finds_full(taken: Ints, started: Ints, depth: int) -> bool:
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
    full = False
    for i in range(depth, len(taken)):
        full = full or started[i - depth] >= taken[i]
    return full


@njit(cache=True)
def flow(w: Wires, runs: Runs, links: Ints, packets: Packets, scratch: Scratch) -> bool:
    """Carry all packets of one step to their goals.

    Changes ``links`` (FREE_AT, JOINED), which ``take_back`` undoes, and writes time, arrived, begin and arrivals of
    ``packets``. Returns False, with all of that undefined, when a queue may have been full.
    """
    journal, changed = scratch.journal, _inject(w, runs, links, packets, scratch)
    columns, depth, fixed, ends = w.columns, w.depth, w.fixed, w.ends
    order, ranks, ptr, port, run_latency, table = runs.order, runs.rank, runs.ptr, runs.port, runs.latency, runs.table
    source, goal, time = packets.source, packets.goal, packets.time
    arrived, begin, arrivals = packets.arrived, packets.begin, packets.arrivals
    follows, taken, started, tail, busy = scratch.follows, scratch.taken, scratch.started, scratch.tail, scratch.busy
    front, front_time, front_run = scratch.front, scratch.front_time, scratch.front_run
    streams = len(follows) - len(tail)
    arrivals[:] = 0
    delivered = 0
    for here in range(len(order)):
        if not busy[here]:
            continue
        busy[here] = False
        link = order[here]
        ejects, inlet, free = fixed[link, KIND] == EJECT, port[link], links[link, FREE_AT]
        latency, serialisation = fixed[link, LATENCY], fixed[link, SERIALISATION]
        far_x, far_y = fixed[link, FAR_X], fixed[link, FAR_Y]
        tile = far_x + columns * far_y
        k = _open(ptr[link], ptr[link + 1], streams, tail, follows, time, front, front_time, front_run)
        n = 0
        while k:
            best = _first(k, front, front_time)
            p, joined, run = front[best], front_time[best], front_run[best]
            k = _step_on(best, k, follows, time, front, front_time, front_run)
            start = max(joined, free)
            free = start + serialisation
            time[p] = start + latency
            if depth:
                taken[n], started[n] = joined - run_latency[run], start
            n += 1
            if ejects:
                arrived[delivered] = p
                delivered += 1
                continue
            to = goal[p]
            if far_x < 0:  # an edge: dimension order keeps the packet's own row, and later its own column
                tile = ends[to, END_X] + columns * far_y
            elif far_y < 0:
                tile = far_x + columns * ends[source[p], END_Y]
            _append(p, table[tile, to] + inlet, ranks, tail, follows, busy)
        changed = write_down(journal, changed, links, link)
        links[link, FREE_AT] = free
        links[link, JOINED] += n
        if ejects:
            endpoint = goal[arrived[delivered - 1]]
            begin[endpoint], arrivals[endpoint] = delivered - n, n
        if depth and n > depth and finds_full(taken[:n], started[:n], depth):
            _give_up(scratch, changed)
            return False
    scratch.journal_size[0] = changed
    return True


@njit(cache=True)
def _give_up(scratch: Scratch, changed: int) -> None:
    scratch.tail[:] = len(scratch.follows) - len(scratch.tail) + np.arange(len(scratch.tail))
    scratch.busy[:] = False
    scratch.journal_size[0] = changed


@njit(cache=True)
def take_back(links: Ints, scratch: Scratch) -> None:
    """Undo what ``flow`` did to the links."""
    for k in range(scratch.journal_size[0]):
        link = scratch.journal[k, 0]
        links[link, FREE_AT], links[link, JOINED] = scratch.journal[k, 1], scratch.journal[k, 2]


@njit(cache=True)
def _inject(w: Wires, runs: Runs, links: Ints, packets: Packets, scratch: Scratch) -> int:
    """Let all packets pass the injection links, each endpoint's by themselves; returns how many links that changes."""
    columns, fixed, ends, ranks, port, table = w.columns, w.fixed, w.ends, runs.rank, runs.port, runs.table
    ptr, goal, time = packets.ptr, packets.goal, packets.time
    follows, tail, busy, journal = scratch.follows, scratch.tail, scratch.busy, scratch.journal
    changed = 0
    for endpoint in range(len(ends)):
        if ptr[endpoint] == ptr[endpoint + 1]:
            continue
        link = ends[endpoint, INJECT_LINK]
        free, inlet = links[link, FREE_AT], port[link]
        latency, serialisation = fixed[link, LATENCY], fixed[link, SERIALISATION]
        tile = ends[endpoint, END_X] + columns * ends[endpoint, END_Y]
        for p in range(ptr[endpoint], ptr[endpoint + 1]):
            start = max(time[p], free)
            free = start + serialisation
            time[p] = start + latency
            _append(p, table[tile, goal[p]] + inlet, ranks, tail, follows, busy)
        changed = write_down(journal, changed, links, link)
        links[link, FREE_AT] = free
        links[link, JOINED] += ptr[endpoint + 1] - ptr[endpoint]
    return changed
