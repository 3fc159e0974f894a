"""A picture of a report: a matplotlib figure with its name and caption, and how it becomes SVG or PNG."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from neurosim.errors import FileError, NeurosimError

# Colours that stay apart for colour-blind readers (M. Okabe and K. Ito, Color Universal Design, 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
GREY, LIGHT, DARK = "#8c8c8c", "#ececec", "#333333"
WIDTH = 8.6  # inches
DPI = 120
# Text stays text, and ids and files do not change from run to run.
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "neurosim",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


@dataclass(frozen=True, eq=False)
class Picture:
    """A figure; ``name`` is its file name without ending, ``dense`` says that it is better as pixels."""

    name: str
    caption: str
    figure: Any
    dense: bool = False

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        out = BytesIO()
        with mpl.rc_context(_STYLE):
            self.figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
        return out.getvalue()

    @cached_property
    def svg(self) -> str:
        """The picture as an SVG element to stand inside HTML: no prolog, no metadata, no outside address.

        Its ids begin with the picture's name, so that several pictures can stand in one page.
        """
        out = StringIO()
        with mpl.rc_context(_STYLE):
            self.figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        text = out.getvalue()
        text = text[text.index("<svg") :]
        text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
        text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
        text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{self.name}-", text)
        return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', "", text, count=1)


def check_png(path: Path | None) -> None:
    """Raise NeurosimError for a picture file that is to be anything but a PNG."""
    if path is not None and path.suffix.lower() != ".png":
        raise NeurosimError(f"{path}: pictures are written as .png")


def write_png(picture: Picture, path: Path) -> None:
    """Write a picture as a PNG file; raises FileError."""
    try:
        path.write_bytes(picture.png)
    except OSError as error:
        raise FileError(path, (error.strerror or "cannot be written").lower()) from None


def canvas(height: float, draw: Callable[[Any], None]) -> Any:
    """Return a Figure of the common width, drawn by ``draw`` in the common style; height in inches."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        layout = figure.get_layout_engine()
        if layout is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")  # the layout is found; saving need not find it again
    return figure


def cycle(n: int) -> list[str]:
    """Return n colours, over again from the first after the last."""
    return [COLOURS[k % len(COLOURS)] for k in range(n)]


def plain_log(axis: Any) -> None:
    """Label a logarithmic axis at 1, 2 and 5 of every decade, in plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_locator(NullLocator())
