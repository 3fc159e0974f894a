"""The watch over one search: how far it is, when it must end, and what happens when a person interrupts it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float, float], None]


class Watch:
    """Progress, time limit and interruption of one mapping, handed from stage to stage.

    ``time_limit`` in seconds counts from construction, None for none; ``progress`` is called now and then with
    (stage, part done 0..1, cost of the best so far). A search goes through ``rounds`` inside ``interruptible`` and
    keeps its best where it can return it at any moment. ``notes`` tell where something else stands in for it.
    """

    def __init__(self, time_limit: float | None = None, progress: Progress | None = None) -> None:
        self._end = None if time_limit is None else time.monotonic() + time_limit
        self._progress = progress
        self.interrupted = False
        self.notes: list[str] = []

    @property
    def left(self) -> float:
        """Seconds that are left; infinite without a time limit."""
        if self.interrupted:
            return 0.0
        return float("inf") if self._end is None else max(self._end - time.monotonic(), 0.0)

    @property
    def over(self) -> bool:
        """Whether searches must end: the time is up, or a person has interrupted."""
        return self.left <= 0

    @contextmanager
    def share(self, part: float) -> Iterator[None]:
        """Leave a stage inside only a part (0..1) of the time that is left."""
        end = self._end
        if end is not None:
            self._end = time.monotonic() + part * self.left
        try:
            yield
        finally:
            self._end = end

    def report(self, stage: str, done: float, cost: float) -> None:
        """Tell how far a stage is."""
        if self._progress is not None:
            self._progress(stage, done, cost)

    def note(self, line: str) -> None:
        """Keep a line for whoever reads the mapping: it is not what the mapper's name promises."""
        self.notes.append(line)

    def rounds(self, n: int) -> Iterator[int]:
        """Yield 0..n-1 as long as there is time."""
        for k in range(n):
            if self.over:
                return
            yield k

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """End what is inside, and every search after it, when a person interrupts (KeyboardInterrupt)."""
        try:
            yield
        except KeyboardInterrupt:
            self.interrupted = True
