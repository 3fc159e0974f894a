"""Numbers for people: three significant digits with a prefix, counts with separators, percent."""

from __future__ import annotations

import math

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_PLAIN_COUNT = 10_000_000  # counts from here on get a prefix


def engineering(value: float, unit: str) -> str:
    """Write a value in its unit with three significant digits and an SI prefix: ``24.2 µJ``."""
    exponent = prefix_of(value)
    return f"{digits(value / 10.0**exponent)} {_PREFIXES[exponent]}{unit}" if math.isfinite(value) else "n/a"


def span(low: float, high: float, unit: str) -> str:
    """Write a band with one prefix, that of its upper end: ``23.4..25.1 µJ``."""
    exponent = prefix_of(high)
    ends = "..".join(digits(end / 10.0**exponent) for end in (low, high))
    return f"{ends} {_PREFIXES[exponent]}{unit}"


def scaled(largest: float, unit: str) -> tuple[float, str]:
    """Return the factor and the unit for an axis whose largest value is given: ``(1e6, "µJ")``."""
    exponent = prefix_of(largest)
    return 10.0**-exponent, f"{_PREFIXES[exponent]}{unit}"


def prefix_of(value: float) -> int:
    """Return the power of ten of the prefix, a multiple of three; 0 for zero and what is not finite."""
    if not value or not math.isfinite(value):
        return 0
    # Rounded to three digits first, so that 999.9 n becomes 1.00 µ.
    exponent = math.floor(math.log10(float(f"{abs(value):.2e}")) + 1e-9)
    return min(max(exponent // 3 * 3, min(_PREFIXES)), max(_PREFIXES))


def count(value: float) -> str:
    """Write a count, or a mean of counts, with separators: ``190,714``, ``208.7``."""
    if abs(value) >= _PLAIN_COUNT:
        return engineering(value, "").strip()
    return f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.4g}"


def percent(fraction: float | None) -> str:
    """Write a fraction as percent with two decimals, without the sign; ``-`` for None."""
    return "-" if fraction is None else f"{100 * fraction:.2f}"


def share(fraction: float) -> str:
    """Write a fraction as percent with one decimal: ``11.7 %``."""
    return f"{100 * fraction:.1f} %"


def digits(value: float) -> str:
    """Write a number with three significant digits, more only before the point: ``0.582``, ``24.2``, ``1234``."""
    if value == 0:
        return "0"
    exponent = int(f"{value:.2e}".partition("e")[2])
    return f"{value:.{max(0, 2 - exponent)}f}"
