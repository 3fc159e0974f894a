"""Shared lowering passes and the record that each pass leaves."""

from neurosim.mapping.lowering.record import Lowered, Record
from neurosim.mapping.lowering.retime import retime

__all__ = ["Lowered", "Record", "retime"]
