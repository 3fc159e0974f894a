"""Code that passes words on: runs of words from one port to one or several others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from neurosim.cores.f18a.assemble import Code, assemble

_UNROLLED = 3  # words passed on without a loop


@dataclass(frozen=True)
class Run:
    """``count`` words, one after another, from port ``source`` to each of the ports ``targets`` in their order."""

    source: str
    targets: tuple[str, ...]
    count: int = 1


def runs(moves: Iterable[tuple[str, tuple[str, ...]]]) -> tuple[Run, ...]:
    """Return moves (source, targets) of single words as runs of words that take the same way."""
    return tuple(Run(*way, len(list(same))) for way, same in groupby(moves))


class Router:
    """Writes code for runs; remembers where A and B point, None where that is not known."""

    def __init__(self, a: str | None = None, b: str | None = None, prefix: str = "run") -> None:
        self.a, self.b, self._prefix = a, b, prefix
        self._loops = 0

    def read_from(self, port: str) -> list[str]:
        """Return code that lets A point to a port."""
        if self.a == port:
            return []
        self.a = port
        return [f"{port} a!"]

    def write_to(self, port: str) -> list[str]:
        """Return code that lets B point to a port."""
        if self.b == port:
            return []
        self.b = port
        return [f"{port} b!"]

    def run(self, run: Run) -> list[str]:
        """Return the code of a run, one list entry per line."""
        lines = self.read_from(run.source)
        if len(run.targets) == 1:
            lines += self.write_to(run.targets[0])
            if run.count < _UNROLLED:
                return [*lines, " ".join(["@ !b"] * run.count)]
            return [*lines, f"{run.count - 1} push begin @ !b unext"]
        if run.count == 1:
            return [*lines, " ".join(self._spread(run.targets))]
        self.b = None  # at the top of a loop
        label = self.label()
        return [*lines, f"{run.count - 1} push", f"{label}: {' '.join(self._spread(run.targets))} next {label}"]

    def label(self) -> str:
        """Return a new label."""
        self._loops += 1
        return f"{self._prefix}{self._loops - 1}"

    def _spread(self, targets: Sequence[str]) -> list[str]:
        """Return code that takes one word and gives it to several ports."""
        code = ["@", *["dup"] * (len(targets) - 1)]
        for port in targets:
            code += [*self.write_to(port), "!b"]
        return code


def router_text(role: str, sequence: Sequence[Run]) -> str:
    """Return the program of a node that does nothing but pass words on, the same runs in every step."""
    alone = {run.source for run in sequence}, {run.targets for run in sequence}
    if len(alone[0]) == 1 and len(alone[1]) == 1 and len(sequence[0].targets) == 1:
        (source,), ((target,),) = alone
        body = ["main:   begin @ !b unext"]  # whatever R holds: the loop turns for ever
        head = [f"/p main\n/a {source}\n/b {target}"]
        return "\n".join([f"\\ {role}", *head, *body, "        jump main"]) + "\n"
    router, body = Router(), []
    for run in sequence:
        body += router.run(run)
    lines = [f"\\ {role}", "/p main", f"main:   {body[0]}", *[indented(line) for line in body[1:]], "        jump main"]
    return "\n".join(lines) + "\n"


def indented(line: str) -> str:
    """Return a line of code set under the labels, or with its label before it."""
    label, colon, rest = line.partition(": ")
    return f"{label + ':':8}{rest}" if colon else f"        {line}"


def router_code(role: str, sequence: Sequence[Run]) -> tuple[str, Code]:
    """Return text and words of a node that passes words on; raises AssemblyError when they do not fit."""
    text = router_text(role, sequence)
    return text, assemble(text)
