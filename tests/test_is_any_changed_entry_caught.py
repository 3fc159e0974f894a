"""Is a change of any one entry of any loaded table caught, whatever the entry and whatever the value?"""

from dataclasses import fields, is_dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_faults import CASES

import neurosim as ns
from neurosim.check import check
from neurosim.program import Destinations, Members, Program


@cache
def sound(chip):
    mapping, _ = CASES[chip]()
    return mapping, ns.load_program(mapping)


# Not read entry by entry: noise, which a run shows, and how wide weights are, of which the words of memory are checked.
UNREAD = {
    "loihi": {"noise", "axon_format", "axon_bits", "chip", "options"},
    "spinnaker2": {"chip", "options"},
    "truenorth": {"chip", "options"},
}


def arrays(value, path=()):
    """Yield the path to every array of integers inside a program."""
    if isinstance(value, np.ndarray):
        if value.size and value.dtype.kind in "iub":
            yield path
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            yield from arrays(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for k, item in enumerate(value):
            yield from arrays(item, (*path, k))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from arrays(item, (*path, key))
    elif (is_dataclass(value) and isinstance(value, Program | Destinations | Members)) or hasattr(value, "n"):
        for item in fields(value):
            yield from arrays(getattr(value, item.name), (*path, item.name))


def tables(chip):
    return [path for path in arrays(sound(chip)[1]) if not UNREAD[chip].intersection(path) and path[0] != "lowered"]


def put(value, path, new):
    """Return a program with what stands at a path replaced."""
    if not path:
        return new
    first, rest = path[0], path[1:]
    if isinstance(value, dict):
        return value | {first: put(value[first], rest, new)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return value._replace(**{first: put(getattr(value, first), rest, new)})
    if isinstance(value, tuple):
        return tuple(put(item, rest, new) if k == first else item for k, item in enumerate(value))
    return replace(value, **{first: put(getattr(value, first), rest, new)})


def get(value, path):
    for part in path:
        value = value[part] if (isinstance(value, dict | tuple) and not isinstance(part, str)) or isinstance(
            value, dict
        ) else getattr(value, part)  # fmt: skip
    return value


@pytest.mark.parametrize("chip", CASES)
def test_are_there_tables_of_every_kind(chip):
    found = {path[-1] for path in tables(chip)}
    assert {"ptr", "core", "axon", "soma", "state", "cores"} <= found
    assert len(tables(chip)) > 30


@pytest.mark.parametrize("chip", CASES)
@settings(max_examples=150)
@given(data=st.data())
def test_is_a_changed_entry_caught(chip, data):
    mapping, program = sound(chip)
    path = data.draw(st.sampled_from(tables(chip)))
    old = get(program, path)
    place = np.unravel_index(data.draw(st.integers(0, old.size - 1)), old.shape)
    if "registers" in path and place[-1] >= program.images[path[1]].n:
        return  # beyond the last column, where no neuron is and no spike comes from
    changed = old.copy()
    if old.dtype == np.bool_:
        changed[place] = ~old[place]
    else:
        limits = np.iinfo(old.dtype)
        other = data.draw(st.sampled_from([-1, 1, 2, 7, 64, 1000, -1000, limits.max, limits.min]))
        changed[place] = np.int64(np.clip(int(old[place]) + other, limits.min, limits.max))
    if np.array_equal(changed, old):
        return
    result = check(mapping, program=put(program, path, changed), inputs=np.zeros((0, 1, 0), bool))
    assert not result.passed, (path, place, old[place], changed[place])
