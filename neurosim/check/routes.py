"""Routes: packets walked tile by tile as the routers send them; no loop, no dead link, no way off the mesh."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurosim.check.completeness import NAME as COMPLETENESS
from neurosim.check.result import Part
from neurosim.cores.audit import name_of
from neurosim.program import Program

Ints = NDArray[np.int64]
Tile = tuple[int, int]
Link = tuple[int, int]  # from tile, to tile; a tile's number is row * columns + column
Route = tuple[int, ...]  # the tiles from first to last

NAME = "routes"
# Given the tiles of packets and of their goals (x, y, goal x, goal y), return where each goes next.
Step = Callable[[Ints, Ints, Ints, Ints], tuple[Ints, Ints]]


def dimension_order(x: Ints, y: Ints, goal_x: Ints, goal_y: Ints) -> tuple[Ints, Ints]:
    """Return the next tile of each packet: along its row until the column is right, then along the column."""
    across = np.sign(goal_x - x)
    return x + across, y + np.where(across == 0, np.sign(goal_y - y), 0)


class Way(NamedTuple):
    """Packets that go from a tile to a tile, and who sends them: a source's number, for words."""

    start: int
    end: int
    source: int


def routes(
    program: Program,
    multicast: bool,
    dead_links: Collection[Link] = (),
    given: Mapping[Link, Route] | None = None,
    step: Step = dimension_order,
) -> Part:
    """Walk the route of every pair of tiles that packets go between.

    ``given`` are routes that a mapping states, by (from tile, to tile): each must lead there without loop or dead link
    and be the one that the routers take. On chips that multicast packets go to the event router and from there on.
    """
    ways = _ways(program, multicast)
    columns, rows = program.chip.columns, program.chip.rows
    walked, findings = _walk(ways, columns, rows, dead_links, step)
    texts = [
        f"{_sender(program, ways[k])} from tile {ways[k].start} to tile {ways[k].end}: {why}" for k, why in findings
    ]
    texts += list(_stated(given or {}, walked, ways, columns, rows, dead_links))
    longest = max((len(route) - 1 for route in walked.values()), default=0)
    stated = f", {len(given)} stated" if given else ""
    return Part.of(NAME, f"{len(ways)} routes between tiles, the longest of {longest} hops{stated}", texts)


def _sender(program: Program, way: Way) -> str:
    return f"spikes of {name_of(program.lowered.network, way.source)}"


