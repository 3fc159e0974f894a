"""What a chip on the compiled engine is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurosim.cores.kind import CoreState
from neurosim.engine.compiled.exact import Trees
from neurosim.engine.compiled.messages import Address, Ports
from neurosim.engine.compiled.network import Network
from neurosim.engine.compiled.wires import Runs, Wires


class Parts(NamedTuple):
    """Cores (endpoint ``first_core`` + k) with their addresses, ports, and the network between them."""

    cores: Sequence[CoreState]
    first_core: int
    ports: Ports
    addresses: Sequence[Address]
    network: Network
    wires: Wires
    runs: Runs
    trees: Trees
