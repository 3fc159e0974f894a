"""Do the event kernel and the compiled engine give the same states, counts and times for arrays of F18A nodes?

And are these what the rendezvous rule says: both sides end one port time after the later one has begun?
"""

from dataclasses import replace

import pytest
from f18a_nodes import GRID, array, ga144, programs, run_both, traced
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosim.cores.f18a import isa
from neurosim.cores.f18a.array import Array, Host, Pin, Receive, Send, collector, feeder
from neurosim.cores.f18a.assemble import assemble
from neurosim.cores.f18a.program import NodeProgram
from neurosim.engine.compiled.array import run_array
from neurosim.engine.event.array import run_array as run_event
from neurosim.errors import NeurosimError

PS = {
    name: ga144().constants().duration(name) for name in ("alu", "memory", "fetch", "port", "transfer", "unext", "pin")
}

PIECES = "@ ! @b !b @ ! @b !b right left up down rdlu io b! a! @+ !+ dup drop over push pop 2* . 7 -1 a + or and @p|"
BODY = st.lists(st.sampled_from(PIECES.split()), min_size=3, max_size=24)
NODES = (406, 407, 506, 507)


def outcome(engine, described, **limits):
    """The result of a run, or the text of its error."""
    try:
        return replace(engine(described, **limits), engine="any")
    except NeurosimError as error:
        return str(error)


def text_of(bodies):
    lines = []
    for node, body in zip(NODES, bodies, strict=False):
        code = " ".join("@p | word 5" if piece == "@p|" else piece for piece in body)
        lines.append(f"node {node}\n/a {GRID_PORTS[node][0]}\n/b {GRID_PORTS[node][1]}\nl: {code} jump l")
    return "\n".join(lines)


def _ports():
    return {
        node: [GRID.towards(node, other) for other in NODES if other != node and abs(other - node) in (1, 100)]
        for node in NODES
    }


GRID_PORTS = _ports()


@settings(max_examples=120, deadline=None)
@given(
    st.lists(BODY, min_size=2, max_size=4),
    st.integers(1, 400),
    st.one_of(st.none(), st.integers(1, 400_000)),
    st.lists(st.tuples(st.integers(0, isa.WORD_MASK), st.integers(0, 100_000)), max_size=4),
)
def test_do_random_programs_end_the_same(bodies, opcodes, until, words):
    try:
        given_programs = programs(text_of(bodies))
    except NeurosimError:
        return  # too long, or a literal behind @p
    given_programs = [replace(p, memory={**dict.fromkeys(range(64), 0), **p.memory}) for p in given_programs]
    edge = [port for port in isa.PORT_NAMES if GRID.neighbour(406, port) not in NODES]
    hosts = [Host(406, edge[0], tuple(Send(w, t) for w, t in words)), Host(406, edge[1], (Receive(2), Send(1)))]
    described = Array(ga144(), given_programs, hosts)
    limits = {"opcodes": opcodes} | ({} if until is None else {"until": until})
    compiled, event = outcome(run_array, described, **limits), outcome(run_event, described, **limits)
    assert compiled == event
    if not isinstance(event, str):
        steps = run_event(described, trace=NODES, **limits)
        assert replace(steps, engine="any", trace=()) == event
        assert len(steps.trace) == event.opcodes


TALKS = st.lists(
    st.tuples(
        st.sampled_from([(a, b) for a in NODES for b in NODES if abs(a - b) in (1, 100)]),
        st.integers(0, 6),  # opcodes before the write
        st.integers(0, 6),  # and before the read
        st.booleans(),  # whether the reader looks at io first
    ),
    max_size=14,
)


