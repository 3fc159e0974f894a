"""The leaderboard: a value rebuilt from result files alone, never typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from neurosim.bench.findings import Findings, findings
from neurosim.bench.prediction import Prediction, predictions
from neurosim.bench.result import BenchResult, CaseRef, read_result
from neurosim.bench.statistics import Paired, Spread, holm, paired, spread
from neurosim.errors import FileError, NeurosimError
from neurosim.mapping.metrics.gap import Gap

COSTS = ("packets", "hop_weighted", "multicast_traffic", "link_load_max", "edge_cut")
GAPS = ("packets", "hop_weighted")
RANKED_BY = "hop_weighted"


@dataclass(frozen=True)
class Row:
    """One mapper on one case over its seeds: spread of every cost over legal runs, and gaps of the median."""

    network: str
    order: str
    mapper: str
    seeds: tuple[int, ...]
    legal: int
    costs: dict[str, Spread]
    gaps: dict[str, Gap]
    seconds: Spread | None
    peak_bytes: Spread | None
    outside: bool


@dataclass(frozen=True)
class Standing:
    """One mapper in one order over all networks, against the baseline in the same order."""

    order: str
    mapper: str
    networks: int
    legal_networks: int
    ratios: dict[str, Paired]
    gap_to_best: float | None  # median over networks, of the cost that ranks
    gap_to_bound: float | None
    seconds: float | None  # the largest median over networks: a mean would hide what a large network takes


@dataclass(frozen=True, eq=False)
class Board:
    """Everything that the leaderboard shows."""

    baseline: str
    cases: list[CaseRef]
    versions: list[dict[str, str]]
    sources: dict[str, list[str]]  # digests of the code that mappers are made of, by mapper
    rows: list[Row]
    standings: list[Standing]
    failures: list[dict[str, Any]]
    notes: list[dict[str, Any]]  # legal, but not what the mapper's name promises
    refuted: list[dict[str, Any]]
    predictions: list[Prediction]
    findings: Findings
    unread: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        rows = [asdict(row) | {"gaps": {k: _gap(gap) for k, gap in row.gaps.items()}} for row in self.rows]
        return {
            "format": "neurosim-mapping-leaderboard",
            "version": 1,
            "baseline": self.baseline,
            "ranked_by": RANKED_BY,
            "cases": [case.model_dump(mode="json") for case in self.cases],
            "versions": self.versions,
            "sources": self.sources,
            "standings": [asdict(standing) for standing in self.standings],
            "rows": rows,
            "failures": self.failures,
            "notes": self.notes,
            "refuted": self.refuted,
            "predictions": [asdict(prediction) for prediction in self.predictions],
            "findings": asdict(self.findings),
            "unread": self.unread,
        }


def read_results(folder: Path) -> tuple[list[BenchResult], list[str]]:
    """Return all results under a folder, and one line for each file that is none."""
    found, unread = [], []
    for path in sorted((folder / "results").glob("*/*.json")) + sorted((folder / "outside").glob("*.json")):
        try:
            found.append(read_result(path))
        except FileError as error:
            unread.append(f"{path.relative_to(folder)}: {error.field or 'file'}: {error.problem}")
    return found, unread


def board(results: Sequence[BenchResult], unread: Sequence[str] = (), *, baseline: str) -> Board:
    """Build the leaderboard; raises NeurosimError where there are no results, or results of different digests.

    Best known is the least cost of any legal run on a network, in whatever order, since both orders are the same
    network; outside results count.
    """
    if not results:
        raise NeurosimError("leaderboard: no results")
    cases = _cases(results)
    rows = _rows(results)
    return Board(
        baseline,
        cases,
        _distinct(result.versions for result in results),
        _sources(results),
        rows,
        _standings(rows, baseline),
        [_failure(result) for result in results if result.outcome != "legal"],
        [_about(result) | {"note": note} for result in results for note in _notes(result)],
        [_about(result) | {"claims": result.refuted} for result in results if result.refuted],
        predictions(results),
        findings({(row.network, row.order, row.mapper): {k: s.median for k, s in row.costs.items()} for row in rows}),
        list(unread),
    )


def _cases(results: Sequence[BenchResult]) -> list[CaseRef]:
    """Return the different cases; raises NeurosimError for two of one name that are not the same."""
    cases: dict[tuple[str, str], CaseRef] = {}
    for result in results:
        case = result.case
        known = cases.setdefault((case.network, case.order), case)
        if known != case:
            raise NeurosimError(
                f"leaderboard: results of {case.network}, {case.order} are for different networks, chips or rates;"
                " keep each in a folder of its own"
            )
    return list(cases.values())


def _rows(results: Sequence[BenchResult]) -> list[Row]:
    groups: dict[tuple[str, str, str, bool], list[BenchResult]] = {}
    for result in results:
        key = (result.case.network, result.case.order, result.run.mapper, result.origin == "outside")
        groups.setdefault(key, []).append(result)
    best = _best_known(results)
    return [_row(key, group, best) for key, group in groups.items()]


def _best_known(results: Sequence[BenchResult]) -> dict[tuple[str, str], float]:
    best: dict[tuple[str, str], float] = {}
    for result in results:
        for name in GAPS:
            cost = result.static.get(name) if result.outcome == "legal" else None
            if cost is not None:
                key = (result.case.network, name)
                best[key] = min(cost, best.get(key, cost))
    return best


def _row(
    key: tuple[str, str, str, bool], group: Sequence[BenchResult], best: dict[tuple[str, str], float]
) -> Row:  # fmt: skip
    network, order, mapper, outside = key
    legal = [result for result in group if result.outcome == "legal"]
    costs = {name: spread(_values(legal, name)) for name in COSTS if _values(legal, name)}
    bounds = legal[0].bounds if legal else {}
    return Row(
        network,
        order,
        mapper,
        tuple(sorted(result.run.seed for result in group)),
        len(legal),
        costs,
        {name: Gap(costs[name].median, best.get((network, name)), bounds.get(name)) for name in GAPS if name in costs},
        _of([result.seconds for result in legal]),
        _of([result.peak_bytes for result in legal]),
        outside,
    )


def _values(results: Sequence[BenchResult], name: str) -> list[float]:
    return [value for value in (result.static.get(name) for result in results) if value is not None]


def _of(values: Iterable[float | None]) -> Spread | None:
    known = [float(value) for value in values if value is not None]
    return spread(known) if known else None


def _standings(rows: Sequence[Row], baseline: str) -> list[Standing]:
    found = []
    for order in dict.fromkeys(row.order for row in rows):
        here = [row for row in rows if row.order == order]
        base = {row.network: row for row in here if row.mapper == baseline and not row.outside}
        names = dict.fromkeys(_shown(row) for row in here)
        standings = [_standing(order, name, [row for row in here if _shown(row) == name], base) for name in names]
        found += sorted(_corrected(standings, baseline), key=_place)
    return found


def _shown(row: Row) -> str:
    return f"{row.mapper} (outside)" if row.outside else row.mapper


def _standing(order: str, mapper: str, rows: Sequence[Row], base: dict[str, Row]) -> Standing:
    ratios = {}
    for name in COSTS:
        ours = {row.network: row.costs[name].median for row in rows if name in row.costs}
        theirs = {network: row.costs[name].median for network, row in base.items() if name in row.costs}
        ratios[name] = paired(ours, theirs)
    to_best = _of(row.gaps[RANKED_BY].to_best for row in rows if RANKED_BY in row.gaps)
    to_bound = _of(row.gaps[RANKED_BY].to_bound for row in rows if RANKED_BY in row.gaps)
    seconds = [row.seconds.median for row in rows if row.seconds]
    return Standing(
        order,
        mapper,
        len(rows),
        sum(row.legal > 0 for row in rows),
        ratios,
        to_best.median if to_best else None,
        to_bound.median if to_bound else None,
        max(seconds) if seconds else None,
    )


def _corrected(standings: Sequence[Standing], baseline: str) -> list[Standing]:
    """Return standings with p values corrected for the number of mappers that are compared with the baseline."""
    others = [s for s in standings if s.mapper != baseline]
    by_cost = {name: holm({s.mapper: s.ratios[name].p for s in others}) for name in COSTS}
    found = []
    for s in standings:
        ratios = {name: replace(ratio, p_holm=by_cost[name].get(s.mapper)) for name, ratio in s.ratios.items()}
        found.append(replace(s, ratios=ratios))
    return found


def _place(standing: Standing) -> tuple[int, float]:
    """Sort by networks with a legal mapping, most first, then by the ratio of the cost that ranks."""
    ratio = standing.ratios[RANKED_BY].ratio
    return -standing.legal_networks, float("inf") if ratio is None else ratio


def _about(result: BenchResult) -> dict[str, Any]:
    return {
        "network": result.case.network,
        "order": result.case.order,
        "mapper": result.run.mapper,
        "seed": result.run.seed,
    }


def _failure(result: BenchResult) -> dict[str, Any]:
    return _about(result) | {"outcome": result.outcome, "reason": result.reason}


def _notes(result: BenchResult) -> list[str]:
    return result.mapping.mapper.notes if result.mapping else []


def _sources(results: Sequence[BenchResult]) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {}
    for result in results:
        known = sources.setdefault(result.run.mapper, [])
        if result.run.source_sha256 and result.run.source_sha256 not in known:
            known.append(result.run.source_sha256)
    return sources


def _gap(gap: Gap) -> dict[str, Any]:
    return asdict(gap) | {"to_best": gap.to_best, "to_bound": gap.to_bound}


def _distinct(values: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [dict(pairs) for pairs in dict.fromkeys(tuple(sorted(value.items())) for value in values)]
