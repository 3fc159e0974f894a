"""The floor plan of a mapping: neurons per tile, packets per link, and what causes those of the hottest links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from neurosim.check.measure import edges_on_chip
from neurosim.cores.audit import name_of, starts_of
from neurosim.errors import UnsupportedError
from neurosim.mapping import Mapping
from neurosim.mapping.metrics import Loads, grid_of
from neurosim.mapping.metrics.hot import HotLink, hottest
from neurosim.network import Network
from neurosim.report.engineering import count, share
from neurosim.report.floor import MAP, PORT, Floor, floor_around
from neurosim.report.picture import COLOURS, DARK, Picture, canvas, plain_log

HOT = 5  # links that are named
_HOT = COLOURS[1]
_STEPS = {"E": (1, 0), "W": (-1, 0), "N": (0, 1), "S": (0, -1)}
_BESIDE, _TILE = 0.14, 0.28  # of the distance between two tiles: offset of a link, half a tile
_LINE = 0.17  # inches of a line of text


def floor_plan(mapping: Mapping, rates: NDArray[np.float64] | None = None, name: str = "floor-plan") -> Picture:
    """Draw a mapping on its chip; ``rates`` are spikes of every source, input lines first, by default one each.

    Raises UnsupportedError for a chip without routers, where places are chosen while loading.
    """
    if mapping.chip.discipline == "asynchronous":
        raise UnsupportedError(f"{mapping.chip.name}: floor plan of a chip without routers unsupported")
    edges, grid = edges_on_chip(mapping, rates)
    hot, loads = hottest(edges, grid, mapping.cores.astype(np.int64), HOT)
    floor = floor_around(mapping.chip, _places(mapping))
    lines = [_words(mapping, k, link) for k, link in enumerate(hot, 1)]
    text_height = _LINE * max(len(lines), 1)
    unit = "one spike per source" if rates is None else "per inference"

    def draw(figure: Any) -> None:
        axes, below = figure.subplots(2, height_ratios=(floor.height, text_height))
        draw_floor(axes, floor, _tiles_in_use(mapping))
        drawn = draw_links(axes, floor, *_segments(loads, floor))
        _mark(axes, mapping, floor, hot)
        floor.lay_out(axes)
        axes.set_title(f"{mapping.network.name} on {mapping.chip.name}, mapper {mapping.mapper}")
        if drawn is not None:
            bar = figure.colorbar(drawn, ax=axes, label=f"packets per link ({unit})", shrink=0.8)
            if isinstance(drawn.norm, LogNorm):
                plain_log(bar.ax.yaxis)
        below.axis("off")
        below.text(0, 1, "\n".join(lines), transform=below.transAxes, va="top", fontsize=7.5, color=DARK)

    caption = (
        f"Tiles are as dark as they hold neurons; orange frames are I/O ports. Numbered: the {len(hot)} links with most"
        f" packets ({unit}), and the sources whose packets they are.{floor.note}"
    )
    return Picture(name, caption, canvas(floor.height + text_height, draw))


def _places(mapping: Mapping) -> list[tuple[int, int]]:
    chip = mapping.chip
    tiles = np.unique(mapping.cores // chip.cores_per_tile).tolist()
    return [(tile % chip.columns, tile // chip.columns) for tile in tiles]


def _tiles_in_use(mapping: Mapping) -> dict[tuple[int, int], float]:
    """Return the neurons on every tile in use."""
    chip = mapping.chip
    tiles, neurons = np.unique(mapping.core_of // chip.cores_per_tile, return_counts=True)
    places = ((tile % chip.columns, tile // chip.columns) for tile in tiles.tolist())
    return dict(zip(places, neurons.tolist(), strict=True))


class View(Protocol):
    """What a floor is drawn in: the tiles in view, those with ports, and the size of a tile in points."""

    @property
    def columns(self) -> range: ...  # noqa: D102

    @property
    def rows(self) -> range: ...  # noqa: D102

    @property
    def ports(self) -> Sequence[tuple[int, int]]: ...  # noqa: D102

    @property
    def points(self) -> float: ...  # noqa: D102


def draw_floor(axes: Any, floor: View, used: dict[tuple[int, int], float], most: float | None = None) -> None:
    """Draw the tiles in view; those in use are as dark as their value."""
    largest = most or max(used.values(), default=1) or 1
    for y in floor.rows:
        for x in floor.columns:
            shade = 0.97 - 0.45 * used[x, y] / largest if (x, y) in used else 0.97
            port = (x, y) in floor.ports
            edge, width = (PORT, 1.5) if port else ("#c8c8c8", 0.6)
            square = Rectangle((x - _TILE, y - _TILE), 2 * _TILE, 2 * _TILE, facecolor=str(shade), edgecolor=edge)
            square.set_linewidth(width)
            axes.add_patch(square)


def _segments(loads: Loads, floor: Floor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return begin and end of every link between tiles in view, float64[links, 2, 2], and its packets."""
    ends, packets = [], []
    for direction, (dx, dy) in _STEPS.items():
        for y in floor.rows:
            for x in floor.columns:
                if 0 <= x + dx < loads.grid.columns and 0 <= y + dy < loads.grid.rows:
                    ends.append(segment(x, y, dx, dy))
                    packets.append(loads.leaving[direction][y, x])
    return np.array(ends).reshape(-1, 2, 2), np.array(packets)


