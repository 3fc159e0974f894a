"""What a number includes, in sentences: boundary, constants, band, accuracy and lowering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from neurosim.cores import core_kind
from neurosim.cores.f18a.boot import Loading
from neurosim.mapping import Record
from neurosim.report.engineering import count, engineering, share, span
from neurosim.report.group import Group
from neurosim.results.energy import Price, energy_figure
from neurosim.scenario.result import RunResult

_ACTIVITY = "activity of the cores in use and of the network on chip"
BOUNDARIES = {
    "cores": f"{_ACTIVITY}, and the static power of those cores; no rest of the chip, no host",
    "chip": f"{_ACTIVITY}, and the static power of those cores and of the rest of the powered chip; no host",
    "chip with host": f"{_ACTIVITY}, the static power of those cores and of the rest of the powered chip, and what the "
    "scenario counts of the host",
}
_WAYS_IN = {"serial": "by the serial node", "serial_slow": "at half its speed", "flash": "from flash"}
ACCURACIES = (
    "published: what the model's author prints, on the author's samples; float: the original network on the same "
    "pulses; chip: the network as it was put on the chip"
)


def energy_notes(item: Group) -> list[tuple[str, str]]:
    """Return (topic, text): what the energies and latencies of a group include and how sure they are."""
    run = item.longest
    zero = counted_as_zero(run)
    return [
        ("energy", "modelled from counted activity and the chip's constants; not measured"),
        ("boundary", f"{run.energy.boundary}: {BOUNDARIES[run.energy.boundary]}"),
        ("constants", constants_note(run)),
        *([("left out", f"{', '.join(zero)}: not published, counted as zero")] if zero else []),
        ("band", band_note(item.runs)),
        ("latency", latency_note(run)),
    ]


def constants_note(run: RunResult) -> str:
    """Return name, title and stated error of the constant set of a run."""
    constants = run.chip.constants(run.energy.constants)
    error = constants.stated_error
    stated = (
        f"an error of {share(error.energy)} in energy and {share(error.latency)} in latency" if error else "no error"
    )
    changed = ", ".join(f"{path} = {value}" for path, value in run.chip.overrides)
    by_hand = f"; changed by hand: {changed}" if changed else ""
    return f"{constants.name}: {constants.title}; its authors state {stated}{by_hand}"


def band_note(runs: Sequence[RunResult]) -> str:
    """Return what the band covers and which figures it leaves out."""
    names = sorted({name for run in runs for name in without_range(run)})
    missing = (
        f"no range is known for {', '.join(names)}"
        if names
        else "every figure that counts has a range or a stated error"
    )
    return f"all ranges at their low ends to all at their high ends; {missing}"


def without_range(run: RunResult) -> tuple[str, ...]:
    """Return the figures that count in the energy and have neither a range nor a stated error."""
    return run.energy.unranged


def counted_as_zero(run: RunResult) -> list[str]:
    """Return the figures that price something that happened, but at zero for want of a publication."""
    constants = run.chip.constants(run.energy.constants)
    terms = [term for term in core_kind(run.chip.core_kind).prices(run.chip) if isinstance(term, Price)]
    used = dict.fromkeys(term.energy for term in terms if run.run.activity.total(term.counter).any())
    figures = {name: energy_figure(run.chip, constants, name) for name in used}
    return [f"energy.{name}" for name, q in figures.items() if q.value == 0 and q.confidence == "estimated"]


def latency_note(run: RunResult) -> str:
    """Return from when to when a latency runs."""
    extra = run.run.chip_steps - run.run.steps
    drained = f"; {extra} steps more than T, until the last population has seen everything" if extra else ""
    return f"from the first input step to the end of the last step{drained}"


def accuracy_note(item: Group) -> tuple[str, str]:
    """Return (topic, text): on how many samples the chip decides otherwise than the original network."""
    changed = ", ".join(f"{run.decisions_changed} of {run.run.samples} at T = {run.steps}" for run in item.runs)
    return "accuracy", f"decisions of the chip that differ from float: {changed}"


def additions_notes(runs: Iterable[RunResult]) -> list[str]:
    """Return for every model the sentence of ``additions_note``, where there is one."""
    models: dict[str, list[RunResult]] = {}
    for run in runs:
        models.setdefault(run.model, []).append(run)
    found = {model: additions_note(members) for model, members in models.items()}
    return [f"{model}: {text}" if len(models) > 1 else text for model, text in found.items() if text]


def additions_note(runs: Sequence[RunResult]) -> str | None:
    """Return from which T on the pulsed network adds as often as the dense one multiplies and adds, or None.

    The smallest T that was run from which on every run has at least as many additions as multiply-adds.
    """
    ordered = sorted(runs, key=lambda run: run.steps)
    below = [k for k, run in enumerate(ordered) if run.additions < run.dense_multiply_adds]
    above = ordered[below[-1] + 1 :] if below else ordered
    if not above:
        return None
    first = above[0]
    before = f"; at T = {ordered[below[-1]].steps} it does fewer" if below else ""
    more = "more additions than" if first.additions > first.dense_multiply_adds else "as many additions as"
    return (
        f"from T = {first.steps} on, of the step counts that ran, the pulsed network does {more} the dense network of "
        f"the same shape does multiply-adds: {count(first.additions)} against {count(first.dense_multiply_adds)} per "
        f"inference{before}{_recorded_note(ordered)}"
    )


def _recorded_note(ordered: Sequence[RunResult]) -> str:
    """Say the same of the figures that the model file states for all test images, where it states any."""
    known = [(run.steps, run.recorded_additions) for run in ordered if run.recorded_additions is not None]
    above = [(steps, additions) for steps, additions in known if additions > ordered[0].dense_multiply_adds]
    if not above:
        return ""
    steps, additions = above[0]
    return f"; over all 10,000 test images, says the model file, from T = {steps} on ({count(additions)} additions)"


def lowering_notes(item: Group) -> list[tuple[str, str]]:
    """Return (fidelity, text): the rewrites of a group's networks, each as its name and what it costs."""
    found: dict[str, list[str]] = {"exact": [], "approximate": []}
    longest = {run.model: run for run in item.runs}
    for model, run in longest.items():
        for fidelity, lines in found.items():
            told = [_rewrite(record) for record in run.lowering if record.fidelity == fidelity]
            if told:
                lines.append(f"{f'{model}: ' if len(longest) > 1 else ''}{'; '.join(told)}")
    return [(fidelity, ". ".join(lines)) for fidelity, lines in found.items() if lines]


