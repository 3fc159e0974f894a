"""Progress of long work: bars on standard error, silent when that is not a terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBars:
    """A context in which bars can be started; ``off`` or a standard error that is no terminal shows nothing."""

    def __init__(self, off: bool = False) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=console, transient=True, disable=off or not console.is_terminal)

    def __enter__(self) -> ProgressBars:
        self._bars.start()
        return self

    def add(self, label: str, total: int) -> Callable[[int], None]:
        """Start a bar; what is returned advances it."""
        task = self._bars.add_task(label, total=total)
        return lambda done: self._bars.advance(task, done)

    def track(self, label: str) -> Callable[[int, int], None]:
        """Start a bar; what is returned is called with (done, total)."""
        task = self._bars.add_task(label, total=None)
        return lambda done, total: self._bars.update(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
