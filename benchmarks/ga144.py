"""How fast a network on all nodes of a GA144 runs: mnist-common, 132 nodes, T = 8, one core.

Required: 30 million opcodes per second, and 10,000 images within five minutes (``--images 10000`` runs them all).
Ways to write the code, and networks that do not fit, are studies of the scenario ga144_mnist.
"""

from __future__ import annotations

from common import median_time, parser, print_json, say_versions, table, timed, versions

import neurosim as ns
from neurosim.network.dataset import load_dataset
from neurosim.network.model_file import load_model
from neurosim.network.pulses import encode

REQUIRED, ALL, STEPS = 30e6, 10_000, 8


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=500, help="images to run (500)")
    options.add_argument("--rounds", type=int, default=3, help="times to run them (3)")
    given = options.parse_args()
    program = ns.load_program(ns.map(load_model("mnist-common").network, ns.load_chip("ga144")))
    pulses = encode("bernoulli", load_dataset("mnist-test").images[: given.images], STEPS, seed=1, draw_images=ALL)
    ns.simulate(program, pulses[:1])
    seconds, run = timed(lambda: ns.simulate(program, pulses))
    if given.rounds > 1:
        seconds = median_time(lambda: ns.simulate(program, pulses), given.rounds)
    opcodes = sum(int(run.activity.total(n).sum()) for n in run.activity.counters if n.startswith("opcodes_"))
    rate, whole = opcodes / seconds, seconds / given.images * ALL
    found = versions("neurosim", "numba", "numpy")
    if given.json:
        print_json({
            "versions": found,
            "images": given.images,
            "seconds": seconds,
            "opcodes": opcodes,
            "opcodes_per_second": rate,
            "required": REQUIRED,
        })  # fmt: skip
        return
    say_versions(found)
    head = ["mnist-common, T = 8", "images", "s", "opcodes per image", "million opcodes/s", "10,000 images, s"]
    row = [
        "132 nodes", str(given.images), f"{seconds:.2f}", f"{opcodes / given.images:,.0f}", f"{rate / 1e6:.1f}",
        f"{whole:.0f}",
    ]  # fmt: skip
    table(head, [row])


if __name__ == "__main__":
    main()
