"""Figures of merit of a mapping that follow from the network and the places alone, each with unit and definition."""

from neurosim.mapping.metrics.edges import Edges, edges_of
from neurosim.mapping.metrics.gap import Gap
from neurosim.mapping.metrics.grid import Grid, grid_of
from neurosim.mapping.metrics.loads import Loads, gini, link_loads
from neurosim.mapping.metrics.static import StaticMetrics, static_metrics
from neurosim.mapping.metrics.traffic import Traffic, traffic_of
from neurosim.mapping.metrics.value import Figure, as_dict, figures, metric

__all__ = [
    "Edges",
    "Figure",
    "Gap",
    "Grid",
    "Loads",
    "StaticMetrics",
    "Traffic",
    "as_dict",
    "edges_of",
    "figures",
    "gini",
    "grid_of",
    "link_loads",
    "metric",
    "static_metrics",
    "traffic_of",
]
