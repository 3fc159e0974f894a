"""What a network costs as code of nodes: opcodes by class, words, and loading apart from inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurosim.cores.f18a.boot import Loading, loading
from neurosim.cores.f18a.load import ArrayProgram
from neurosim.cores.f18a.prices import CLASSES
from neurosim.program import Program
from neurosim.results import Run


@dataclass(frozen=True)
class CodeCosts:
    """Per inference, means over samples: opcodes by class, instruction words fetched, words that passed a port.

    ``loading`` happens once and is in no figure of an inference.
    """

    opcodes: Mapping[str, float]
    words_fetched: float
    words_moved: float
    loading: Loading

    @property
    def total(self) -> float:
        """All opcodes."""
        return sum(self.opcodes.values())

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        load = asdict(self.loading)
        return {
            "opcodes": dict(self.opcodes) | {"all": self.total},
            "words_fetched": self.words_fetched,
            "words_moved": self.words_moved,
            "loading": {
                "words": load["words"],
                "word_hops": load["word_hops"],
                "seconds": load["seconds"],
                "energy_j": {"value": load["joules"], "low": load["joules_low"], "high": load["joules_high"]},
            },
        }


def code_costs(program: Program, run: Run) -> CodeCosts | None:
    """Return what a run cost as code; None on chips whose cores run no code of their own."""
    if not isinstance(program, ArrayProgram):
        return None
    means = run.activity.summary()
    return CodeCosts(
        {name: means[f"opcodes_{name}"] for name in CLASSES},
        means["words_fetched"],
        means["packets"],
        loading(program.chip, [image.program for image in program.images]),
    )
