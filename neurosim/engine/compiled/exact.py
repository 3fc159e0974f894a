"""The network event by event, to the letter of ``engine/event``: links, slots, waiting lists, multicast trees.

Slower than working link by link, and needed where that order does not hold: when a full queue holds up the links
before it, and when a packet is still under way as its sender's next tick begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.entries import Packets
from neurosim.engine.compiled.heap import ITEM, PRIORITY, TIME, pop, push
from neurosim.engine.compiled.trees import Trees
from neurosim.engine.compiled.wires import (
    EAST,
    EJECT,
    EJECT_LINK,
    END_X,
    END_Y,
    FREE_AT,
    INJECT,
    INJECT_LINK,
    JOINED,
    KIND,
    LATENCY,
    NORTH,
    SERIALISATION,
    SOUTH,
    WEST,
    Wires,
    way_on,
)

Ints = NDArray[np.int64]

# Columns of the packets, int64[room, 14]: AT is the link that it joins next, or one of the two below.
(
    NUMBER, SOURCE, DESTINATION, AXON, PAYLOAD, CREATED, DELIVERED, AT, NEXT, ROUTE, FIRST, LAST, ORIGIN, STEP,
) = range(14)  # fmt: skip
PACKET_FIELDS = 14
ARRIVES = -1  # at its endpoint
SPLITS = -2  # in the router of tile -2 - AT

# Columns of the links, int64[links, 8], after FREE_AT and JOINED.
SLOTS, QUEUE_HEAD, QUEUE_TAIL, WAITING_HEAD, WAITING_TAIL, WAITS_BEHIND = range(2, 8)
LINK_FIELDS = 8
NONE = -1

# Places of the totals, int64[3].
EVENTS, SCHEDULED, PACKETS = range(3)
TOTALS = 3
_AMPLE = 1 << 60  # slots of a source queue


class Traffic(NamedTuple):
    """What is under way: ``packets``, ``links``, ``heap`` of events, ``totals``; see the columns above.

    ``arrived`` int64[endpoints, 3] holds the first, the last and the number of packets that wait to be taken.
    """

    packets: Ints
    links: Ints
    heap: Ints
    totals: Ints
    arrived: Ints


# Functions take the arrays that they need one by one: taking them out of tuples again and again costs more than the
# work. ``fixed``, ``ends`` and ``out`` are those of Wires; ``live`` arrays are those of Traffic.


@njit(cache=True)
def _schedule(heap: Ints, totals: Ints, time: int, priority: int, item: int) -> None:
    push(heap, totals[EVENTS], time, priority, totals[SCHEDULED], item)
    totals[EVENTS] += 1
    totals[SCHEDULED] += 1


@njit(cache=True)
def next_stop(fixed: Ints, ends: Ints, out: Ints, columns: int, packets: Ints, p: int, link: int) -> int:
    """Return where a packet goes from the far end of a link."""
    if fixed[link, KIND] == EJECT:
        return ARRIVES
    goal = packets[p, DESTINATION]
    tile, direction = way_on(fixed, ends, link, packets[p, SOURCE], goal, columns)
    if packets[p, ROUTE] >= 0:
        return SPLITS - int(tile)
    return int(ends[goal, EJECT_LINK] if direction == EJECT else out[tile, direction])


@njit(cache=True)
def _start(
    fixed: Ints, packets: Ints, links: Ints, heap: Ints, totals: Ints, p: int, link: int, stop: int, now: int
) -> None:
    links[link, FREE_AT] = now + fixed[link, SERIALISATION]
    packets[p, AT] = stop
    _schedule(heap, totals, now + fixed[link, LATENCY], packets[p, NUMBER], p)


@njit(cache=True)
def _sleep(links: Ints, heap: Ints, totals: Ints, link: int) -> None:
    _schedule(heap, totals, links[link, FREE_AT], link - links.shape[0], -1 - link)


@njit(cache=True)
def _enqueue(packets: Ints, links: Ints, p: int, link: int) -> None:
    packets[p, NEXT] = NONE
    if links[link, QUEUE_HEAD] == NONE:
        links[link, QUEUE_HEAD] = p
    else:
        packets[links[link, QUEUE_TAIL], NEXT] = p
    links[link, QUEUE_TAIL] = p


@njit(cache=True)
def _wait(links: Ints, link: int, stop: int) -> None:
    links[link, WAITS_BEHIND] = NONE
    if links[stop, WAITING_HEAD] == NONE:
        links[stop, WAITING_HEAD] = link
    else:
        links[links[stop, WAITING_TAIL], WAITS_BEHIND] = link
    links[stop, WAITING_TAIL] = link


@njit(cache=True)
def _start_head(
    fixed: Ints, packets: Ints, links: Ints, heap: Ints, totals: Ints, link: int, stop: int, now: int
) -> None:
    p = links[link, QUEUE_HEAD]
    links[link, QUEUE_HEAD] = packets[p, NEXT]
    _start(fixed, packets, links, heap, totals, p, link, stop, now)
    if links[link, QUEUE_HEAD] != NONE:
        _sleep(links, heap, totals, link)


@njit(cache=True)
def _release(fixed: Ints, packets: Ints, links: Ints, heap: Ints, totals: Ints, link: int, now: int) -> None:
    """Give one slot back; a link that starts with it gives back a slot of its own, and so on upstream."""
    while links[link, WAITING_HEAD] != NONE:
        upstream = links[link, WAITING_HEAD]
        links[link, WAITING_HEAD] = links[upstream, WAITS_BEHIND]
        _start_head(fixed, packets, links, heap, totals, upstream, link, now)
        link = upstream
    links[link, SLOTS] += 1


@njit(cache=True)
def _takes_slot(links: Ints, stop: int) -> bool:
    """Take a slot at the next stop if there is one; an endpoint always accepts."""
    if stop == ARRIVES:
        return True
    free = links[stop, SLOTS] > 0
    links[stop, SLOTS] -= free
    return bool(free)


@njit(cache=True)
def _join_buffered(
    fixed: Ints,
    ends: Ints,
    out: Ints,
    columns: int,
    packets: Ints,
    links: Ints,
    heap: Ints,
    totals: Ints,
    p: int,
    link: int,
    now: int,
) -> None:
    """Let a packet take its place in a link's entry queue; it starts at once if link and next stop are free."""
    links[link, JOINED] += 1
    if links[link, QUEUE_HEAD] != NONE:
        _enqueue(packets, links, p, link)
        return
    if links[link, FREE_AT] > now:
        _enqueue(packets, links, p, link)
        _sleep(links, heap, totals, link)
        return
    stop = next_stop(fixed, ends, out, columns, packets, p, link)
    if _takes_slot(links, stop):
        _start(fixed, packets, links, heap, totals, p, link, stop, now)
        _release(fixed, packets, links, heap, totals, link, now)
    else:
        _enqueue(packets, links, p, link)
        _wait(links, link, stop)


