"""A workload on the public simulator SANA-FE: the same neurons, synapses, places and input pulses on its own Loihi.

Its numbers are ours divided by 64, so that its truncation of a membrane to 1/64 is our rounding toward zero.
Needs its environment: make bench-peers.
"""

from __future__ import annotations

import tempfile
from importlib.resources import files
from typing import Any, cast

import numpy as np
import sanafe
import yaml
from common import quiet
from numpy.typing import NDArray
from workloads import GRAIN, Workload

from neurosim.chip import Chip
from neurosim.network import CompartmentNeuron, Population

INPUT_CORE = 0  # where our port for input lines is
_SCALE = 2.0**-GRAIN
_FULL = 4096  # a decay of this much leaves nothing
_INPUTS = "loihi_inputs"


class _Plain(yaml.SafeDumper):
    """Writes without aliases, which it does not read."""

    def ignore_aliases(self, data: object) -> bool:
        return True


class SanafeChip:
    """One workload loaded; every call goes on where the last one ended, as far as the workload has inputs."""

    def __init__(self, work: Workload) -> None:
        self._names = [p.name for p in work.network.populations]
        with quiet():
            architecture = _architecture(work)
            self._chip = sanafe.SpikingChip(architecture)
            self._chip.load(_network(work, architecture))

    def run(self, steps: int, timing: str) -> dict[str, Any]:
        """Advance so many steps with the timing model "detailed" or "simple"; returns its counts."""
        with quiet():
            return dict(self._chip.sim(steps, timing, processing_threads=1, scheduler_threads=0))

    def pulses(self, steps: int) -> NDArray[np.int64]:
        """Advance so many first steps and return who fired, sorted rows (step, population, neuron)."""
        with quiet():
            trace = self._chip.sim(steps, "simple", processing_threads=1, spike_trace=True)["spike_trace"]
        rows = [
            (step, self._names.index(a.group_name), a.neuron_offset) for step, fired in enumerate(trace) for a in fired
        ]
        return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)


def _architecture(work: Workload) -> Any:
    """Return its Loihi with as many input units as the network has input lines, on one core, and no more."""
    lines = sum(p.size for p in work.network.sources if _sends(work, p))
    document = yaml.safe_load((files("sanafe.examples") / "loihi.yaml").read_text())
    (tile,) = document["architecture"]["tile"]
    (core,) = tile["core"]
    somas = [unit for unit in core["soma"] if not unit["name"].startswith(_INPUTS)]
    (inputs,) = [unit for unit in core["soma"] if unit["name"].startswith(_INPUTS)]
    plain = core | {"soma": somas}
    document["architecture"]["tile"] = [tile | {"core": [plain]}]
    if lines:
        cores = work.chip.cores_per_tile
        units = [*somas, inputs | {"name": f"{_INPUTS}[0..{lines - 1}]"}]
        first = tile | {
            "name": "input_tile",
            "core": [core | {"name": "input_core", "soma": units}, plain | {"name": f"loihi_core[1..{cores - 1}]"}],
        }
        tiles = work.chip.columns * work.chip.rows
        document["architecture"]["tile"] = [first, tile | {"name": f"loihi_tile[1..{tiles - 1}]", "core": [plain]}]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.dump(document, file, _Plain, sort_keys=False)
        file.flush()
        return sanafe.load_arch(file.name)


def _sends(work: Workload, population: Population) -> bool:
    return any(p.source == population.name for p in work.network.projections)


def _network(work: Workload, architecture: Any) -> Any:
    net, groups = sanafe.Network(), {}
    for population in work.network.populations:
        if not population.is_source or _sends(work, population):
            groups[population.name] = net.create_neuron_group(population.name, population.size)
    _set_neurons(work, groups)
    _place(work, architecture, groups)
    for p in work.network.projections:
        weights = {"weight": (p.weights * 2.0**p.exponent * _SCALE).tolist()}
        pairs = list(zip(p.rows.tolist(), p.targets.tolist(), strict=True))
        groups[p.source].connect_neurons_sparse(groups[p.target], weights, pairs)
    return net


def _set_neurons(work: Workload, groups: dict[str, Any]) -> None:
    line = 0
    for population in work.network.populations:
        if population.name not in groups:
            continue
        for k, cell in enumerate(groups[population.name].neurons):
            if population.is_source:
                spikes = work.inputs[0, :, line].tolist()
                cell.set_attributes(soma_hw_name=f"{_INPUTS}[{k}]", model_attributes={"spikes": spikes})
                line += 1
            else:
                own = _attributes(population, k)
                cell.set_attributes(soma_hw_name="loihi_lif", log_spikes=True, model_attributes=own)


def _attributes(population: Population, k: int) -> dict[str, Any]:
    """Return neuron k in its terms: no current is kept, the membrane leaks as ours does and is reset to zero."""
    (own,) = cast(CompartmentNeuron, population.neuron).compartments
    names, size = ("threshold", "bias", "initial"), population.size
    values = {name: int(np.broadcast_to(getattr(own, name), size)[k]) for name in names}
    keep = (_FULL - int(own.decay_v)) / _FULL
    # It does not leak in the first step, so it starts with what the leak leaves.
    return {
        "threshold": values["threshold"] * _SCALE,
        "bias": values["bias"] * _SCALE,
        "potential": int(values["initial"] * keep) * _SCALE,
        "leak_decay": keep,
        "input_decay": 0.0,
        "reset": 0.0,
        "reset_mode": "hard",
        "force_update": True,
    }


def _place(work: Workload, architecture: Any, groups: dict[str, Any]) -> None:
    cores, first = _cores_of_ours(work.chip, architecture), 0
    for population in work.network.neurons:
        for k, cell in enumerate(groups[population.name].neurons):
            cell.map_to_core(cores[work.core_of[first + k]])
        first += population.size
    for population in work.network.sources:
        if population.name in groups:
            groups[population.name].map_to_core(cores[INPUT_CORE])


def _cores_of_ours(chip: Chip, architecture: Any) -> list[Any]:
    """Return its core for each of our core ids: we number tiles along rows, it along columns."""
    tile = [y + chip.rows * x for y in range(chip.rows) for x in range(chip.columns)]
    return [architecture.tiles[t].cores[slot] for t in tile for slot in range(chip.cores_per_tile)]
