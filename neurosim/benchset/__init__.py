"""The networks on which mapping algorithms are compared: made from seeds, pinned by hashes, with recorded rates."""

from neurosim.benchset.catalog import ORDERS, bench_names, build, pinned
from neurosim.benchset.rates import recorded_rates

__all__ = ["ORDERS", "bench_names", "build", "pinned", "recorded_rates"]
