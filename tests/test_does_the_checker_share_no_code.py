"""Does the checker share no code with mappers and loaders, and does no import in its rooms run upward?"""

import ast
from pathlib import Path

import pytest

import neurosim

PACKAGE = Path(neurosim.__file__).parent
CHECKER = sorted([*PACKAGE.glob("check/*.py"), *PACKAGE.glob("cores/**/audit*.py")])
METRICS = sorted(PACKAGE.glob("mapping/metrics/*.py"))

# What places neurons, fills cores or writes tables, by module.
SHUNNED = {
    "partition",
    "place",
    "load",
    "limits",
    "encode",
    "memory",
    "lower",
    "fanout",
    "convert",
    "compose",
    "assign",
}
SHUNNED |= {"registers", "bank", "router", "words", "registry", "mesh", "exact"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("path", CHECKER, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_is_nothing_imported_that_maps_or_loads(path):
    for name in imports(path):
        if name.startswith(("neurosim.mapping", "neurosim.cores")):
            assert not SHUNNED & set(name.split(".")), name


@pytest.mark.parametrize("path", METRICS, ids=lambda path: path.name)
def test_do_static_metrics_stand_on_network_and_chip_alone(path):
    for name in imports(path):
        if name.startswith("neurosim"):
            assert name.startswith(("neurosim.mapping", "neurosim.chip", "neurosim.errors", "neurosim.network")), name
            assert not SHUNNED & set(name.split(".")), name


@pytest.mark.parametrize("path", CHECKER, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_does_no_import_run_upward(path):
    above = ("neurosim.scenario", "neurosim.report", "neurosim.cli", "neurosim.api")
    if "cores" in path.parts:
        above += ("neurosim.engine", "neurosim.check")
    assert not [name for name in imports(path) if name.startswith(above)]


def test_are_there_files_to_look_at():
    assert len(CHECKER) > 15
    assert len(METRICS) > 7
