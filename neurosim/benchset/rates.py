"""Firing rates of bench networks: recorded from the project's own unmapped run, and kept by hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurosim.benchset.catalog import graph, shuffle
from neurosim.benchset.graph import LINES, NEURONS, Graph
from neurosim.engine.functional import run_functional
from neurosim.errors import FileError, NeurosimError

Floats = NDArray[np.float64]

STEPS, SAMPLES, SEED = 64, 2, 0


def pulses(name: str, steps: int = STEPS, samples: int = SAMPLES) -> NDArray[np.bool_]:
    """Draw the pulses bool[samples, steps, lines] of a network, the same in every order."""
    made = graph(name)
    drawn: NDArray[np.bool_] = np.random.default_rng(SEED).random((samples, steps, made.lines)) < made.drive
    return drawn


def recorded_rates(name: str, order: str = "given", cache: Path | None = None) -> Floats:
    """Return spikes per inference of STEPS steps of every line, then every neuron, float64[lines + neurons].

    Means over SAMPLES of the functional run of the network in its given order; the shuffled one has the same, moved
    with its neurons. ``cache`` is a folder of .npy files named by what they depend on; a damaged one is refused.
    """
    made = graph(name)
    network, inputs = made.network(name), pulses(name)
    rates = _cached(cache, _key(network.digest(), inputs), lambda: _record(made, name, inputs))
    if rates.shape != (made.lines + made.n,):
        raise NeurosimError(f"rates of {name}: {list(rates.shape)} values, needs {made.lines + made.n}")
    if order == "given":
        return rates
    moved = rates.copy()
    moved[made.lines + shuffle(name, made.n)] = rates[made.lines :]
    return moved


def rates_digest(rates: Floats) -> str:
    """Return the SHA-256 of rates."""
    return hashlib.sha256(np.ascontiguousarray(rates).tobytes()).hexdigest()


def _record(made: Graph, name: str, inputs: NDArray[np.bool_]) -> Floats:
    run = run_functional(made.network(name), inputs)
    fired = run.pulses[NEURONS].sum(axis=(0, 1))
    total: Floats = np.concatenate([inputs.sum(axis=(0, 1)), fired]) / len(inputs)
    return total


def _key(network: str, inputs: NDArray[np.bool_]) -> str:
    return hashlib.sha256(f"{LINES} {network} {inputs.shape}".encode() + np.packbits(inputs).tobytes()).hexdigest()


def _cached(folder: Path | None, key: str, record: Callable[[], Floats]) -> Floats:
    file = folder / f"{key[:32]}.npy" if folder else None
    if file is not None and file.is_file():
        try:
            kept: Floats = np.load(file, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FileError(file, f"damaged, delete it: {error}") from None
        return kept
    rates = record()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npy")
        np.save(part, rates)
        part.replace(file)
    return rates
