"""How a network goes on a chip: lowering records, the mapping problem, mappers and legality."""

from neurosim.mapping.assign import assign
from neurosim.mapping.legality import Usage, refuse_illegal
from neurosim.mapping.lowering import Lowered, Record, retime
from neurosim.mapping.mapping import Mapping
from neurosim.mapping.problem import BulkFill, CoreFill, MappingProblem, Nets, nets_of, neuron_offsets
from neurosim.mapping.registry import DEFAULT as DEFAULT_MAPPER
from neurosim.mapping.registry import full_name, mapper, mapper_names
from neurosim.mapping.watch import Watch

__all__ = [
    "DEFAULT_MAPPER",
    "BulkFill",
    "CoreFill",
    "Lowered",
    "Mapping",
    "MappingProblem",
    "Nets",
    "Record",
    "Usage",
    "Watch",
    "assign",
    "full_name",
    "mapper",
    "mapper_names",
    "nets_of",
    "neuron_offsets",
    "refuse_illegal",
    "retime",
]
