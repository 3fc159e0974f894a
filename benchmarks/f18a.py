"""How fast F18A code runs: opcodes per second of one node, and of all 144 nodes that pass words on.

Required of one node: 100 million opcodes per second.
"""

from __future__ import annotations

from common import median_time, parser, print_json, say_versions, table, versions

from neurosim.api import load_chip
from neurosim.cores.f18a.array import Array, collector, feeder
from neurosim.cores.f18a.assemble import assemble
from neurosim.cores.f18a.geometry import Grid
from neurosim.engine.compiled.array import run_array

CHIP = load_chip("ga144")
GRID = Grid.of(CHIP)
REQUIRED = 100e6
ROUNDS, OPCODES, WORDS = 3, 50_000_000, 5000
ONE_NODE = {
    "empty loop": "/return 0x3ffff\nl: begin unext 0x3ffff push jump l",
    "stack": "/return 0x3ffff\nl: begin over drop dup unext 0x3ffff push jump l",
    "multiplication": "l: 1234 250000 17 push a! dup dup or begin +* unext a drop drop drop jump l",
    "memory and jumps": "l: 7 2* drop 3 push begin . unext 5 if l dup drop jump l",
    "division": """
        l: 0 200 -10 call div drop drop jump l
        +cy div: dup dup or dup + drop a! 17 push
        loop: dup + push dup + dup a + -if keep drop pop next loop dup + ;
        keep: push drop pop pop next loop dup + ;
    """,
}
ARRAY = {
    "relays, 3 opcodes per word and node": "/return 0x3ffff\nbegin @ !b unext",
    "21 opcodes per word and node": "loop: @ dup 5 + dup 2* push drop pop 2/ over or 3 and drop !b jump loop",
    "55 opcodes per word and node": "loop: @ 15 push begin dup drop unext !b jump loop",
}


def snake() -> list[int]:
    """All nodes as one path over neighbours."""
    rows = [range(GRID.columns) if row % 2 == 0 else range(GRID.columns - 1, -1, -1) for row in range(GRID.rows)]
    return [row * 100 + column for row, columns in enumerate(rows) for column in columns]


def line_of_nodes(body: str, words: int) -> Array:
    """Every node takes words from the one before, runs ``body`` and passes them on."""
    path, programs = snake(), []
    for k, node in enumerate(path):
        source = GRID.towards(node, path[k - 1]) if k else "left"
        goal = GRID.towards(node, path[k + 1]) if k + 1 < len(path) else "up"
        programs.append(assemble(f"/a {source}\n/b {goal}\n{body}", node=node).program(node))
    return Array(CHIP, programs, [feeder(path[0], "left", range(words)), collector(path[-1], "up")])


def opcodes_per_second(array: Array, opcodes: int) -> float:
    """Return opcodes per second of processor time, all nodes together."""
    executed = run_array(array, opcodes=opcodes).opcodes
    return executed / median_time(lambda: run_array(array, opcodes=opcodes), ROUNDS)


def main() -> None:
    options = parser(__doc__).parse_args()
    one = {name: opcodes_per_second(Array(CHIP, [assemble(t).program(407)]), OPCODES) for name, t in ONE_NODE.items()}
    every = {name: opcodes_per_second(line_of_nodes(text, WORDS), 10**9) for name, text in ARRAY.items()}
    found = versions("neurosim", "numba", "numpy")
    if options.json:
        print_json({"versions": found, "one_node": one, "all_nodes": every, "required": REQUIRED})
        return
    say_versions(found)
    for title, rates in (("one node", one), ("144 nodes", every)):
        table([title, "million opcodes/s"], [[name, f"{rate / 1e6:.0f}"] for name, rate in rates.items()])
        print()


if __name__ == "__main__":
    main()
