"""Compiled loops of placers: what a move costs, annealing, exchange descent and the force-directed pass.

They stand in one file because numba keeps compiled code by file. A place is an index into the cores that movable
clusters can take.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurosim.mapping.geometry import Ways

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_LEAST = 1e-9  # a smaller gain is rounding
_TO, _FROM = 1, 2


class Board(NamedTuple):
    """Who talks to whom: cluster k has neighbours ``other[ptr[k] : ptr[k + 1]]``.

    ``weight`` float64 are spikes both ways, ``sides`` int64 has bit 1 where k sends to the neighbour and bit 2 where it
    hears from it. ``ports`` int64 tiles and ``entering`` float64[ports, clusters] as in PlacementProblem. A dead link
    on a way costs ``penalty``, which is more than all traffic together.
    """

    ptr: Ints
    other: Ints
    weight: Floats
    sides: Ints
    ports: Ints
    entering: Floats
    ways: Ways
    penalty: float


class Seats(NamedTuple):
    """Who sits where: ``tile`` int64[places], ``cluster`` int64[places] or -1, ``place`` int64[clusters] or -1.

    ``slot`` int64[rows, columns, cores per tile] gives the place, -1 where none can be had. ``tile_of``, ``x`` and
    ``y`` int64[clusters] are the tile of every cluster, fixed ones too, and its column and row.
    """

    tile: Ints
    cluster: Ints
    place: Ints
    slot: Ints
    tile_of: Ints
    x: Ints
    y: Ints


@njit(cache=True)
def _links(ways: Ways, a: int, b: int) -> int:
    return int(abs(ways.x[a] - ways.x[b]) + abs(ways.y[a] - ways.y[b]))


@njit(cache=True)
def _dead_straight(ways: Ways, a: int, b: int) -> int:
    x, y, u, v = ways.x[a], ways.y[a], ways.x[b], ways.y[b]
    along = ways.east[y, u] - ways.east[y, x] if u >= x else ways.west[y, x + 1] - ways.west[y, u + 1]
    across = ways.north[v, u] - ways.north[y, u] if v >= y else ways.south[y + 1, u] - ways.south[v + 1, u]
    return int(along + across)


@njit(cache=True)
def _hops(ways: Ways, a: int, b: int) -> int:
    if ways.hub < 0:
        return _links(ways, a, b)
    return _links(ways, a, ways.hub) + _links(ways, ways.hub, b)


@njit(cache=True)
def _dead(ways: Ways, a: int, b: int) -> int:
    if ways.hub < 0:
        return _dead_straight(ways, a, b)
    return _dead_straight(ways, a, ways.hub) + _dead_straight(ways, ways.hub, b)


@njit(cache=True)
def _detours(board: Board, seats: Seats, k: int, tile: int, without: int) -> float:
    """Return the penalties of dead links on the ways of cluster k if it stood on ``tile``."""
    ways, dead = board.ways, 0
    for i in range(board.ptr[k], board.ptr[k + 1]):
        there = seats.tile_of[board.other[i]]
        if board.other[i] == without:
            continue
        if board.sides[i] & _TO:
            dead += _dead(ways, tile, there)
        if board.sides[i] & _FROM:
            dead += _dead(ways, there, tile)
    for p in range(len(board.ports)):
        if board.entering[p, k] >= 0:
            dead += _dead(ways, board.ports[p], tile)
    return board.penalty * dead


@njit(cache=True)
def _cost_at(board: Board, seats: Seats, k: int, tile: int, without: int) -> float:
    """Return the cost of cluster k's traffic if it stood on ``tile``, that with one other cluster left out."""
    ways, total = board.ways, 0.0
    x, y, hub = ways.x[tile], ways.y[tile], ways.hub
    for i in range(board.ptr[k], board.ptr[k + 1]):
        other = board.other[i]
        if other == without:
            continue
        if hub < 0:
            total += board.weight[i] * (abs(x - seats.x[other]) + abs(y - seats.y[other]))
        else:
            total += board.weight[i] * _hops(ways, tile, seats.tile_of[other])
    for p in range(len(board.ports)):
        if board.entering[p, k] > 0:
            total += board.entering[p, k] * _hops(ways, board.ports[p], tile)
    return total + _detours(board, seats, k, tile, without) if ways.broken else total


@njit(cache=True)
def _between(board: Board, k: int, other: int, here: int, there: int) -> float:
    """Return the penalties between two clusters on two tiles; their traffic itself is the same after an exchange."""
    dead = 0
    for i in range(board.ptr[k], board.ptr[k + 1]):
        if board.other[i] == other:
            if board.sides[i] & _TO:
                dead += _dead(board.ways, here, there)
            if board.sides[i] & _FROM:
                dead += _dead(board.ways, there, here)
    return board.penalty * dead


