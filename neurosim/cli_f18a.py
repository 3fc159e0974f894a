"""The commands on F18A code: assemble, disassemble, run on an array, check against test vectors."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from neurosim.errors import FileError, NeurosimError, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from neurosim.chip import Chip
    from neurosim.cores.f18a.array import Host
    from neurosim.cores.f18a.assemble import Code
    from neurosim.cores.f18a.boot import Loading
    from neurosim.cores.f18a.energy import ArrayEnergy
    from neurosim.cores.f18a.result import ArrayResult

app = typer.Typer(
    name="f18a",
    help="Assemble, run and check code of F18A nodes (GA144).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_LARGEST = 1024 * 1024  # bytes of a text

Source = Annotated[Path, typer.Argument(metavar="FILE", help="F18A text.")]
ChipName = Annotated[str, typer.Option("--chip", help="A chip of the catalog, or a descriptor file.")]
Engine = Annotated[str, typer.Option(help="Engine: compiled or event.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command()
def asm(file: Source, chip: ChipName = "ga144", as_json: Json = False) -> None:
    """Assemble a file; print the words of each node with the text that makes them."""
    codes = _assembled(file, _chip(chip))
    if as_json:
        _print_json({"nodes": [_code_json(code) for code in codes]})
        return
    for code in codes:
        print(_listing(code))


@app.command()
def dis(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Up to 64 words in hex, separated by spaces or lines.")],
    as_json: Json = False,
) -> None:
    """Disassemble words; the text assembles to the same words again."""
    from neurosim.cores.f18a.disassemble import disassemble

    words = []
    for word in _text(file).split():
        if not re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", word):
            raise FileError(file, f"found '{word[:20]}', must be words in hex")
        words.append(int(word, 16))
    text = disassemble(words)
    if as_json:
        _print_json({"text": text})
    else:
        print(text, end="")


@app.command()
def run(
    file: Source,
    chip: ChipName = "ga144",
    constants: Annotated[str | None, typer.Option(help="Constant set of the chip.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a figure, operating.voltage=1.6 V; may be repeated.")
    ] = None,
    engine: Engine = "compiled",
    opcodes: Annotated[int, typer.Option(help="Most opcodes of each node.")] = 10_000_000,
    until: Annotated[str | None, typer.Option(help="Latest time, such as '10 us'.")] = None,
    feed: Annotated[
        list[str] | None, typer.Option(help="Words into an edge port: 708.up=1,2,3; may be repeated.")
    ] = None,
    collect: Annotated[
        list[str] | None, typer.Option(help="Take what comes out of an edge port: 717.up; may be repeated.")
    ] = None,
    strict_carry: Annotated[
        bool, typer.Option("--strict-carry", help="Refuse a + that had no time to settle.")
    ] = False,
    choice: Annotated[
        list[str] | None, typer.Option("--option", help="Choice on a dark corner: return_high_bits=keep, …")
    ] = None,
    trace: Annotated[
        list[int] | None, typer.Option(help="Record every opcode of a node (event engine); may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the nodes of a file until all wait; print their states, counts, times and energy."""
    from neurosim.cores.f18a.array import Array
    from neurosim.cores.f18a.boot import loading
    from neurosim.cores.f18a.energy import price_array

    if trace and engine != "event":
        raise NeurosimError("--trace: only the event engine records opcodes; add --engine event")
    run_on, described = _engine(engine), _chip(chip, changes)
    codes = _assembled(file, described)
    programs = [code.program() for code in codes]
    array = Array(described, programs, _hosts(feed, collect), (), constants, _options(choice, strict_carry))
    more: dict[str, Any] = {"trace": trace} if trace else {}
    if until is not None:
        more["until"] = _time(until)
    result = run_on(array, opcodes=opcodes, **more)
    energy, load = price_array(result, described), loading(described, programs)
    warnings = [warning for code in codes for warning in code.warnings]
    if as_json:
        _print_json(
            result.as_dict() | {"energy_j": energy.as_dict(), "loading": asdict(load), "assembler_warnings": warnings}
        )
    else:
        _show_run(result, energy, load, warnings)
    if result.ended == "deadlock":
        raise typer.Exit(1)


