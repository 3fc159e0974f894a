"""One F18A at work: a compiled function that executes opcodes until the node must wait; every engine calls it.

Rules: DB001 (F18A technology reference); see docs/f18a.md for each, and options.py for what the documents leave open.
Times: an opcode takes its duration; at the boundary of two words the fetch of the next one is hidden behind the
opcodes that end the word and do not use the memory; a transfer of control includes the fetch of its target.
"""

from __future__ import annotations

from numba import njit

from neurosim.cores.f18a import isa
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.registers import Ints

_WORD, _SIGN, _CARRIES = isa.WORD_MASK, 0x20000, 0x40000
_ADDRESS, _EXTENDED, _IO_SPACE, _ENCODING = isa.ADDRESS_MASK, isa.EXTENDED, isa.IO_SPACE, isa.ENCODING
_IO = isa.IO
_P9_CHANGED = 32  # stands in for the previous opcode after a transfer that switched extended arithmetic
_DIRTY = sum(1 << code for code in isa.CHANGES_T_OR_S) | 1 << _P9_CHANGED

# What stops a node for good; texts in faults.py.
(
    BLANK_FETCH,
    BLANK_READ,
    ROM_WRITE,
    UNDEFINED_IO,
    NO_HANDSHAKE,
    NOWHERE,
    READ_ONLY_PORT,
    UNSETTLED,
    NEXT_WORD_STORED,
    TWO_WRITERS,
) = range(1, 11)


@njit(cache=True, inline="always")
def _cell(address: int) -> int:
    """Return the memory cell of an address below 100: RAM and ROM appear twice each."""
    return (address & 63) | ((address & 128) >> 1)


@njit(cache=True, inline="always")
def _after(address: int) -> int:
    """Return P or A after an access."""
    if address & _IO_SPACE:
        return address
    return (address & ~0x7F) | ((address + 1) & 0x7F)


@njit(cache=True, inline="always")
def _signed(word: int) -> int:
    return (word ^ _SIGN) - _SIGN


@njit(cache=True, inline="always")
def _unsettled(previous: int, shift: int, rule: int) -> bool:
    """Return whether a + or +* after opcode ``previous`` may have had no time; see options.py for the rules."""
    if not (_DIRTY >> previous) & 1:
        return False
    listed = previous in (isa.DUP, _P9_CHANGED) or (shift == 15 and previous == isa.FETCH_P)
    return rule == 1 or not listed


@njit(cache=True)
def _io_fault(address: int, writes: bool, present: int, readable: int) -> int:
    """Return why an I/O address cannot be used, 0 where it can: it is io, or a port of it leads somewhere."""
    select = (address & _ADDRESS) ^ 0x155
    if select == 0x08:
        return 0
    if select in (0x14, 0x24):
        return NO_HANDSHAKE
    if select & 0x10F or not select:
        return UNDEFINED_IO
    ports = select >> 4
    if not ports & (present | readable):
        return NOWHERE
    if writes and not ports & present:
        return READ_ONLY_PORT
    return 0  # a port to nowhere among others never answers


