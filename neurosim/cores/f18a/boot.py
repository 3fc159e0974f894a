"""What it costs to load programs: the size of the boot stream, its time and energy, apart from any inference.

Words per node on the path of the stream, as the boot protocol of the makers has them (BOOT-02; DB013, 6.1.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from neurosim.chip import Chip
from neurosim.cores.f18a import isa
from neurosim.cores.f18a.geometry import Grid
from neurosim.cores.f18a.program import NodeProgram
from neurosim.errors import NeurosimError

HEADER, FOCUS, PUMP, LOAD, IO_WORDS, A_WORDS, B_WORDS, PUSH_WORDS, START_WORDS = 3, 1, 5, 5, 4, 2, 2, 2, 1
WAYS = ("serial", "serial_slow", "flash")
_BOOTS = 708


@dataclass(frozen=True)
class Loading:
    """The cost of loading: words in the stream, words times nodes that pass them on, seconds by way in, joules.

    ``path`` are the nodes in the order in which the stream passes them, after the boot node. ``seconds`` is the
    time on the line into the chip, which is longer than that of the nodes (``hop_seconds``).
    """

    words: int
    bits: int
    word_hops: int
    path: tuple[int, ...]
    seconds: dict[str, float]
    hop_seconds: float
    joules: float
    joules_low: float
    joules_high: float


def node_words(program: NodeProgram | None, last: bool, reset_io: int = isa.IO_RESET) -> int:
    """Return the words of a stream for one node: a pump unless it is the last, its RAM, registers and start."""
    words = 0 if last else PUMP
    if program is None:
        return words + START_WORDS
    length = max(program.ram(), default=-1) + 1
    words += (LOAD + length if length else 0) + B_WORDS + START_WORDS
    words += A_WORDS if program.a else 0
    words += IO_WORDS if program.io != reset_io else 0
    return words + PUSH_WORDS * (len(program.stack) + len(program.returns))


def way_through(grid: Grid, start: int) -> tuple[int, ...]:
    """Return all nodes but ``start``, a node of the top row, as one path from it over neighbours.

    It goes along the top row to column 0 and then up and down the columns. Raises NeurosimError for a start from
    which this does not work: one in another row or an odd column.
    """
    column, row = grid.place(start)
    if row != grid.rows - 1 or column % 2 or grid.rows < 2:
        raise NeurosimError(f"node {start:03d}: the way through all nodes starts in an even column of the top row")
    path = [row * 100 + x for x in range(column - 1, -1, -1)]
    for x in range(grid.columns):
        rows = range(grid.rows) if x > column else range(grid.rows - 1)
        path += [y * 100 + x for y in (reversed(rows) if x % 2 == 0 else rows)]
    return tuple(path)


_FIGURES = ("load_word_hop", "load_word_hop_energy", *(f"load_word_{kind}" for kind in WAYS))


def loading(chip: Chip, programs: Sequence[NodeProgram], path: Sequence[int] | None = None) -> Loading:
    """Return what it costs to load programs through node 708, once.

    ``path`` goes over neighbours from there, by default through all nodes; the stream ends at the last node with a
    program. Figures are those of the chip's [host] section. Raises NeurosimError for a path that jumps, a program
    that is not on it, and figures that the chip does not have.
    """
    grid = Grid.of(chip)
    by_node = {program.node: program for program in programs}
    way = list(way_through(grid, _BOOTS) if path is None else path)
    for before, node in pairwise([_BOOTS, *way]):
        grid.towards(before, node)
    missing = sorted(by_node.keys() - set(way) - {_BOOTS})
    if missing:
        raise NeurosimError(f"node {missing[0]:03d} has a program but is not on the path of the boot stream")
    last = max((k for k, node in enumerate(way) if node in by_node), default=-1)
    way = way[: last + 1]
    sizes = [node_words(by_node.get(node), k == last) for k, node in enumerate(way)]
    own = node_words(by_node[_BOOTS], last=True) if _BOOTS in by_node else 0
    words = HEADER + (FOCUS if way else 0) + sum(sizes) + own
    hops, rest = 0, sum(sizes)
    for size in sizes:
        hops += rest
        rest -= size
    figures = chip.host
    for name in _FIGURES:
        if name not in figures:
            raise NeurosimError(f"{chip.name}: host.{name}: missing, the cost of loading needs it")
    energy = figures["load_word_hop_energy"]
    return Loading(
        words,
        words * 18,
        hops,
        tuple(way),
        {kind: words * figures[f"load_word_{kind}"].si for kind in WAYS},
        words * figures["load_word_hop"].si,
        hops * energy.si,
        hops * energy.low,
        hops * energy.high,
    )
