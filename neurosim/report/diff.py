"""Two runs compared: which component changed the energy, by how much, and the counters behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from neurosim.api import load_chip
from neurosim.cores import core_kind
from neurosim.errors import NeurosimError
from neurosim.report.run_folder import RunFolder, StoredRun
from neurosim.results import Price

_SAME = ("model", "chip", "constants", "engine", "network", "samples", "steps")
_ROUNDING = 1e-12  # sums in another order
_HASHES = {"network_sha256": "networks", "dataset_sha256": "data sets", "pulse_seed": "pulses", "chip_sha256": "chips"}


@dataclass(frozen=True)
class Change:
    """A figure before and after; ``share`` is its part of the change of the whole, None where that did not change."""

    name: str
    before: float
    after: float
    share: float | None = None

    @property
    def change(self) -> float:
        """After less before; 0 where they differ by no more than rounding."""
        change = self.after - self.before
        return change if abs(change) > _ROUNDING * max(abs(self.before), abs(self.after)) else 0.0

    @property
    def ratio(self) -> float | None:
        """After over before, less one; None from nothing."""
        return self.change / self.before if self.before else None


@dataclass(frozen=True, eq=False)
class RunDiff:
    """Two runs: energy in joules as a whole and by component, latency in seconds, cores, and the counters behind.

    ``parts`` are in order of the size of their change; ``counters`` has those that changed, by component (what no
    price goes with under ""); ``notes`` says what else differs, so that the change has other causes than the mapping.
    """

    before: StoredRun
    after: StoredRun
    energy: Change
    parts: tuple[Change, ...]
    latency: Change
    cores: Change
    counters: Mapping[str, tuple[Change, ...]]
    notes: tuple[str, ...]

    @property
    def main(self) -> Change | None:
        """The component that changed the energy most, None if none did."""
        return self.parts[0] if self.parts and self.parts[0].change else None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "before": {
                "folder": str(self.before.folder),
                "run": self.before.index,
                "mapper": self.before.entry["mapper"],
            },
            "after": {"folder": str(self.after.folder), "run": self.after.index, "mapper": self.after.entry["mapper"]},
            "label": self.before.label,
            "energy_j": _dict(self.energy),
            "parts": [_dict(part) for part in self.parts],
            "latency_s": _dict(self.latency),
            "cores_used": _dict(self.cores),
            "counters": {name: [_dict(c) for c in changes] for name, changes in self.counters.items()},
            "notes": list(self.notes),
        }


def _dict(change: Change) -> dict[str, Any]:
    return asdict(change) | {"change": change.change}


def diff(before: RunFolder, after: RunFolder) -> list[RunDiff]:
    """Compare the runs of two folders, paired by model, chip and steps, or in order where that does not pair them.

    Raises NeurosimError for folders whose runs cannot be paired.
    """
    pairs = _paired(before.runs, after.runs)
    return [_diff(a, b, _provenance(before, after)) for a, b in pairs]


def _paired(before: Sequence[StoredRun], after: Sequence[StoredRun]) -> list[tuple[StoredRun, StoredRun]]:
    ours, theirs = ({_key(run): run for run in runs} for runs in (before, after))
    common = [key for key in ours if key in theirs]
    if len(ours) == len(before) and len(theirs) == len(after) and common:
        return [(ours[key], theirs[key]) for key in common]
    if len(before) != len(after):
        raise NeurosimError(
            f"{before[0].folder} has {len(before)} runs and {after[0].folder} {len(after)}, none of both has the same"
            " model, chip and steps"
        )
    return list(zip(before, after, strict=True))


def _key(run: StoredRun) -> tuple[Any, ...]:
    return tuple(run.entry[name] for name in ("model", "chip", "steps", "constants"))


def _diff(before: StoredRun, after: StoredRun, notes: Sequence[str]) -> RunDiff:
    whole = Change("energy", before.energy, after.energy, 1.0)
    names = dict.fromkeys((*before.parts, *after.parts))
    parts = [Change(name, before.parts.get(name, 0.0), after.parts.get(name, 0.0)) for name in names]
    if whole.change:
        parts = [Change(p.name, p.before, p.after, p.change / whole.change) for p in parts]
    different = [
        f"{name}: {before.entry[name]} before, {after.entry[name]} after"
        for name in _SAME
        if before.entry[name] != after.entry[name]
    ]
    return RunDiff(
        before,
        after,
        whole,
        tuple(sorted(parts, key=lambda part: -abs(part.change))),
        Change("latency", before.latency, after.latency),
        Change("cores", before.entry["cores_used"], after.entry["cores_used"]),
        _counters(before, after),
        (*different, *notes),
    )


def _provenance(before: RunFolder, after: RunFolder) -> list[str]:
    """Return what went in and is not the same: networks, inputs, chips by their hashes."""
    found = []
    for key, what in _HASHES.items():
        a, b = before.provenance.get(key), after.provenance.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            other = [name for name in a if name in b and a[name] != b[name]]
            if other:
                found.append(f"{what} differ: {', '.join(other)}")
        elif a != b:
            found.append(f"{what} differ")
    return found


def _counters(before: StoredRun, after: StoredRun) -> dict[str, tuple[Change, ...]]:
    """Return the counters that changed, under the component of the energy that they are priced in."""
    component = _components(str(after.entry["chip"]))
    found: dict[str, list[Change]] = {}
    for name in dict.fromkeys((*before.activity, *after.activity)):
        change = Change(name, before.activity.get(name, 0.0), after.activity.get(name, 0.0))
        if change.change:
            found.setdefault(component.get(name, ""), []).append(change)
    return {name: tuple(changes) for name, changes in found.items()}


def _components(chip: str) -> dict[str, str]:
    """Return the component of every priced counter of a chip of the catalog, nothing for another."""
    try:
        silicon = load_chip(chip)
    except NeurosimError:
        return {}
    terms = core_kind(silicon.core_kind).prices(silicon)
    return {term.counter: term.component for term in terms if isinstance(term, Price)}
