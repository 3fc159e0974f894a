"""The floor of a chip as pictures show it: the tiles in view, their axes, ports and size on paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neurosim.chip import Chip
from neurosim.report.picture import COLOURS, WIDTH
from neurosim.scenario.result import RunResult

MAP = "viridis_r"  # dark = much; readable for colour-blind people and in grey
PORT = COLOURS[1]
_FEW_TILES = 256  # a chip with more is shown around the cores in use
_MARGIN = 1  # tiles around what is in use
_SHARE = 0.78  # of the picture's width that the tiles take
_AROUND = 0.9  # inches above and below the tiles
_LARGEST = 1.1  # inches of a tile
_HIGHEST = 8.0  # inches of tiles


@dataclass(frozen=True)
class Floor:
    """The columns and rows of tiles in view, and the ports among them."""

    chip: Chip
    columns: range
    rows: range

    @property
    def ports(self) -> list[tuple[int, int]]:
        """Tiles in view at which packets enter and leave the chip."""
        return [(x, y) for x, y in self.chip.io.ports if x in self.columns and y in self.rows]

    @property
    def height(self) -> float:
        """Height of a picture in inches."""
        return self._tiles_height + _AROUND

    @property
    def points(self) -> float:
        """Size of a tile in points."""
        return 72 * min(_LARGEST, _SHARE * WIDTH / len(self.columns), self._tiles_height / len(self.rows))

    @property
    def _tiles_height(self) -> float:
        wanted = min(_SHARE * WIDTH / len(self.columns), _LARGEST) * len(self.rows)
        return min(_HIGHEST, max(1.3, wanted))

    @property
    def note(self) -> str:
        """A sentence on what is left out of view, empty when nothing is."""
        if len(self.columns) == self.chip.columns and len(self.rows) == self.chip.rows:
            return ""
        shown = f"columns {self.columns[0]} to {self.columns[-1]} and rows {self.rows[0]} to {self.rows[-1]}"
        return f" Shown: {shown} of {self.chip.columns} x {self.chip.rows} tiles."

    def lay_out(self, axes: Any) -> None:
        """Set limits, ticks and labels."""
        axes.set(xlabel="tile column", ylabel="tile row", aspect="equal")
        axes.set_xlim(self.columns[0] - 0.5, self.columns[-1] + 0.5)
        axes.set_ylim(self.rows[0] - 0.5, self.rows[-1] + 0.5)
        axes.set_xticks(self.columns[:: max(1, len(self.columns) // 8)])
        axes.set_yticks(self.rows[:: max(1, len(self.rows) // 8)])
        axes.spines[:].set_visible(False)


def floor_of(run: RunResult) -> Floor:
    """Return the whole chip, or of a large one what lies around the cores in use and the ports."""
    return floor_around(run.chip, [run.program.position(k) for k in range(len(run.program.cores))])


def floor_around(chip: Chip, used: Iterable[tuple[int, int]]) -> Floor:
    """Return the whole chip, or of a large one what lies around the tiles in use and the ports."""
    if chip.columns * chip.rows <= _FEW_TILES:
        return Floor(chip, range(chip.columns), range(chip.rows))
    places = [*used, *chip.io.ports]
    columns = _around([x for x, _ in places], chip.columns)
    return Floor(chip, columns, _around([y for _, y in places], chip.rows))


def _around(places: list[int], end: int) -> range:
    return range(max(0, min(places) - _MARGIN), min(end, max(places) + _MARGIN + 1))
