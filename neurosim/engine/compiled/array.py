"""Arrays of F18A nodes in compiled code: the semantics of engine.event.array without SimPy.

Every entity (node or host) has at most one event ahead of it. Events are taken in the order (time, phase, entity):
phase 0 ends an access to a port and lets its node run on, phase 1 begins one. The next event is the smallest of a
binary tree of minima over all entities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from neurosim.cores.f18a import node as f18a
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import LATEST, Array, check_limits
from neurosim.cores.f18a.faults import fault
from neurosim.cores.f18a.node import run_node
from neurosim.cores.f18a.registers import Ints
from neurosim.cores.f18a.result import IO_WRITTEN, PASSED, RECEIVED, SENT, ArrayResult, Record, result_of
from neurosim.cores.f18a.wiring import (
    DOING,
    MATCHED,
    PORTS,
    READS,
    SINCE,
    WORD,
    WRITES,
    Prepared,
    Signals,
    Steps,
    io_value,
    prepare,
    wake_time,
)
from neurosim.engine.compiled.cache import notice

_OVER = 1 << 62  # the key of an entity without an event
_TIME_BITS, _PHASE = 16, 1 << 15
# Why _advance returned.
_QUIET, _LATE, _TIRED, _FULL, _BROKEN = range(5)
_SLICE = 50_000_000  # opcodes between two looks at the outside


class _Run(NamedTuple):
    """Where a run stands: the tree of keys, opcodes left to each node, and what _NOTED to _CULPRIT of control say.

    ``step`` and ``done`` are the hosts' places in their steps; ``record`` holds what is noted.
    """

    tree: Ints
    quota: Ints
    control: Ints
    step: Ints
    done: Ints
    record: Ints


_NOTED, _SPENT, _CULPRIT = range(3)  # cells of control


def run_array(
    array: Array,
    *,
    opcodes: int = 10_000_000,
    until: int = LATEST,
    progress: Callable[[int], None] | None = None,
) -> ArrayResult:
    """Run an array until nothing can happen, each node has executed ``opcodes``, or events reach ``until`` (ps).

    ``progress`` is called with the opcodes executed since its last call. Raises F18AError, a NeurosimError, when a
    node does what it cannot, and NeurosimError for limits out of range.
    """
    check_limits(opcodes, until)
    prepared = prepare(array)
    record, why = finish_run(array, prepared, start_run(prepared, opcodes), until, progress)
    records: list[Record] = [tuple(row) for row in record.tolist()]
    return result_of(array, prepared, "compiled", records, why == _LATE)


def finish_run(
    array: Array, prepared: Prepared, run: _Run, until: int, progress: Callable[[int], None] | None = None
) -> tuple[Ints, int]:
    """Run on until nothing can happen or events reach ``until``; returns what was noted, and why it ended."""
    while True:
        run.control[_SPENT] = 0
        with notice():
            why = _advance(
                prepared.state.rows,
                prepared.wires,
                prepared.steps,
                prepared.signals,
                prepared.times,
                prepared.options,
                run,
                until,
                prepared.watch,
            )
        if progress is not None:
            progress(int(run.control[_SPENT]))
        if why == _FULL:
            run = run._replace(record=np.concatenate([run.record, np.zeros_like(run.record)]))
        elif why != _TIRED:
            break
    if why == _BROKEN:
        culprit = int(run.control[_CULPRIT])
        raise fault(array, culprit, prepared.state.rows[culprit])
    return run.record[: run.control[_NOTED]], why


def start_run(prepared: Prepared, opcodes: int) -> _Run:
    """Return a run of a prepared array that has not begun, with so many opcodes to spend."""
    n, entities = len(prepared.state.rows), len(prepared.wires)
    leaves = 1 << max(entities - 1, 1).bit_length()
    run = _Run(
        np.full(2 * leaves, _OVER, np.int64),
        np.full(n, opcodes, np.int64),
        np.zeros(3, np.int64),
        prepared.steps.ptr[:-1].copy(),
        np.zeros(entities - n, np.int64),
        np.zeros((1024, 4), np.int64),
    )
    for k in range(n):
        _put(run.tree, k, 0, 0)
    for h in range(entities - n):
        _next_step(prepared.steps, run, n, h, 0)
    return run


def _uncounted(context: Any, array: types.Array) -> Any:
    """Give compiled code the same memory as an array whose references nobody counts, and which its caller holds.

    To count them would take nine tenths of the time of an event.
    """

    def build(target: Any, builder: Any, signature: Any, values: Any) -> Any:
        copy = target.make_array(array)(target, builder, values[0])
        copy.meminfo = cgutils.get_null_value(copy.meminfo.type)  # type: ignore[no-untyped-call]
        copy.parent = cgutils.get_null_value(copy.parent.type)  # type: ignore[no-untyped-call]
        return copy._getvalue()

    return array(array), build


_bare: Any = intrinsic(_uncounted)


@njit(cache=True, inline="always")
def _put(tree: Ints, entity: int, time: int, phase: int) -> None:
    """Set the next event of an entity; a negative time takes it away."""
    place = (tree.shape[0] >> 1) + entity
    tree[place] = _OVER if time < 0 else (time << _TIME_BITS) | (phase * _PHASE) | entity
    while place > 1:
        place >>= 1
        tree[place] = min(tree[2 * place], tree[2 * place + 1])


@njit(cache=True, inline="always")
def _match(rows: Ints, wires: Ints, tree: Ints, entity: int, now: int, done: int) -> None:
    """Let a word pass to or from an entity until ``done``; the wait of a node ends now."""
    wires[entity, MATCHED] = 1
    if entity < rows.shape[0]:
        rows[entity, reg.WAITED] += now - wires[entity, SINCE]
        rows[entity, reg.NOW] = done
        if wires[entity, DOING] == READS:
            rows[entity, reg.VALUE] = wires[entity, WORD]
    _put(tree, entity, done, 0)


@njit(cache=True, inline="always")
def _meets(wires: Ints, entity: int, column: int, doing: int) -> bool:
    """Return whether the entity behind a port is at it too, in the other direction ``doing``."""
    other = wires[entity, column]
    bit = 8 >> column
    return bool(
        wires[entity, PORTS] & bit and other >= 0 and wires[other, DOING] == doing and wires[other, PORTS] & bit
    )


@njit(cache=True, inline="always")
def _begin_read(rows: Ints, wires: Ints, times: Ints, tree: Ints, entity: int, now: int, wakes: int) -> int:
    """Begin a read, which a pin will end at ``wakes`` unless a neighbour comes first; returns the fault, 0 for none."""
    writer, found = -1, 0
    for column in range(4):
        if _meets(wires, entity, column, WRITES) and not wires[wires[entity, column], MATCHED]:
            writer = wires[entity, column]
            found += 1
    if found + (wakes == now) > 1:
        return f18a.TWO_WRITERS
    if writer >= 0:
        wires[entity, WORD] = wires[writer, WORD]
        _match(rows, wires, tree, writer, now, now + times[reg.PORT])
        _match(rows, wires, tree, entity, now, now + times[reg.PORT])
    elif wakes == now:
        wires[entity, WORD] = 0
        _match(rows, wires, tree, entity, now, now + times[reg.PIN])
    else:
        _put(tree, entity, wakes, 1)
    return 0


@njit(cache=True, inline="always")
def _begin_write(rows: Ints, wires: Ints, times: Ints, tree: Ints, entity: int, now: int) -> int:
    """Begin a write; returns the fault, 0 for none."""
    readers = 0
    for column in range(4):
        if _meets(wires, entity, column, READS):
            other = wires[entity, column]
            if wires[other, MATCHED]:
                return f18a.TWO_WRITERS
            wires[other, WORD] = wires[entity, WORD]
            _match(rows, wires, tree, other, now, now + times[reg.PORT])
            readers += 1
    if readers:
        _match(rows, wires, tree, entity, now, now + times[reg.PORT])
    else:
        _put(tree, entity, -1, 0)
    return 0


@njit(cache=True, inline="always")
def _run_on(rows: Ints, times: Ints, options: Ints, tree: Ints, quota: Ints, control: Ints, k: int, until: int) -> None:
    """Let node k run to its next access to a port or io and plan that, or take it out."""
    budget = min(quota[k], _SLICE)
    status = run_node(rows[k], times, options, budget, until)
    used = budget - rows[k, reg.LEFT]
    quota[k] -= used
    control[_SPENT] += used
    now = rows[k, reg.NOW]
    if status != reg.SPENT:
        _put(tree, k, now, 1)
    elif quota[k] > 0 and now < until:
        _put(tree, k, now, 0)
    else:
        _put(tree, k, -1, 0)


@njit(cache=True)
def _access_io(rows: Ints, wires: Ints, signals: Signals, times: Ints, run: _Run, k: int, now: int) -> None:
    """Let node k read or write its io register."""
    r = rows[k]
    if r[reg.WANTS] == reg.IO_READ:
        r[reg.VALUE] = io_value(r, k, wires, signals, now)
        r[reg.NOW] += times[reg.IO_READ_TIME]
    else:
        r[reg.IO] = r[reg.VALUE]
        _note(run, IO_WRITTEN, k, now, r[reg.VALUE])
        r[reg.NOW] += times[reg.IO_WRITE_TIME]


@njit(cache=True)
def _note(run: _Run, kind: int, entity: int, time: int, word: int) -> None:
    row = run.control[_NOTED]
    run.record[row, 0], run.record[row, 1], run.record[row, 2], run.record[row, 3] = kind, entity, time, word
    run.control[_NOTED] = row + 1


@njit(cache=True)
def _next_step(steps: Steps, run: _Run, n: int, h: int, now: int) -> None:
    """Let host h begin its current step, or listen, or end."""
    if run.step[h] < steps.ptr[h + 1]:
        _put(run.tree, n + h, max(now, steps.earliest[run.step[h]]), 1)
    elif steps.listens[h]:
        _put(run.tree, n + h, now, 1)
    else:
        _put(run.tree, n + h, -1, 0)


@njit(cache=True)
def _begin_host(rows: Ints, wires: Ints, steps: Steps, times: Ints, run: _Run, h: int, now: int) -> int:
    """Begin the current step of host h; returns the fault, 0 for none."""
    entity = rows.shape[0] + h
    for column in range(4):
        if wires[entity, column] >= 0:
            wires[entity, PORTS] = 8 >> column
    wires[entity, SINCE] = now
    if run.step[h] < steps.ptr[h + 1] and steps.kind[run.step[h]] == WRITES:
        wires[entity, DOING], wires[entity, WORD] = WRITES, steps.word[run.step[h]]
        return _begin_write(rows, wires, times, run.tree, entity, now)
    wires[entity, DOING] = READS
    return _begin_read(rows, wires, times, run.tree, entity, now, -1)


@njit(cache=True)
def _end_host(rows: Ints, wires: Ints, steps: Steps, run: _Run, h: int, now: int) -> None:
    """End the access of host h and go on to its next step."""
    entity = rows.shape[0] + h
    _note(run, SENT if wires[entity, DOING] == WRITES else RECEIVED, entity, now, wires[entity, WORD])
    wires[entity, DOING] = wires[entity, MATCHED] = 0
    if run.step[h] < steps.ptr[h + 1]:
        run.done[h] += 1
        if run.done[h] == steps.repeat[run.step[h]]:
            run.done[h] = 0
            run.step[h] += 1
    _next_step(steps, run, rows.shape[0], h, now)


@njit(cache=True)
def _blame(rows: Ints, wires: Ints, run: _Run, entity: int, why: int) -> None:
    """Leave a fault with the node that it is told of: that of a host with the node at its port."""
    k = entity if entity < rows.shape[0] else wires[entity, :4].max()
    if not rows[k, reg.FAULT]:
        rows[k, reg.FAULT], rows[k, reg.FAULT_ADDRESS] = why, 0x155 ^ (wires[entity, PORTS] << 4)
    run.control[_CULPRIT] = k


@njit(cache=True, inline="always")
def _begin_node(rows: Ints, wires: Ints, signals: Signals, times: Ints, tree: Ints, k: int, now: int) -> int:
    """Begin what node k wants of a port from now on; returns the fault, 0 for none."""
    if rows[k, reg.FAULT]:
        return int(rows[k, reg.FAULT])
    wants = rows[k, reg.WANTS]
    if wires[k, DOING]:  # it waits already: its pin has the level that wakes it
        wires[k, WORD] = 0
        _match(rows, wires, tree, k, now, now + times[reg.PIN])
        return 0
    ports = rows[k, reg.PORTS]
    wires[k, DOING] = WRITES if wants == reg.WRITE else READS
    wires[k, PORTS], wires[k, WORD], wires[k, SINCE] = ports, rows[k, reg.VALUE], now
    if wants == reg.WRITE:
        return _begin_write(rows, wires, times, tree, k, now)
    wakes = -1
    if rows[k, reg.PIN_WAKE] & ports:
        wakes = wake_time(rows[k, reg.IO], k, signals, now)
    return _begin_read(rows, wires, times, tree, k, now, wakes)


@njit(cache=True)
def _end_access(wires: Ints, run: _Run, watch: Ints, entity: int, now: int) -> None:
    """End what a node does at its ports; a word that it wrote is recorded where somebody watches."""
    if wires[entity, DOING] == WRITES and watch[entity] & wires[entity, PORTS]:
        _note(run, PASSED, entity, now, wires[entity, WORD])
    wires[entity, DOING] = wires[entity, MATCHED] = 0


@njit(cache=True)
def _advance(
    rows: Ints,
    wires: Ints,
    steps: Steps,
    signals: Signals,
    times: Ints,
    options: Ints,
    run: _Run,
    until: int,
    watch: Ints,
) -> int:
    """Take events until nothing is left, time is up, a slice of opcodes is spent, the record full, or a fault."""
    n = rows.shape[0]
    rows, wires, times, options = _bare(rows), _bare(wires), _bare(times), _bare(options)
    steps = Steps(
        _bare(steps.ptr),
        _bare(steps.kind),
        _bare(steps.word),
        _bare(steps.earliest),
        _bare(steps.repeat),
        _bare(steps.listens),
    )
    signals = Signals(_bare(signals.start), _bare(signals.stop), _bare(signals.times), _bare(signals.levels))
    run = _Run(
        _bare(run.tree), _bare(run.quota), _bare(run.control), _bare(run.step), _bare(run.done), _bare(run.record)
    )
    tree, quota, control = run.tree, run.quota, run.control
    while True:
        key = tree[1]
        if key == _OVER:
            return _QUIET
        now = key >> _TIME_BITS
        entity = key & (_PHASE - 1)
        if now >= until:
            return _LATE
        if control[_SPENT] >= _SLICE:
            return _TIRED
        if control[_NOTED] == run.record.shape[0]:
            return _FULL
        begins = key & _PHASE
        why = 0
        if entity >= n:
            if begins:
                why = _begin_host(rows, wires, steps, times, run, entity - n, now)
            else:
                _end_host(rows, wires, steps, run, entity - n, now)
        elif not begins:
            _end_access(wires, run, watch, entity, now)
            _run_on(rows, times, options, tree, quota, control, entity, until)
        elif rows[entity, reg.WANTS] >= reg.IO_READ and not rows[entity, reg.FAULT]:
            _access_io(rows, wires, signals, times, run, entity, now)
            _run_on(rows, times, options, tree, quota, control, entity, until)
        else:
            why = _begin_node(rows, wires, signals, times, tree, entity, now)
        if why:
            _blame(rows, wires, run, entity, why)
            return _BROKEN
