"""How a network goes on a chip: lowering records, the mapping problem, mappers and legality."""

from neurosim.mapping.legality import Usage, refuse_illegal
from neurosim.mapping.lowering import Lowered, Record, retime
from neurosim.mapping.mapping import Mapping
from neurosim.mapping.problem import CoreFill, MappingProblem, Nets, nets_of, neuron_offsets
from neurosim.mapping.registry import assign, mapper, mapper_names

__all__ = [
    "CoreFill",
    "Lowered",
    "Mapping",
    "MappingProblem",
    "Nets",
    "Record",
    "Usage",
    "assign",
    "mapper",
    "mapper_names",
    "nets_of",
    "neuron_offsets",
    "refuse_illegal",
    "retime",
]
