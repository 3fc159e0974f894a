"""The instruction set of the F18A: opcodes, registers' widths, addresses and ports (DB001).

Nothing here is a physical figure: it is the architecture, fixed by the design of the processor.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORD_MASK = 0x3FFFF
ADDRESS_MASK = 0x1FF
P_MASK = 0x3FF
EXTENDED = 0x200  # bit 9 of P: extended arithmetic
IO_SPACE = 0x100  # bit 8 of an address: ports and io
ENCODING = 0x15555  # stored words are plain words exclusive-or this, address fields excepted
RAM_WORDS = ROM_WORDS = 64
ROM_START = 0x080
RING = 8  # cells of each circular stack, besides T and S, or R
SLOTS = 4

_NAMES = "; ex jump call unext next if -if @p @+ @b @ !p !+ !b ! +* 2* 2/ - + and or drop dup pop over a . push b! a!"
OPCODES = tuple(_NAMES.split())
NEW_NAMES: Mapping[str, str] = MappingProxyType(
    {"inv": "-", "xor": "or", "r>": "pop", ">r": "push"}  # names of arrayForth 3 to those of arrayForth 2
)
NUMBER: Mapping[str, int] = MappingProxyType(
    {name: code for code, name in enumerate(OPCODES)} | {new: OPCODES.index(old) for new, old in NEW_NAMES.items()}
)

RETURN, EX, JUMP, CALL, UNEXT, NEXT, IF, MINUS_IF = range(8)
FETCH_P, FETCH_PLUS, FETCH_B, FETCH_A, STORE_P, STORE_PLUS, STORE_B, STORE_A = range(8, 16)
MULTIPLY, DOUBLE, HALVE, INVERT, ADD, AND, OR, DROP = range(16, 24)
DUP, POP, OVER, A_FETCH, NOP, PUSH, B_STORE, A_STORE = range(24, 32)

JUMPS = frozenset({JUMP, CALL, NEXT, IF, MINUS_IF})
ENDS_WORD = JUMPS | {RETURN, EX}
CONDITIONAL = frozenset({NEXT, IF, MINUS_IF})
IN_SLOT_3 = frozenset(range(0, 32, 4))  # those whose two low bits are zero
CHANGES_T_OR_S = frozenset(range(8, 32)) - {NOP}
CLASSES: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "transfer": ENDS_WORD,
        "unext": frozenset({UNEXT}),
        "memory": frozenset(range(FETCH_P, STORE_A + 1)),
        "alu": frozenset(range(MULTIPLY, A_STORE + 1)),
    }
)

# Bits of a set of ports, as decoded from an address.
RIGHT, DOWN, LEFT, UP = 8, 4, 2, 1
PORT_NAMES = ("right", "down", "left", "up")
PORT_BITS = (RIGHT, DOWN, LEFT, UP)
_SELECT = 0x155  # an I/O address exclusive-or this: bits 7..4 select ports, bit 3 io, bit 2 leaves out the handshake
IO = _SELECT ^ 0x08
DATA_UP, DATA_LEFT = _SELECT ^ 0x14, _SELECT ^ 0x24
IO_RESET = 0x15555
WARM = 0x0A9  # in ROM: jump to the port address of the reset
COLD = 0x0AA  # in ROM: start of the boot nodes


def port_address(ports: int) -> int:
    """Return the address that selects a set of ports (a sum of RIGHT, DOWN, LEFT, UP)."""
    return _SELECT ^ (ports << 4)


def port_set(address: int) -> int:
    """Return the ports that an I/O address selects, 0 where it selects none or is not defined."""
    select = (address & ADDRESS_MASK) ^ _SELECT
    return (select >> 4) if not select & 0x10F else 0


def ports_text(ports: int) -> str:
    """Return the names of a set of ports, such as ``right and up``."""
    return " and ".join(name for name, bit in zip(PORT_NAMES, PORT_BITS, strict=True) if ports & bit) or "none"


def _letters(ports: int) -> str:
    return "".join(name[0] if ports & bit else "-" for name, bit in zip(PORT_NAMES, PORT_BITS, strict=True))


def _names() -> dict[str, int]:
    """Every name of an address: single ports, sets in the four letters of the makers, and io."""
    names = {"io": IO, "data": DATA_UP, "ldata": DATA_LEFT, "warm": WARM, "cold": COLD}
    names |= {name: port_address(bit) for name, bit in zip(PORT_NAMES, PORT_BITS, strict=True)}
    for ports in range(1, 16):
        names[_letters(ports)] = port_address(ports)
    return names


ADDRESSES: Mapping[str, int] = MappingProxyType(_names())


def address_text(address: int) -> str:
    """Return an address in hex, with the name where it has one: ``1D5 (right)``."""
    for name, known in ADDRESSES.items():
        if known == address & ADDRESS_MASK:
            return f"{address:03X} ({name})"
    return f"{address:03X}"


def incremented(address: int) -> int:
    """Return P or A after an access: the low seven bits count, all others stay, I/O addresses do not move."""
    if address & IO_SPACE:
        return address
    return (address & ~0x7F) | ((address + 1) & 0x7F)


def signed(word: int) -> int:
    """Return a word of 18 bits as a number in two's complement."""
    return word - 0x40000 if word & 0x20000 else word
