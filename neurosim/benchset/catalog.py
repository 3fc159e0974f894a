"""The catalog of bench networks: what each is, its seed, and the digests that pin it in both orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from neurosim.benchset.convolution import Conv, Dense, Pool, convolutional
from neurosim.benchset.graph import Graph, Ints, permutation
from neurosim.benchset.layered import perceptron, windowed
from neurosim.benchset.microcircuit import microcircuit
from neurosim.benchset.recurrent import brunel, erdos_renyi, reservoir, small_world
from neurosim.errors import NeurosimError, unknown
from neurosim.network import Network

Order = Literal["given", "shuffled"]
ORDERS: tuple[Order, ...] = ("given", "shuffled")

_LENET = (Conv(6, 5), Pool(), Conv(16, 5, same=False), Pool(), Dense(120), Dense(84), Dense(10))
_VGG = (
    *(Conv(8, 3), Pool(), Conv(16, 3), Pool(), Conv(32, 3), Conv(32, 3), Pool(), Conv(64, 3), Conv(64, 3), Pool()),
    *(Conv(64, 3), Conv(64, 3), Dense(64), Dense(64), Dense(10)),
)


@dataclass(frozen=True)
class _Entry:
    title: str
    seed: int
    make: Callable[[np.random.Generator], Graph]


_CATALOG = {
    "mlp-3": _Entry("perceptron 784-100-10", 1, lambda rng: perceptron((784, 100, 10), rng)),
    "mlp-5": _Entry("perceptron 784-300-200-100-10", 2, lambda rng: perceptron((784, 300, 200, 100, 10), rng)),
    "conv-4": _Entry(
        "4 layers of 16 x 16 x 4, kernels 3 x 3", 3, lambda rng: convolutional((4, 16, 16), 3 * (Conv(4, 3),), rng)
    ),
    "lenet": _Entry("LeNet-5 on 28 x 28, mean pooling", 4, lambda rng: convolutional((1, 28, 28), _LENET, rng)),
    "vgg-11-lite": _Entry(
        "VGG-11 with an eighth of its channels on 16 x 16 x 3", 5, lambda rng: convolutional((3, 16, 16), _VGG, rng)
    ),
    "small-world": _Entry(
        "ring of 4096, 32 neighbours, 10 % redirected", 6, lambda rng: small_world(4096, 32, 0.1, rng)
    ),
    "erdos-renyi": _Entry("2048 neurons, 16 synapses each at random", 7, lambda rng: erdos_renyi(2048, 16 * 2048, rng)),
    "reservoir": _Entry(
        "64 sensors, pool of 1000 with 5 % of all pairs, 10 readouts", 8, lambda rng: reservoir(64, 1000, 10, 0.05, rng)
    ),
    "brunel": _Entry(
        "2000 excitatory and 500 inhibitory, a tenth of each drawn", 9, lambda rng: brunel(2000, 500, 0.1, 5.0, rng)
    ),
    "microcircuit-5": _Entry(
        "Potjans-Diesmann, 5 % of neurons and of synapses per neuron", 10, lambda rng: microcircuit(0.05, 0.05, rng)
    ),
    "microcircuit-20": _Entry(
        "Potjans-Diesmann, 20 % of neurons, 2 % of synapses per neuron", 11, lambda rng: microcircuit(0.2, 0.02, rng)
    ),
    "dense-layers": _Entry("8 layers of 256, all to all", 12, lambda rng: perceptron(8 * (256,), rng)),
    "windowed-layers": _Entry("8 layers of 512, windows of 33", 13, lambda rng: windowed(8, 512, 33, rng)),
}


def bench_names() -> list[str]:
    """Return the names of the networks, in order."""
    return list(_CATALOG)


def title(name: str) -> str:
    """Return what a network is, in words."""
    return _entry(name).title


def graph(name: str, order: str = "given") -> Graph:
    """Generate the graph of a network, its neurons in the given order or shuffled; raises NeurosimError."""
    entry = _entry(name)
    if order not in ORDERS:
        raise unknown("order", order, ORDERS)
    made = entry.make(np.random.default_rng(entry.seed))
    if order == "given":
        return made
    return made.shuffled(shuffle(name, made.n))


def shuffle(name: str, n: int) -> Ints:
    """Return the new number of every neuron in the shuffled order, int64[n]."""
    return permutation(n, np.random.default_rng([_entry(name).seed, 1]))


def build(name: str, order: str = "given") -> Network:
    """Generate a network; raises NeurosimError for an unknown name and for a digest that is not the pinned one."""
    network = graph(name, order).network(name if order == "given" else f"{name} {order}")
    found, wanted = network.digest(), pinned().get(f"{name} {order}")
    if found != wanted:
        raise NeurosimError(f"bench network {name}, {order}: digest is {found[:12]}, pinned is {str(wanted)[:12]}")
    return network


@cache
def pinned() -> dict[str, str]:
    """Return the digests that networks must have, by "name order"."""
    digests: dict[str, str] = json.loads((Path(__file__).parent / "digests.json").read_text(encoding="utf-8"))
    return digests


def _entry(name: str) -> _Entry:
    if name not in _CATALOG:
        raise unknown("bench network", name, _CATALOG)
    return _CATALOG[name]
