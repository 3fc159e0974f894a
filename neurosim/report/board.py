"""The leaderboard as sections of text and tables, which Markdown, HTML and the screen show alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from neurosim.bench.board import RANKED_BY, Board, Row, Standing
from neurosim.bench.prediction import Prediction
from neurosim.bench.statistics import Spread

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table: the first ``words`` columns are text, the others figures."""

    head: Cells
    rows: Sequence[Cells]
    words: int = 1


@dataclass(frozen=True)
class Part:
    """One section: paragraphs, points, then a table."""

    title: str
    text: Sequence[str] = ()
    points: Sequence[str] = ()
    grid: Grid | None = None
    folded: bool = field(default=False)


def parts(board: Board) -> list[Part]:
    """Return the sections in order; empty ones are left out."""
    orders = dict.fromkeys(standing.order for standing in board.standings)
    every = [
        *(_ranking(board, order) for order in orders),
        Part("What follows", points=board.findings.sentences),
        _cut(board),
        _curves(board),
        *_predictions(board),
        _failures(board),
        _stood_in(board),
        _refuted(board),
        Part("Files that are no results", points=board.unread),
        *(_details(board, order) for order in orders),
        _cases(board),
    ]
    return [part for part in every if part.text or part.points or (part.grid and part.grid.rows)]


def _ranking(board: Board, order: str) -> Part:
    rows = [_standing_cells(k, s) for k, s in enumerate((s for s in board.standings if s.order == order), 1)]
    head = (
        *("", "mapper", "legal on", "hops", "p", "p, Holm", "better : worse", "packets", "tree", "busiest link"),
        *("gap to best", "gap to bound", "slowest"),
    )
    text = [
        f"Hops: geometric mean over networks of hop-weighted traffic over that of {board.baseline} in the same order;"
        " packets, multicast tree traffic and the load of the busiest link likewise. p: Wilcoxon's signed-rank test on"
        " the same networks, two-sided; Holm: corrected for the number of mappers. Gaps are medians over networks: to"
        " the best known mapping of the network in either order, and to a lower bound, which may lie far below what can"
        " be reached. Slowest: the longest median time of the mapper on a network.",
    ]
    return Part(f"Standings, {order} order", text, grid=Grid(head, rows, 2))


def _standing_cells(place: int, s: Standing) -> Cells:
    first = s.ratios[RANKED_BY]
    return (
        str(place),
        s.mapper,
        f"{s.legal_networks} of {s.networks}",
        _ratio(first.ratio),
        _p(first.p),
        _p(first.p_holm),
        f"{first.better} : {first.worse}",
        *(_ratio(s.ratios[name].ratio) for name in ("packets", "multicast_traffic", "link_load_max")),
        _percent(s.gap_to_best),
        _percent(s.gap_to_bound),
        "-" if s.seconds is None else f"{s.seconds:.2f} s",
    )


def _cut(board: Board) -> Part:
    rows = [
        (
            *(each.network, each.order, each.least_cut, each.fewest_packets),
            f"{100 * each.excess:+.1f} %",
            "same in all" if each.rank_correlation is None else f"{each.rank_correlation:+.2f}",
        )
        for each in board.findings.cut_against_packets
    ]
    head = ("network", "order", "least edge cut", "fewest packets", "packets of the first", "rank correlation")
    text = ["A mapper that follows the edge cut where packets count pays what the fifth column says."] if rows else []
    return Part("Edge cut against packets", text, grid=Grid(head, rows, 4))


def _curves(board: Board) -> Part:
    rows = [(each.network, each.order, f"{each.ratio:.3f}") for each in board.findings.curves]
    return Part("Hilbert curve over rows, hop-weighted", grid=Grid(("network", "order", "ratio"), rows, 2))


