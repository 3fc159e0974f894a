"""What happened and what it cost: activity in integers, energy and latency priced afterwards."""

from neurosim.results.activity import Activity, Run, Spikes, Times, merge
from neurosim.results.energy import Band, Energy, Host, Power, Price, price
from neurosim.results.latency import Statistics, inference_latency, spike_latency
from neurosim.results.neurobench import NeuroBench, neurobench

__all__ = [
    "Activity",
    "Band",
    "Energy",
    "Host",
    "NeuroBench",
    "Power",
    "Price",
    "Run",
    "Spikes",
    "Statistics",
    "Times",
    "inference_latency",
    "merge",
    "neurobench",
    "price",
    "spike_latency",
]