@njit(cache=True)
def _on_free(
    fixed: Ints,
    ends: Ints,
    out: Ints,
    columns: int,
    packets: Ints,
    links: Ints,
    heap: Ints,
    totals: Ints,
    link: int,
    now: int,
) -> None:
    """Start the head packet of a link, or let it wait for a slot at its next stop."""
    stop = next_stop(fixed, ends, out, columns, packets, links[link, QUEUE_HEAD], link)
    if _takes_slot(links, stop):
        _start_head(fixed, packets, links, heap, totals, link, stop, now)
        _release(fixed, packets, links, heap, totals, link, now)
    else:
        _wait(links, link, stop)


@njit(cache=True)
def _join(
    fixed: Ints,
    ends: Ints,
    out: Ints,
    columns: int,
    packets: Ints,
    links: Ints,
    heap: Ints,
    totals: Ints,
    p: int,
    link: int,
    now: int,
) -> None:
    """Let a packet pass a link with an unbounded queue."""
    links[link, JOINED] += 1
    start = max(now, links[link, FREE_AT])
    links[link, FREE_AT] = start + fixed[link, SERIALISATION]
    packets[p, AT] = next_stop(fixed, ends, out, columns, packets, p, link)
    _schedule(heap, totals, start + fixed[link, LATENCY], packets[p, NUMBER], p)