def segment(x: int, y: int, dx: int, dy: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the link that leaves a tile in a direction is drawn: to the left of its way."""
    begin = (x + dx * _TILE - dy * _BESIDE, y + dy * _TILE + dx * _BESIDE)
    long = 1 - 2 * _TILE
    return begin, (begin[0] + dx * long, begin[1] + dy * long)


def draw_links(
    axes: Any, floor: View, ends: NDArray[np.float64], packets: NDArray[np.float64], most: float | None = None
) -> Any:
    """Draw links in the colour of their packets, grey where nothing passes; returns what a colour bar needs."""
    used = packets > 0
    axes.add_collection(LineCollection(list(ends[~used]), colors="#e2e2e2", lw=0.02 * floor.points))
    if not used.any():
        return None
    largest = most or float(packets.max())
    norm: Normalize = LogNorm(min(largest / 10, float(packets[used].min())), largest)
    busy = LineCollection(list(ends[used]), lw=0.07 * floor.points, cmap=MAP, norm=norm)
    busy.set_array(packets[used])
    axes.add_collection(busy)
    return busy


def _mark(axes: Any, mapping: Mapping, floor: Floor, hot: Sequence[HotLink]) -> None:
    """Frame the hottest links and number them."""
    grid = grid_of(mapping.chip, multicast=True)
    for k, link in enumerate(hot, 1):
        kind, start, _ = link.link
        if kind.startswith("edge"):
            continue  # shared by a whole side; named in the text
        (dx, dy), (x, y) = _STEPS[kind], (start % grid.columns, start // grid.columns)
        begin, end = segment(x, y, dx, dy)
        axes.plot(*zip(begin, end, strict=True), color=_HOT, lw=0.13 * floor.points, zorder=0.5, solid_capstyle="round")
        middle = ((begin[0] + end[0]) / 2 - dy * 0.12, (begin[1] + end[1]) / 2 + dx * 0.12)
        axes.text(*middle, str(k), color=_HOT, fontsize=8, ha="center", va="center", fontweight="bold")


def _words(mapping: Mapping, number: int, link: HotLink) -> str:
    """Return a link with its packets and the populations and neurons that cause them."""
    network, columns = mapping.lowered.network, mapping.chip.columns
    kind, start, end = link.link
    if kind.startswith("edge"):
        where = f"chip {start} to chip {end}"
    else:
        where = f"({start % columns}, {start // columns}) to ({end % columns}, {end // columns})"
    groups = _by_population(network, link)
    shares = ", ".join(f"{name} {share(packets / link.packets)}" for name, packets in groups[:3])
    first = ", ".join(f"{name_of(network, source)} {count(packets)}" for source, packets in link.causes[:3])
    return f"{number}  {where}: {count(link.packets)} packets of {len(link.causes)} sources: {shares}; most: {first}"


def _by_population(network: Network, link: HotLink) -> list[tuple[str, float]]:
    starts = sorted((first, name) for name, first in starts_of(network).items())
    bounds = [first for first, _ in starts]
    sums: dict[str, float] = {}
    for source, packets in link.causes:
        name = starts[int(np.searchsorted(bounds, source, side="right")) - 1][1]
        sums[name] = sums.get(name, 0.0) + packets
    return sorted(sums.items(), key=lambda item: -item[1])