@settings(max_examples=80, deadline=None)
@given(TALKS)
def test_does_every_word_of_a_conversation_arrive(talks):
    code = {node: [] for node in NODES}
    for k, ((source, goal), before_write, before_read, looks) in enumerate(talks):
        port = GRID.towards(source, goal)
        code[source] += ["."] * before_write + [f"{port} b! {k + 1} !b"]
        code[goal] += ["."] * before_read
        if looks:
            code[goal].append("io b! @b drop")
        code[goal].append(f"{port} b! @b push")
    text = "\n".join(f"node {node}\n{' '.join(body)} jump rdlu" for node, body in code.items())
    try:
        given_programs = programs(text)
    except NeurosimError as error:
        assert "overflow" in str(error)
        return
    result = run_both(given_programs)
    assert result.ended == "idle"
    assert result.port_words == len(talks)
    for node in NODES:
        arrived = [k + 1 for k, ((_, goal), *_) in enumerate(talks) if goal == node]
        assert list(result.node(node).returns[: len(arrived)]) == arrived[::-1][:9]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, isa.WORD_MASK), min_size=64, max_size=64), min_size=1, max_size=3))
def test_do_random_words_neither_hang_nor_crash(memories):
    described = Array(ga144(), [NodeProgram(node, words) for node, words in zip(NODES, memories, strict=False)])
    assert outcome(run_array, described, opcodes=3000) == outcome(run_event, described, opcodes=3000)


class TestRendezvous:
    def test_do_both_sides_end_after_the_later_one(self):
        # The reader begins after its first fetch, the writer later. Both then fetch their jump behind two or three
        # nops, which takes one fetch time, and wait again.
        for nops in (0, 1, 3):
            result = run_both(f"node 407 /b east\n{'. ' * nops} | 9 !b jump rdlu\nnode 408 /b west\n@b jump rdlu")
            begins = PS["fetch"] + PS["memory"]  # the literal
            if nops:
                begins += max(PS["fetch"], 4 * PS["alu"])  # a word of nops, and the fetch behind them
            assert [wait.since for wait in result.waits] == [begins + PS["port"] + PS["fetch"]] * 2
            assert result.counts(408).active_ps == 2 * PS["fetch"] + PS["port"]
            assert result.node(408).stack[0] == 9

    def test_does_a_waiting_node_cost_no_active_time(self):
        late = feeder(400, "left", [7], [1_000_000])
        result = run_both("node 400 /a west\n@ drop jump rdlu", hosts=[late])
        assert result.host(400, "left").sent == ((1_000_000 + PS["port"], 7),)
        assert result.counts(400).active_ps == 2 * PS["fetch"] + PS["port"]
        assert result.end == 1_000_000 + PS["port"] + PS["fetch"]

    def test_does_a_multiport_read_take_whoever_writes(self):
        text = "node 407\n/a rdlu\n @ @ @ jump rdlu\n"
        for k, other in enumerate((406, 408, 507)):
            text += f"node {other}\n/a {GRID.towards(other, 407)}\n{'. . . . ' * 20 * k} | {k + 1} ! jump rdlu\n"
        assert run_both(text).node(407).stack[:3] == (3, 2, 1)

    def test_does_a_multiport_write_reach_all_that_wait(self):
        ports = isa.port_address(sum(isa.PORT_BITS[isa.PORT_NAMES.index(GRID.towards(407, o))] for o in (406, 408)))
        text = f"node 407 /a {ports}\n{'. . . . ' * 20} | 5 ! jump rdlu\n"
        for other in (406, 408, 507):
            text += f"node {other}\n/a {GRID.towards(other, 407)}\n@ jump rdlu\n"
        result = run_both(text)
        assert [result.node(node).stack[0] for node in (406, 408, 507)] == [5, 5, 0]
        assert [wait.node for wait in result.waits if wait.purpose == "read"] == [507]

    def test_are_two_writers_at_once_refused(self):
        text = "node 407\n/a rdlu\n . . . . @ jump rdlu\n"
        for other in (406, 408):
            text += f"node {other}\n/a {GRID.towards(other, 407)}\n ! jump rdlu\n"
        with pytest.raises(NeurosimError, match="two neighbours write at once"):
            run_both(text)
        assert outcome(run_array, array(text)) == outcome(run_event, array(text))

    def test_does_port_execution_work_from_words_that_a_neighbour_sends(self):
        # 408 takes a literal from the port that it executes from, and sends it back there.
        west = GRID.port(408, "west")
        word = assemble_word("@p dup !p .")
        text = f"""
            node 407 /b east
            {word} !b 77 !b @b jump rdlu
            node 408 /p {west}
        """
        result = run_both(text)
        assert result.node(407).stack[0] == 77
        assert result.node(408).stack[0] == 77
        assert result.counts(408).instructions == 1
        assert result.node(408).p == isa.ADDRESSES[west]
        assert result.ended == "idle"

    def test_does_a_call_from_a_port_return_to_it(self):
        call = (0x03 ^ 0x0A) << 13 | 5
        text = f"""
            node 407 /b east
            {call} !b {assemble_word("2* . . .")} !b jump rdlu
            node 408 /p west
            /stack 3
            org 5 - ;
        """
        result = run_both(text)
        assert result.node(408).stack[0] == (~3 & isa.WORD_MASK) * 2 & isa.WORD_MASK
        assert result.node(408).p == isa.ADDRESSES[GRID.port(408, "west")]


