"""What the silicon is: descriptors of chips, every figure with unit, source, confidence and range."""

from neurosim.chip.catalog import list_chips, load_chip
from neurosim.chip.descriptor import Chip, ConstantSet
from neurosim.chip.quantity import Quantity, Table
from neurosim.chip.vocabulary import Vocabulary

__all__ = ["Chip", "ConstantSet", "Quantity", "Table", "Vocabulary", "list_chips", "load_chip"]
