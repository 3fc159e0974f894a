"""Scenarios that run on one chip: what the command line's --chip means for them."""

from __future__ import annotations

from typing import Any

from neurosim.errors import NeurosimError


def one_chip(name: str, value: Any) -> tuple[str, Any]:
    """Return a change (dotted path, value), where several chips become the one; raises NeurosimError."""
    if name != "scenario.chips":
        return name, value
    if len(value) != 1:
        raise NeurosimError(f"--chip {', '.join(value)}: this kind of scenario runs on one chip")
    return "scenario.chip", value[0]
