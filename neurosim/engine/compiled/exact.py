"""The network event by event, to the letter of ``engine/event``: links, slots, waiting lists, multicast trees.

Slower than working link by link, and needed where that order does not hold: when a full queue holds up the links
before it, and when a packet is still under way as its sender's next tick begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.engine.compiled.heap import ITEM, PRIORITY, TIME, pop, push
from neurosim.engine.compiled.wires import EAST, EJECT, INJECT, NORTH, SOUTH, WEST, Wires, way_on

Ints = NDArray[np.int64]

# Columns of the packets, int64[room, 13]: AT is the link that it joins next, or one of the two below.
(
    NUMBER, SOURCE, DESTINATION, AXON, PAYLOAD, CREATED, DELIVERED, AT, NEXT, ROUTE, FIRST, LAST, ORIGIN,
) = range(13)  # fmt: skip
PACKET_FIELDS = 13
ARRIVES = -1  # at its endpoint
SPLITS = -2  # in the router of tile -2 - AT

# Columns of the links, int64[links, 8]. NO_LINK and NO_PACKET end their lists.
FREE_AT, JOINED, SLOTS, QUEUE_HEAD, QUEUE_TAIL, WAITING_HEAD, WAITING_TAIL, WAITS_BEHIND = range(8)
LINK_FIELDS = 8
NONE = -1

# Columns of the totals, int64[5].
EVENTS, SCHEDULED, PACKETS, SENT, RECEIVED = range(5)
_AMPLE = 1 << 60  # slots of a source queue


class Trees(NamedTuple):
    """Multicast routes: leaves ``ptr[route]:ptr[route + 1]`` have an ``endpoint`` and an ``axon`` each.

    ``hub`` is the endpoint where trees begin, -1 on chips without.
    """

    hub: int
    ptr: Ints
    endpoint: Ints
    axon: Ints


class Traffic(NamedTuple):
    """What is under way: ``packets``, ``links``, ``heap`` of events, ``totals``; see the columns above.

    ``arrived`` int64[endpoints, 3] holds the first, the last and the number of packets that wait to be taken.
    """

    packets: Ints
    links: Ints
    heap: Ints
    totals: Ints
    arrived: Ints


@njit(cache=True)
def _schedule(traffic: Traffic, time: int, priority: int, item: int) -> None:
    totals = traffic.totals
    push(traffic.heap, totals[EVENTS], time, priority, totals[SCHEDULED], item)
    totals[EVENTS] += 1
    totals[SCHEDULED] += 1


@njit(cache=True)
def next_stop(w: Wires, packets: Ints, p: int, link: int) -> int:
    """Return where a packet goes from the far end of a link."""
    if w.kind[link] == EJECT:
        return ARRIVES
    tile, direction = way_on(w, link, packets[p, SOURCE], packets[p, DESTINATION])
    if packets[p, ROUTE] >= 0:
        return SPLITS - int(tile)
    return int(w.eject[packets[p, DESTINATION]] if direction == EJECT else w.out[tile, direction])


@njit(cache=True)
def _start(w: Wires, traffic: Traffic, p: int, link: int, stop: int, now: int) -> None:
    traffic.links[link, FREE_AT] = now + w.serialisation[link]
    traffic.packets[p, AT] = stop
    _schedule(traffic, now + w.latency[link], traffic.packets[p, NUMBER], p)


@njit(cache=True)
def _sleep(traffic: Traffic, link: int) -> None:
    links = traffic.links
    _schedule(traffic, links[link, FREE_AT], link - links.shape[0], -1 - link)


@njit(cache=True)
def _enqueue(traffic: Traffic, p: int, link: int) -> None:
    links, packets = traffic.links, traffic.packets
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
def _start_head(w: Wires, traffic: Traffic, link: int, stop: int, now: int) -> None:
    links = traffic.links
    p = links[link, QUEUE_HEAD]
    links[link, QUEUE_HEAD] = traffic.packets[p, NEXT]
    _start(w, traffic, p, link, stop, now)
    if links[link, QUEUE_HEAD] != NONE:
        _sleep(traffic, link)


@njit(cache=True)
def _release(w: Wires, traffic: Traffic, link: int, now: int) -> None:
    """Give one slot back; a link that starts with it gives back a slot of its own, and so on upstream."""
    links = traffic.links
    while links[link, WAITING_HEAD] != NONE:
        upstream = links[link, WAITING_HEAD]
        links[link, WAITING_HEAD] = links[upstream, WAITS_BEHIND]
        _start_head(w, traffic, upstream, link, now)
        link = upstream
    links[link, SLOTS] += 1


@njit(cache=True)
def _join_buffered(w: Wires, traffic: Traffic, p: int, link: int, now: int) -> None:
    links = traffic.links
    if links[link, QUEUE_HEAD] != NONE:
        _enqueue(traffic, p, link)
        return
    if links[link, FREE_AT] > now:
        _enqueue(traffic, p, link)
        _sleep(traffic, link)
        return
    stop = next_stop(w, traffic.packets, p, link)
    if stop == ARRIVES or links[stop, SLOTS] > 0:
        if stop != ARRIVES:
            links[stop, SLOTS] -= 1
        _start(w, traffic, p, link, stop, now)
        _release(w, traffic, link, now)
    else:
        _enqueue(traffic, p, link)
        _wait(links, link, stop)


@njit(cache=True)
def _on_free(w: Wires, traffic: Traffic, link: int, now: int) -> None:
    """Start the head packet of a link, or let it wait for a slot at its next stop."""
    links = traffic.links
    stop = next_stop(w, traffic.packets, links[link, QUEUE_HEAD], link)
    if stop == ARRIVES or links[stop, SLOTS] > 0:
        if stop != ARRIVES:
            links[stop, SLOTS] -= 1
        _start_head(w, traffic, link, stop, now)
        _release(w, traffic, link, now)
    else:
        _wait(links, link, stop)


@njit(cache=True)
def _join(w: Wires, traffic: Traffic, p: int, link: int, now: int) -> None:
    """Let a packet take its place in a link's entry queue."""
    links = traffic.links
    links[link, JOINED] += 1
    if w.depth > 0:
        _join_buffered(w, traffic, p, link, now)
        return
    start = max(now, links[link, FREE_AT])
    links[link, FREE_AT] = start + w.serialisation[link]
    traffic.packets[p, AT] = next_stop(w, traffic.packets, p, link)
    _schedule(traffic, start + w.latency[link], traffic.packets[p, NUMBER], p)


