"""Crossbar cores: binary synapses between axons and integer neurons, on a fixed tick (TrueNorth)."""
