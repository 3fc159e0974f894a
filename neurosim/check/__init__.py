"""Is a mapping legal, complete, equal to the unmapped network and in time? Shares no code with mappers or loaders."""

from neurosim.check.checker import check, random_inputs
from neurosim.check.result import CheckResult, Line, Part

__all__ = ["CheckResult", "Line", "Part", "check", "random_inputs"]
