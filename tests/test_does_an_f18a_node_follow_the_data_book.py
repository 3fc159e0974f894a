"""Does an F18A node do what the data book (DB001) says: every opcode in every slot, stacks, addresses, carry, reset?

Expected values come from a second, slow model written here from the text of the book, and from numbers by hand.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from f18a_nodes import GRID, array, ga144, run

from neurosim.cores.f18a.array import Array
from neurosim.cores.f18a.options import Options
from neurosim.cores.f18a.pins import live_bits
from neurosim.cores.f18a.program import NodeProgram
from neurosim.engine.compiled.array import run_array
from neurosim.errors import NeurosimError

OPCODES = "; ex jump call unext next if -if @p @+ @b @ !p !+ !b ! +* 2* 2/ - + and or drop dup pop over a . push b! a!"
NUMBER = {name: code for code, name in enumerate(OPCODES.split())}
SLOT_3 = (";", "unext", "@p", "!p", "+*", "+", "dup", ".")
JUMPS = ("jump", "call", "next", "if", "-if")
WORD = (1 << 18) - 1
HOME = 0x2A  # where the word under test stands


@dataclass
class Book:
    """A node as the data book describes it: ``d`` is T, S and eight more, ``r`` R and eight more."""

    d: list[int]
    r: list[int]
    a: int
    b: int
    p: int
    carry: int
    ram: list[int]
    rom: list[int] = field(default_factory=lambda: [7 * k for k in range(64)])

    def push(self, word):
        self.d = [word, *self.d[:-1]]

    def pop(self):
        word = self.d[0]
        self.d = [*self.d[1:], self.d[2]]  # of the ring of eight, the cell that was on top is now the oldest
        return word

    def push_r(self, word):
        self.r = [word, *self.r[:-1]]

    def pop_r(self):
        word = self.r[0]
        self.r = [*self.r[1:], self.r[1]]
        return word

    def read(self, address):
        address &= 0x1FF
        return self.ram[address % 64] if address < 0x80 else self.rom[address % 64]

    def write(self, address, word):
        assert address & 0x1FF < 0x80
        self.ram[address % 64] = word


def counted(address):
    """The low seven bits count, all others stay."""
    return address - address % 128 + (address + 1) % 128


def signed(word, bits=18):
    return word - (1 << bits) if word >> (bits - 1) else word


def execute(node, name, slot, field_value):  # noqa: PLR0912  one branch per opcode
    """One opcode by the book; returns whether it ends its word."""
    extended = node.p >> 9 & 1
    goal = {
        0: field_value,
        1: (node.p & 0x200) + field_value % 256,
        2: (node.p & 0x2F8) + field_value % 8,
        3: 0,
    }[slot]
    if name == ";":
        node.p = node.pop_r() % 1024
    elif name == "ex":
        node.p, node.r[0] = node.r[0] % 1024, node.p
    elif name == "jump":
        node.p = goal
    elif name == "call":
        node.push_r(node.p)
        node.p = goal
    elif name == "next":
        if node.r[0]:
            node.r[0] -= 1
            node.p = goal
        else:
            node.pop_r()
    elif name == "if":
        node.p = goal if node.d[0] == 0 else node.p
    elif name == "-if":
        node.p = goal if node.d[0] < 0x20000 else node.p
    elif name == "@p":
        node.push(node.read(node.p))
        node.p = counted(node.p)
    elif name == "@+":
        node.push(node.read(node.a))
        node.a = counted(node.a)
    elif name == "@b":
        node.push(node.read(node.b))
    elif name == "@":
        node.push(node.read(node.a))
    elif name == "!p":
        node.write(node.p, node.pop())
        node.p = counted(node.p)
    elif name == "!+":
        node.write(node.a, node.pop())
        node.a = counted(node.a)
    elif name == "!b":
        node.write(node.b, node.pop())
    elif name == "!":
        node.write(node.a, node.pop())
    elif name == "+*":
        long = (node.d[0] << 18) + node.a
        if node.a % 2:
            total = signed(node.d[0]) + signed(node.d[1]) + (node.carry if extended else 0)
            if extended:
                node.carry = (node.d[0] + node.d[1] + node.carry) >> 18
            long = (total << 18) + node.a
            long >>= 1
        else:
            long = signed(long, 36) >> 1
        node.d[0], node.a = long >> 18 & WORD, long & WORD
    elif name == "2*":
        node.d[0] = node.d[0] * 2 % (WORD + 1)
    elif name == "2/":
        node.d[0] = (signed(node.d[0]) // 2) % (WORD + 1)
    elif name == "-":
        node.d[0] = WORD - node.d[0]
    elif name == "+":
        total = node.pop() + node.d[0] + (node.carry if extended else 0)
        if extended:
            node.carry = total // (WORD + 1)
        node.d[0] = total % (WORD + 1)
    elif name in ("and", "or"):
        t = node.pop()
        node.d[0] = t & node.d[0] if name == "and" else t ^ node.d[0]
    elif name == "drop":
        node.pop()
    elif name == "dup":
        node.push(node.d[0])
    elif name == "pop":
        node.push(node.pop_r())
    elif name == "over":
        node.push(node.d[1])
    elif name == "a":
        node.push(node.a)
    elif name == "push":
        node.push_r(node.pop())
    elif name == "b!":
        node.b = node.pop() % 512
    elif name == "a!":
        node.a = node.pop()
    else:
        assert name == "."
    return name in (";", "ex", *JUMPS)


def stored(names, jump_field=None):
    """A word as it lies in memory: opcodes in bits 17-13, 12-8, 7-3, 2-0, exclusive-or 15555, address plain."""
    word = 0
    for slot, name in enumerate(names):
        word += NUMBER[name] << (13, 8, 3)[slot] if slot < 3 else NUMBER[name] >> 2
    word ^= 0x15555
    if jump_field is not None:
        bits = (10, 8, 3)[len(names) - 1]
        word = (word >> (13, 8, 3)[len(names) - 1] << (13, 8, 3)[len(names) - 1]) + jump_field % (1 << bits)
    return word


SOME = (0, 1, 2, 0x1FFFF, 0x20000, 0x20001, 0x3FFFF, 0x3FFFE, 0x15555, 0x2AAAA)


def random_book(rng, extended):
    values = [rng.choice(SOME) if rng.random() < 0.4 else rng.randrange(1 << 18) for _ in range(96)]
    return Book(
        d=values[:10],
        r=[rng.choice([0, 1, 5, rng.randrange(256), 0x200 + rng.randrange(256)]) for _ in range(9)],
        a=rng.randrange(1 << 18) & ~0x180,  # a RAM address whatever its high bits
        b=rng.randrange(0x80),
        p=HOME + (0x200 if extended else 0),
        carry=rng.randrange(2) if extended else 0,
        ram=values[10:74],
    )


LEGAL = [(name, slot) for name in OPCODES.split() for slot in range(4) if slot < 3 or name in SLOT_3]
LEGAL = [(name, slot) for name, slot in LEGAL if name != "unext"]


def test_are_all_pairs_of_opcode_and_slot_covered():
    assert len(LEGAL) + 4 == 31 * 3 + 7 + 4  # unext, in four slots, has tests of its own


@pytest.mark.parametrize(("name", "slot"), LEGAL)
def test_does_every_opcode_in_every_slot_do_what_the_book_says(name, slot):
    rng = random.Random(f"{name} {slot}")
    for trial in range(6):
        node = random_book(rng, extended=trial % 2)
        fill = ["."] * slot
        goal = rng.randrange(64) + (0x200 * rng.randrange(2) if slot == 0 else 0)
        word = stored([*fill, name, *["."] * (3 - slot)]) if name not in JUMPS else stored([*fill, name], goal)
        node.ram[HOME] = word
        program = NodeProgram(
            407,
            tuple(node.ram),
            node.p,
            node.a,
            node.b,
            stack=node.d[::-1],
            returns=node.r[::-1],
            carry=node.carry,
            rom=node.rom,
        )
        state = run_array(array([program]), opcodes=slot + 1).node(407)
        node.p = counted(node.p)
        ended = execute(node, name, slot, goal)
        if ended or slot == 3:
            node.p = counted(node.p) if node.p & 0x1FF < 0x100 else node.p
        assert (state.p, state.a, state.b, state.carry) == (node.p, node.a, node.b, node.carry)
        assert list(state.stack) == node.d
        assert list(state.returns) == node.r
        assert list(state.ram) == node.ram
        assert state.slot == (0 if ended or slot == 3 else slot + 1)


@pytest.mark.parametrize("slot", range(4))
def test_does_unext_turn_its_word_without_a_fetch(slot):
    names = ["2*"] * slot if slot < 3 else ["2*", "2*", "dup"]
    word = stored([*names, "unext", *["."] * (3 - slot)])
    opcodes = (slot + 1) * 4
    result = run([NodeProgram(407, (word, 0, 0), returns=(9, 3), stack=(1,))], opcodes=opcodes)
    assert result.counts(407).opcodes["unext"] == 4  # R = 3: four times through, then R is popped
    assert result.node(407).returns[0] == 9
    assert result.counts(407).words_fetched == (2 if slot == 3 else 1)
    assert result.node(407).stack[0] == (1 << (4 * min(slot, 2)))


def test_does_the_multiply_step_give_signed_times_unsigned():
    for multiplicand, multiplier in ((3, 5), (-7, 9), (-131072, 262143), (131071, 262143), (0, 77), (-1, 0)):
        text = f"{multiplicand} {multiplier} | 17 push a! dup dup or begin +* unext a | jump rdlu"
        t, s, n = run(text).node(407).stack[:3]
        assert n == multiplicand % (1 << 18)
        product = signed(s) * (1 << 18) + t  # a pushed the low half onto the high one
        assert product == multiplicand * multiplier


def test_is_the_example_of_a_step_right():
    # By hand: T = 2, S = 3, A = 5: A is odd, so 2 + 3 = 5; 5 and A shifted right: T = 2, A = 2 with bit 17 set.
    state = run("/a 5\n/stack 3 2\n[ +* . . . ]", opcodes=1).node(407)
    assert state.stack[:2] == (2, 3)
    assert state.a == 0x20002


def test_do_shifts_keep_or_drop_the_sign():
    assert run("/stack 0x20001\n[ 2/ . . . ]", opcodes=1).node(407).stack[0] == 0x30000
    assert run("/stack 0x20001\n[ 2* . . . ]", opcodes=1).node(407).stack[0] == 2


def test_do_ten_pops_repeat_the_ring_of_eight():
    result = run("/stack 9 8 7 6 5 4 3 2 1 0\n" + "[ drop drop drop . ] " * 6 + "[ jump rdlu ]")
    # T and S are gone after two; then eight values go round: 18 drops leave T at the ninth value of the second round.
    assert result.node(407).stack == (2, 3, 4, 5, 6, 7, 8, 9, 2, 3)


def test_are_ram_and_rom_there_twice():
    text = "/a 0x43\n/stack 0x1234\n! @ jump rdlu\norg 3 word 0"
    state = run(text).node(407)
    assert state.ram[3] == 0x1234
    assert state.stack[0] == 0x1234
    rom = NodeProgram(407, programs_words("@ drop | jump rdlu"), a=0xC5, rom=range(100, 164))
    assert run([rom], opcodes=1).node(407).stack[0] == 105


def programs_words(text):
    return array(text).programs[0].memory.values()


@pytest.mark.parametrize(("before", "after"), [(0x3F, 0x40), (0x7F, 0), (0x2803E, 0x2803F), (0x200 + 0x7F, 0x200)])
def test_does_a_count_in_seven_bits_and_keep_the_rest(before, after):
    ram = [0] * 64
    ram[0] = stored(["@+", ".", ".", "."])
    assert run([NodeProgram(407, ram, a=before)], opcodes=1).node(407).a == after


def test_does_p_wrap_within_ram_and_keep_bit_9():
    nops = stored([".", ".", ".", "."])
    assert run([NodeProgram(407, [nops] * 64, start=0x7F)], opcodes=1).node(407).p == 0
    assert run([NodeProgram(407, [nops] * 64, start=0x23F)], opcodes=1).node(407).p == 0x240
    assert run([NodeProgram(407, [nops] * 64, start=0x27F)], opcodes=4).node(407).p == 0x201


def test_is_carry_left_alone_without_extended_arithmetic():
    text = "/carry 1\n/stack 0x3ffff 0x3ffff\n{} [ . + . . ]"
    plain, extended = run(text.format(""), opcodes=2).node(407), run(text.format("/p 0x200\n"), opcodes=2).node(407)
    assert (plain.stack[0], plain.carry) == (0x3FFFE, 1)
    assert (extended.stack[0], extended.carry) == (0x3FFFF, 1)


def test_do_36_bits_add_with_carry():
    x, y = 0x8_1234_5678, 0x3_FEDC_BA98
    low, high = (1 << 18) - 1, 18
    text = f"""
        {x >> high} {y >> high} {x & low} {y & low} call sum | jump rdlu
        +cy sum: + push + pop ;
    """
    state = run(text).node(407)
    assert (state.stack[1] << 18) + state.stack[0] == (x + y) % (1 << 36)


def test_is_the_reset_state_as_documented():
    program = NodeProgram(407)
    assert (program.b, program.io) == (0x15D, 0x15555)
    waits = {507: 0x1A5, 3: 0x1B5, 704: 0x1B5, 300: 0x185, 617: 0x185, 0: 0x195, 717: 0x195, 17: 0x195, 700: 0x195}
    for node, address in waits.items():
        assert GRID.reset_address(node) == address
    # The word "warm" in ROM jumps to the same address.
    result = run([NodeProgram(704, start=0x0A9)])
    assert result.ended == "idle"
    assert result.node(704).p == 0x1B5


def test_do_neighbours_share_the_name_of_their_port():
    for node in GRID.nodes:
        for port in ("right", "down", "left", "up"):
            other = GRID.neighbour(node, port)
            assert other is None or GRID.neighbour(other, port) == node
    assert GRID.port(400, "east") == "right"
    assert GRID.port(401, "east") == "left"
    assert GRID.port(400, "north") == "down"
    assert GRID.port(500, "north") == "up"
    assert GRID.neighbour(717, "up") is None
    assert GRID.neighbour(0, "left") is None


def test_does_io_read_back_the_inverse_where_nothing_is():
    # Node 407 has four ports and no pins: bits 16-9 are handshakes, all idle; the rest is the inverse of 15555.
    assert live_bits(GRID, 407) == 0x1FE00
    assert run("@b . . . jump rdlu").node(407).stack[0] == (~0x15555 & WORD & ~0x1FE00) | 0x15400
    assert run("0 !b @b jump rdlu").node(407).stack[0] == (WORD & ~0x1FE00) | 0x15400


class TestDarkCorners:
    def test_what_becomes_of_the_high_bits_of_r(self):
        text = "/return 0x3ffff\ncall l | jump rdlu\nl: | ; "
        for choice, expected in (("zero", 1), ("keep", 0x3FC01)):
            result = run(text, opcodes=1, options=Options(return_high_bits=choice))
            assert result.node(407).returns[0] == expected

    def test_which_carry_the_multiply_step_leaves(self):
        # T = S = 20000, A odd: the sum of 18 bits carries out; bit 18 of the signed sum is 1, its complement 0.
        text = "/p 0x200\n/a 1\n/stack 0x20000 0x20000\n[ +* . . . ]"
        for choice, expected in (("documented", 1), ("simulator", 0)):
            assert run(text, opcodes=1, options=Options(multiply_carry=choice)).node(407).carry == expected

    def test_is_a_store_into_the_next_word_seen_or_refused(self):
        text = f"/a 1\n/stack 0 {stored(['-', '.', '.', '.'])}\n[ ! . . . ] word 0 [ jump rdlu ]"
        assert run(text).node(407).stack[0] == WORD
        with pytest.raises(NeurosimError, match="fetched next"):
            run(text, options=Options(next_word="refuse"))

    def test_is_unext_in_slot_0_legal(self):
        result = run("/return 5\n[ unext . . . ] [ jump rdlu ]")
        assert result.counts(407).opcodes["unext"] == 6

    def test_is_a_wrong_choice_refused(self):
        with pytest.raises(NeurosimError, match="did you mean 'zero'"):
            Options(return_high_bits="zeros")
        with pytest.raises(NeurosimError, match="strict_carry"):
            Options(settling="off", strict_carry=True)


class TestSettling:
    def warned(self, text, **options):
        return [(d.address, d.count) for d in run(text, options=Options(**options)).doubts]

    def test_is_the_published_violation_found(self):
        # C. Moore: fff, fff, 0, + without a nop adds wrongly on silicon.
        text = "[ @p @p . . ] word 0xfff word 0xfff [ @p + . . ] word 0 [ jump rdlu ]"
        assert self.warned(text) == self.warned(text, settling="listed") == [(3, 1)]

    def test_is_a_nop_enough(self):
        assert self.warned("[ dup . + . ] jump rdlu") == []

    def test_is_slot_3_exempt(self):
        assert self.warned("[ . . dup + ] jump rdlu") == []

    def test_is_the_multiply_step_in_slot_3_not_exempt(self):
        assert self.warned("[ . . dup +* ] jump rdlu") == [(0, 1)]

    def test_does_a_change_of_bit_9_count(self):
        text = "call 0x202 | jump rdlu\n [ + ; . . ]"
        assert self.warned(text) == [(2, 1)]
        assert self.warned(text, settling="listed") == []

    def test_which_listed_cases_are_safe(self):
        text = "[ . . . dup ] [ + . . . ] [ . . . @p ] word 5 [ + . . . ] jump rdlu"
        assert self.warned(text) == [(1, 1), (4, 1)]
        assert self.warned(text, settling="listed") == []
        assert self.warned(text, settling="off") == []

    def test_is_it_an_error_with_strict_carry(self):
        with pytest.raises(NeurosimError, match=r"node 407, the word at 001, slot 1.*strict-carry"):
            run("[ . . . . ] [ dup + . . ]", options=Options(strict_carry=True))

    def test_are_steps_of_unlike_signs_and_extended_ones_told(self):
        what = [d.what for d in run("/p 0x200\n/a 1\n/stack 1 0x20000\n[ . +* . . ] [ jump rdlu ]").doubts]
        assert what == ["+* with S and T of different signs", "+* in extended arithmetic"]


def test_does_the_supply_scale_all_times():
    text = "[ dup . . . ] [ @p drop . . ] word 5 [ jump rdlu ]"
    ends = {}
    for volts in ("1.6", "1.8", "2"):
        chip = ga144().with_overrides({"operating.voltage": volts})
        ends[volts] = run_array(Array(chip, array(text).programs)).end
    # Bit times of the boot protocol at these supplies: 52.5, 45.4 and 40.4 ns.
    assert ends["1.6"] / ends["1.8"] == pytest.approx(52.5 / 45.4, rel=0.006)
    assert ends["2"] / ends["1.8"] == pytest.approx(40.4 / 45.4, rel=0.006)