def assemble_word(text):
    return assemble(f"[ {text} ]").words[0]


class TestEnds:
    def test_is_a_deadlock_told_with_who_waits_for_whom(self):
        result = run_both("node 407 /a east\n! jump rdlu\nnode 408 /a west\n! jump rdlu")
        assert (result.ended, result.deadlocked) == ("deadlock", (407, 408))
        assert "node 407 waits for 408 (write on left)" in str(result.waits[0])

    def test_is_a_ring_of_readers_a_deadlock(self):
        ring = [406, 407, 507, 506]
        text = ""
        for node, other in zip(ring, ring[1:] + ring[:1], strict=True):
            text += f"node {node}\n/a {GRID.towards(node, other)}\n@ jump rdlu\n"
        assert run_both(text).deadlocked == (406, 407, 506, 507)

    def test_is_waiting_for_a_host_none(self):
        result = run_both("node 400 /a west\n@ jump rdlu", hosts=[Host(400, "left", (), listens=False)])
        assert (result.ended, result.deadlocked) == ("waiting", ())

    def test_is_waiting_for_instructions_idleness(self):
        assert run_both("node 400 jump rdlu\nnode 401 jump rdlu").ended == "idle"

    def test_is_a_wait_for_an_idle_node_a_deadlock(self):
        result = run_both("node 400 /a east\n@ jump rdlu\nnode 401 jump rdlu")
        assert (result.ended, result.deadlocked) == ("deadlock", (400,))

    def test_does_a_limit_stop_an_endless_loop(self):
        assert run_both("l: jump l", opcodes=100).counts(407).total == 100
        timed = run_both("l: jump l", until=1_000_000)
        assert timed.ended == "limit"
        assert timed.counts(407).total == 1 + (1_000_000 - PS["fetch"] - 1) // PS["transfer"]