@njit(cache=True)
def _branch(traffic: Traffic, p: int, first: int, last: int) -> int:
    """Make the copy of a packet that serves some leaves of its route; returns its place."""
    packets, totals = traffic.packets, traffic.totals
    copy = totals[PACKETS]
    totals[PACKETS] += 1
    packets[copy, :] = packets[p, :]
    packets[copy, NUMBER] = packets[p, ORIGIN] + first
    packets[copy, DELIVERED] = -1
    packets[copy, FIRST], packets[copy, LAST] = first, last
    return int(copy)


@njit(cache=True)
def _split(w: Wires, trees: Trees, traffic: Traffic, p: int, tile: int, now: int) -> None:
    """Let one copy join every link that the leaves below need, which stand together; ejection takes one per leaf."""
    packets, begin = traffic.packets, trees.ptr[traffic.packets[p, ROUTE]]
    x, y = tile % w.columns, tile // w.columns
    first, last = packets[p, FIRST], packets[p, LAST]
    traffic.totals[SENT] -= 1
    while first < last:
        link, end = _link_to(w, x, y, tile, trees.endpoint[begin + first]), first + 1
        while w.kind[link] != EJECT and end < last and _link_to(w, x, y, tile, trees.endpoint[begin + end]) == link:
            end += 1
        copy = _branch(traffic, p, first, end)
        packets[copy, DESTINATION] = trees.endpoint[begin + first]
        packets[copy, AXON] = trees.axon[begin + first]
        traffic.totals[SENT] += 1
        _join(w, traffic, copy, link, now)
        first = end


