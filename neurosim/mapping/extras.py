"""Libraries that only some mappers need: the optional dependencies ``neurosim[mapping]``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from neurosim.errors import NeurosimError


def extra(mapper: str, module: str) -> Any:
    """Import an optional module for a mapper; raises NeurosimError that says how to install it."""
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise NeurosimError(f"mapper '{mapper}' needs {package}: pip install 'neurosim[mapping]'") from None
