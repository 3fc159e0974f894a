"""Neuron models: each dataclass is the format and the documentation, with its equation in the docstring.

In every equation ``i`` is the sum of the weights of the pulses that arrive in this step and ``s`` is 1 in a
step in which the neuron fires, else 0. Parameters are scalars or arrays of the population's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurosim.errors import NeurosimError, unknown
from neurosim.network.microcode import NeuronProgram

Parameter = float | NDArray[np.float64]
IntParameter = int | NDArray[np.int64]
BoolParameter = bool | NDArray[np.bool_]
Reset = Literal["zero", "subtract", "subtract-late"]
Join = Literal["none", "add", "max", "min", "pass", "gate", "block"]
NoiseTarget = Literal["none", "current", "voltage"]


@dataclass(frozen=True, eq=False)
class Source:
    """Pulses given from outside, one row of the input array per step; carries no state."""


@dataclass(frozen=True, eq=False)
class AddAndFire:
    """Add and fire: ``v += i; s = v >= threshold; v -= s * threshold``.

    No leak, no lower bound, at most one pulse per step; the residue stays.
    Source: J. L. Sokol, bnn-example (2026).
    """

    threshold: Parameter = 1.0


@dataclass(frozen=True, eq=False)
class Accumulator:
    """Evidence neuron: ``v += i``; it never fires and its membrane is read out."""


@dataclass(frozen=True, eq=False)
class LIF:
    """Leaky integrate and fire in discrete time: ``v = decay * v + bias + i; s = v > threshold``.

    ``reset`` says what follows a pulse: ``zero`` sets v to 0 and ``subtract`` takes the threshold away, both in
    the same step; ``subtract-late`` takes it away in the next step, before the decay's result is used:
    ``v[t+1] = decay * v[t] + bias + i - threshold * s[t]``.
    ``initial`` is the membrane before the first step.
    """

    decay: Parameter
    bias: Parameter = 0.0
    threshold: Parameter = 1.0
    initial: Parameter = 0.0
    reset: Reset = "zero"


@dataclass(frozen=True, eq=False)
class Compartment:
    """One integer compartment, the current-based leaky integrator of Loihi (arithmetic in docs/semantics.md).

    ``u = decay_u(u) + q; v = decay_v(v) + join(u, child) + bias; s = v > threshold; v = 0 where s``, where
    ``decay_x(x) = sgn(x) * floor(|x| * (4096 - decay) / 4096)``, ``q`` is the synaptic sum and ``child`` is the
    membrane of the compartment before it in the same neuron (``join`` other than "none"): ``u + child``, the larger,
    the smaller, ``child`` alone ("pass"), u where ``child > 0`` and else 0 ("gate"), or where not ("block"). Every
    compartment puts its membrane on the neuron's stack; a join that ``takes`` 2 takes two from it, so that neurons are
    binary trees, and joins them first: sum (add, pass), larger (max, block) or smaller (min, gate).
    ``refractory`` is 1 for none, r for r - 1 steps with v held at 0; ``initial`` is the voltage before the
    first step. Noise, a uniform number of -127..127 plus ``64 * noise_offset``, times ``2**(noise_exponent - 7)``
    and rounded toward zero, is drawn every step and added to ``q`` (target "current") or to ``bias`` ("voltage").
    Units: the chip's integers.
    """

    decay_u: IntParameter
    decay_v: IntParameter
    threshold: IntParameter
    bias: IntParameter = 0
    refractory: IntParameter = 1
    initial: IntParameter = 0
    join: Join = "none"
    spiking: bool = True
    noise_target: NoiseTarget = "none"
    noise_exponent: IntParameter = 0
    noise_offset: IntParameter = 0
    takes: int = field(default=1, metadata={"if set": True})


@dataclass(frozen=True, eq=False)
class CompartmentNeuron:
    """A neuron of one or more integer compartments in processing order: dendrites first, soma last.

    The soma's pulses are the neuron's pulses. A projection's ``port`` is the compartment that it reaches.
    """

    compartments: tuple[Compartment, ...] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.compartments)


@dataclass(frozen=True, eq=False)
class CrossbarNeuron:
    """A neuron behind a binary crossbar, the integer neuron of TrueNorth.

    In each tick, for every pulse from an axon of type g, ``v += weights[g]``; with ``stochastic_weights[g]`` it is
    ``v += sgn(weights[g])`` if ``|weights[g]| >= draw``. Then ``v += o * leak`` with ``o = 1``, or ``sgn(v)`` with
    ``leak_reversal``; with ``stochastic_leak`` it is ``v += o * sgn(leak)`` if ``|leak| >= draw``. With
    ``e = draw & threshold_mask``:

    * if ``v >= threshold + e`` it fires, and ``v = reset``, ``v -= threshold + e`` or ``v = v`` for ``reset_mode``
      0, 1 and 2;
    * else if ``negative_saturation`` and ``v < -negative_threshold``: ``v = -negative_threshold``;
    * else if not ``negative_saturation`` and ``v < -(negative_threshold + e)``: ``v = -reset``,
      ``v += negative_threshold + e`` or ``v = v`` for ``reset_mode`` 0, 1 and 2.

    In a projection onto such neurons a weight is the axon type, counted from 1. Every draw is a fresh one.
    ``initial`` is v before the first tick.
    Source: A. S. Cassidy et al., IJCNN 2013.
    """

    weights: tuple[IntParameter, ...]
    threshold: IntParameter
    stochastic_weights: tuple[BoolParameter, ...] = ()
    leak: IntParameter = 0
    stochastic_leak: BoolParameter = False
    leak_reversal: BoolParameter = False
    threshold_mask: IntParameter = 0
    reset_mode: IntParameter = 0
    reset: IntParameter = 0
    negative_threshold: IntParameter = 0
    negative_saturation: BoolParameter = True
    initial: IntParameter = 0


@dataclass(frozen=True, eq=False)
class ProgrammedNeuron:
    """A neuron that runs a program of integer instructions in every step, as Loihi 2's do.

    ``parameters`` gives every parameter of the program, ``initial`` the registers that do not start at 0: whole
    numbers for all neurons or arrays of the population's size. What a program computes is in docs/semantics.md.
    Raises NeurosimError for a name that the program does not have, a parameter without a value, and a value that is
    not whole or does not fit the program's registers.
    """

    program: NeuronProgram
    parameters: Mapping[str, IntParameter] = field(default_factory=dict)
    initial: Mapping[str, IntParameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        for kind, given, known in (
            ("parameter", self.parameters, program.parameters),
            ("register", self.initial, program.registers),
        ):
            for name, value in given.items():
                if name not in known:
                    raise unknown(f"{kind} of program {program.name}:", name, known)
                _check_whole(f"program {program.name}: {kind} '{name}'", value, program)
        for name in program.parameters:
            if name not in self.parameters:
                raise NeurosimError(f"program {program.name}: parameter '{name}' has no value")


def _check_whole(where: str, value: IntParameter, program: NeuronProgram) -> None:
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise NeurosimError(f"{where} holds {array.dtype}, needs whole numbers")
    outside = array[(array < program.low) | (array > program.high)]
    if len(outside):
        raise NeurosimError(f"{where} {outside[0]}, the register holds {program.low}..{program.high}")


Neuron = Source | AddAndFire | Accumulator | LIF | CompartmentNeuron | CrossbarNeuron | ProgrammedNeuron
