"""How a characterisation is shown: the power of the whole chip, one column per constant set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from rich.console import Group
from rich.table import Table
from rich.text import Text

from neurosim.errors import FileError, NeurosimError
from neurosim.report.engineering import count, engineering, share, span
from neurosim.report.folder import check_writable
from neurosim.report.summary import write_json
from neurosim.report.table import note_grid
from neurosim.scenario.characterisation import CharacterisationResult, ChipPower

_FILE = "summary.json"


def check_folder(folder: Path) -> None:
    """Refuse a folder that ``write_summary`` could not write or that holds anything but an earlier summary."""
    check_writable(folder)
    others = sorted(path.name for path in folder.iterdir() if path.name != _FILE) if folder.is_dir() else []
    if others:
        raise NeurosimError(f"{folder}: holds '{others[0]}', a folder of its own is needed")


class Told(Protocol):
    """A result that has a JSON form."""

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary."""


def write_summary(result: Told, folder: Path) -> None:
    """Write summary.json into a folder, all or nothing; raises FileError."""
    aside = folder / f".{_FILE}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(result.as_dict(), aside)
        aside.replace(folder / _FILE)
    except OSError as error:
        raise FileError(folder, (error.strerror or str(error)).lower()) from None


def characterisation_table(result: CharacterisationResult) -> Group:
    """Return the title, a table of powers and the notes on what was simulated."""
    return Group(Text(result.scenario.scenario.title, style="bold"), Text(), _table(result), Text(), _notes(result))


def _table(result: CharacterisationResult) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for power in result.powers:
        table.add_column(power.energy.constants, justify="right", no_wrap=True)
    for name, text in _lines(result.powers):
        table.add_row(Text(name), *(Text(text(power)) for power in result.powers))
    return table


def _lines(powers: tuple[ChipPower, ...]) -> Iterator[tuple[str, Callable[[ChipPower], str]]]:
    yield "power of the chip", lambda p: engineering(p.total.value, "W")
    yield "  low..high", lambda p: span(p.total.low, p.total.high, "W")
    for part in dict.fromkeys(name for power in powers for name in power.parts):
        yield f"  of it {part}", _part(part)
    yield "  by chance, one sigma", lambda p: engineering(p.statistical, "W")
    yield "synaptic events per second", lambda p: engineering(p.operations_per_second, "").strip()
    if all(power.per_operation for power in powers):
        yield "all power per synaptic event", _per_operation


def _part(name: str) -> Callable[[ChipPower], str]:
    return lambda power: engineering(power.parts[name].value if name in power.parts else 0.0, "W")


def _per_operation(power: ChipPower) -> str:
    return engineering(power.per_operation.value, "J") if power.per_operation else "-"


def _notes(result: CharacterisationResult) -> Table:
    sample, load, power = result.sample, result.scenario.characterisation, result.powers[0]
    chip, probability = power.chip, sample.probability
    simulated, cores = len(sample.program.cores), len(power.run.activity.cores)
    supply = chip.document.operating
    rows = [
        (
            "load",
            f"{sample.rate_hz:.4g} Hz per neuron ({probability.numerator} in {probability.denominator} per tick of"
            f" {engineering(chip.tick * 1e-12, 's')}), {load.active_synapses} synapses per spike"
            + (f", {supply.voltage}" if supply else ""),
        ),
        (
            "simulated",
            f"{simulated} of {cores} cores for {sample.run.chip_steps} ticks,"
            f" {count(float(sample.run.activity.total('spikes').sum()))} spikes, by the {sample.run.engine} engine in"
            f" {engineering(sample.seconds, 's')}; each core stands for {cores // simulated}"
            f" ({share(simulated / cores)} simulated)",
        ),
        ("includes", "all cores of the chip, static part with the reading of their memories in every tick"),
        *(("warning", text) for text in result.warnings),
    ]
    return note_grid(rows)
