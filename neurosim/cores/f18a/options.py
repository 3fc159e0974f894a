"""What the documents on the F18A leave open, as named options; the default is what the documents say or suggest."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.registers import Ints
from neurosim.errors import NeurosimError, unknown

CHOICES = {
    "return_high_bits": ("keep", "zero"),
    "settling": ("off", "documented", "listed"),
    "multiply_carry": ("documented", "simulator"),
    "next_word": ("seen", "refuse"),
}
_COLUMNS = {
    "return_high_bits": reg.HIGH_BITS,
    "settling": reg.SETTLING_RULE,
    "multiply_carry": reg.MULTIPLY_CARRY,
    "next_word": reg.NEXT_WORD,
}


@dataclass(frozen=True)
class Options:
    """Choices on the dark corners of the processor.

    ``return_high_bits``: bits 17..10 of R after call and ex, seen only by code that uses a return address as data:
    ``zero`` (P, which has ten bits, moves into R), or ``keep`` what R had (the makers' simulator).
    ``settling``: when a ``+`` or ``+*`` is doubtful because the opcode before it changed T, S or P9:
    ``documented`` (DB001: always, but for ``+`` in slot 3), ``listed`` (also exempt what C. Moore lists as safe:
    after dup, after a transfer, in slot 0 after a literal in slot 3), or ``off``. ``strict_carry`` makes such a step
    an error; otherwise it is a warning and the sum is right.
    ``multiply_carry``: what ``+*`` leaves in the carry in extended arithmetic: ``documented`` (out of bit 17), or
    ``simulator`` (the makers': complement of bit 18 of the sum).
    ``next_word``: a store through A or B into the word that is fetched next is ``seen`` by the fetch, or ``refuse``.
    Raises NeurosimError for another choice, and for strict_carry with settling off.
    """

    return_high_bits: str = "zero"
    settling: str = "documented"
    strict_carry: bool = False
    multiply_carry: str = "documented"
    next_word: str = "seen"

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in CHOICES and value not in CHOICES[item.name]:
                raise unknown(f"choice of {item.name}", str(value), CHOICES[item.name])
        if self.strict_carry and self.settling == "off":
            raise NeurosimError("strict_carry: needs settling documented or listed, found off")

    def row(self) -> Ints:
        """Return the options as compiled code takes them."""
        row = np.zeros(reg.OPTIONS, np.int64)
        for name, column in _COLUMNS.items():
            row[column] = CHOICES[name].index(getattr(self, name))
        row[reg.STRICT] = self.strict_carry
        return row
