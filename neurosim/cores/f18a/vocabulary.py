"""The names that an F18A node wants to find in a chip's descriptor."""

from __future__ import annotations

from neurosim.chip.vocabulary import COMMON_POWER, Vocabulary

VOCABULARY = Vocabulary(
    limits=dict.fromkeys(("ram_words", "rom_words", "data_stack", "return_stack"), "count"),
    arithmetic={"word_bits": "count"},
    energy=frozenset({"unext"}),
    time=frozenset({"alu", "memory", "transfer", "unext", "fetch", "io_read", "io_write", "port", "pin"}),
    flow={},
    power=COMMON_POWER | {"active"},
)
