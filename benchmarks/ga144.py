"""Networks on the GA144: strategies compared, the cost of a dense neuron and of weights from outside, and speed.

    python benchmarks/ga144.py [strategies|dense|adder|speed]...

Every run is checked against the network's own definition. Figures of docs/ga144.md come from here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

import neurosim as ns
from neurosim.chip import Chip
from neurosim.cores.f18a.array import Array, feeder
from neurosim.cores.f18a.assemble import assemble
from neurosim.cores.f18a.load import ArrayProgram, load
from neurosim.cores.f18a.lower import lower
from neurosim.cores.f18a.plan import BITS, EVENTS
from neurosim.engine.compiled.array import run_array
from neurosim.engine.functional import run_functional
from neurosim.errors import CapacityError, UnsupportedError
from neurosim.mapping import Mapping, nets_of
from neurosim.network import AddAndFire, Network, Population, Projection
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import encode
from neurosim.results import Run

MIDDLE = (12, 13, 18, 19)  # windows of mnist-common around the centre of the image
ADDER = """
/p main
/b up
m:      {membranes}
main:   dup dup or a! 15 push
pair:   @b dup 255 and -128 + @ + !+
        2/ 2/ 2/ 2/ 2/ 2/ 2/ 2/ -128 + @ + !+ next pair
        jump main
"""


def pulses(n: int, steps: int = 8) -> NDArray[np.bool_]:
    """Return pulses of the first test images."""
    return encode("bernoulli", load_dataset("mnist-test").images[:n], steps, seed=1, draw_images=1000)


def matrix(model: str) -> NDArray[np.float64]:
    """Return the weights from pixels to hidden neurons."""
    network = load_model(model).network
    first = network.projections[0]
    weights = np.zeros((784, 128))
    weights[first.rows, first.targets] = first.weights
    return weights


def layer(weights: NDArray[np.float64], threshold: float) -> Network:
    """Return one layer of add-and-fire neurons that see the image."""
    pixels = load_model("mnist-common").network.populations[0]
    hidden = Population("hidden", weights.shape[1], AddAndFire(threshold))
    return Network("layer", (pixels, hidden), (Projection.dense("pixels", "hidden", weights),), ("hidden",))


def program(network: Network, chip: Chip, per_word: int, coding: str, leaves: int) -> ArrayProgram:
    """Load a network with so many neurons per word."""
    lowered = lower(network, chip)
    core_of = (np.arange(network.n_neurons) // per_word).astype(np.int32)
    return load(Mapping(network, lowered, chip, core_of, "in order", 0), nets_of(lowered.network), coding, leaves)


def checked(loaded: ArrayProgram, network: Network, given: NDArray[np.bool_]) -> Run:
    """Run and compare every pulse count."""
    run, reference = ns.simulate(loaded, given), run_functional(network, given)
    if not np.array_equal(run.spikes.counts["hidden"], reference.pulses["hidden"].sum(axis=2)):
        raise SystemExit("the array fires otherwise than the network")
    return run


def told(loaded: ArrayProgram, run: Run, chip: Chip) -> str:
    """Return nodes, words, and per synaptic operation opcodes, time and energy."""
    summary, energy = run.activity.summary(), ns.price(run, chip)
    operations = summary["synaptic_operations"]
    opcodes = sum(value for name, value in summary.items() if name.startswith("opcodes_"))
    running = sum(value for name, value in summary.items() if name.startswith("running_ps_"))
    words = sum(image.words for image in loaded.images)
    parts = ", ".join(f"{name} {band.value * 1e6:.3f}" for name, band in energy.parts.items() if band.value > 1e-9)
    return (
        f"{len(loaded.images):4d} nodes {words:5d} words | {opcodes / operations:5.1f} opcodes"
        f" {running / operations / 1e3:6.1f} ns {energy.total.value / operations * 1e12:6.0f} pJ a synaptic operation |"
        f" {run.times.step_ends[:, -1].mean() / 1e6:5.1f} us, {energy.total.value * 1e6:.3f} uJ ({parts})"
    )


def strategies() -> None:
    """Print every strategy that fits, on four windows."""
    chip, given = ns.load_chip("ga144"), pulses(10)
    columns = [4 * window + k for window in MIDDLE for k in range(4)]
    network = layer(matrix("mnist-common")[:, columns], 6.0)
    for coding in (BITS, EVENTS):
        for per_word in (4, 2, 1):
            for leaves in (2, 1):
                label = f"{coding:6s} {per_word} per word, {leaves} leaves per cell"
                try:
                    loaded = program(network, chip, per_word, coding, leaves)
                except (CapacityError, UnsupportedError) as error:
                    print(f"{label}: {error}")
                    continue
                print(f"{label}: {told(loaded, checked(loaded, network, given), chip)}")


def dense() -> None:
    """Print what four dense neurons cost, on an array two chips wide."""
    chip = ns.load_chip("ga144").with_overrides({"geometry.columns": "36"})
    weights, given = matrix("mnist-pulsed"), pulses(20)
    for bits in (8, 4):
        scale = (2 ** (bits - 1) - 1) / np.abs(weights).max()
        network = layer(np.rint(weights[:, [0, 40, 80, 120]] * scale), float(round(scale)))
        loaded = program(network, chip, 1, BITS, 2)
        print(f"four dense neurons, {bits} bits: {told(loaded, checked(loaded, network, given), chip)}")


def adder() -> None:
    """Print what it takes to add weights that come from outside, two to a word of 16 bits."""
    code = assemble(ADDER.format(membranes=" ".join(["word 0"] * 32)))
    weights = np.random.default_rng(0).integers(-127, 128, size=(40, 16, 2))
    words = ((weights[..., 0] + 128) | (weights[..., 1] + 128) << 8).ravel().tolist()
    result = run_array(Array(ns.load_chip("ga144"), [code.program(708)], [feeder(708, "up", words)]))
    membranes = (np.array(result.nodes[0].ram[:32]) + (1 << 17)) % (1 << 18) - (1 << 17)
    if not np.array_equal(membranes, weights.sum(axis=0).ravel()):
        raise SystemExit("the adder is wrong")
    counters = result.counters[0]
    each = f"{counters.total / len(words):.1f} opcodes, {counters.active_ps / len(words) / 1e3:.1f} ns per word"
    print(f"adder of 32 neurons: {len(code.memory)} words, {each} of two weights")


def speed() -> None:
    """Print how quickly the compiled engine runs mnist-common."""
    network, chip = load_model("mnist-common").network, ns.load_chip("ga144")
    loaded, given = ns.load_program(ns.map(network, chip)), pulses(200)
    ns.simulate(loaded, given[:1])
    began = perf_counter()
    run = ns.simulate(loaded, given)
    seconds = perf_counter() - began
    opcodes = sum(run.activity.total(name).sum() for name in run.activity.counters if name.startswith("opcodes_"))
    print(f"{len(given)} images, T = 8: {seconds:.2f} s, {opcodes / seconds / 1e6:.1f} million opcodes per second")


PARTS = {"strategies": strategies, "dense": dense, "adder": adder, "speed": speed}


def main(names: Sequence[str]) -> None:
    """Run the named parts, all without names."""
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
