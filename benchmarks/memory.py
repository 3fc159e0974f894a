"""How much memory does a workload take? Run: python benchmarks/memory.py neurosim|sanafe a|b|c

Prints the largest resident size (MiB) of this process so far, interpreter and libraries included: after importing,
after loading the workload into the chip and after running it. Meant to be started afresh for every figure.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

KIB_PER_MIB = 1024
FEW_STEPS = 10  # of the other simulator; it keeps nothing from step to step


def peaks(simulator: str, workload: str) -> dict[str, float]:
    """Return the figures of a fresh process."""
    call = [sys.executable, __file__, simulator, workload]
    result: dict[str, float] = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    return result


def peak() -> float:
    """Return the largest resident size of this process so far (MiB).

    Linux says it for this program alone; what getrusage says there includes the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / KIB_PER_MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def _neurosim(name: str) -> dict[str, float]:
    from workloads import workload

    from neurosim.engine.compiled import CompiledChip

    imported, work = peak(), workload(name)
    program = work.program()
    chip = CompiledChip(program, program.chip.constants())
    loaded = peak()
    chip.run(work.inputs, trace_first=False)
    return {"imported": imported, "loaded": loaded, "run": peak()}


def _sanafe(name: str) -> dict[str, float]:
    from sanafe_chip import SanafeChip
    from workloads import workload

    imported = peak()
    chip = SanafeChip(workload(name, FEW_STEPS))
    loaded = peak()
    chip.run(FEW_STEPS, "detailed")
    return {"imported": imported, "loaded": loaded, "run": peak()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("simulator", choices=("neurosim", "sanafe"))
    parser.add_argument("workload", choices=("a", "b", "c"))
    options = parser.parse_args()
    print(json.dumps({"neurosim": _neurosim, "sanafe": _sanafe}[options.simulator](options.workload)))


if __name__ == "__main__":
    main()
