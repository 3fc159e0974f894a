"""From a sample to the whole: the later steps of a run, and a run in which some cores stand for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurosim.chip import Chip
from neurosim.errors import NeurosimError
from neurosim.results import Run, Spikes, Times
from neurosim.results.activity import NETWORK_COUNTERS

_PER_CHIP = ("chip_steps",)  # counts that do not grow with the number of cores


def after(run: Run, head: Run) -> Run:
    """Return what happened in a run after its first steps, which ``head`` repeats; every counter is a difference.

    Spikes keep their counts, and the times start at the end of the head; single packets and their latencies are
    left out. Raises NeurosimError unless the head belongs to the same program and is shorter.
    """
    n = head.chip_steps
    if run.program_digest != head.program_digest or n >= run.chip_steps:
        raise NeurosimError(f"the head of {n} steps is not the beginning of the run of {run.chip_steps}")
    a, b = run.activity, head.activity
    none = np.zeros(0, np.int64)
    return replace(
        run,
        steps=run.steps - head.steps,
        chip_steps=run.chip_steps - n,
        activity=replace(
            a,
            per_core=a.per_core - b.per_core,
            network=a.network - b.network,
            per_step=a.per_step[n:],
            packets_per_step=a.packets_per_step[n:],
            per_link=a.per_link - b.per_link,
        ),
        spikes=Spikes(run.spikes.names, {k: v[:, n:] for k, v in run.spikes.counts.items()}, none.reshape(0, 3)),
        times=Times(run.times.step_ends[:, n:] - run.times.step_ends[:, n - 1 : n], (none, none), none.reshape(0, 6)),
    )


def for_all_cores(run: Run, chip: Chip) -> Run:
    """Return a run of all usable cores of a chip, in which each core of ``run`` stands for as many others.

    Counters of cores and of the network grow by that factor; counts of steps, times and what is known of single
    links and spikes stay those of the sample. Raises NeurosimError unless the factor is whole.
    """
    a = run.activity
    all_cores = np.array(chip.usable_cores, dtype=np.int32)
    factor, rest = divmod(len(all_cores), len(a.cores))
    if rest:
        raise NeurosimError(f"{chip.name}: {len(a.cores)} cores cannot stand for {len(all_cores)}, no whole factor")
    growth = np.array([1 if name in _PER_CHIP else factor for name in NETWORK_COUNTERS], dtype=np.int64)
    return replace(
        run,
        activity=replace(
            a,
            cores=all_cores,
            per_core=np.tile(a.per_core, (1, factor, 1)),
            network=a.network * growth,
            per_step=a.per_step * factor,
            packets_per_step=a.packets_per_step * factor,
        ),
    )
