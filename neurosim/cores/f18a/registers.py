"""How the state of nodes lies in memory: one row of int64 per node, on which compiled code works."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.f18a import isa

Ints = NDArray[np.int64]

# Columns of a node's row. DATA_TOP and RETURN_TOP are the ring cells below S and R; WORD is register I, as stored,
# and AT the cell it came from; SHIFT is the position of its next opcode: 15, 10, 5, 0, below 0 when the word has ended.
T, S, DATA_TOP, R, RETURN_TOP, A, B, P, WORD, CARRY, IO, SHIFT, AT, PREVIOUS = range(14)
# NOW: local time (ps); BUS: end of the last access to memory or of the last fetch; WAITED: time suspended so far.
NOW, BUS, WAITED = range(14, 17)
# WANTS: what the node waits for, one of the codes below; PORTS, VALUE: with which ports, and the word that passes.
WANTS, PORTS, VALUE, LEFT, FAULT, FAULT_ADDRESS = range(17, 23)
# PRESENT, READABLE: ports that lead somewhere, and those that can only be read; LIVE_BITS of io; PIN_WAKE: the port
# that waits for pin 17.
PRESENT, READABLE, LIVE_BITS, PIN_WAKE = range(23, 27)
REGISTERS = 27

# Codes of WANTS.
NOTHING, INSTRUCTION, READ, WRITE, IO_READ, IO_WRITE = range(6)

# What run_node returns.
SPENT, WAITING, FAULTY = range(3)

# Further columns of a node's row, after its registers: the circular parts of the two stacks, memory (RAM, then ROM),
# counts (one per opcode, then those below), and how often each kind of doubtful step was made, by the cell of its
# word and, last, for words from ports.
CELLS = isa.RAM_WORDS + isa.ROM_WORDS
PORT_CELL = CELLS
DATA = REGISTERS
BACK = DATA + isa.RING
MEMORY = BACK + isa.RING
COUNTS = MEMORY + CELLS
WORDS_FETCHED, PORT_INSTRUCTIONS, PORT_READS, PORT_WRITES, IO_READS, IO_WRITES = range(COUNTS + 32, COUNTS + 38)
SETTLING = COUNTS + 38
SIGNS = SETTLING + CELLS + 1
EXTENDED_MULTIPLY = SIGNS + CELLS + 1
ROW = EXTENDED_MULTIPLY + CELLS + 1
BLANK = -1  # a word of memory that nobody has written

# Columns of the durations (ps).
ALU, MEMORY_TIME, TRANSFER, MICRONEXT, FETCH, IO_READ_TIME, IO_WRITE_TIME, PORT, PIN = range(9)
DURATIONS = 9

# Columns of the options.
HIGH_BITS, SETTLING_RULE, STRICT, MULTIPLY_CARRY, NEXT_WORD = range(5)
OPTIONS = 5


@dataclass(frozen=True)
class State:
    """The nodes of an array: ``rows`` int64[n, ROW]; the properties are views of it."""

    rows: Ints

    @property
    def data(self) -> Ints:
        """Circular part of the data stacks, [n, 8]."""
        return self.rows[:, DATA : DATA + isa.RING]

    @property
    def back(self) -> Ints:
        """Circular part of the return stacks, [n, 8]."""
        return self.rows[:, BACK : BACK + isa.RING]

    @property
    def memory(self) -> Ints:
        """RAM and ROM, [n, 128]."""
        return self.rows[:, MEMORY : MEMORY + CELLS]

    @property
    def opcodes(self) -> Ints:
        """Executed opcodes, [n, 32]."""
        return self.rows[:, COUNTS : COUNTS + 32]

    @property
    def doubts(self) -> Ints:
        """Doubtful steps by kind and cell, [n, 3, 129]."""
        return self.rows[:, SETTLING:ROW].reshape(len(self.rows), 3, CELLS + 1)


def empty_state(n: int) -> State:
    """Return ``n`` nodes with all registers zero, all memory blank, and nothing fetched."""
    rows = np.zeros((n, ROW), np.int64)
    rows[:, B], rows[:, IO] = isa.IO, isa.IO_RESET
    rows[:, DATA_TOP] = rows[:, RETURN_TOP] = isa.RING - 1
    rows[:, SHIFT], rows[:, PREVIOUS], rows[:, AT] = -1, isa.NOP, PORT_CELL
    state = State(rows)
    state.memory[:] = BLANK
    return state
