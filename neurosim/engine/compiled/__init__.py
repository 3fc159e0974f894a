"""The compiled engine: the event kernel's twin in numba."""

from neurosim.engine.compiled.both import BothChips
from neurosim.engine.compiled.cache import drop_stale_code
from neurosim.engine.compiled.chip import CompiledChip

__all__ = ["BothChips", "CompiledChip"]

drop_stale_code()
