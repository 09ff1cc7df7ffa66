"""Numbers → pictures of them as SVG, each with a table that tells the same to a screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10

_LABEL, _BARS, _VALUE, _ROW = 170, 380, 110, 24  # pixels: widths of the columns, height of a row
_TOP = 6
_STEPS = (1, 2, 2.5, 5, 10)
_LEAST = 1e-9
"""Values below it are drawn as nothing."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart.

    Attributes:
        label: what it is.
        value: its length.
        interval: bounds that are drawn as a whisker; None for none.
        note: what the number is of, such as "12 utterances".
    """

    label: str
    value: float
    interval: tuple[float, float] | None = None
    note: str = ""


def bar_chart(name: str, title: str, bars: Sequence[Bar], unit: str) -> str:
    """A chart of horizontal bars as a figure.

    Args:
        name: for ids, unique in its page.
        title: what is shown.
        bars: from top to bottom; a value that is no number is told as such.
        unit: "%" for shares of 1, else what is written after each value.
    """
    ends = [bar.value for bar in bars] + [bar.interval[1] for bar in bars if bar.interval]
    most = _round_up(max([end for end in ends if isfinite(end)], default=0.0))
    height = _TOP + _ROW * len(bars)
    width = _LABEL + _BARS + _VALUE
    rows = "".join(_row(number, bar, most, unit) for number, bar in enumerate(bars))
    return (
        f'<figure class="chart"><figcaption id="{name}-title">{escape(title)}</figcaption>'
        f'<svg role="img" aria-labelledby="{name}-title" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">{rows}</svg>'
        f"{_table(title, bars, unit)}</figure>"
    )


def told(value: float, unit: str) -> str:
    """A value as people read it."""
    if not isfinite(value):
        return "–"
    return f"{value:.2%}".replace("%", " %") if unit == "%" else f"{value:,.10g} {unit}".rstrip()


def _row(number: int, bar: Bar, most: float, unit: str) -> str:
    top, middle = _TOP + number * _ROW, _TOP + number * _ROW + _ROW / 2 - 2
    scale = _BARS / most if most else 0.0
    length = bar.value * scale if isfinite(bar.value) else 0.0
    parts = [
        f'<text x="{_LABEL - 8}" y="{middle + 4:g}" text-anchor="end">'
        f"{escape(_cut(bar.label))}</text>",
        f'<rect class="bar" x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_ROW - 6}"/>',
    ]
    if bar.interval and all(map(isfinite, bar.interval)):
        low, high = (_LABEL + bound * scale for bound in bar.interval)
        parts.append(
            f'<path class="whisker" d="M{low:.1f} {middle - 4:g}v8M{low:.1f} {middle:g}H{high:.1f}'
            f'M{high:.1f} {middle - 4:g}v8"/>'
        )
    value = told(bar.value, unit)
    parts.append(f'<text x="{_LABEL + _BARS + 6}" y="{middle + 4:g}">{value}</text>')
    return "".join(parts)


def _table(title: str, bars: Sequence[Bar], unit: str) -> str:
    notes, intervals = any(bar.note for bar in bars), any(bar.interval for bar in bars)
    head = ["", "value", *["95 % interval"] * intervals, *["of"] * notes]
    rows = []
    for bar in bars:
        cells = [told(bar.value, unit)]
        if intervals:
            cells.append(" – ".join(told(bound, unit) for bound in bar.interval or ()))
        if notes:
            cells.append(escape(bar.note))
        rows.append(
            f'<tr><th scope="row">{escape(bar.label)}</th>'
            + "".join(f"<td>{cell}</td>" for cell in cells)
            + "</tr>"
        )
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    return (
        f"<details><summary>As a table</summary><table><caption>{escape(title)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _cut(label: str, most: int = 26) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _round_up(value: float) -> float:
    """The least 1, 2, 2.5 or 5 times a power of ten that is not less; 0 for what is next to it."""
    if value < _LEAST:
        return 0.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in _STEPS if step * power >= value)
