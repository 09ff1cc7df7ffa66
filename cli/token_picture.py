"""Tokens and their costs → bars over boxes, as a picture or in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tevr.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = "▁▂▃▄▅▆▇█"
SPACE_SHOWN = "␣"
CHEAP, USUAL, DEAR = "blue", "green", "red"
INKS = {CHEAP: "#8db4e2", USUAL: "#7fbf7b", DEAR: "#e6866f"}
LONGEST = 300
"""Characters that one picture can show."""
_INCHES = 0.17
"""Width of a character in the picture."""


@dataclass(frozen=True)
class Row:
    """A text as tokens of one kind.

    Attributes:
        title: the kind.
        tokens: texts, spaces among them, and bits.
    """

    title: str
    tokens: Sequence[tuple[str, float]]

    @property
    def heading(self) -> str:
        """The kind, with how evenly its tokens share the costs."""
        bits = np.array([cost for _, cost in self.tokens])
        return (
            f"{self.title}: {len(bits)} tokens of {bits.mean():.2f} bits,"
            f" standard deviation {bits.std():.2f}, variation {bits.std() / bits.mean():.2f}"
        )

    @property
    def tints(self) -> list[str]:
        """For each token whether it costs less than half the mean, more than twice, or neither."""
        bits = np.array([cost for _, cost in self.tokens])
        mean = bits.mean()
        return [CHEAP if 2 * cost < mean else DEAR if cost > 2 * mean else USUAL for cost in bits]


def show(rows: Sequence[Row]) -> None:
    """Print bars and tokens, with colours on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    most = max(cost for row in rows for _, cost in row.tokens)
    for row in rows:
        console.print(Text(row.heading, "bold"), soft_wrap=True)
        for line in _lines(row, console.width):
            bars, names = Text(), Text()
            for (name, cost), tint in line:
                level = min(int(cost / most * len(BARS)), len(BARS) - 1)
                bars.append(BARS[level] * len(name) + " ", tint)
                names.append(name, tint).append(" ")
            console.print(bars, soft_wrap=True)
            console.print(names, soft_wrap=True)
    console.print(
        f"A full bar is {most:.1f} bits. Blue tokens cost less than half the mean of their row,"
        " red ones more than twice.",
        soft_wrap=True,
    )


def _lines(row: Row, width: int) -> Iterator[list[tuple[tuple[str, float], str]]]:
    """Yield tokens with their tints, as many as stand in a line."""
    line: list[tuple[tuple[str, float], str]] = []
    used = 0
    for (name, cost), tint in zip(row.tokens, row.tints, strict=True):
        if line and used + len(name) + 1 > width:
            yield line
            line, used = [], 0
        line.append(((name.replace(" ", SPACE_SHOWN), cost), tint))
        used += len(name) + 1
    yield line


def draw(rows: Sequence[Row], file: BinaryIO) -> None:
    """Write a PNG picture.

    Raises:
        UsageError: the text is too long, or matplotlib is not installed.
    """
    length = sum(len(name) for name, _ in rows[0].tokens)
    if length > LONGEST:
        cause = f"A picture cannot show {length} characters"
        raise UsageError(cause, f"Give a text of at most {LONGEST}.")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        cause = "The package matplotlib, which draws pictures, is not installed"
        raise UsageError(cause, "Install it with: pip install 'tevr[plots]'") from error
    width = max(6.0, _INCHES * length + 1.0)
    figure = Figure(figsize=(width, 1.8 * len(rows)), layout="constrained")
    top = max(cost for row in rows for _, cost in row.tokens)
    for row, axes in zip(rows, figure.subplots(len(rows), sharex=True, squeeze=False), strict=True):
        _draw_row(axes[0], row, length, top)
    picture = BytesIO()
    figure.savefig(picture, format="png")
    file.write(picture.getvalue())


def _draw_row(axes: Axes, row: Row, length: int, top: float) -> None:
    """Draw the bars of one kind, and a box below each with the token's text."""
    box = -0.28 * top
    at = 0
    for (name, cost), tint in zip(row.tokens, row.tints, strict=True):
        axes.bar(at, cost, len(name), align="edge", color=INKS[tint], edgecolor="white")
        axes.bar(at, box, len(name), align="edge", color="white", edgecolor="grey", linewidth=0.7)
        shown = name.replace(" ", SPACE_SHOWN)
        axes.text(at + len(name) / 2, box / 2, shown, ha="center", va="center", fontsize=9)
        at += len(name)
    axes.set_xlim(0, length)
    axes.set_ylim(box * 1.05, top * 1.05)
    axes.set_ylabel("bits")
    axes.set_xticks([])
    axes.set_title(row.heading, fontsize=9, loc="left")
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