@njit(cache=True)
def _branch(packets: Ints, totals: Ints, p: int, first: int, last: int) -> int:
    """Make the copy of a packet that serves some leaves of its route; returns its place."""
    copy = totals[PACKETS]
    totals[PACKETS] += 1
    for column in range(PACKET_FIELDS):
        packets[copy, column] = packets[p, column]
    packets[copy, NUMBER] = packets[p, ORIGIN] + first
    packets[copy, DELIVERED] = -1
    packets[copy, FIRST], packets[copy, LAST] = first, last
    return int(copy)


@njit(cache=True)
def _split(
    w: Wires, trees: Trees, packets: Ints, links: Ints, heap: Ints, totals: Ints, p: int, tile: int, now: int
) -> None:
    """Let one copy join every link that the leaves below need, which stand together; ejection takes one per leaf."""
    fixed, ends, out, columns, endpoint, axon = w.fixed, w.ends, w.out, w.columns, trees.endpoint, trees.axon
    begin, x, y = trees.ptr[packets[p, ROUTE]], tile % columns, tile // columns
    first, last = packets[p, FIRST], packets[p, LAST]
    while first < last:
        link, after = _link_to(ends, out, x, y, tile, endpoint[begin + first]), first + 1
        if fixed[link, KIND] != EJECT:
            while after < last and _link_to(ends, out, x, y, tile, endpoint[begin + after]) == link:
                after += 1
        copy = _branch(packets, totals, p, first, after)
        packets[copy, DESTINATION], packets[copy, AXON] = endpoint[begin + first], axon[begin + first]
        _join(fixed, ends, out, columns, packets, links, heap, totals, copy, link, now)
        first = after


@njit(cache=True)
def _link_to(ends: Ints, out: Ints, x: int, y: int, tile: int, goal: int) -> int:
    if ends[goal, END_X] != x:
        return int(out[tile, EAST if ends[goal, END_X] > x else WEST])
    if ends[goal, END_Y] != y:
        return int(out[tile, NORTH if ends[goal, END_Y] > y else SOUTH])
    return int(ends[goal, EJECT_LINK])


@njit(cache=True)
def _deliver(packets: Ints, arrived: Ints, p: int, now: int) -> None:
    """Let a packet arrive at its endpoint, where it waits to be taken."""
    goal = packets[p, DESTINATION]
    packets[p, DELIVERED], packets[p, NEXT] = now, NONE
    if arrived[goal, 2] == 0:
        arrived[goal, 0] = p
    else:
        packets[arrived[goal, 1], NEXT] = p
    arrived[goal, 1] = p
    arrived[goal, 2] += 1


@njit(cache=True)
def _turn(w: Wires, trees: Trees, packets: Ints, links: Ints, heap: Ints, totals: Ints, p: int, now: int) -> None:
    """Let a packet that has reached the hub start again as a tree."""
    packets[p, DELIVERED], route = now, packets[p, AXON]
    copy = _branch(packets, totals, p, 0, trees.ptr[route + 1] - trees.ptr[route])
    packets[copy, ROUTE], packets[copy, SOURCE] = route, trees.hub
    _join(w.fixed, w.ends, w.out, w.columns, packets, links, heap, totals, copy, w.ends[trees.hub, INJECT_LINK], now)


