"""The disassembler: words to text that the assembler turns into the same words again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.word import Decoded, pack, target, unpack
from neurosim.errors import CapacityError, NeurosimError


def disassemble(words: Sequence[int] | Mapping[int, int]) -> str:
    """Return F18A text for words from address 0 on, or by address; one line per word.

    A word that the assembler would write with other unused bits, and the words that an @p before it takes as data,
    become ``word`` lines. Raises NeurosimError for what is no word of 18 bits and for addresses outside RAM.
    """
    memory = dict(words) if isinstance(words, Mapping) else dict(enumerate(words))
    if len(memory) > isa.RAM_WORDS:
        raise CapacityError("node", "ram_words", len(memory), isa.RAM_WORDS)
    lines, expected, data = ["settle off"], 0, 0
    for address, word in sorted(memory.items()):
        if not 0 <= address < isa.RAM_WORDS:
            raise NeurosimError(f"address {address:#x}: RAM is 0..{isa.RAM_WORDS - 1:#x}")
        if not 0 <= word <= isa.WORD_MASK:
            raise NeurosimError(f"word {word} at {address:#04x}: must be 0..{isa.WORD_MASK:#x}")
        if address != expected:
            lines.append(f"org {address:#04x}")
            data = 0
        text = word_text(word, address)
        if data or text is None:
            lines.append(f"word {word:#07x}" + ("" if text is None else f"  \\ {text}"))
            data = max(data - 1, 0)
        else:
            lines.append(f"[ {text} ]  \\ {address:02X} {word:05X}")
            data = _taken(unpack(word))
        expected = address + 1
    return "\n".join(lines) + "\n"


def word_text(word: int, address: int) -> str | None:
    """Return the opcodes of a word at an address, None where the assembler would not make this word of them."""
    found = unpack(word)
    if found.field is not None and pack(found.opcodes, found.field) != word:
        return None
    names = [isa.OPCODES[opcode] for opcode in found.opcodes]
    if found.field is not None:
        p = address
        for _ in range(1 + sum(opcode in (isa.FETCH_P, isa.STORE_P) for opcode in found.opcodes)):
            p = isa.incremented(p)
        names.append(f"{target(len(found.opcodes) - 1, found.field, p):#05x}")
    return " ".join(names)


def _taken(found: Decoded) -> int:
    """How many of the following words a word takes as data, if its opcodes execute in a row."""
    count = 0
    for opcode in found.opcodes:
        if opcode in isa.ENDS_WORD:
            break
        count += opcode == isa.FETCH_P
    return count
