"""Dendritic trees: how compartments are joined, coded in one number, and what they take from the stack.

Compartments are worked in order. Each puts its voltage on a stack; one with a join takes one or two from it first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurosim.cores.compartment.step import JOINS, TWO
from neurosim.network import Compartment

Ints = NDArray[np.int64]


def join_code(compartment: Compartment) -> int:
    """Return the number of a join, plus TWO where it takes two results."""
    code = JOINS[compartment.join]
    return code + TWO if code and compartment.takes == 2 else code


def stack_need(compartments: Sequence[Compartment]) -> int:
    """Return the places of the stack that a neuron needs, 0 if one of its joins finds too few results on it."""
    depth = most = 0
    for part in compartments:
        taken = 0 if part.join == "none" else part.takes
        if taken > depth:
            return 0
        depth += 1 - taken
        most = max(most, depth)
    return most


def second_children(codes: Ints) -> tuple[Ints, Ints]:
    """Follow the stack over the compartments of a core, given their codes int64[n].

    Returns for each the first compartment of its tree, and the other one that it takes besides that before it (-1 for
    none).
    """
    if not np.any(codes >= TWO):
        number = np.arange(len(codes))
        return np.maximum.accumulate(np.where(codes == 0, number, 0)), np.full(len(codes), -1)
    first, second = np.arange(len(codes)), np.full(len(codes), -1)
    stack: list[int] = []
    begins: list[int] = []  # where the tree of each result on the stack begins
    for k, code in enumerate(codes.tolist()):
        begin = k
        if code:
            stack.pop()
            begin = begins.pop()
        if code >= TWO:
            second[k] = stack.pop()
            begin = begins.pop()
        stack.append(k)
        begins.append(begin)
        first[begin : k + 1] = begin
    return first, second
