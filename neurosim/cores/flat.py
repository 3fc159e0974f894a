"""What the compiled engine asks of a core kind: all cores of a program side by side, in flat arrays.

A kind offers ``flat(program, constants)``, which returns a NamedTuple with the memories and the state of all its
cores, among them ``counters`` int64[cores, counters], and ``reset(cores)``. It gives its compiled functions to
``bind``, after which the functions below work on such tuples in compiled code; the engine knows no kind by name.
They do what update, finish_step and membranes of CoreState do, for a range of cores at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import overload
from numpy.typing import NDArray

from neurosim.program import Program

Ints = NDArray[np.int64]


class Fired(NamedTuple):
    """What a step's sweep leaves; every core has places of its own, so that cores may be swept in any order.

    Core k fired ``unit[unit_ptr[k] : unit_ptr[k] + units[k]]``, in the order of the sweep. Its messages are the
    ``messages[k]`` places from ``entry_ptr[k]`` on of ``entry`` (see Firing.destination), ``payload`` and
    ``leaves`` (ps after the sweep's start, not descending). ``duration`` int64[cores] of the sweeps (ps).
    """

    unit_ptr: Ints
    unit: Ints
    units: Ints
    entry_ptr: Ints
    entry: Ints
    payload: Ints
    leaves: Ints
    messages: Ints
    duration: Ints


class Arrivals(NamedTuple):
    """Packets that arrived in a step, those of core k at ``begin[k] : begin[k] + count[k]`` in the order of arrival.

    ``axon``, ``payload`` and ``time`` of delivery (ps) are int64[packets].
    """

    begin: Ints
    count: Ints  # type: ignore[assignment]  # hides a method of tuples that nobody needs here
    axon: Ints
    payload: Ints
    time: Ints


def fired_of(program: Program, multicast: bool) -> Fired:
    """Return room for the sweeps of a program's cores: no unit fires, and no entry is used, twice in a step."""
    cores = len(program.outputs)
    units = [len(out.ptr) - 1 for out in program.outputs]
    entries = units if multicast else [len(out.core) for out in program.outputs]
    unit_ptr, entry_ptr = (np.cumsum([0, *sizes]).astype(np.int64) for sizes in (units, entries))
    entry, payload, leaves = np.zeros((3, entry_ptr[-1]), dtype=np.int64)
    n_units, n_messages, duration = np.zeros((3, cores), dtype=np.int64)
    unit = np.zeros(unit_ptr[-1], dtype=np.int64)
    return Fired(unit_ptr, unit, n_units, entry_ptr, entry, payload, leaves, n_messages, duration)


class _Functions(NamedTuple):
    sweep: Callable[..., None]
    receive: Callable[..., int]
    stamp: Callable[..., int]
    membranes: Callable[..., None]
    learn: Callable[..., int]


_BOUND: dict[type[Any], _Functions] = {}

# What follows is for plain Python; in compiled code ``bind`` puts the core kind's own functions in the place of these.


def sweep_cores(cores: Any, first: int, last: int, step: int, fired: Fired) -> None:
    """Advance cores first..last-1 by one step and write who fired and when each message leaves."""
    _BOUND[type(cores)].sweep(cores, first, last, step, fired)


def receive_spikes(cores: Any, first: int, last: int, step: int, arrivals: Arrivals) -> int:
    """Take over the spikes that arrived in a step at cores first..last-1.

    Returns when the last of them is processed (ps), 0 if there are none or if that is part of the next sweep.
    """
    return _BOUND[type(cores)].receive(cores, first, last, step, arrivals)


def stamp_input(cores: Any, static: int, step: int, value: int) -> int:
    """Return the payload of an input packet, see CoreKind.stamp."""
    return _BOUND[type(cores)].stamp(static, step, value)


def read_membranes(cores: Any, membranes: Ints) -> None:
    """Write the membranes of all units, core by core, into int64[units of all cores]."""
    _BOUND[type(cores)].membranes(cores, membranes)


def learn_cores(cores: Any, first: int, last: int, step: int) -> int:
    """Let cores first..last-1 learn at the end of a step, when all is quiet.

    Returns how long that takes (ps), 0 where nothing learns.
    """
    return _BOUND[type(cores)].learn(cores, first, last, step)


@njit(cache=True)
def _learn_nothing(cores: Any, first: int, last: int, step: int) -> int:
    return 0


def bind(
    kind: type[Any],
    *,
    sweep: Callable[..., None],
    receive: Callable[..., int],
    stamp: Callable[..., int],
    membranes: Callable[..., None],
    learn: Callable[..., int] = _learn_nothing,
) -> None:
    """Let the functions above call those of a core kind where their first argument is its NamedTuple ``kind``."""
    _BOUND[kind] = _Functions(sweep, receive, stamp, membranes, learn)

    def mine(cores: Any) -> bool:
        return isinstance(cores, types.BaseNamedTuple) and cores.instance_class is kind  # type: ignore[attr-defined]

    @overload(sweep_cores, strict=False)
    def _sweep(cores: Any, first: Any, last: Any, step: Any, fired: Any) -> Any:
        def call(cores: Any, first: int, last: int, step: int, fired: Fired) -> None:
            sweep(cores, first, last, step, fired)

        return call if mine(cores) else None

    @overload(receive_spikes, strict=False)
    def _receive(cores: Any, first: Any, last: Any, step: Any, arrivals: Any) -> Any:
        def call(cores: Any, first: int, last: int, step: int, arrivals: Arrivals) -> int:
            return receive(cores, first, last, step, arrivals)

        return call if mine(cores) else None

    @overload(stamp_input, strict=False)
    def _stamp(cores: Any, static: Any, step: Any, value: Any) -> Any:
        def call(cores: Any, static: int, step: int, value: int) -> int:
            return stamp(static, step, value)

        return call if mine(cores) else None

    @overload(read_membranes, strict=False)
    def _membranes(cores: Any, into: Any) -> Any:
        def call(cores: Any, into: Ints) -> None:
            membranes(cores, into)

        return call if mine(cores) else None

    @overload(learn_cores, strict=False)
    def _learn(cores: Any, first: Any, last: Any, step: Any) -> Any:
        def call(cores: Any, first: int, last: int, step: int) -> int:
            return learn(cores, first, last, step)

        return call if mine(cores) else None
