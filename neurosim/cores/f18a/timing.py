"""The durations of a constant set as compiled code takes them, at the chip's supply."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from neurosim.chip import Chip, ConstantSet
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.registers import Ints
from neurosim.errors import NeurosimError

_COLUMNS = {
    "alu": reg.ALU,
    "memory": reg.MEMORY_TIME,
    "transfer": reg.TRANSFER,
    "unext": reg.MICRONEXT,
    "fetch": reg.FETCH,
    "io_read": reg.IO_READ_TIME,
    "io_write": reg.IO_WRITE_TIME,
    "port": reg.PORT,
    "pin": reg.PIN,
}
_LONGEST = 10**9  # one millisecond for a single opcode: beyond it, times of a run could leave the integers


def durations(chip: Chip, constants: ConstantSet) -> Ints:
    """Return int64[DURATIONS] in whole picoseconds: the set's times at the reference supply, times the chip's factor.

    Each is rounded once, halves to the even neighbour. Raises NeurosimError for one beyond 1 ms.
    """
    factor = Fraction(str(chip.time_factor))
    row = np.zeros(reg.DURATIONS, np.int64)
    for name, column in _COLUMNS.items():
        time = round(constants.duration(name) * factor)
        if time > _LONGEST:
            raise NeurosimError(f"{chip.name}: time.{name}: found {time} ps, at most {_LONGEST} ps are possible")
        row[column] = time
    return row
