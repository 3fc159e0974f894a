"""The scenario file: a model, its inputs, the chips and what to ask."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from neurosim.document import Strict, parse, validate
from neurosim.errors import FileError, NeurosimError, unknown
from neurosim.paths import data_dir
from neurosim.results import Host
from neurosim.scenario.code_studies_file import BeyondStudy, StrategiesStudy

Positive = Annotated[int, Field(ge=1, strict=True)]
Seed = Annotated[int, Field(ge=0, strict=True)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, int | str) else value


class About(Strict):
    """``[scenario]``: the question in one line, and what runs."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    title: str
    model: Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
    chips: Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]
    steps: Annotated[tuple[Positive, ...], BeforeValidator(_as_list), Field(min_length=1)]
    samples: Positive
    mapper: str = "sequential"
    engine: str = "compiled"
    network: str = "exact"
    threads: Positive = 1
    seed: Seed = 0


class Inputs(Strict):
    """``[inputs]``: the data set and its encoder; ``draw_images`` rows are drawn together by random encoders."""

    dataset: str
    encoder: str = "bernoulli"
    seed: Seed = 1
    draw_images: Positive | None = None


class HostOptions(Strict):
    """``[chip.NAME.host]``: what lies around the chip, each part off unless named."""

    step_overhead: str | None = None
    inference_overhead: str | None = None
    embedded: bool = False
    state_reset: bool = False

    def as_host(self) -> Host:
        """Return the value that pricing takes."""
        return Host(self.step_overhead, self.inference_overhead, self.embedded, self.state_reset)


class ChipOptions(Strict):
    """``[chip.NAME]``: constant set, mapper, boundary, host, and figures of the descriptor changed for this run.

    ``mapping`` is a mapping file that takes the place of a mapper, see docs/mapping.md.
    ``level_policy`` and ``level_threshold`` choose the performance level on chips that have several.
    """

    constants: str | None = None
    mapper: str | None = None
    mapping: str | None = None
    level_policy: str | None = None
    level_threshold: Annotated[int, Field(ge=0, strict=True)] | None = None
    boundary: Literal["cores", "chip", "chip with host"] | None = None
    host: HostOptions = HostOptions()
    set: dict[str, str] = Field(default_factory=dict)


class Published(Strict):
    """``[published]``: accuracies to print beside ours, as fractions by number of steps."""

    source: str
    accuracy: dict[str, float]


class Scenario(Strict):
    """A whole scenario, resolved: what ``--dry-run`` prints.

    ``strategies`` and ``beyond`` are studies beside the runs, made where their chip is one of those that run.
    """

    schema_: Annotated[Literal[1], Field(alias="schema")]
    kind: Literal["model"] = "model"
    scenario: About
    inputs: Inputs
    chip: dict[str, ChipOptions] = Field(default_factory=dict)
    published: Published | None = None
    strategies: StrategiesStudy | None = None
    beyond: BeyondStudy | None = None

    def published_accuracy(self, steps: int) -> float | None:
        """Return the published accuracy at a number of steps, for the scenario's first model."""
        return self.published.accuracy.get(str(steps)) if self.published else None

    def options(self, chip: str) -> ChipOptions:
        """Return what the scenario says about a chip, defaults where it says nothing."""
        return self.chip.get(chip, ChipOptions())


def list_scenarios() -> list[str]:
    """Return the names in the catalog of scenarios, sorted."""
    return sorted(path.stem for path in data_dir("scenarios").glob("*.toml"))


def find_scenario(name_or_path: str | Path) -> Path:
    """Return the file of a scenario: a path, or a name from the catalog; raises NeurosimError."""
    path = Path(name_or_path)
    if path.is_file():
        return path
    if path.suffix == ".toml" and path.name != str(name_or_path):
        raise FileError(path, "no such file")
    if path.stem in list_scenarios():
        return data_dir("scenarios") / f"{path.stem}.toml"
    raise unknown("scenario", str(name_or_path), list_scenarios())


def load_scenario(name_or_path: str | Path, changes: Sequence[tuple[str, Any]] = ()) -> Scenario:
    """Read a scenario and apply changes (dotted path, value) in order, as ``--set`` and the options do.

    ``chip.NAME.<figure>`` changes a figure of that chip's descriptor, for instance
    ``chip.loihi.energy.synaptic_operation``. Raises FileError naming file, field, value and nearest spelling.
    """
    path = find_scenario(name_or_path)
    raw = parse(path)
    if raw.get("kind", "model") != "model":
        hint = "; neurosim mappers takes it" if raw["kind"] == "mappers" else ""
        raise FileError(path, f"found {raw['kind']!r}, a scenario of kind 'model' is needed here{hint}", "kind")
    for dotted, value in changes:
        apply_change(raw, dotted, value)
    return validate(Scenario, raw, path)


def scenario_kind(name_or_path: str | Path) -> Any:
    """Return the ``kind`` that a scenario file states, "model" where it states none; raises as ``load_scenario``."""
    return parse(find_scenario(name_or_path)).get("kind", "model")


def apply_change(raw: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a dotted path of a parsed scenario to a value, as ``--set`` does; raises NeurosimError for what is none."""
    parts = dotted.split(".")
    if len(parts) < 2 or not all(parts):
        hint = _closest_field(dotted)
        raise NeurosimError(f"--set {dotted}: not a dotted path such as scenario.samples{hint}")
    if parts[0] == "chip" and len(parts) > 2 and parts[2] not in ChipOptions.model_fields:
        parts = ["chip", parts[1], "set", ".".join(parts[2:])]
        value = str(value)
    table = raw
    for part in parts[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise NeurosimError(f"--set {dotted}: '{part}' is not a table")
        table = inner
    table[parts[-1]] = value


def _closest_field(word: str) -> str:
    fields = [f"scenario.{name}" for name in About.model_fields] + [f"inputs.{name}" for name in Inputs.model_fields]
    close = difflib.get_close_matches(word, [f.split(".")[1] for f in fields], n=1)
    return next((f", did you mean '{f}'?" for f in fields if close and f.endswith("." + close[0])), "")


def parse_change(text: str) -> tuple[str, Any]:
    """Split ``a.b=value`` of the command line; the value is read as TOML, or taken as text. Raises NeurosimError."""
    path, equals, value = text.partition("=")
    if not equals:
        raise NeurosimError(f"--set {text}: must have the form a.b=value")
    try:
        return path.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()


def resolved(scenario: Scenario) -> Mapping[str, Any]:
    """Return the scenario with every default filled in, for ``--dry-run`` and the run folder."""
    return scenario.model_dump(by_alias=True, exclude_none=True, mode="json")