@njit(cache=True)
def run_node(  # noqa: PLR0912, PLR0915  one switch over all opcodes, registers in local variables: that makes it quick
    r: Ints,
    times: Ints,
    options: Ints,
    budget: int,
    until: int,
) -> int:
    """Execute up to ``budget`` opcodes that begin before ``until`` (ps); returns SPENT, WAITING or FAULTY.

    ``r`` is the row of the node, ``times`` are the durations. WAITING: registers WANTS, PORTS
    and VALUE say what the node waits for from time NOW on; whoever completes that puts the time of completion into
    NOW and a word read into VALUE, and calls again. FAULTY: FAULT and FAULT_ADDRESS say what was wrong.
    An opcode counts when it is complete. LEFT is what remains of the budget.
    """
    top, second, dp = r[reg.T], r[reg.S], r[reg.DATA_TOP]
    loop, rp = r[reg.R], r[reg.RETURN_TOP]
    a, b, p, word, carry = r[reg.A], r[reg.B], r[reg.P], r[reg.WORD], r[reg.CARRY]
    shift, at, op = r[reg.SHIFT], r[reg.AT], r[reg.PREVIOUS]
    now, bus = r[reg.NOW], r[reg.BUS]
    t_alu, t_memory, t_transfer = times[reg.ALU], times[reg.MEMORY_TIME], times[reg.TRANSFER]
    t_unext, t_fetch = times[reg.MICRONEXT], times[reg.FETCH]
    t_lead = max(t_transfer - t_fetch, 0)  # of a transfer to a port, whose fetch is the port's own
    rule = options[reg.SETTLING_RULE]
    left = budget
    fetched = 0
    code = (word ^ _ENCODING) << 2
    previous = op
    wants = r[reg.WANTS]
    status = reg.SPENT
    address = 0
    fault = 0

    if wants == reg.INSTRUCTION:
        word = r[reg.VALUE]
        code = (word ^ _ENCODING) << 2
        shift, at, bus = 15, reg.PORT_CELL, now
        fetched += 1
        r[reg.PORT_INSTRUCTIONS] += 1
    elif wants != reg.NOTHING:
        op = (code >> shift) & 31
        r[reg.COUNTS + op] += 1
        left -= 1
        if wants in (reg.READ, reg.IO_READ):
            dp = (dp + 1) & 7
            r[reg.DATA + dp] = second
            second, top = top, r[reg.VALUE]
            r[reg.PORT_READS if wants == reg.READ else reg.IO_READS] += 1
        else:
            top, second = second, r[reg.DATA + dp]
            dp = (dp - 1) & 7
            r[reg.PORT_WRITES if wants == reg.WRITE else reg.IO_WRITES] += 1
        shift -= 5
        bus = now
    wants = reg.NOTHING

    while True:
        if shift < 0:
            if p & _IO_SPACE:
                address = p
                wants = reg.INSTRUCTION
                break
            at = _cell(p)
            word = r[reg.MEMORY + at]
            if word < 0:
                address = p
                fault = BLANK_FETCH
                break
            p = _after(p)
            code = (word ^ _ENCODING) << 2
            shift = 15
            fetched += 1
            now = max(now, bus + t_fetch)
            bus = now
        if left <= 0 or now >= until:
            break
        previous = op
        op = (code >> shift) & 31
        left -= 1
        r[reg.COUNTS + op] += 1
        if op >= 16:
            now += t_alu
            if op == 16:  # +*
                if rule and _unsettled(previous, shift, rule):
                    r[reg.SETTLING + at] += 1
                    if options[reg.STRICT]:
                        fault = UNSETTLED
                        break
                if a & 1:
                    if top and second and (top ^ second) & _SIGN:
                        r[reg.SIGNS + at] += 1
                    total = _signed(top) + _signed(second)
                    if p & _EXTENDED:
                        r[reg.EXTENDED_MULTIPLY + at] += 1
                        total += carry
                        out = (top + second + carry) >> 18
                        carry = ((total >> 18) & 1) ^ 1 if options[reg.MULTIPLY_CARRY] else out
                    top = (total >> 1) & _WORD
                    a = ((total & 1) << 17) | (a >> 1)
                else:
                    a = ((top & 1) << 17) | (a >> 1)
                    top = (top >> 1) | (top & _SIGN)
            elif op == 17:  # 2*
                top = (top << 1) & _WORD
            elif op == 18:  # 2/
                top = (top >> 1) | (top & _SIGN)
            elif op == 19:  # -
                top ^= _WORD
            elif op == 20:  # +
                if rule and shift and _unsettled(previous, shift, rule):  # slot 3 has time
                    r[reg.SETTLING + at] += 1
                    if options[reg.STRICT]:
                        fault = UNSETTLED
                        break
                top += second
                if p & _EXTENDED:
                    top += carry
                    carry = top >> 18
                top &= _WORD
                second = r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 21:  # and
                top &= second
                second = r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 22:  # or (exclusive)
                top ^= second
                second = r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 23:  # drop
                top, second = second, r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 24:  # dup
                dp = (dp + 1) & 7
                r[reg.DATA + dp] = second
                second = top
            elif op == 25:  # pop
                dp = (dp + 1) & 7
                r[reg.DATA + dp] = second
                second, top = top, loop
                loop = r[reg.BACK + rp]
                rp = (rp - 1) & 7
            elif op == 26:  # over
                dp = (dp + 1) & 7
                r[reg.DATA + dp] = second
                second, top = top, second
            elif op == 27:  # a
                dp = (dp + 1) & 7
                r[reg.DATA + dp] = second
                second, top = top, a
            elif op == 29:  # push
                rp = (rp + 1) & 7
                r[reg.BACK + rp] = loop
                loop, top, second = top, second, r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 30:  # b!
                b, top, second = top & _ADDRESS, second, r[reg.DATA + dp]
                dp = (dp - 1) & 7
            elif op == 31:  # a!
                a, top, second = top, second, r[reg.DATA + dp]
                dp = (dp - 1) & 7
            shift -= 5
        elif op >= 12:  # !p !+ !b !
            if op == 12:
                address = p
            elif op == 14:
                address = b
            else:
                address = a
            if address & _IO_SPACE:
                wants = reg.WRITE
                break
            at_store = _cell(address)
            if at_store >= 64:
                fault = ROM_WRITE
                break
            if options[reg.NEXT_WORD] and op != 12 and not p & _IO_SPACE and at_store == _cell(p):
                fault = NEXT_WORD_STORED
                break
            r[reg.MEMORY + at_store] = top
            top, second = second, r[reg.DATA + dp]
            dp = (dp - 1) & 7
            if op == 12:
                p = _after(p)
            elif op == 13:
                a = _after(a)
            now += t_memory
            bus = now
            shift -= 5
        elif op >= 8:  # @p @+ @b @
            if op == 8:
                address = p
            elif op == 10:
                address = b
            else:
                address = a
            if address & _IO_SPACE:
                wants = reg.READ
                break
            value = r[reg.MEMORY + _cell(address)]
            if value < 0:
                fault = BLANK_READ
                break
            dp = (dp + 1) & 7
            r[reg.DATA + dp] = second
            second, top = top, value
            if op == 8:
                p = _after(p)
            elif op == 9:
                a = _after(a)
            now += t_memory
            bus = now
            shift -= 5
        elif op == 4:  # unext
            now += t_unext
            bus = now
            if loop:
                loop -= 1
                shift = 15
            else:
                loop = r[reg.BACK + rp]
                rp = (rp - 1) & 7
                shift -= 5
        else:
            was = p
            if op == 0:  # ;
                p = loop & 0x3FF
                loop = r[reg.BACK + rp]
                rp = (rp - 1) & 7
            elif op == 1:  # ex
                p = loop & 0x3FF
                loop = was if options[reg.HIGH_BITS] else (loop & ~0x3FF) | was
            else:
                if shift == 15:
                    goal = word & 0x3FF
                elif shift == 10:
                    goal = (p & _EXTENDED) | (word & 0xFF)
                else:
                    goal = (p & 0x2F8) | (word & 7)
                if op == 2:  # jump
                    p = goal
                elif op == 3:  # call
                    rp = (rp + 1) & 7
                    r[reg.BACK + rp] = loop
                    loop = was if options[reg.HIGH_BITS] else (loop & ~0x3FF) | was
                    p = goal
                elif op == 5:  # next
                    if loop:
                        loop -= 1
                        p = goal
                    else:
                        loop = r[reg.BACK + rp]
                        rp = (rp - 1) & 7
                elif op == 6:  # if
                    if top == 0:
                        p = goal
                elif not top & _SIGN:  # -if
                    p = goal
            if p & _IO_SPACE:
                now += t_lead
            else:
                now += t_transfer
                bus = now - t_fetch
            shift = -1
            if (was ^ p) & _EXTENDED:
                op = _P9_CHANGED

    if wants != reg.NOTHING:
        if wants == reg.INSTRUCTION:
            fault = _io_fault(address, False, r[reg.PRESENT], r[reg.READABLE])
            if fault == 0 and (address & _ADDRESS) == _IO:
                fault = UNDEFINED_IO
        else:
            fault = _io_fault(address, wants == reg.WRITE, r[reg.PRESENT], r[reg.READABLE])
            r[reg.COUNTS + op] -= 1  # not complete
            left += 1
            op = previous
            if (address & _ADDRESS) == _IO:
                wants = reg.IO_READ if wants == reg.READ else reg.IO_WRITE
            if wants in (reg.WRITE, reg.IO_WRITE):
                r[reg.VALUE] = top
        r[reg.PORTS] = ((address & _ADDRESS) ^ 0x155) >> 4
        status = reg.WAITING
    if fault:
        r[reg.FAULT], r[reg.FAULT_ADDRESS] = fault, address
        status = reg.FAULTY
    r[reg.WORDS_FETCHED] += fetched
    r[reg.T], r[reg.S], r[reg.DATA_TOP] = top, second, dp
    r[reg.R], r[reg.RETURN_TOP] = loop, rp
    r[reg.A], r[reg.B], r[reg.P], r[reg.WORD], r[reg.CARRY] = a, b, p, word, carry
    r[reg.SHIFT], r[reg.AT], r[reg.PREVIOUS] = shift, at, op
    r[reg.NOW], r[reg.BUS], r[reg.WANTS], r[reg.LEFT] = now, bus, wants, left
    return status