def _ways(program: Program, multicast: bool) -> list[Way]:
    """Return every pair of tiles that packets go between, with the first source that sends there."""
    chip, n_inputs = program.chip, program.lowered.network.n_inputs
    tiles = (program.cores // chip.cores_per_tile).astype(np.int64)
    ports = np.array([int(x) + chip.columns * int(y) for x, y in chip.io.ports] or [0], dtype=np.int64)
    line = np.repeat(np.arange(n_inputs), np.diff(program.inputs.ptr))
    starts, ends, sources = [ports[line % len(ports)]], [tiles[program.inputs.core]], [line]
    for k, table in enumerate(program.outputs):
        owner = _owner(program, k)
        starts.append(np.full(len(table.core), tiles[k]))
        ends.append(tiles[table.core])
        sources.append(n_inputs + np.repeat(owner, np.diff(table.ptr)))
    start, end, source = (np.concatenate(parts) for parts in (starts, ends, sources))
    router = chip.event_router
    if multicast and router is not None:
        hub = np.full(len(start), router[0] + chip.columns * router[1])
        start, end, source = np.append(start, hub), np.append(hub, end), np.append(source, source)
    first = np.unique(start * chip.columns * chip.rows + end, return_index=True)[1]
    return [Way(*map(int, row)) for row in zip(start[first], end[first], source[first], strict=True)]


def _owner(program: Program, k: int) -> Ints:
    """Return the neuron of every unit of a core; copies belong to the neuron before them."""
    owner = np.full(program.images[k].n, -1, dtype=np.int64)
    at = 0
    for population in program.lowered.network.neurons:
        members = program.members[population.name]
        here = np.flatnonzero(members.core == k)
        owner[members.soma[here]] = at + here
        at += population.size
    last = np.maximum.accumulate(np.where(owner >= 0, np.arange(len(owner)), 0))
    return np.maximum(owner[last], 0)


def _walk(
    ways: list[Way], columns: int, rows: int, dead_links: Collection[Link], step: Step
) -> tuple[dict[Link, Route], list[tuple[int, str]]]:
    """Return the tiles of every route that arrives, and (number of the way, reason) of those that do not."""
    start, end = (np.array([getattr(way, name) for way in ways], dtype=np.int64) for name in ("start", "end"))
    dead = np.array([a * columns * rows + b for a, b in dead_links], dtype=np.int64)
    paths = [[tile] for tile in start.tolist()]
    findings: dict[int, str] = {}
    going, now = np.arange(len(ways)), start
    while len(going):
        arrived = now == end[going]
        going, now = going[~arrived], now[~arrived]
        if not len(going):
            break
        goal = end[going]
        x, y = step(now % columns, now // columns, goal % columns, goal // columns)
        off = (x < 0) | (x >= columns) | (y < 0) | (y >= rows)
        after = np.where(off, now, x + columns * y)
        broken = ~off & np.isin(now * columns * rows + after, dead)
        kept = []
        for i, k in enumerate(going.tolist()):
            if off[i]:
                findings[k] = f"the route leaves the mesh at tile {now[i]}"
            elif broken[i]:
                findings[k] = f"the route crosses the dead link from tile {now[i]} to tile {after[i]}"
            elif int(after[i]) in paths[k]:
                findings[k] = f"the route comes back to tile {after[i]}: a loop"
            else:
                paths[k].append(int(after[i]))
                kept.append(i)
        going, now = going[kept], after[kept]
    walked = {(w.start, w.end): tuple(paths[k]) for k, w in enumerate(ways) if k not in findings}
    return walked, sorted(findings.items())


def _stated(
    given: Mapping[Link, Route],
    walked: Mapping[Link, Route],
    ways: list[Way],
    columns: int,
    rows: int,
    dead_links: Collection[Link],
) -> Iterator[str]:
    """Yield what is wrong with the routes that a mapping states."""
    known = {(way.start, way.end) for way in ways}
    for (start, end), route in given.items():
        where = f"stated route from tile {start} to tile {end}"
        problem = _problem(route, start, end, columns, rows, dead_links)
        if problem:
            yield f"{where} {problem}"
        elif (start, end) not in known:
            yield f"{where} is taken by no packet"
        elif (start, end) in walked and tuple(route) != walked[start, end]:
            yield f"{where} goes by {_tiles(route)}, the routers send packets by {_tiles(walked[start, end])}"


def _problem(route: Route, start: int, end: int, columns: int, rows: int, dead_links: Collection[Link]) -> str:
    if not route or route[0] != start or route[-1] != end:
        return f"goes from tile {route[0] if route else '?'} to tile {route[-1] if route else '?'}"
    if min(route) < 0 or max(route) >= columns * rows:
        return f"names tile {max(route)}, there are {columns * rows}"
    if len(set(route)) < len(route):
        return f"passes tile {next(t for t in route if route.count(t) > 1)} twice: a loop"
    for a, b in pairwise(route):
        if abs(a % columns - b % columns) + abs(a // columns - b // columns) != 1:
            return f"jumps from tile {a} to tile {b}"
        if (a, b) in dead_links:
            return f"crosses the dead link from tile {a} to tile {b}"
    return ""


def _tiles(route: Route) -> str:
    return " ".join(map(str, route))


def unwalked() -> Part:
    """Return the part of a program whose tables cannot be followed."""
    return Part.skipped(NAME, f"the tables cannot be followed, see {COMPLETENESS}")