@app.command()
def vectors(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Test vectors in JSON.")],
    chip: ChipName = "ga144",
    engine: Engine = "compiled",
    as_json: Json = False,
) -> None:
    """Run test vectors; print how many passed and failed. Ends with status 1 if any failed."""
    from neurosim.cores.f18a.vectors import run_vectors

    verdict = run_vectors(file, _chip(chip), _engine(engine))
    if as_json:
        _print_json(verdict.as_dict())
    else:
        for name, problem in verdict.failures.items():
            print(f"{name}: {problem}")
        print(f"passed {verdict.passed}, failed {len(verdict.failures)}")
    if verdict.failures:
        raise typer.Exit(1)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _chip(name: str, changes: list[str] | None = None) -> Chip:
    from neurosim.api import load_chip

    found = {}
    for change in changes or []:
        path, equals, value = change.partition("=")
        if not equals:
            raise NeurosimError(f"--set {change}: must have the form figure=value")
        found[path] = value
    return load_chip(name).with_overrides(found)


def _engine(name: str) -> Callable[..., ArrayResult]:
    if name == "compiled":
        from neurosim.engine.compiled.array import run_array

        return run_array
    if name == "event":
        from neurosim.engine.event.array import run_array as run_event

        return run_event
    raise unknown("engine", name, ("compiled", "event"))


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FileError(file, (error.strerror or "cannot be read").lower()) from None
    if len(content) > _LARGEST:
        raise FileError(file, f"{len(content)} bytes, at most {_LARGEST} are read")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(file, f"not text in UTF-8: byte {error.start}") from None


def _assembled(file: Path, chip: Chip) -> tuple[Code, ...]:
    """Assemble a file; one without any ``node`` line is for node 000."""
    from neurosim.cores.f18a.assemble import assemble_nodes
    from neurosim.cores.f18a.geometry import Grid

    return assemble_nodes(_text(file), str(file), grid=Grid.of(chip), default=0)


def _code_json(code: Code) -> dict[str, Any]:
    return {
        "node": code.node,
        "memory": {f"{address:02x}": f"{word:05x}" for address, word in code.memory.items()},
        "labels": dict(code.labels),
        "registers": dict(code.registers),
        "warnings": list(code.warnings),
    }


def _listing(code: Code) -> str:
    from neurosim.cores.f18a.disassemble import disassemble

    at = {address: name for name, address in code.labels.items()}
    lines = [f"node {code.node:03d}: {len(code.memory)} words"]
    for (address, word), text in zip(
        sorted(code.memory.items()),
        [line for line in disassemble(code.memory).splitlines()[1:] if not line.startswith("org")],
        strict=True,
    ):
        label = next((f"{name}:" for place, name in at.items() if place & 0xFF == address), "")
        lines.append(f"  {address:02X}  {word:05X}  {label:12} {text.partition('  ')[0]}")
    return "\n".join([*lines, *(f"warning: {warning}" for warning in code.warnings)])


def _hosts(feed: list[str] | None, collect: list[str] | None) -> list[Host]:
    from neurosim.cores.f18a.array import Host, Send

    steps: dict[tuple[int, str], list[Send]] = {}
    listens = []
    for text in feed or []:
        place, equals, words = text.partition("=")
        if not equals or not re.fullmatch(r"-?\w+(,-?\w+)*", words):
            raise NeurosimError(f"--feed {text}: must have the form 708.up=1,2,3")
        steps.setdefault(_place("--feed", place), []).extend(Send(_word(text, word)) for word in words.split(","))
    for text in collect or []:
        listens.append(_place("--collect", text))
    return [Host(*place, tuple(steps.get(place, ())), place in listens) for place in dict.fromkeys([*steps, *listens])]


