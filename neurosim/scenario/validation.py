"""What a validation yields: one row per published figure and constant set, and the errors of each kind of row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from neurosim.chip import Chip, Quantity
from neurosim.results import Band

Kind = Literal["prediction", "fitted", "bound", "not predicted"]


@dataclass(frozen=True)
class Row:
    """One published figure against one constant set; figures in SI units.

    ``predicted`` is None where nothing can be predicted; ``statistical`` is one standard deviation that the random
    activity leaves in it. ``fitted``: the set's constants were fitted on this figure, or are this figure.
    """

    chip: str
    quantity: str
    condition: str
    published: Quantity
    constants: str | None
    predicted: Band | None
    statistical: float
    fitted: bool
    bound: Literal["at least", "at most"] | None
    note: str | None

    @property
    def kind(self) -> Kind:
        """What the row shows: a prediction, a figure that was fitted or put in, a bound, or nothing."""
        if self.predicted is None:
            return "not predicted"
        return "fitted" if self.fitted else "bound" if self.bound else "prediction"

    @property
    def error(self) -> float | None:
        """(predicted - published) / published; None for bounds and where one of the two is missing or zero."""
        if self.predicted is None or self.bound or not self.published.si:
            return None
        return self.predicted.value / self.published.si - 1

    @property
    def consistent(self) -> bool | None:
        """Whether the published figure, at the far end of its range, keeps to a bound; None for other rows."""
        if self.predicted is None or self.bound is None:
            return None
        if self.bound == "at least":
            return self.published.high >= self.predicted.low
        return self.published.low <= self.predicted.high

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        published = self.published
        return {
            "chip": self.chip,
            "quantity": self.quantity,
            "condition": self.condition,
            "kind": self.kind,
            "published": published.si,
            "published_low": published.low,
            "published_high": published.high,
            "dimension": published.dimension,
            "source": published.source,
            "confidence": published.confidence,
            "constants": self.constants,
            "predicted": self.predicted.value if self.predicted else None,
            "predicted_low": self.predicted.low if self.predicted else None,
            "predicted_high": self.predicted.high if self.predicted else None,
            "statistical": self.statistical,
            "error": self.error,
            "fitted": self.fitted,
            "bound": self.bound,
            "consistent": self.consistent,
            "note": self.note,
        }


@dataclass(frozen=True)
class Summary:
    """How many rows of one kind a constant set has, and their mean and largest absolute error."""

    constants: str
    kind: Kind
    rows: int
    mean_error: float
    largest_error: float


@dataclass(frozen=True, eq=False)
class Validation:
    """All rows of a chip, in the order of its file, and what to say about them."""

    chip: Chip
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    seconds: float

    def summaries(self) -> list[Summary]:
        """Return the errors of predictions and of fitted figures, apart, for each constant set."""
        found = []
        for name in dict.fromkeys(row.constants for row in self.rows if row.constants):
            for kind in ("prediction", "fitted"):
                errors = [abs(row.error) for row in self.rows if _is(row, name, kind) and row.error is not None]
                if errors:
                    found.append(Summary(name, kind, len(errors), fmean(errors), max(errors)))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        keys = dict.fromkeys(key for row in self.rows for key in row.published.sources)
        return {
            "chip": self.chip.name,
            "rows": [row.as_dict() for row in self.rows],
            "summary": [asdict(summary) for summary in self.summaries()],
            "notes": list(self.notes),
            "sources": {key: self.chip.sources[key] for key in keys},
        }


def _is(row: Row, constants: str, kind: Kind) -> bool:
    return row.constants == constants and row.kind == kind
