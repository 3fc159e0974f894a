"""Threads that share the cores of a chip and meet between the parts of a step; their number changes no result.

They wait for each other at a gate in shared memory: a step is far shorter than what an operating system takes to wake
a thread up.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_helpers: Any = cgutils  # untyped
_SPINS = 2000  # looks at the gate before another thread of the machine may have the processor
_LINE = 8  # int64 in a line of memory; threads write to lines of their own

# Columns of Team.said: when a thread's last packet is delivered, how long its longest sweep takes, when its last
# arrival is processed and how long its cores learn (ps); and from the last thread, how many pulses the sheet holds.
DELIVERED, LONGEST, DONE, LEARNED, PULSES = range(5)


class Team(NamedTuple):
    """``n`` threads; thread t has the cores, and the endpoints of these, ``cores[t]:cores[t + 1]``.

    ``gate`` int64[8] counts who has come to meet, in its first place. ``said`` int64[n, 8] is what threads tell each
    other. ``goals`` int64[n, endpoints] is room for counting.
    """

    n: int
    cores: Ints
    gate: Ints
    said: Ints
    goals: Ints


def team_of(threads: int, cores: int, endpoints: int) -> Team:
    """Return a team of at most as many threads as there are cores."""
    n, room = max(1, min(threads, cores)), -(-endpoints // _LINE) * _LINE
    gate, said, goals = (np.zeros(shape, np.int64) for shape in (_LINE, (n, _LINE), (n, room)))
    return Team(n, np.linspace(0, cores, n + 1).astype(np.int64), gate, said, goals)


def _instruction(code: Any) -> Any:
    return intrinsic(code)


@_instruction
def _arrive(_: Any, gate: Any) -> Any:
    """Add one to the first place of an array, as one indivisible operation."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.atomic_rmw("add", data, ir.IntType(64)(1), "seq_cst")

    return types.int64(gate), code


@_instruction
def _arrived(_: Any, gate: Any) -> Any:
    """Read the first place of an array, and nothing later before it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load_atomic(data, "acquire", 8)

    return types.int64(gate), code


@_instruction
def _give_way(_: Any) -> Any:
    """Let other threads of the machine run, as POSIX's sched_yield does."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), ())
        return builder.call(_helpers.get_or_insert_function(builder.module, kind, "sched_yield"), ())

    return types.int32(), code


@njit(cache=True)
def meet(team: Team, met: int) -> int:
    """Wait until all threads have come for the (met + 1)-th time; returns met + 1."""
    if team.n == 1:
        return met + 1
    gate, spins = team.gate, 0
    _arrive(gate)
    while _arrived(gate) < (met + 1) * team.n:
        spins += 1
        if spins % _SPINS == 0:
            _give_way()
    return met + 1