def _rewrite(record: Record) -> str:
    return f"{record.name} ({record.what if record.cost == 'none' else record.cost})"


def loading_notes(item: Group) -> list[tuple[str, str]]:
    """Return ("loading", text): what it takes to load the nodes of a group's code, once."""
    found = {run.model: run.code.loading for run in item.runs if run.code}
    return [("loading", loading_note(load)) for load in found.values()]


def loading_note(load: Loading) -> str:
    """Return the size of a boot stream, its times by the ways in and its energy."""
    ways = ", ".join(f"{engineering(seconds, 's')} {_WAYS_IN.get(way, way)}" for way, seconds in load.seconds.items())
    return (
        f"once, in no figure above: a boot stream of {count(load.words)} words; {ways}; "
        f"{engineering(load.joules, 'J')} ({span(load.joules_low, load.joules_high, 'J')}) in the nodes on its way"
    )


def warning_notes(item: Group) -> list[tuple[str, str]]:
    """Return ("warning", text) for every warning of a group's runs."""
    return [("warning", text) for run in item.runs for text in run.warnings]


def shared(groups: Sequence[Group], told: Callable[[Group], Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
    """Return every (topic, text) once, topic by topic; what does not hold for all groups names those it holds for."""
    found: dict[tuple[str, str], list[Group]] = {}
    for item in groups:
        for line in dict.fromkeys(told(item)):
            found.setdefault(line, []).append(item)
    topics = list(dict.fromkeys(topic for topic, _ in found))
    ordered = sorted(found.items(), key=lambda entry: topics.index(entry[0][0]))
    return [
        (topic, text if len(members) == len(groups) else f"{', '.join(_names(members, groups))}: {text}")
        for (topic, text), members in ordered
    ]


def _names(members: Sequence[Group], groups: Sequence[Group]) -> list[str]:
    """Return the labels of members; a chip, or a model, stands for its groups where all of them are members."""
    outside = [item for item in groups if item not in members]
    chips, models = {item.chip.name for item in outside}, {item.longest.model for item in outside}
    by_chip = [item.label if item.chip.name in chips else item.chip.name for item in members]
    by_model = [item.label if item.longest.model in models else item.longest.model for item in members]
    return min((list(dict.fromkeys(names)) for names in (by_chip, by_model)), key=len)


def ends(values: Sequence[float], write: Callable[[float], str]) -> str:
    """Write the least and the largest of some values: ``72.0 % to 72.2 %``, or one where both read the same."""
    low, high = write(min(values)), write(max(values))
    return low if low == high else f"{low} to {high}"
