"""What is to be computed: populations, projections, inputs and readouts; knows nothing of chips."""

from neurosim.network.learning import LearningRule, Trace
from neurosim.network.microcode import NeuronProgram
from neurosim.network.network import Network, Population, Projection
from neurosim.network.neuron import (
    LIF,
    Accumulator,
    AddAndFire,
    Compartment,
    CompartmentNeuron,
    CrossbarNeuron,
    Neuron,
    ProgrammedNeuron,
    Source,
)

__all__ = [
    "LIF",
    "Accumulator",
    "AddAndFire",
    "Compartment",
    "CompartmentNeuron",
    "CrossbarNeuron",
    "LearningRule",
    "Network",
    "Neuron",
    "NeuronProgram",
    "Population",
    "ProgrammedNeuron",
    "Projection",
    "Source",
    "Trace",
]
