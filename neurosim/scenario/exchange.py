"""Mapping files opened: network and chip found, hashes compared, the network lowered again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neurosim.api import load_chip
from neurosim.check import CheckResult, check
from neurosim.check.routes import Link, Route
from neurosim.chip import Chip
from neurosim.cores import core_kind
from neurosim.errors import FileError, NeurosimError
from neurosim.mapping import Mapping
from neurosim.mapping.exchange import MappingFile, mapping_of, read_file, refuse_other
from neurosim.network import Network
from neurosim.network.model_file import load_network


@dataclass(frozen=True, eq=False)
class Opened:
    """A mapping file and the mapping that it states."""

    file: MappingFile
    mapping: Mapping
    routes: dict[Link, Route]

    def check(self, inputs: object = None, engine: str = "compiled") -> CheckResult:
        """Check the mapping with the dead cores, dead links and routes of its file; see check.check."""
        return check(
            self.mapping,
            inputs=inputs,  # type: ignore[arg-type]  # an array or None
            dead_cores=self.file.dead_cores,
            dead_links=set(self.file.dead_links),
            routes=self.routes,
            engine=engine,
        )


def open_mapping(path: str | Path, model: str | None = None, chip: str | None = None) -> Opened:
    """Read a mapping file with its network and chip, which ``model`` and ``chip`` name where the file does not.

    Raises FileError for a malformed or contradictory file and for one that is for another network or chip, and
    NeurosimError for a model or chip that is not found.
    """
    path = Path(path)
    file = read_file(path)
    where = model or file.network.model
    if where is None:
        raise FileError(path, "missing: the network comes from no model file; say which with --model", "network.model")
    network = load_network(where)
    own = load_chip(chip or file.chip.descriptor or file.chip.name)
    try:
        own = own.with_overrides(file.chip.set)
    except NeurosimError as error:
        raise FileError(path, str(error), "chip.set") from None
    return Opened(file, _mapping(file, path, network, own), _routes(file, path))


def mapping_for(path: str | Path, network: Network, chip: Chip) -> Mapping:
    """Read the mapping of a network onto a chip; raises FileError as ``open_mapping`` does."""
    return _mapping(read_file(Path(path)), Path(path), network, chip)


def _mapping(file: MappingFile, path: Path, network: Network, chip: Chip) -> Mapping:
    refuse_other(file, path, network, chip)
    return mapping_of(file, path, network, core_kind(chip.core_kind).lower(network, chip), chip)


def _routes(file: MappingFile, path: Path) -> dict[Link, Route]:
    routes: dict[Link, Route] = {}
    for k, tiles in enumerate(file.routes or []):
        if len(tiles) < 1:
            raise FileError(path, "found no tiles, a route has at least one", f"routes[{k}]")
        if (tiles[0], tiles[-1]) in routes:
            raise FileError(path, f"is a second route from tile {tiles[0]} to tile {tiles[-1]}", f"routes[{k}]")
        routes[tiles[0], tiles[-1]] = tuple(tiles)
    return routes
