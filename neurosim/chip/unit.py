"""The units that a descriptor may use, each with its dimension and its exact factor to SI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from neurosim.errors import NeurosimError, nearest

_COUNTED = (
    "axon bit byte chip compartment core cycle entry format instruction link neuron operation packet port processor "
    "profile slot spike step synapse tile transistor unit word"
)


@dataclass(frozen=True)
class Unit:
    """A unit: one of it is ``factor`` of the SI unit of its dimension, exactly."""

    name: str
    dimension: str
    factor: Fraction


def _table() -> dict[str, Unit]:
    scales = {
        "time": {"ps": "1e-12", "ns": "1e-9", "us": "1e-6", "ms": "1e-3", "s": "1"},
        "energy": {"fJ": "1e-15", "pJ": "1e-12", "nJ": "1e-9", "uJ": "1e-6", "mJ": "1e-3", "J": "1"},
        "power": {"nW": "1e-9", "uW": "1e-6", "mW": "1e-3", "W": "1"},
        "voltage": {"mV": "1e-3", "V": "1"},
        "area": {"um2": "1e-12", "mm2": "1e-6"},
        "length": {"nm": "1e-9", "um": "1e-6", "mm": "1e-3"},
        "rate": {"1/s": "1", "Hz": "1", "kHz": "1e3", "MHz": "1e6", "GHz": "1e9"}
        | dict.fromkeys(("bit/s", "operation/s", "packet/s", "spike/s", "step/s"), "1"),
        "count": {"1": "1", "kB": "1e3", "MB": "1e6", "Mbit": "1e6", "KiB": "1024", "Mibit": "1048576"}
        | dict.fromkeys(_COUNTED.split(), "1"),
    }
    return {
        name: Unit(name, dimension, Fraction(factor))
        for dimension, units in scales.items()
        for name, factor in units.items()
    }


UNITS: Mapping[str, Unit] = _table()


def unit(name: str) -> Unit:
    """Return the unit of that name; raises NeurosimError with the nearest spelling."""
    if name in UNITS:
        return UNITS[name]
    plain = name.replace("µ", "u").replace("μ", "u").replace("²", "2")
    for known in UNITS:
        if known.casefold() == plain.casefold():
            raise NeurosimError(f"unknown unit '{name}', did you mean '{known}'?")
    raise NeurosimError(f"unknown unit '{name}'{nearest(plain, UNITS)}")


def units_of(dimension: str) -> str:
    """Return the units of a dimension as one text, for messages."""
    return ", ".join(u.name for u in UNITS.values() if u.dimension == dimension)