def _place(option: str, text: str) -> tuple[int, str]:
    found = re.fullmatch(r"([0-9]{1,5})\.([a-z]+)", text)
    if not found:
        raise NeurosimError(f"{option} {text}: must name a port as 708.up")
    return int(found[1]), found[2]


def _word(text: str, word: str) -> int:
    from neurosim.cores.f18a.isa import WORD_MASK

    try:
        value = int(word, 0)
    except ValueError:
        raise NeurosimError(f"--feed {text}: found '{word}', must be a number") from None
    if not -(WORD_MASK + 1) // 2 <= value <= WORD_MASK:
        raise NeurosimError(f"--feed {text}: word out of range: found {word}")
    return value & WORD_MASK


def _options(choice: list[str] | None, strict_carry: bool) -> Any:
    from neurosim.cores.f18a.options import CHOICES, Options

    given = {}
    for text in choice or []:
        name, equals, value = text.partition("=")
        if not equals or name not in CHOICES:
            raise unknown("--option", name, CHOICES)
        given[name] = value
    return Options(strict_carry=strict_carry, **given)


def _time(text: str) -> int:
    """Read a time such as ``10 us`` as whole picoseconds."""
    from neurosim.chip import Quantity

    found = re.fullmatch(r"\s*([0-9]{1,15}(?:\.[0-9]{1,12})?)\s*([a-z]+)\s*", text)
    if not found or found[2] not in ("ps", "ns", "us", "ms", "s"):
        raise NeurosimError(f"--until {text}: must be a time such as '10 us'")
    value = float(found[1])
    return Quantity(value=value, unit=found[2], source="given", confidence="estimated").picoseconds()


def _show_run(result: ArrayResult, energy: ArrayEnergy, load: Loading, warnings: list[str]) -> None:
    table = Table(box=None)
    for column in (
        "node",
        "opcodes",
        "alu",
        "memory",
        "transfer",
        "unext",
        "port",
        "io",
        "words",
        "active ns",
        "wait ns",
    ):
        table.add_column(column, justify="right")
    for c in result.counters:
        classes = c.classes
        table.add_row(
            f"{c.node:03d}",
            str(c.total),
            *(str(classes[name]) for name in ("alu", "memory", "transfer", "unext", "port", "io")),
            str(c.words_fetched),
            f"{c.active_ps / 1000:.3f}",
            f"{c.suspended_ps / 1000:.3f}",
        )
    Console().print(table)
    total = energy.total
    print(f"ended: {result.ended} at {result.end / 1000:.3f} ns, constants {result.constants}, engine {result.engine}")
    print(
        f"energy ({energy.boundary}, derived): {total.value * 1e12:.4g} pJ, "
        f"band {total.low * 1e12:.4g} to {total.high * 1e12:.4g} pJ"
    )
    print(
        f"loading, once: {load.words} words, {load.seconds['serial'] * 1e3:.4g} ms by serial line, "
        f"{load.joules * 1e6:.4g} uJ"
    )
    for state in result.nodes:
        stack = " ".join(f"{word:05X}" for word in state.stack[:2])
        print(f"node {state.node:03d}: P {state.p:03X}  T S {stack}  R {state.returns[0]:05X}  A {state.a:05X}")
    for traffic in result.traffic:
        words = " ".join(str(word) for word in traffic.words)
        print(f"host at {traffic.node:03d}.{traffic.port}: sent {len(traffic.sent)}, received {words or 'nothing'}")
    for wait in result.waits:
        print(f"{'deadlock: ' if wait.node in result.deadlocked else ''}{wait}")
    for step in result.trace:
        where = "port" if step.address is None else f"{step.address:03X}"
        print(
            f"{step.begin:>12} {step.end:>12} {step.node:03d} {where:>4}.{step.slot} {step.opcode:6}"
            f" T {step.t:05X} S {step.s:05X} R {step.r:05X} A {step.a:05X} B {step.b:03X} P {step.p:03X}"
        )
    for text in [*warnings, *(str(doubt) for doubt in result.doubts)]:
        print(f"warning: {text}")
