"""Does the F18A assembler make the words that the data book asks for, and does its text come back exactly?"""

import pytest
from f18a_nodes import GRID, run
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.assemble import AssemblyError, assemble, assemble_nodes
from neurosim.cores.f18a.disassemble import disassemble
from neurosim.cores.f18a.word import Decoded, pack, unpack
from neurosim.errors import CapacityError, NeurosimError

SLOT_3 = "; unext @p !p +* + dup ."
PIECES = "+ +* dup drop over 2* - and or push pop a! a . 5 @p|"
PORTS = """r--- 1D5 -d-- 115 --l- 175 ---u 145 --lu 165 -d-u 105 -dl- 135 -dlu 125 r--u 1C5 r-l- 1F5 r-lu 1E5
    rd-- 195 rd-u 185 rdl- 1B5 rdlu 1A5 io 15D data 141 ldata 171 right 1D5 down 115 left 175 up 145"""
WORDS = st.lists(st.integers(0, isa.WORD_MASK), max_size=64)


def words(text):
    return assemble(text, node=407, grid=GRID).words


def test_are_published_words_made():
    # Application brief AB005 prints these two.
    assert words("[ !b @p @ . ]") == (0x09D0A,)
    assert words("[ !b !+ !b . ]") == (0x09822,)


def test_is_a_jump_in_slot_0_encoded_as_the_makers_do():
    # Opcode bits exclusive-or 15555, the address plain, bits 12-10 left as the encoding has them.
    assert words("jump 0x1a5") == (((0x02 ^ 0x0A) << 13) | 0x1400 | 0x1A5,)


def test_are_the_opcodes_those_of_the_book():
    assert len(isa.OPCODES) == 32
    assert {isa.OPCODES[code] for code in isa.IN_SLOT_3} == set(SLOT_3.split())
    assert [isa.NUMBER[name] for name in ("inv", "xor", "r>", ">r")] == [0x13, 0x16, 0x19, 0x1D]


def test_are_the_port_addresses_those_of_the_book():
    table = PORTS.split()
    for name, address in zip(table[::2], table[1::2], strict=True):
        assert isa.ADDRESSES[name] == int(address, 16)


@given(st.integers(0, isa.WORD_MASK))
def test_does_every_word_unpack_to_what_packs_to_it(word):
    found = unpack(word)
    again = pack(found.opcodes, found.field)
    unused = 0x1C00 if found.jump_slot == 0 else 0
    assert again & ~unused == word & ~unused


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_does_disassembled_text_assemble_to_the_same_words(memory):
    assert assemble(disassemble(memory)).memory == dict(enumerate(memory))


def test_does_it_disassemble_memory_with_gaps():
    memory = {3: 0x09D0A, 4: 5, 63: 0x3FFFF}
    assert assemble(disassemble(memory)).memory == memory
    with pytest.raises(CapacityError):
        disassemble([0] * 65)
    with pytest.raises(NeurosimError, match="must be 0"):
        disassemble([1 << 18])


class TestPacking:
    def test_are_slots_filled_and_literals_put_behind_their_word(self):
        assert words("1 2 drop drop dup") == (pack(ops("@p @p drop .")), 1, 2, pack(ops("drop dup . .")))

    def test_does_what_slot_3_cannot_hold_go_to_the_next_word(self):
        assert words("dup dup dup drop") == (pack(ops("dup dup dup .")), pack(ops("drop . . .")))

    def test_does_return_end_its_word(self):
        assert words("dup ; drop") == (pack(ops("dup ; . .")), pack(ops("drop . . .")))

    def test_do_labels_start_words(self):
        code = assemble("dup one: drop two: dup jump one")
        assert (code.address("one"), code.address("two")) == (1, 2)
        with pytest.raises(NeurosimError, match="did you mean 'two'"):
            code.address("twoo")

    def test_is_a_name_alone_a_call_and_a_tick_its_address(self):
        assert words("f 'f f: ;") == (pack(ops("call"), 3), pack(ops("@p . . .")), 3, pack(ops(";")))

    def test_are_negative_and_other_numbers_words(self):
        assert words("word -1 word -131072 word 0x3ffff word 0b101") == (0x3FFFF, 0x20000, 0x3FFFF, 5)

    def test_do_directions_depend_on_the_node(self):
        east = {node: assemble("east", node=node, grid=GRID).words[1] for node in (400, 401)}
        assert east == {400: isa.ADDRESSES["right"], 401: isa.ADDRESSES["left"]}

    def test_does_fill_give_so_many_words(self):
        assert words("dup | fill 3 -1") == (pack(ops("dup . . .")), 0x3FFFF, 0x3FFFF, 0x3FFFF)
        assert assemble("fill 64 0").words == (0,) * 64

    def test_do_constants_stand_for_numbers(self):
        assert words("equ n 7 n") == (pack(ops("@p . . .")), 7)


