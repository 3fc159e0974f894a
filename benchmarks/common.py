"""What the benchmarks share: the clock, tables and options."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, TypeVar

T = TypeVar("T")


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Return the processor time (s) of an action and its result; other programs on the machine hardly disturb it."""
    start = process_time()
    result = action()
    return process_time() - start, result


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what compiled code prints away from standard output, which may be a JSON document."""
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


def median_time(action: Callable[[], Any], rounds: int) -> float:
    """Return the median processor time (s) of an action after one round that does not count."""
    action()
    return median(timed(action)[0] for _ in range(rounds))


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with the option that all benchmarks have."""
    result = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    return result


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of some packages, and the machine's type."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "machine": platform.machine(),
    }


def say_versions(found: Mapping[str, str]) -> None:
    """Print versions on one line."""
    print("\n" + ", ".join(f"{name} {text}" for name, text in found.items()) + "\n")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table, the first column to the left and the others to the right."""
    print(f"| {' | '.join(head)} |")
    print("|" + "|".join("---" if k == 0 else "---:" for k in range(len(head))) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout)
    print()
