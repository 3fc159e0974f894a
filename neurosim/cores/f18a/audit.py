"""F18A nodes for the checker: words of RAM counted in the programs themselves, and nodes by their numbers."""

from __future__ import annotations

from collections import Counter

from neurosim.mapping.legality import Usage
from neurosim.program import Program


def recount(program: Program) -> list[Usage]:
    """Return the words of RAM that each node's program fills, and how many nodes of the array have a program.

    A node that two programs are meant for counts the words of both.
    """
    chip, words = program.chip, Counter[int]()
    for core, image in zip(program.cores.tolist(), program.images, strict=True):
        words[core] += len(image.program.ram())
    limit = chip.limit("ram_words")
    nodes = [Usage("ram_words", core, n, limit) for core, n in words.items()]
    return [*nodes, Usage("nodes", -1, len({image.program.node for image in program.images}), chip.n_existing_cores)]