class TestPages:
    def test_does_a_near_jump_stay_in_slot_2(self):
        # The page is that of the following address: from word 0 it is words 0 to 7.
        near = "drop drop jump l " + "| . " * 6 + "l: dup"
        assert unpack(words(near)[0]).jump_slot == 2

    def test_does_a_far_jump_move_to_a_word_of_its_own(self):
        far = "drop drop jump l " + "| . " * 7 + "l: dup"
        assert unpack(words(far)[0]) == Decoded(tuple(ops("drop drop . .")))
        assert unpack(words(far)[1]).opcodes == (isa.JUMP,)

    def test_is_the_page_that_of_the_word_after(self):
        # A word at 7 has its page at 8 to 15, although it stands in page 0 to 7.
        text = "org 7 [ dup dup jump 0x{:x} ]"
        assert assemble(text.format(9)).memory[7] & 7 == 1
        with pytest.raises(AssemblyError, match="out of page"):
            assemble(text.format(6))

    def test_do_literals_in_the_word_count(self):
        # After @p, P has passed the literal: from word 6 with one literal, the page is that of address 8.
        assert assemble("org 6 [ @p dup jump 0x0f ]").memory[6] & 7 == 7
        with pytest.raises(AssemblyError, match="out of page"):
            assemble("org 6 [ @p dup jump 0x07 ]")

    def test_does_slot_1_reach_memory_only(self):
        assert unpack(words("dup jump 0x3f")[0]).jump_slot == 1
        assert unpack(words("dup jump 0x1a5")[0]).jump_slot is None
        with pytest.raises(AssemblyError, match="out of page"):
            words("[ dup jump 0x1a5 ]")

    def test_does_slot_1_keep_extended_arithmetic(self):
        code = assemble("+cy l: dup dup jump l dup jump m -cy m: dup dup jump l")
        assert code.address("l") == 0x200
        found = [unpack(word).jump_slot for word in code.words]
        assert found == [2, None, 0, None, 0]  # within the mode from any slot, into the other mode from slot 0


class TestSettling:
    def test_is_a_nop_put_before_a_sum(self):
        assert words("dup + drop") == (pack(ops("dup . + .")), pack(ops("drop . . .")))

    def test_is_none_put_where_none_is_needed(self):
        assert words("dup . +") == (pack(ops("dup . + .")),)
        assert words("dup or dup +") == (pack(ops("dup or dup +")),)  # in slot 3 there is time
        assert words("f + f: dup ;")[1] == pack(ops("+ . . ."))  # after a return

    def test_is_it_put_before_a_loop_and_not_into_it(self):
        text = "dup dup or dup begin +* unext"
        assert words(text)[1:] == (pack(ops(". . . .")), pack(ops("+* unext . .")))

    def test_can_it_be_switched_off(self):
        assert words("settle off dup +") == (pack(ops("dup + . .")),)

    def test_are_exact_words_left_and_told(self):
        code = assemble("[ dup + . . ]", "mine")
        assert code.words == (pack(ops("dup + . .")),)
        assert code.warnings == ("mine:1:7: + right after an opcode that changes T or S",)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(PIECES.split()), max_size=40))
    def test_has_generated_code_no_hazard(self, pieces):
        text = " ".join("@p | word 3" if piece == "@p|" else piece for piece in pieces)
        try:
            result = run(text + " | jump rdlu")
        except AssemblyError as error:
            assert "overflow" in str(error) or "literal" in str(error)
            return
        assert [doubt for doubt in result.doubts if "right after" in doubt.what] == []


MISTAKES = {
    "dup dpu": "1:5: undefined label 'dpu', did you mean 'dup'?",
    "[ dup dup dup drop ]": "1:15: opcode drop is not allowed in slot 3 (allowed: ; unext @p !p +* + dup .)",
    "dup\n  jump nowhere": "2:8: undefined label 'nowhere'",
    "262144": "1:1: word out of range: found 262144, must be -131072..262143",
    "-131073": "1:1: word out of range: found -131073, must be -131072..262143",
    "word 1 " * 65: "1:449: node memory overflow: RAM has 64 words, this would be one more",
    "a: dup": "1:1: 'a' has a meaning already, it cannot be a new name",
    "x: x:": "1:4: label 'x' stands twice",
    "[ dup": "1:1: '[' without ']'",
    "( dup": "1:1: comment without end: ')' is missing",
    "begin 5 unext": "1:7: a literal inside begin … unext: each turn would take another word; use @p",
    "unext": "1:1: unext without begin (it turns to the start of its own word)",
    "begin dup dup dup dup unext": "1:1: begin … unext does not fit into one word",
    "org 64": "1:5: org 64: must be 0..0x3f",
    "fill 65 0": "1:6: fill 65: must be 1..64 words",
    "dup fill 64 0": "1:5: node memory overflow: RAM has 64 words, this would be one more",
    "org 3 dup | org 3 dup": "1:19: address 0x03 holds a word already",
    "[ jump 5 dup ]": "1:10: nothing can follow a jump in its word",
    "east": "1:1: east: which port this is depends on the node; say 'node YXX' before",
    "/a 1 2": "1:1: /a needs one value on its line, found 2",
    "/b 0x200": "1:4: /b 0x200: must be 0..0x1ff",
    "$ff": "1:1: unknown word '$ff'",
    "jump 0x400": "1:6: 0x400: an address of P must be 0..0x3ff",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_is_a_mistake_told_with_line_and_column(text):
    with pytest.raises(AssemblyError) as caught:
        assemble(text, "mine")
    assert str(caught.value) == f"mine:{MISTAKES[text]}"


def test_are_nodes_of_a_file_kept_apart():
    codes = assemble_nodes("equ n 3\nnode 400 /a east\n l: n jump l\nnode 401\n l: dup jump l", grid=GRID)
    assert [code.node for code in codes] == [400, 401]
    assert codes[0].program().a == isa.ADDRESSES["right"]
    with pytest.raises(AssemblyError, match="stands twice in this file"):
        assemble_nodes("node 400 dup node 400 dup", grid=GRID)
    with pytest.raises(AssemblyError, match="nodes 000 to 717"):
        assemble_nodes("node 818 dup", grid=GRID)
    with pytest.raises(AssemblyError, match="no 'node' line before this"):
        assemble_nodes("dup node 400 dup", grid=GRID)


def ops(names):
    return [isa.NUMBER[name] for name in names.split()]
