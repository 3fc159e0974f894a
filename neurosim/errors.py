"""Errors that a person can act on: each is one line that names the file, the object, the limit and the value."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class NeurosimError(ValueError):
    """Base of every error caused by input; the command line prints it as one line and exits with status 2."""


class FileError(NeurosimError):
    """A file that is missing, malformed or holds a wrong value."""

    def __init__(self, path: str | Path, problem: str, field: str | None = None) -> None:
        self.path, self.field, self.problem = str(path), field, problem
        super().__init__(f"{path}: {field}: {problem}" if field else f"{path}: {problem}")


class UnsupportedError(NeurosimError):
    """A feature that the chip, the core kind or the engine does not have."""


class CapacityError(NeurosimError):
    """A limit of the chip that the network exceeds: which limit, where, needed and available."""

    def __init__(self, chip: str, limit: str, needed: int, available: int, where: str = "") -> None:
        self.chip, self.limit, self.needed, self.available, self.where = chip, limit, needed, available, where
        place = f" on {where}" if where else ""
        super().__init__(f"{chip}: limit {limit}{place}: needed {needed}, available {available}")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for the closest known spelling, or the list of what is known."""
    options = sorted(known)
    close = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f", did you mean '{close[0]}'?"
    return f" (known: {', '.join(options)})" if options else ""


def unknown(kind: str, word: str, known: Iterable[str]) -> NeurosimError:
    """Return the error for a name that is not known, with the nearest correct spelling."""
    return NeurosimError(f"unknown {kind} '{word}'{nearest(word, known)}")