@njit(cache=True)
def send(w: Wires, trees: Trees, traffic: Traffic, numbers: Ints, endpoint: int, step: int, sent: Packets) -> None:
    """Let the packets of one endpoint enter when they are created; ``numbers`` int64[endpoints] are those to give next.

    A packet that starts a tree takes as many numbers as the tree has leaves.
    """
    packets, _, heap, totals, _ = traffic
    link = w.ends[endpoint, INJECT_LINK]
    for k in range(sent.ptr[endpoint], sent.ptr[endpoint + 1]):
        p, number, route = totals[PACKETS], numbers[endpoint], sent.axon[k]
        packets[p, NUMBER] = packets[p, ORIGIN] = number
        packets[p, SOURCE], packets[p, DESTINATION], packets[p, AXON] = endpoint, sent.goal[k], route
        packets[p, PAYLOAD], packets[p, CREATED], packets[p, AT] = sent.payload[k], sent.created[k], link
        packets[p, DELIVERED] = packets[p, ROUTE] = packets[p, FIRST] = packets[p, LAST] = -1
        packets[p, STEP] = step
        _schedule(heap, totals, sent.created[k], number, p)
        numbers[endpoint] += trees.ptr[route + 1] - trees.ptr[route] if sent.goal[k] == trees.hub else 1
        totals[PACKETS] += 1


@njit(cache=True)
def advance(w: Wires, trees: Trees, traffic: Traffic, time: int, priority: int) -> None:
    """Take all events before (time, priority)."""
    packets, links, heap, totals, arrived = traffic
    fixed, ends, out, columns = w.fixed, w.ends, w.out, w.columns
    buffered, hub = w.depth > 0, trees.hub
    while totals[EVENTS] and (heap[0, TIME] < time or (heap[0, TIME] == time and heap[0, PRIORITY] < priority)):
        now, item = heap[0, TIME], heap[0, ITEM]
        pop(heap, totals[EVENTS])
        totals[EVENTS] -= 1
        if item < 0:
            _on_free(fixed, ends, out, columns, packets, links, heap, totals, -1 - item, now)
            continue
        stop = packets[item, AT]
        if stop >= 0 and buffered:
            _join_buffered(fixed, ends, out, columns, packets, links, heap, totals, item, stop, now)
        elif stop >= 0:
            _join(fixed, ends, out, columns, packets, links, heap, totals, item, stop, now)
        elif stop <= SPLITS:
            _split(w, trees, packets, links, heap, totals, item, SPLITS - stop, now)
        elif packets[item, DESTINATION] == hub:
            _turn(w, trees, packets, links, heap, totals, item, now)
        else:
            _deliver(packets, arrived, item, now)


@njit(cache=True)
def take(traffic: Traffic, endpoint: int) -> Ints:
    """Return the places of the packets that arrived at an endpoint, in that order, and forget them there."""
    arrived = traffic.arrived
    taken = np.empty(arrived[endpoint, 2], dtype=np.int64)
    p = arrived[endpoint, 0]
    for k in range(len(taken)):
        taken[k] = p
        p = traffic.packets[p, NEXT]
    arrived[endpoint, 2] = 0
    return taken


@njit(cache=True)
def keep_waiting(traffic: Traffic) -> int:
    """Forget all packets but those that wait to be taken, which change their places; returns how many they are."""
    packets, arrived = traffic.packets, traffic.arrived
    rows = np.empty((arrived[:, 2].sum(), PACKET_FIELDS), dtype=np.int64)
    kept = 0
    for endpoint in range(arrived.shape[0]):
        p = arrived[endpoint, 0]
        arrived[endpoint, 0] = kept
        for _ in range(arrived[endpoint, 2]):
            rows[kept, :] = packets[p, :]
            rows[kept, NEXT] = kept + 1
            p = packets[p, NEXT]
            kept += 1
        arrived[endpoint, 1] = kept - 1
    packets[:kept, :] = rows
    traffic.totals[PACKETS] = kept
    return kept


@njit(cache=True)
def clear_links(w: Wires, links: Ints) -> None:
    """Make all links idle and their queues empty; counts stay."""
    for link in range(links.shape[0]):
        links[link, FREE_AT] = 0
        links[link, SLOTS] = _AMPLE if w.fixed[link, KIND] == INJECT else w.depth
        links[link, QUEUE_HEAD] = links[link, WAITING_HEAD] = NONE
