"""Neuron programs: those that lowering uses, and examples. Each docstring is the equation that the program computes.

``q`` is the synaptic sum of the step, ``trunc`` rounds toward zero, ``s`` is 1 in a step in which the neuron fires.
Registers are signed and wrap at ``bits``.
"""

from __future__ import annotations

from neurosim.network import NeuronProgram


def add_and_fire(bits: int = 24) -> NeuronProgram:
    """``v += q; s = v >= threshold; v -= s * threshold``: the subtractive reset, which fixed compartments lack."""
    text = """
        take q
        add v v q
        less below v threshold
        jump-if below end
        subtract v v threshold
        spike
        end:
    """
    return NeuronProgram.from_text("add-and-fire", text, ["v"], ["threshold"], ["q", "below"], bits)


def leaky(decay_bits: int = 12, bits: int = 24) -> NeuronProgram:
    """Current-based leaky neuron, as a compartment without refractory time and without bounds on its voltage.

    ``u = trunc(u * keep_u / 2**decay_bits) + q; v = trunc(v * keep_v / 2**decay_bits) + u + bias;
    s = v > threshold; v = 0 where s``. Source: nengo-loihi, lava.
    """
    text = f"""
        take q
        multiply-shift u u keep_u {decay_bits}
        add u u q
        multiply-shift v v keep_v {decay_bits}
        add v v u
        add v v bias
        greater-equal below threshold v
        jump-if below end
        move v 0
        spike
        end:
    """
    parameters = ["keep_u", "keep_v", "bias", "threshold"]
    return NeuronProgram.from_text("leaky", text, ["v", "u"], parameters, ["q", "below"], bits)


def leaky_subtract(decay_bits: int = 12, bits: int = 24) -> NeuronProgram:
    """``v = trunc(v * keep / 2**decay_bits) + bias + q; s = v > threshold; v -= s * threshold``."""
    text = f"""
        take q
        multiply-shift v v keep {decay_bits}
        add v v bias
        add v v q
        greater-equal below threshold v
        jump-if below end
        subtract v v threshold
        spike
        end:
    """
    return NeuronProgram.from_text("leaky-subtract", text, ["v"], ["keep", "bias", "threshold"], ["q", "below"], bits)


def leaky_subtract_late(decay_bits: int = 12, bits: int = 24) -> NeuronProgram:
    """``v = trunc(v * keep / 2**decay_bits) + bias + q - owed; s = v > threshold; owed = s * threshold``."""
    text = f"""
        take q
        multiply-shift v v keep {decay_bits}
        add v v bias
        add v v q
        subtract v v owed
        less over threshold v
        select owed over threshold 0
        skip-if over
        jump end
        spike
        end:
    """
    return NeuronProgram.from_text(
        "leaky-subtract-late", text, ["v", "owed"], ["keep", "bias", "threshold"], ["q", "over"], bits
    )


def sigma_delta(shift: int, bits: int = 24) -> NeuronProgram:
    """Rectified sum of which only changes are sent, in steps of ``2**shift``, when they reach a threshold.

    ``sigma += q; change = max(sigma, 0) - known; value = trunc(change / 2**shift) where |change| >= threshold, else 0;
    known += value * 2**shift``; a spike carries ``value`` and is not sent when that is 0. What arrives adds up to what
    the neuron holds: ``known`` differs from the rectified sum by less than the larger of threshold and step.
    Source of the scheme: sigma-delta networks (O'Connor and Welling, 2016), as in lava.
    """
    text = f"""
        take q
        add sigma sigma q
        max change sigma 0
        subtract change change known
        negate size change
        max size size change
        less small size threshold
        jump-if small end
        multiply-shift value change 1 {shift}
        shift-left change value {shift}
        add known known change
        spike value
        end:
    """
    temporaries = ["q", "change", "size", "small", "value"]
    return NeuronProgram.from_text("sigma-delta", text, ["sigma", "known"], ["threshold"], temporaries, bits)


def resonate_and_fire(rotation_bits: int = 12, bits: int = 24) -> NeuronProgram:
    """Damped rotation of two registers, which fires where the second passes a threshold and then starts at 0 again.

    ``x' = trunc(x c / 2**k) - trunc(y d / 2**k) + q; y' = trunc(x d / 2**k) + trunc(y c / 2**k); s = y' > threshold``,
    with ``k = rotation_bits``, ``c = 2**k r cos(w)`` and ``d = 2**k r sin(w)`` rounded: ``w`` is the angle of a step
    and ``r`` the damping. Source of the model: E. M. Izhikevich, Neural Networks 14, 883 (2001).
    """
    text = f"""
        multiply-shift a y d {rotation_bits}
        multiply-shift b x d {rotation_bits}
        multiply-shift x x c {rotation_bits}
        subtract x x a
        take a
        add x x a
        multiply-shift y y c {rotation_bits}
        add y y b
        greater-equal a threshold y
        jump-if a end
        move x 0
        move y 0
        spike
        end:
    """
    return NeuronProgram.from_text("resonate-and-fire", text, ["y", "x"], ["c", "d", "threshold"], ["a", "b"], bits)
