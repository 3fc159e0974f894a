"""Force-directed placement on a Hilbert start (O. Jin et al., ASPLOS 2023): neighbours change places by tension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.place.board import State, board_of
from neurosim.mapping.place.hilbert import hilbert
from neurosim.mapping.place.kernels import relax, tensions
from neurosim.mapping.place.problem import PlacementProblem
from neurosim.mapping.watch import Watch

Ints = NDArray[np.int64]

_ROUNDS = 2000


def force(problem: PlacementProblem, *, seed: int = 0, watch: Watch | None = None) -> Ints:
    """Exchange neighbouring cores, those of largest tension first, until no exchange saves; ``seed`` has no effect.

    The tension of two neighbouring cores, one of which may be empty, is the hop-weighted traffic that exchanging them
    saves: the sum of the forces on the two clusters towards each other, less what they have between them.
    """
    watch = watch or Watch()
    board, state = board_of(problem), State(problem, hilbert(problem))
    one, other = _neighbours(state.seats.slot)
    with watch.interruptible():
        for k in watch.rounds(_ROUNDS):
            tension = tensions(board, state.seats, one, other)
            order = np.argsort(-tension, kind="stable")
            order = order[tension[order] > 0]
            if not len(order) or relax(board, state.seats, one, other, order) <= 0:
                break
            watch.report("place: force", k / _ROUNDS, problem.cost(state.places()))
    return state.places()


def _neighbours(slot: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of places on tiles that are neighbours."""
    pairs = []
    for here, there in ((slot[:, :-1], slot[:, 1:]), (slot[:-1], slot[1:])):
        one, other = np.broadcast_arrays(here[..., :, None], there[..., None, :])
        both = (one >= 0) & (other >= 0)
        pairs.append((one[both], other[both]))
    return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])
