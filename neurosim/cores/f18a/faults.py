"""The texts of what stops a node for good."""

from __future__ import annotations

from neurosim.cores.f18a import isa, node
from neurosim.cores.f18a import registers as reg
from neurosim.cores.f18a.array import Array
from neurosim.cores.f18a.pins import circuit
from neurosim.cores.f18a.registers import Ints
from neurosim.cores.f18a.result import address_of
from neurosim.errors import NeurosimError, UnsupportedError


class F18AError(NeurosimError):
    """A node did what the F18A cannot do: which node, at which word, when, and what."""


def fault(array: Array, k: int, r: Ints) -> NeurosimError:
    """Return the error for node ``k`` (in ascending order) whose registers hold a fault."""
    name = array.ordered[k].node
    code, address = int(r[reg.FAULT]), int(r[reg.FAULT_ADDRESS]) & isa.P_MASK
    at = address_of(int(r[reg.AT]))
    word = "a word from a port" if at is None else f"the word at {at:03X}"
    place = f"node {name:03d}, {word}, slot {max((15 - int(r[reg.SHIFT])) // 5, 0)}, at {int(r[reg.NOW])} ps"
    if code == node.BLANK_FETCH:
        place = f"node {name:03d}, at {int(r[reg.NOW])} ps"
    text = _TEXTS[code].format(where=isa.address_text(address))
    if code in (node.BLANK_FETCH, node.BLANK_READ) and address & 0x80:
        text = (
            f"{'calls into' if code == node.BLANK_FETCH else 'reads'} ROM at {address:03X}, whose content is not public"
        )
    kind = UnsupportedError if code == node.NO_HANDSHAKE else F18AError
    beyond = circuit(array.grid, name)
    if code in (node.NOWHERE, node.NO_HANDSHAKE) and beyond:
        text, kind = f"uses {isa.address_text(address)}, behind which is its {beyond}: not modelled", UnsupportedError
    return kind(f"{place}: {text}")


_TEXTS = {
    node.BLANK_FETCH: "executes the word at {where}, which was never written",
    node.BLANK_READ: "reads {where}, which was never written",
    node.ROM_WRITE: "writes to ROM at {where}",
    node.UNDEFINED_IO: "uses the undefined I/O address {where}",
    node.NO_HANDSHAKE: "uses {where}, a port without handshake: not modelled",
    node.NOWHERE: "uses {where}, with a port to nowhere: the node is at the edge of the array",
    node.READ_ONLY_PORT: "writes to {where}: behind it is a pin, which can only be read",
    node.UNSETTLED: "+ or +* right after an opcode that changed T, S or P9 (strict-carry)",
    node.NEXT_WORD_STORED: "stores into {where}, the word that is fetched next (next_word = refuse)",
    node.TWO_WRITERS: "two neighbours write at once to a node that reads both ({where})",
}
