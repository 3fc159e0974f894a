"""What a check finds: lines of limits, and findings in words under the question that they answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["passed", "failed", "not checked"]
MOST_FINDINGS = 12  # written out per part; the number of all is told


@dataclass(frozen=True)
class Line:
    """One limit on one core (-1 for the chip): ``needed`` as reckoned from network and places.

    ``loaded`` is what the loaded tables say, None where they are not asked, and ``available`` what the chip has. Limits
    from below have both signs turned.
    """

    limit: str
    core: int
    needed: int
    available: int
    loaded: int | None = None

    @property
    def legal(self) -> bool:
        """Whether the limit is kept, as reckoned and as loaded."""
        return max(self.needed, self.needed if self.loaded is None else self.loaded) <= self.available

    @property
    def agrees(self) -> bool:
        """Whether the loaded tables use as much as reckoned."""
        return self.loaded is None or self.loaded == self.needed

    @property
    def where(self) -> str:
        """The core in words."""
        return "the chip" if self.core < 0 else f"core {self.core}"

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return {
            "limit": self.limit,
            "core": self.core,
            "needed": self.needed,
            "loaded": self.loaded,
            "available": self.available,
            "legal": self.legal,
        }


@dataclass(frozen=True)
class Part:
    """One question with its answer: ``note`` says what was done, ``findings`` the first in words, ``count`` all."""

    name: str
    verdict: Verdict
    note: str
    findings: tuple[str, ...] = ()
    count: int = 0

    @classmethod
    def of(cls, name: str, note: str, findings: Sequence[str], count: int | None = None) -> Part:
        """Return the part: failed if there is any finding."""
        verdict: Verdict = "failed" if findings else "passed"
        return cls(name, verdict, note, tuple(findings[:MOST_FINDINGS]), len(findings) if count is None else count)

    @classmethod
    def skipped(cls, name: str, reason: str) -> Part:
        """Return a part that was not checked, and why."""
        return cls(name, "not checked", reason)

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary for JSON."""
        return {"verdict": self.verdict, "note": self.note, "findings": list(self.findings), "count": self.count}


@dataclass(frozen=True, eq=False)
class CheckResult:
    """All that a checker found on one mapping; it passes if no part failed."""

    chip: str
    network: str
    mapper: str
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(part.verdict != "failed" for part in self.parts)

    @property
    def findings(self) -> list[str]:
        """Every finding that is written out, with the name of its part."""
        return [f"{part.name}: {finding}" for part in self.parts for finding in part.findings]

    def part(self, name: str) -> Part:
        """Return the part of that name."""
        return next(part for part in self.parts if part.name == name)

    def worst(self) -> list[Line]:
        """Return the line of every limit that comes nearest to it, or exceeds it most."""
        return [max(group, key=_share) for group in _by_limit(self.lines).values()]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form: the verdict, every part, and every line of every limit."""
        return {
            "chip": self.chip,
            "network": self.network,
            "mapper": self.mapper,
            "passed": self.passed,
            "parts": {part.name: part.as_dict() for part in self.parts},
            "limits": [line.as_dict() for line in self.lines],
        }


def _by_limit(lines: Iterable[Line]) -> dict[str, list[Line]]:
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.limit, []).append(line)
    return groups


def _share(line: Line) -> float:
    used = max(line.needed, line.needed if line.loaded is None else line.loaded)
    return used / line.available if line.available > 0 else float(used - line.available)
