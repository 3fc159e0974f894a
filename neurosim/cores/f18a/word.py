"""Instruction words: four slots of opcodes, or up to two and a jump with its address field (DB001, 2.3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurosim.cores.f18a import isa
from neurosim.errors import NeurosimError

_SHIFT = (13, 8, 3, 0)  # the lowest bit of each slot
FIELD_BITS = (10, 8, 3)  # of the address that follows a jump in slots 0, 1 and 2
_UNUSED = 0x1C00  # bits 12..10 of a word with a jump in slot 0: the makers' compiler leaves the encoding there


@dataclass(frozen=True)
class Decoded:
    """A stored word taken apart: opcodes in order, and the address field of a jump, which is then the last opcode."""

    opcodes: tuple[int, ...]
    field: int | None = None

    @property
    def jump_slot(self) -> int | None:
        """Slot of the jump, None where there is none."""
        return None if self.field is None else len(self.opcodes) - 1


def pack(opcodes: Sequence[int], field: int | None = None) -> int:
    """Return the stored word of opcodes, filled up with nops.

    ``field`` is the address field of a jump, which must be the last opcode. Raises NeurosimError for too many
    opcodes, one not allowed in slot 3, a jump without field or not at the end, and a field too wide for its slot.
    """
    _check(opcodes, field)
    jump = field is not None
    slots = list(opcodes) if jump else [*opcodes, *[isa.NOP] * (isa.SLOTS - len(opcodes))]
    word = 0
    for slot, opcode in enumerate(slots):
        word |= (opcode if slot < 3 else opcode >> 2) << _SHIFT[slot]
    word ^= isa.ENCODING
    if field is None:
        return word
    free = _SHIFT[len(slots) - 1]
    word = word >> free << free
    return word | field | ((isa.ENCODING & _UNUSED) if len(slots) == 1 else 0)


def _check(opcodes: Sequence[int], field: int | None) -> None:
    if len(opcodes) > isa.SLOTS:
        raise NeurosimError(f"a word has {isa.SLOTS} slots, found {len(opcodes)} opcodes")
    for slot, opcode in enumerate(opcodes):
        name = isa.OPCODES[opcode]
        if slot == 3 and opcode not in isa.IN_SLOT_3:
            allowed = " ".join(isa.OPCODES[code] for code in sorted(isa.IN_SLOT_3))
            raise NeurosimError(f"opcode {name} is not allowed in slot 3 (allowed: {allowed})")
        if opcode in isa.JUMPS and (field is None or slot != len(opcodes) - 1):
            raise NeurosimError(f"{name} in slot {slot} must end its word with an address")
    if field is None:
        return
    slot = len(opcodes) - 1
    if slot < 0 or opcodes[slot] not in isa.JUMPS:
        raise NeurosimError("an address field needs an opcode that jumps before it")
    if not 0 <= field < 1 << FIELD_BITS[slot]:
        raise NeurosimError(f"address field {field:#x} in slot {slot}: must fit into {FIELD_BITS[slot]} bits")


def unpack(word: int) -> Decoded:
    """Return what a stored word means; every word of 18 bits means something."""
    plain = word ^ isa.ENCODING
    opcodes: list[int] = []
    for slot in range(3):
        opcode = plain >> _SHIFT[slot] & 31
        opcodes.append(opcode)
        if opcode in isa.JUMPS:
            return Decoded(tuple(opcodes), word & ((1 << FIELD_BITS[slot]) - 1))
    return Decoded((*opcodes, (plain & 7) << 2))


def target(slot: int, field: int, p: int) -> int:
    """Return P after a jump from ``slot`` with this address field; ``p`` is the already incremented P."""
    if slot == 0:
        return field
    keep = isa.EXTENDED if slot == 1 else isa.EXTENDED | 0xF8
    return (p & keep) | field


def reaches(slot: int, p: int, destination: int) -> bool:
    """Return whether a jump in ``slot`` can get to ``destination`` (10 bits) from the already incremented ``p``."""
    return target(slot, destination & ((1 << FIELD_BITS[slot]) - 1), p) == destination
