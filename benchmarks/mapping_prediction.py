"""How well do static metrics of a mapping predict what a simulation shows? Prints correlations, chip by chip.

Mappings of one network: clusters of neurons as the sequential mapper makes them, in every second mapping with neurons
exchanged between clusters as far as that is legal, put on cores drawn from ever larger parts of the chip; so they
differ in packets, distance, spread and congestion.
"""

import argparse
from dataclasses import replace

import numpy as np
from rich.console import Console

import neurosim as ns
from neurosim.check import random_inputs
from neurosim.check.correlation import correlations
from neurosim.check.measure import measure
from neurosim.errors import NeurosimError
from neurosim.mapping import Mapping
from neurosim.report.mapping import correlation_table

CHIPS = {
    "loihi": {"limits.compartments": "16", "time.link_serialisation": "40 ns"},
    "truenorth": {},
    "spinnaker2": {"limits.data_bytes": "9000"},
}


def mappings(model: str, name: str, number: int, seed: int = 0) -> list[Mapping]:
    """Return mappings whose cores are drawn from ever larger parts of the chip."""
    chip = ns.load_chip(name).with_overrides(CHIPS[name])
    first = ns.map(ns.load_network(model), chip)
    rng, found = np.random.default_rng(seed), []
    usable = np.array(chip.usable_cores)
    for k in range(number):
        size = len(first.cores) + (len(usable) - len(first.cores)) * k // max(number - 1, 1)
        distance = usable // chip.cores_per_tile % chip.columns + usable // chip.cores_per_tile // chip.columns
        near = usable[np.argsort(distance, kind="stable")][: min(size, 16 * (k + 1) + len(first.cores))]
        places = rng.permutation(near)[: len(first.cores)]
        core_of = places[np.searchsorted(first.cores, first.core_of)].astype(np.int32)
        mapping = Mapping(first.network, first.lowered, chip, core_of, f"drawn {k}", 0)
        found.append(exchanged(mapping, rng) if k % 2 else mapping)
    return found


def exchanged(mapping: Mapping, rng: np.random.Generator) -> Mapping:
    """Exchange the cores of pairs of neurons, half of all, and leave out what the chip would refuse."""
    core_of = mapping.core_of.copy()
    for a, b in rng.permutation(len(core_of))[: len(core_of) // 2 * 2].reshape(-1, 2):
        core_of[[a, b]] = core_of[[b, a]]
        try:
            ns.load_program(replace(mapping, core_of=core_of))
        except NeurosimError:
            core_of[[a, b]] = core_of[[b, a]]
    return replace(mapping, core_of=core_of)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist-common")
    parser.add_argument("--chip", action="append", choices=CHIPS)
    parser.add_argument("--mappings", type=int, default=24)
    given = parser.parse_args()
    for chip in given.chip or CHIPS:
        metrics = []
        for mapping in mappings(given.model, chip, given.mappings):
            metrics.append(measure(mapping, ns.load_program(mapping), random_inputs(mapping)))
        Console().print(correlation_table(correlations(metrics), f"{given.model} on {chip}"))


if __name__ == "__main__":
    main()