@njit(cache=True)
def exchange_cost(board: Board, seats: Seats, one: int, other: int) -> float:
    """Return what the cost changes by when the clusters on two places, one of which may be empty, change places."""
    a, b = seats.cluster[one], seats.cluster[other]
    here, there = seats.tile[one], seats.tile[other]
    if here == there or a == b:
        return 0.0
    change = 0.0
    if a >= 0:
        change += _cost_at(board, seats, a, there, b) - _cost_at(board, seats, a, here, b)
    if b >= 0:
        change += _cost_at(board, seats, b, here, a) - _cost_at(board, seats, b, there, a)
    if a >= 0 and b >= 0 and board.ways.broken:
        change += _between(board, a, b, there, here) - _between(board, a, b, here, there)
    return change


@njit(cache=True)
def exchange(board: Board, seats: Seats, one: int, other: int) -> None:
    """Let the clusters on two places change places."""
    a, b = seats.cluster[one], seats.cluster[other]
    seats.cluster[one], seats.cluster[other] = b, a
    if a >= 0:
        sit(board, seats, a, other)
    if b >= 0:
        sit(board, seats, b, one)


@njit(cache=True)
def sit(board: Board, seats: Seats, k: int, place: int) -> None:
    """Note that cluster k is on a place."""
    tile = seats.tile[place]
    seats.place[k], seats.tile_of[k] = place, tile
    seats.x[k], seats.y[k] = board.ways.x[tile], board.ways.y[tile]


@njit(cache=True)
def _draw(state: NDArray[np.uint64]) -> Any:
    """Return the next 64 random bits (SplitMix64, S. Vigna)."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def _below(state: NDArray[np.uint64], n: int) -> int:
    return int((_draw(state) >> np.uint64(32)) * np.uint64(n) >> np.uint64(32))


@njit(cache=True)
def _chance(state: NDArray[np.uint64]) -> float:
    return float(_draw(state) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(cache=True)
def anneal(
    board: Board, seats: Seats, movable: Ints, heat: float, reach: int, moves: int, state: Ints
) -> tuple[float, int]:
    """Try ``moves`` exchanges of a random cluster with a place at most ``reach`` columns and rows away.

    One that costs more is accepted with probability exp(-cost / heat). Returns the change of cost and how many were
    accepted.
    """
    rows, columns, slots = seats.slot.shape
    bits = state.view(np.uint64)
    total, accepted = 0.0, 0
    for _ in range(moves):
        k = movable[_below(bits, len(movable))]
        x, y = seats.x[k], seats.y[k]
        left, low = max(x - reach, 0), max(y - reach, 0)
        u = left + _below(bits, min(x + reach, columns - 1) - left + 1)
        v = low + _below(bits, min(y + reach, rows - 1) - low + 1)
        goal = seats.slot[v, u, _below(bits, slots)]
        if goal < 0 or goal == seats.place[k]:
            continue
        change = exchange_cost(board, seats, seats.place[k], goal)
        if change <= 0 or (heat > 0 and _chance(bits) < np.exp(-change / heat)):
            exchange(board, seats, seats.place[k], goal)
            total += change
            accepted += 1
    return total, accepted


@njit(cache=True)
def sample(board: Board, seats: Seats, movable: Ints, count: int, state: Ints) -> float:
    """Return the mean absolute change of cost over random exchanges, none of which is made."""
    bits, total, found = state.view(np.uint64), 0.0, 0
    for _ in range(count):
        k = movable[_below(bits, len(movable))]
        goal = _below(bits, len(seats.tile))
        change = abs(exchange_cost(board, seats, seats.place[k], goal))
        if 0 < change < board.penalty / 2:
            total += change
            found += 1
    return total / max(found, 1)


@njit(cache=True)
def descend(board: Board, seats: Seats, movable: Ints) -> int:
    """Go over all exchanges of some clusters and make those that save; returns how many."""
    made = 0
    for k in movable:
        for goal in range(len(seats.tile)):
            if exchange_cost(board, seats, seats.place[k], goal) < -_LEAST:
                exchange(board, seats, seats.place[k], goal)
                made += 1
    return made


@njit(cache=True)
def tensions(board: Board, seats: Seats, one: Ints, other: Ints) -> Floats:
    """Return what exchanging each pair of places would save, float64[pairs]."""
    saved = np.zeros(len(one))
    for i in range(len(one)):
        if seats.cluster[one[i]] >= 0 or seats.cluster[other[i]] >= 0:
            saved[i] = -exchange_cost(board, seats, one[i], other[i])
    return saved


@njit(cache=True)
def relax(board: Board, seats: Seats, one: Ints, other: Ints, order: Ints) -> float:
    """Exchange pairs of places in the given order wherever that still saves; returns what is saved."""
    saved = 0.0
    for i in order:
        change = exchange_cost(board, seats, one[i], other[i])
        if change < -_LEAST:
            exchange(board, seats, one[i], other[i])
            saved -= change
    return saved