def _predictions(board: Board) -> list[Part]:
    if not board.predictions:
        return []
    networks = list(dict.fromkeys(p.network for p in board.predictions))
    by_pair: dict[tuple[str, str], dict[str, Prediction]] = {}
    for p in board.predictions:
        by_pair.setdefault((p.static, p.simulated), {})[p.network] = p
    rows = [
        (*(name.replace("_", " ") for name in pair), *(_both(found.get(network)) for network in networks))
        for pair, found in by_pair.items()
    ]
    counts = [max(p.n for p in board.predictions if p.network == network) for network in networks]
    head = ("static", "simulated", *(f"{name}, n = {n}" for name, n in zip(networks, counts, strict=True)))
    text = ["Pearson's r / Spearman's rho over the mappings of one network, simulated on the chip."]
    return [Part("Static metrics against simulation", text, grid=Grid(head, rows, 2))]


def _both(p: Prediction | None) -> str:
    if p is None or p.pearson is None or p.spearman is None:
        return "same in all"
    return f"{p.pearson:+.2f} / {p.spearman:+.2f}"


def _failures(board: Board) -> Part:
    head = ("mapper", "network", "order", "seed", "outcome", "reason")
    rows = [tuple(str(each[name]) for name in head) for each in board.failures]
    return Part("Runs without a legal mapping", grid=Grid(head, rows, 6))


def _stood_in(board: Board) -> Part:
    head = ("mapper", "network", "order", "seed", "note")
    rows = [tuple(str(each[name]) for name in head) for each in board.notes]
    return Part("Runs whose time did not suffice", grid=Grid(head, rows, 5))


def _refuted(board: Board) -> Part:
    head = ("mapper", "network", "order", "claim that did not hold")
    rows = [
        (str(each["mapper"]), str(each["network"]), str(each["order"]), claim)
        for each in board.refuted
        for claim in each["claims"]
    ]
    return Part("Outside results with false claims", grid=Grid(head, rows, 4))


def _details(board: Board, order: str) -> Part:
    head = (
        *("network", "mapper", "seeds", "packets", "hop-weighted", "edge cut", "gap to best", "gap to bound"),
        *("time", "memory"),
    )
    rows = [_detail(row) for row in board.rows if row.order == order and row.legal]
    text = ["Medians over seeds, quartiles in brackets where there are several; gaps of hop-weighted traffic."]
    return Part(f"All networks, {order} order", text, grid=Grid(head, rows, 2), folded=True)


def _detail(row: Row) -> Cells:
    gap = row.gaps.get(RANKED_BY)
    return (
        row.network,
        f"{row.mapper} (outside)" if row.outside else row.mapper,
        f"{row.legal} of {len(row.seeds)}",
        *(_spread(row.costs.get(name)) for name in ("packets", "hop_weighted", "edge_cut")),
        _percent(gap.to_best if gap else None),
        _percent(gap.to_bound if gap else None),
        "-" if row.seconds is None else f"{row.seconds.median:.2f} s",
        "-" if row.peak_bytes is None else f"{row.peak_bytes.median / 1e6:.0f} MB",
    )


def _cases(board: Board) -> Part:
    head = ("network", "order", "chip", "figures changed", "network SHA-256", "chip SHA-256", "rates SHA-256")
    rows = [
        (
            *(case.network, case.order, case.chip),
            ", ".join(f"{key} = {value}" for key, value in case.chip_set.items()) or "none",
            *(digest[:12] for digest in (case.network_sha256, case.chip_sha256, case.rates_sha256)),
        )
        for case in board.cases
    ]
    versions = ["; ".join(f"{key} {value}" for key, value in each.items()) for each in board.versions]
    seeds = sorted({seed for row in board.rows for seed in row.seeds})
    code = sorted({digest[:12] for digests in board.sources.values() for digest in digests})
    text = [
        f"Versions: {' | '.join(versions)}. Seeds: {', '.join(map(str, seeds))}. Digests of the mappers' code:"
        f" {', '.join(code) or 'none stated'}."
    ]
    return Part("Networks, digests, versions", text, grid=Grid(head, rows, 7), folded=True)


def _spread(value: Spread | None) -> str:
    if value is None:
        return "-"
    around = f" [{_count(value.low)}, {_count(value.high)}]" if value.n > 1 else ""
    return _count(value.median) + around


def _count(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f} %"
