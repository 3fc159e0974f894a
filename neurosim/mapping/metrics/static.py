"""The static metrics of a mapping: one frozen value, computed from hyperedges and routes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurosim.mapping.metrics.edges import Edges, edges_of
from neurosim.mapping.metrics.grid import Grid
from neurosim.mapping.metrics.loads import gini, link_loads
from neurosim.mapping.metrics.traffic import traffic_of, tree_links
from neurosim.mapping.metrics.value import metric
from neurosim.mapping.problem import MappingProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# The weights that the definition of the energy and latency metrics of Jin et al. (ASPLOS 2023) fixes.
_ROUTER_ENERGY, _WIRE_ENERGY = 1.0, 0.1
_ROUTER_LATENCY, _WIRE_LATENCY = 1.0, 0.01


@dataclass(frozen=True)
class StaticMetrics:
    """Metrics that follow from network, rates and places.

    A hyperedge is an axon: a source, the different cores K on which it has synapses, and w, its spikes in the
    window. K' is K without the source's own core. Input lines count where the grid has ports, and are on no core.
    """

    edge_cut: float = metric("spike x synapse", "sum of w x synapses on other cores than the source's")
    hyperedge_cut: float = metric("spike", "sum of w over the hyperedges that reach another core")
    packets: float = metric("packet", "sum of w x |K'|: connectivity minus one, one packet per other core reached")
    soed: float = metric("packet", "sum of external degrees: w x |K|, own core included, over cut hyperedges")
    injected: float = metric("packet", "what enters the network: sum of w x |K|, own core too; w if multicast")
    hop_weighted: float = metric("packet x hop", "sum of w x d over K', d the routed hops between source and core")
    multicast_traffic: float = metric(
        "packet x hop", "sum of w x links of the dimension-ordered tree from the source (or the hub) to K'"
    )
    average_hops: float = metric("hop", "hop_weighted / packets")
    jin_energy: float = metric("1", "sum of w x (1 x (d + 1) routers + 0.1 x d wires) over K'")
    jin_latency_mean: float = metric("1", "mean over all pairs (hyperedge, core of K') of 1 x d + 0.01 x (d + 1)")
    jin_latency_max: float = metric("1", "largest 1 x d + 0.01 x (d + 1) over all pairs (hyperedge, core of K')")
    link_load_max: float = metric("packet", "largest number of packets on a link between tiles or chips")
    link_load_mean: float = metric("packet", "mean over all links between tiles or chips, zeros included")
    link_load_variance: float = metric("packet^2", "variance over the same links")
    link_load_gini: float = metric("1", "Gini coefficient over the same links: 0 all equal, near 1 one has all")
    links_used: int = metric("link", "links between tiles or chips that carry anything")
    links: int = metric("link", "links between tiles or chips that exist")
    saturation_at_unit_bandwidth: float | None = metric(
        "1", "factor on w at which the busiest link, entries and exits of the mesh included, carries one packet"
    )
    cores_used: int = metric("core", "different cores with a neuron")
    core_balance: float = metric("1", "neurons on the fullest core / mean over cores in use")
    fan_out_mean: float = metric("core", "mean of |K| over hyperedges")
    fan_out_max: int = metric("core", "largest |K|")


def static_metrics(
    problem: MappingProblem,
    core_of: NDArray[np.int32],
    *,
    grid: Grid | None = None,
    rates: Floats | None = None,
) -> StaticMetrics:
    """Return the static metrics of a placement ``core_of`` int32[neurons].

    ``grid`` tells of ports and event router (see ``grid_of``), by default there are none; ``rates`` are those of the
    problem unless given, one spike per source where it has none. Raises NeurosimError for impossible rates.
    """
    grid = Grid.of(problem) if grid is None else grid
    rates = getattr(problem, "rates", None) if rates is None else rates
    edges = edges_of(problem.nets, core_of, rates, per_source=grid.hub is not None)
    return metrics_of_edges(edges if grid.ports else edges.without_inputs(), grid, core_of)


def metrics_of_edges(edges: Edges, grid: Grid, core_of: NDArray[np.int32]) -> StaticMetrics:
    """Return the static metrics of hyperedges that are already on cores."""
    cores, neurons = np.unique(core_of, return_counts=True)
    edge, remote, degree = edges.edge, edges.remote, np.diff(edges.ptr)
    weight = edges.weight[edge]
    others = edges.sum_per_edge(remote)
    cut, packets = others > 0, float(np.dot(edges.weight, others))
    tile, core_tile = _tiles(edges, grid), grid.tile_of(edges.core)
    hops = grid.distance((tile[0][edge], tile[1][edge]), core_tile)[remote]
    sent = weight[remote]
    hop_weighted = float(np.dot(sent, hops))
    delays = _ROUTER_LATENCY * hops + _WIRE_LATENCY * (hops + 1)
    loads = link_loads(traffic_of(edges, grid, cores.astype(np.int64)))
    between = loads.between
    busiest = max(float(part.max(initial=0.0)) for part in (between, loads.inject, loads.eject))
    return StaticMetrics(
        edge_cut=float(np.dot(weight, edges.synapses * remote)),
        hyperedge_cut=float(edges.weight[cut].sum()),
        packets=packets,
        soed=float(np.dot(edges.weight[cut], degree[cut])),
        injected=float(edges.weight.sum() if grid.hub else weight.sum()),
        hop_weighted=hop_weighted,
        multicast_traffic=float(np.dot(edges.weight, _tree_links(edges, grid, tile, core_tile, remote))),
        average_hops=hop_weighted / packets if packets else 0.0,
        jin_energy=float(np.dot(sent, _ROUTER_ENERGY * (hops + 1) + _WIRE_ENERGY * hops)),
        jin_latency_mean=float(delays.mean()) if len(delays) else 0.0,
        jin_latency_max=float(delays.max(initial=0.0)),
        link_load_max=float(between.max(initial=0.0)),
        link_load_mean=float(between.mean()) if len(between) else 0.0,
        link_load_variance=float(between.var()) if len(between) else 0.0,
        link_load_gini=gini(between),
        links_used=int(np.count_nonzero(between)),
        links=len(between),
        saturation_at_unit_bandwidth=1 / busiest if busiest else None,
        cores_used=len(cores),
        core_balance=float(neurons.max(initial=0) / neurons.mean()) if len(cores) else 0.0,
        fan_out_mean=float(degree.mean()) if edges.n else 0.0,
        fan_out_max=int(degree.max(initial=0)),
    )


def _tiles(edges: Edges, grid: Grid) -> tuple[Ints, Ints]:
    """Return the tile from which every hyperedge starts."""
    x, y = grid.tile_of(np.maximum(edges.home, 0))
    if not grid.ports:
        return x, y
    ports = np.array(grid.ports, dtype=np.int64)[edges.source % len(grid.ports)]
    outside = edges.source < edges.n_inputs
    return np.where(outside, ports[:, 0], x), np.where(outside, ports[:, 1], y)


def _tree_links(
    edges: Edges, grid: Grid, tile: tuple[Ints, Ints], core_tile: tuple[Ints, Ints], remote: NDArray[np.bool_]
) -> Ints:
    """Return the links that one spike of every hyperedge crosses when each link carries it once."""
    ptr = np.concatenate([[0], np.cumsum(edges.sum_per_edge(remote))]).astype(np.int64)
    x, y = core_tile[0][remote], core_tile[1][remote]
    if grid.hub is None:
        return tree_links(*tile, ptr, x, y)
    hub_x, hub_y = (np.full(edges.n, place, dtype=np.int64) for place in grid.hub)
    way = np.abs(tile[0] - hub_x) + np.abs(tile[1] - hub_y)
    trees = tree_links(hub_x, hub_y, ptr, x, y)
    return np.where(np.diff(ptr) > 0, way, 0) + trees
