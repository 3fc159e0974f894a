"""A small bench for tests: one network, and mappers in a file that behave badly in every way."""

from pathlib import Path

MAPPERS = """
import os
import subprocess
import sys
import time

import numpy as np

from neurosim.mapping import assign


def good(problem, *, seed=0):
    return assign("sequential", problem, seed)


def leaves(problem, *, seed=0):
    os._exit(7)


def killed(problem, *, seed=0):
    os.kill(os.getpid(), 9)


def hangs(problem, *, seed=0):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    open(os.environ["HANGING"], "w").write(str(child.pid))
    time.sleep(60)


def raises(problem, *, seed=0):
    raise RuntimeError("no idea")


def ends(problem, *, seed=0):
    sys.exit("enough")


def threads(problem, *, seed=0):
    raise RuntimeError("threads " + os.environ["OPENBLAS_NUM_THREADS"])


def gives_up(problem, *, seed=0, watch):
    watch.note("had no time")
    return assign("sequential", problem, seed)


def words(problem, *, seed=0):
    return ["core one"] * problem.n_neurons


def outside(problem, *, seed=0):
    return np.full(problem.n_neurons, problem.n_cores)


def short(problem, *, seed=0):
    return np.zeros(3, dtype=int)


def crowded(problem, *, seed=0):
    return np.zeros(problem.n_neurons, dtype=int)


def tampers(problem, *, seed=0):
    problem.nets.target[:] = 0
    return assign("sequential", problem, seed)
"""

SCENARIO = """
schema = 1
kind = "mappers"

[scenario]
name = "small"
title = "A small bench"
chip = "loihi"
baseline = "sequential+row-major"
orders = ["given"]
time_limit = 5
kill_after = {kill_after}

[[network]]
name = "mlp-3"
set.loihi = {{ "limits.compartments" = "32" }}

[[mapper]]
name = "sequential+row-major"
stochastic = false
"""


def write_mappers(folder: Path) -> Path:
    file = folder / "bad.py"
    file.write_text(MAPPERS)
    return file


def write_scenario(folder: Path, kill_after: float = 30.0) -> Path:
    file = folder / "small.toml"
    file.write_text(SCENARIO.format(kill_after=kill_after))
    return file
