"""What the silicon is: descriptors of chips, every figure with unit, source, confidence and range."""

from neurosim.chip.catalog import list_chips, load_chip
from neurosim.chip.constant_set import ConstantSet
from neurosim.chip.descriptor import Chip
from neurosim.chip.level import Level, Scale
from neurosim.chip.quantity import Quantity, Table
from neurosim.chip.vocabulary import Vocabulary

__all__ = ["Chip", "ConstantSet", "Level", "Quantity", "Scale", "Table", "Vocabulary", "list_chips", "load_chip"]