class TestOutside:
    def test_do_words_pass_through_with_their_times(self):
        result = run_both(
            "node 717 /a up\n/return 0x3ffff\nbegin @ ! unext", hosts=[Host(717, "up", tuple(SWAP))], opcodes=9
        )
        traffic = result.host(717, "up")
        assert traffic.words == (1, 2)
        assert [word for _, word in traffic.sent] == [1, 2]
        assert traffic.received[0][0] == traffic.sent[0][0] + PS["port"]

    def test_are_hosts_where_they_cannot_be_refused(self):
        for host, problem in (
            (Host(401, "left"), "node has no program"),
            (Host(400, "right"), "which has a program"),
            (Host(400, "sideways"), "unknown port"),
            (Host(400, "left", (Send(1 << 18),)), "must be 0..262143"),
        ):
            with pytest.raises(NeurosimError, match=problem):
                array("node 400 dup" + ("\nnode 401 dup" if host.port == "right" else ""), hosts=[host])

    def test_does_a_pin_wake_its_node(self):
        pin = Pin(517, (100_000, 200_000), (1, 0))
        text = "node 517 /a left\n/io 0\n@ drop 0x800 !b @ drop jump rd-u"
        result = run_both(text, pins=[pin])
        steps = [s for s in traced(text, 517, pins=[pin]).trace if s.opcode == "@"]
        assert [step.end for step in steps] == [100_000 + PS["pin"], 200_000 + PS["pin"]]
        assert result.io_writes[0][1:] == (517, 0x800)
        assert result.counts(517).suspended_ps > 150_000

    def test_do_io_bits_show_neighbours_and_pins(self):
        ports = {name: 16 - 2 * k for k, name in enumerate(isa.PORT_NAMES)}
        text = f"node 407 /a {GRID.towards(407, 408)}\n{'. . . . ' * 9} | @b ! jump rdlu\n"
        text += f"node 408 /a {GRID.towards(408, 407)}\n@ jump rdlu\n"
        text += f"node 406 /a {GRID.towards(406, 407)}\n! jump rdlu\n"
        io = run_both(text, opcodes=200).node(408).stack[0]
        reads, writes = ports[GRID.towards(407, 408)], ports[GRID.towards(407, 406)]
        assert not io >> reads & 1  # 0 while the neighbour reads
        assert io >> (writes - 1) & 1  # 1 while it writes
        pin = Pin(708, (0,), (1,), pin=1)
        value = run_both("node 708\n@b jump rdl-", pins=[pin]).node(708).stack[0]
        assert (value >> 17 & 1, value >> 1 & 1) == (0, 1)

    def test_does_a_node_see_what_it_drives(self):
        value = run_both("node 708 0x30002 !b @b jump rdl-").node(708).stack[0]
        assert (value >> 17 & 1, value >> 1 & 1) == (1, 0)

    def test_are_pins_that_do_not_exist_refused(self):
        with pytest.raises(NeurosimError, match="has pins 17, 1"):
            array("node 708 dup", pins=[Pin(708, (), (), pin=5)])
        with pytest.raises(NeurosimError, match="must ascend"):
            array("node 708 dup", pins=[Pin(708, (5, 5), (1, 0))])


SWAP = (Send(1), Receive(1), Send(2), Receive(1))


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("/a 0x80\n! jump rdlu", "writes to ROM at 080"),
            ("/a 0x155\n@", "undefined I/O address 155"),
            ("node 700 /a up\n@", "port to nowhere"),
            ("node 700 /a up\n!", "port to nowhere"),
            ("/a data\n@", "without handshake"),
            ("call 0xb0", "calls into ROM at 0B0"),
            ("/a 0xb0\n@", "reads ROM at 0B0"),
            ("dup", "executes the word at 001, which was never written"),
            ("/a 5\n@", "reads 005, which was never written"),
            ("node 708 /a up\n!", "which can only be read"),
            ("node 709 /a up\n@", "analog converter: not modelled"),
            ("node 701 /a up\n@", "serial link: not modelled"),
            ("jump io", "undefined I/O address 15D"),
        ],
    )
    def test_is_it_refused_with_node_and_address(self, text, problem):
        assert outcome(run_array, array(text)) == outcome(run_event, array(text))
        with pytest.raises(NeurosimError, match=problem) as caught:
            run_array(array(text))
        assert str(caught.value).startswith("node ")

    def test_is_a_port_to_nowhere_among_others_left_alone(self):
        assert run_both("node 700 jump rdlu").ended == "idle"


def test_do_hosts_collect_in_order():
    words = list(range(50))
    text = "node 400 /a west\n/b east\n/return 0x3ffff\nbegin @ !b unext"
    result = run_both(text, hosts=[feeder(400, "left", words), collector(400, "right")])
    assert list(result.host(400, "right").words) == words
