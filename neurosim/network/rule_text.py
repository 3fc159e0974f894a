"""Learning rules as text, read into sums of products: ``dw = 2^-2*x1*y0 - 2^-2*y1*x0``.

    rule     dw = sum, dd = sum or dt = sum
    sum      products joined by + and -
    product  factors joined by *: whole numbers and powers of two (the scale), u0 to u9 (the decimation), variables,
             (variable + constant), sgn(w), sgn(w + constant)

Every part knows the column where it stands, so that whoever finds fault with it can point there.
Source of the form: M. Davies et al., Loihi (2018).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from neurosim.errors import NeurosimError, nearest

TARGETS = ("w", "d", "t")
VARIABLES = ("x0", "x1", "x2", "y0", "y1", "y2", "y3", "r", "w", "d", "t")
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>.))", re.DOTALL)


@dataclass(frozen=True)
class Factor:
    """``variable + constant``, or the sign of that (-1, 0 or 1)."""

    variable: str
    constant: int
    sign: bool
    column: int


@dataclass(frozen=True)
class Product:
    """``mantissa * 2**exponent`` times factors; with a ``decimation`` k it counts in every 2**k-th epoch only.

    The mantissa is odd or 0: of all ways to write the scale this one has the smallest.
    """

    mantissa: int
    exponent: int
    factors: tuple[Factor, ...]
    decimation: int
    column: int


@dataclass(frozen=True)
class Sum:
    """What is added to a synaptic variable, ``target`` "w", "d" or "t", at the end of an epoch."""

    text: str
    target: str
    products: tuple[Product, ...]

    @property
    def variables(self) -> frozenset[str]:
        """Names of all variables that stand in it."""
        return frozenset(factor.variable for product in self.products for factor in product.factors)


class RuleError(NeurosimError):
    """A rule that cannot be read or that a chip cannot hold; the message points at a column, counted from 1."""

    def __init__(self, text: str, column: int, problem: str) -> None:
        self.text, self.column, self.problem = text, column, problem
        super().__init__(f"rule '{text}': column {column}: {problem}")


def read_rule(text: str) -> Sum:
    """Read one rule; raises RuleError."""
    return _Reader(text).rule()


class _Reader:
    """Recursive descent over the tokens of one rule."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self._tokens = [
            (found.group(kind), found.start(kind) + 1, kind)
            for found in _TOKEN.finditer(self.text)
            for kind in (found.lastgroup or "mark",)
        ]
        self._at = 0

    def rule(self) -> Sum:
        name, column = self._take("name", "must begin with dw, dd or dt")
        if name not in ("dw", "dd", "dt"):
            raise self._error(column, f"unknown rule '{name}'{nearest(name, ('dw', 'dd', 'dt'))}")
        self._mark("=")
        products = [self._product(self._sign())]
        while self._peek() in ("+", "-"):
            products.append(self._product(self._sign()))
        if self._at < len(self._tokens):
            raise self._error(self._column(), f"found '{self._peek()}', must be +, -, * or the end")
        return Sum(self.text, name[1], tuple(products))

    def _product(self, sign: int) -> Product:
        column, mantissa, exponent = self._column(), sign, 0
        decimations: list[int] = []
        factors: list[Factor] = []
        while True:
            at, (word, kind) = self._column(), self._next("must be a factor")
            if kind == "number":
                base, power = self._number(int(word))
                mantissa, exponent = mantissa * base, exponent + power
            elif word == "(":
                flip, factor = self._shifted(at, False)
                mantissa *= flip
                factors.append(factor)
            elif word == "sgn":
                self._mark("(")
                flip, factor = self._shifted(at, True)
                mantissa *= flip
                factors.append(factor)
            elif kind == "name" and re.fullmatch(r"u\d+", word):
                decimations.append(int(word[1:]))
            elif kind == "name":
                factors.append(Factor(self._variable(word, at), 0, False, at))
            else:
                raise self._error(at, f"found '{word}', must be a factor")
            if self._peek() != "*":
                break
            self._at += 1
        if len(decimations) > 1:
            raise self._error(column, "a product has at most one decimation u0, u1, ...")
        while mantissa and mantissa % 2 == 0:
            mantissa, exponent = mantissa // 2, exponent + 1
        return Product(mantissa, exponent, tuple(factors), decimations[0] if decimations else 0, column)

    def _number(self, base: int) -> tuple[int, int]:
        """Return mantissa and exponent of a whole number or of a power of two, whose base has been taken."""
        if self._peek() != "^":
            return base, 0
        at = self._column()
        self._at += 1
        sign = self._sign() if self._peek() in ("+", "-") else 1
        power, _ = self._take("number", "must be a whole exponent")
        if base != 2:
            raise self._error(at, f"found {base}^, only powers of 2 can be written")
        return 1, sign * int(power)

    def _shifted(self, at: int, sign_only: bool) -> tuple[int, Factor]:
        """Return what stands between brackets as (factor on the scale, Factor)."""
        variable, constant, flip = "", 0, 1
        first = True
        while first or self._peek() in ("+", "-"):
            sign = self._sign()
            column, (word, kind) = self._column(), self._next("must be a variable or a constant")
            if kind == "number":
                constant += sign * int(word)
            elif kind == "name" and not variable:
                variable, flip = self._variable(word, column), sign
            else:
                raise self._error(column, f"found '{word}', brackets hold one variable and a constant")
            first = False
        self._mark(")")
        if not variable:
            raise self._error(at, "brackets hold one variable and a constant, found no variable")
        if sign_only and variable not in TARGETS:
            raise self._error(at, f"sgn({variable}): only the signs of w, d and t can be taken")
        return flip, Factor(variable, flip * constant, sign_only, at)

    def _variable(self, word: str, column: int) -> str:
        if word not in VARIABLES:
            raise self._error(column, f"unknown variable '{word}'{nearest(word, VARIABLES)}")
        return word

    # ---- tokens ----

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _column(self) -> int:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else len(self.text) + 1

    def _next(self, wanted: str) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._error(self._column(), f"found the end, {wanted}")
        word, _, kind = self._tokens[self._at]
        self._at += 1
        return word, kind

    def _take(self, kind: str, wanted: str) -> tuple[str, int]:
        column, (word, found) = self._column(), self._next(wanted)
        if found != kind:
            raise self._error(column, f"found '{word}', {wanted}")
        return word, column

    def _mark(self, mark: str) -> None:
        column, (word, _) = self._column(), self._next(f"must be '{mark}'")
        if word != mark:
            raise self._error(column, f"found '{word}', must be '{mark}'")

    def _sign(self) -> int:
        """Take a sign if there is one."""
        if self._peek() not in ("+", "-"):
            return 1
        self._at += 1
        return -1 if self._tokens[self._at - 1][0] == "-" else 1

    def _error(self, column: int, problem: str) -> RuleError:
        return RuleError(self.text, column, problem)