@njit(cache=True)
def _link_to(w: Wires, x: int, y: int, tile: int, destination: int) -> int:
    if w.x[destination] != x:
        return int(w.out[tile, EAST if w.x[destination] > x else WEST])
    if w.y[destination] != y:
        return int(w.out[tile, NORTH if w.y[destination] > y else SOUTH])
    return int(w.eject[destination])


@njit(cache=True)
def _deliver(w: Wires, trees: Trees, traffic: Traffic, p: int, now: int) -> None:
    """Let a packet arrive at its endpoint, where it waits to be taken; at the hub it starts again as a tree."""
    packets, arrived, totals = traffic.packets, traffic.arrived, traffic.totals
    endpoint = packets[p, DESTINATION]
    packets[p, DELIVERED] = now
    totals[RECEIVED] += 1
    if endpoint == trees.hub:
        route = packets[p, AXON]
        copy = _branch(traffic, p, 0, trees.ptr[route + 1] - trees.ptr[route])
        packets[copy, ROUTE], packets[copy, SOURCE] = route, endpoint
        totals[SENT] += 1
        _join(w, traffic, copy, w.inject[trees.hub], now)
        return
    packets[p, NEXT] = NONE
    if arrived[endpoint, 2] == 0:
        arrived[endpoint, 0] = p
    else:
        packets[arrived[endpoint, 1], NEXT] = p
    arrived[endpoint, 1] = p
    arrived[endpoint, 2] += 1


@njit(cache=True)
def send(
    w: Wires, traffic: Traffic, numbers: Ints, source: int, goals: Ints, axons: Ints, payloads: Ints, times: Ints
) -> int:
    """Let packets of one endpoint enter at absolute times (ps); returns the place of the first."""
    packets, totals = traffic.packets, traffic.totals
    first = totals[PACKETS]
    for k in range(len(numbers)):
        p = first + k
        packets[p, :] = 0
        packets[p, NUMBER] = packets[p, ORIGIN] = numbers[k]
        packets[p, SOURCE], packets[p, DESTINATION], packets[p, AXON] = source, goals[k], axons[k]
        packets[p, PAYLOAD], packets[p, CREATED] = payloads[k], times[k]
        packets[p, DELIVERED], packets[p, ROUTE] = -1, -1
        packets[p, AT] = w.inject[source]
        _schedule(traffic, times[k], numbers[k], p)
    totals[PACKETS] += len(numbers)
    totals[SENT] += len(numbers)
    return int(first)


@njit(cache=True)
def advance(w: Wires, trees: Trees, traffic: Traffic, time: int, priority: int) -> int:
    """Take all events before (time, priority); returns the time of the last one, or -1."""
    heap, totals, packets = traffic.heap, traffic.totals, traffic.packets
    now = -1
    while totals[EVENTS] and (heap[0, TIME] < time or (heap[0, TIME] == time and heap[0, PRIORITY] < priority)):
        now, item = heap[0, TIME], heap[0, ITEM]
        pop(heap, totals[EVENTS])
        totals[EVENTS] -= 1
        if item < 0:
            _on_free(w, traffic, -1 - item, now)
        elif packets[item, AT] >= 0:
            _join(w, traffic, item, packets[item, AT], now)
        elif packets[item, AT] == ARRIVES:
            _deliver(w, trees, traffic, item, now)
        else:
            _split(w, trees, traffic, item, SPLITS - packets[item, AT], now)
    return now


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
        links[link, SLOTS] = _AMPLE if w.kind[link] == INJECT else w.depth
        links[link, QUEUE_HEAD] = links[link, WAITING_HEAD] = NONE
