"""A result file from outside: nothing in it is believed but the mapping, which is checked and measured anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from neurosim.bench.attempt import Attempt
from neurosim.bench.case import open_case
from neurosim.bench.judge import judge
from neurosim.bench.result import BenchResult, read_result, write_result
from neurosim.bench.schema import MapperBench, figures
from neurosim.benchset.catalog import ORDERS
from neurosim.document import read_bytes
from neurosim.errors import FileError, nearest
from neurosim.mapping.exchange import mapping_of

_CLOSE = 1e-9  # relative; the same sums in another order


def take(path: Path, bench: MapperBench, chip: str, folder: Path) -> BenchResult:
    """Check a result file from outside and keep what was found, beside the results of this bench."""
    found = recheck(path, bench, chip, folder / "rates")
    case, run = found.case, found.run
    name = f"{case.network}.{case.order}.{hashlib.sha256(read_bytes(path)).hexdigest()[:12]}.seed{run.seed}.json"
    write_result(found, folder / "outside" / name)
    return found


def recheck(path: Path, bench: MapperBench, chip: str, cache: Path | None = None) -> BenchResult:
    """Return the result of a file's mapping as found here, with the claims of the file that did not hold.

    The time and memory that it states cannot be checked and are left out. Raises FileError for a file that is
    malformed, without a mapping, or for a case that this bench does not have (network, chip, figures, rates).
    """
    claimed = read_result(path)
    stated = {network.name: network for network in bench.network}
    ref = claimed.case
    if ref.network not in stated:
        raise FileError(path, f"unknown network '{ref.network}'{nearest(ref.network, stated)}", "case.network")
    if ref.order not in ORDERS:
        raise FileError(path, f"unknown order '{ref.order}'{nearest(ref.order, ORDERS)}", "case.order")
    case = open_case(ref.network, ref.order, chip, figures(stated[ref.network], chip), cache)
    for field, found in ref.model_dump().items():
        wanted = case.ref.model_dump()[field]
        if found != wanted:
            raise FileError(path, f"found {found}, this bench has {wanted}", f"case.{field}")
    if claimed.mapping is None:
        raise FileError(path, "missing: without it there is nothing to check", "mapping")
    mapping = mapping_of(claimed.mapping, path, case.network, case.lowered, case.chip)
    found = judge(case, claimed.run, Attempt(mapping.core_of, "legal"))
    return found.model_copy(update={"origin": "outside", "refuted": _refuted(claimed, found)})


def _refuted(claimed: BenchResult, found: BenchResult) -> list[str]:
    """Return the claims that differ from what was found."""
    lies = []
    if claimed.outcome != found.outcome:
        lies.append(f"outcome: claimed {claimed.outcome}, found {found.outcome}: {found.reason}".rstrip(": "))
    for what in ("static", "bounds"):
        ours = getattr(found, what)
        for name, value in getattr(claimed, what).items():
            if name in ours and not _same(value, ours[name]):
                lies.append(f"{what}.{name}: claimed {value}, found {ours[name]}")
    return lies


def _same(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else bool(np.isclose(a, b, rtol=_CLOSE, atol=0))
