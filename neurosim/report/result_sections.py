"""Sections of report.html about what came out: results, accuracy, energy, activity, latency, NeuroBench terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from neurosim.report import notes
from neurosim.report.engineering import count, engineering, percent, share, span
from neurosim.report.group import Group, group
from neurosim.report.markup import Markup, element, pairs, section, spans, table
from neurosim.report.table import blocks, key_columns, same_in_all
from neurosim.results import Band, Statistics
from neurosim.results.energy import COMPONENTS
from neurosim.scenario.result import RunResult, ScenarioResult

Shown = Callable[[str], Markup]  # gives the figure of that name, or nothing

_TERMS = {
    "footprint": "footprint (bytes)",
    "connection_sparsity": "connection sparsity",
    "activation_sparsity": "activation sparsity",
    "effective_acs": "effective accumulates (ACs)",
    "effective_macs": "effective multiply-accumulates (MACs)",
    "dense": "dense synaptic operations",
    "membrane_updates": "membrane updates",
    "neuron_operations_effective": "neuron operations, effective",
    "neuron_operations_dense": "neuron operations, dense",
}


def results(result: ScenarioResult) -> Markup:
    """The table that the screen shows, one row per run."""
    keys, found = key_columns(result), blocks(result)
    columns = (*keys, *(column for block in found for column in block))
    heads = [name.split("\n") for name, _ in columns]
    rows = [[value(run) for _, value in columns] for run in result.runs]
    shown = table([low for _, low in heads], rows, len(keys), above=spans(_runs([top for top, _ in heads])))
    note = f"{same_in_all(result)}. Figures are per inference, means over the samples unless named otherwise."
    told = notes.shared(group(result.runs), notes.warning_notes)
    warnings = [element("p", line, css="warning") for _, line in told]
    return section("Results", element("p", note, css="soft"), shown, *warnings)


def _runs(names: Sequence[str]) -> list[tuple[str, int]]:
    """Join a name with the empty names that follow it: (name, how many)."""
    joined: list[tuple[str, int]] = []
    for name in names:
        if joined and not name:
            joined[-1] = (joined[-1][0], joined[-1][1] + 1)
        else:
            joined.append((name, 1))
    return joined


def includes(groups: Sequence[Group], constants: Callable[[RunResult], Markup]) -> Markup:
    """What the energies and latencies include, and every constant behind them."""
    told = pairs(notes.shared(groups, notes.energy_notes))
    folds = {(item.chip.digest, item.longest.energy.constants): constants(item.longest) for item in groups}
    return section("What the numbers include", told, *folds.values())


def accuracy(result: ScenarioResult, groups: Sequence[Group], shown: Shown) -> Markup:
    """Accuracy published, in floating point and on the chip, and additions against multiply-adds."""
    head = ["chip", "T", "samples", "published", "float", "chip", "decisions changed", "additions", "dense mult.-adds"]
    rows = [
        [
            item.label,
            run.steps,
            run.run.samples,
            percent(run.published_accuracy),
            percent(run.reference_accuracy),
            percent(run.accuracy),
            run.decisions_changed,
            count(run.additions),
            count(run.dense_multiply_adds),
        ]
        for item in groups
        for run in item.runs
    ]
    above = spans([("", 3), ("accuracy (%)", 3), ("", 1), ("reference, per inference", 2)])
    sentences = [element("p", _sentence(line), css="statement") for line in notes.additions_notes(result.runs)]
    legend = element("p", _sentence(notes.ACCURACIES), css="soft")
    return section("Accuracy", table(head, rows, above=above), legend, *sentences, shown("accuracy"))


def energy(groups: Sequence[Group], shown: Shown) -> Markup:
    """Energy by component for every run, each with its band and its share; chips side by side at one T."""
    parts = [shown("energy")]
    if len(groups) > 1 and len({run.steps for item in groups for run in item.runs}) == 1:
        models: dict[str, list[Group]] = {}
        for item in groups:
            models.setdefault(item.longest.model, []).append(item)
        for model, alike in models.items():
            columns = [(item.label, item.longest) for item in alike]
            parts += [element("h3", f"{model}, T = {alike[0].longest.steps}"), _components(columns)]
    else:
        for item in groups:
            parts += _headed(item, groups, _components([(f"T = {run.steps}", run) for run in item.runs]))
    return section("Energy per inference", *parts, shown("trade-off"))


def _components(columns: Sequence[tuple[str, RunResult]]) -> Markup:
    rows: list[list[str]] = [[name, *(_component(run, name) for _, run in columns)] for name in COMPONENTS]
    for name, band_of in _SUMS.items():
        rows.append([element("b", name), *(_part(run, band_of(run)) for _, run in columns)])
    return table(["component", *(head for head, _ in columns)], rows)


_SUMS: dict[str, Callable[[RunResult], Band]] = {
    "dynamic": lambda run: run.energy.dynamic,
    "total": lambda run: run.energy.total,
}


def _component(run: RunResult, name: str) -> Markup:
    if name == "host" and run.energy.boundary != "chip with host":
        return element("span", "not counted")
    return _part(run, run.energy.parts[name])


def _part(run: RunResult, band: Band) -> Markup:
    if not band.high:
        return element("span", "0")
    total = run.energy.total.value
    part = f", {share(band.value / total)}" if total else ""
    below = element("span", f"{span(band.low, band.high, 'J')}{part}", css="band")
    return Markup(element("span", engineering(band.value, "J")) + below)


def activity(groups: Sequence[Group], shown: Shown, names: Callable[[Group, str], str]) -> Markup:
    """Every counter of every run, with the raster and the maps of the longest run."""
    parts: list[Markup] = []
    for item in groups:
        means = [run.run.activity.summary() for run in item.runs]
        head = ["counter, mean per inference", *(f"T = {run.steps}" for run in item.runs)]
        rows = [[name.replace("_", " "), *(count(mean[name]) for mean in means)] for name in means[0]]
        drawn = [shown(names(item, kind)) for kind in ("raster", "cores", "links")]
        parts += _headed(item, groups, table(head, rows), *drawn)
    return section("Activity", *parts)


def latency(groups: Sequence[Group], shown: Shown) -> Markup:
    """Latency per inference and per spike packet."""
    head = ["chip", "T", "mean", "median", "p99", "max", "mean", "median", "p99", "max"]
    above = spans([("", 2), ("per inference", 4), ("per spike packet", 4)])
    rows = [
        [item.label, run.steps, *_statistics(run.latency), *_statistics(run.spike_latency)]
        for item in groups
        for run in item.runs
    ]
    note = "A spike packet's latency runs from its creation to its delivery at the destination core."
    return section("Latency", table(head, rows, above=above), element("p", note, css="soft"), shown("step-duration"))


def _statistics(values: Statistics) -> list[str]:
    return [engineering(value, "s") for value in (values.mean, values.p50, values.p99, values.max)]


def neurobench(runs: Iterable[RunResult]) -> Markup:
    """NeuroBench terms of the original network, once per model and number of steps."""
    models: dict[str, dict[int, RunResult]] = {}
    for run in runs:
        models.setdefault(run.model, {}).setdefault(run.steps, run)
    parts = []
    for model, found in models.items():
        ordered = [found[steps] for steps in sorted(found)]
        terms = [run.neurobench.as_dict() for run in ordered]
        rows = [[_TERMS.get(name, name), *(_term(term[name]) for term in terms)] for name in terms[0]]
        parts.append(table([model, *(f"T = {run.steps}" for run in ordered)], rows))
    note = "Of the original network in floating point, means per sample; the definitions are those of NeuroBench 2.3."
    return section("NeuroBench terms", element("p", note, css="soft"), *parts)


def _term(value: float | None) -> str:
    return "-" if value is None else count(value)


def _headed(item: Group, groups: Sequence[Group], *content: Markup) -> list[Markup]:
    """Put the group's name above its content where there are several groups."""
    return [element("h3", item.label), *content] if len(groups) > 1 else list(content)


def _sentence(line: str) -> str:
    """End with a point and begin with a capital, but for a name that stands before a colon."""
    named = line.partition(" ")[0].endswith(":")
    return f"{line[:1] if named else line[:1].upper()}{line[1:]}."
