"""Figures and images → pictures for the zoo's report: curves with intervals, tiles of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from tevr.models.checks import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = tuple[Sequence[float], Sequence[Estimate]]
"""Places on the x axis, and what was found there."""


def draw_curves(
    path: Path, curves: Mapping[str, Curve], x: str, y: str, *, falling: bool = False
) -> None:
    """Draw lines with bands of 95 %, one for each name, as PNG.

    Args:
        path: of the picture.
        curves: name → places and estimates.
        x: what the places are.
        y: what the estimates are.
        falling: the x axis goes from large to small.
    """
    figure, axes = _figure(6.0, 3.8)
    for name, (places, found) in curves.items():
        (line,) = axes.plot(places, [each.mean for each in found], marker=".", label=name)
        if all(each.count > 1 for each in found):
            low, high = [each.low for each in found], [each.high for each in found]
            axes.fill_between(places, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if falling:
        axes.invert_xaxis()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, path)


def draw_points(path: Path, x: Tensor, y: Tensor, names: tuple[str, str]) -> None:
    """Draw one point for each pair of values (items,), as PNG; `names` are those of the axes."""
    figure, axes = _figure(5.0, 3.8)
    axes.scatter(x.numpy(), y.numpy(), s=12, alpha=0.7)
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_tiles(path: Path, rows: Mapping[str, Tensor], columns: Sequence[str] = ()) -> None:
    """Draw rows of images side by side, as PNG.

    Args:
        path: of the picture.
        rows: title → images (images, channels, height, width); each is stretched to its own range.
        columns: titles of the columns.
    """
    width = max(len(images) for images in rows.values())
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.0 + 0.85 * width, 0.95 * len(rows) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), width, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for row, (title, images) in zip(grid, rows.items(), strict=True):
        for axes, image in zip(row, images, strict=False):
            axes.imshow(_stretched(image), cmap="gray", interpolation="nearest")
        row[0].text(-0.15, 0.5, title, transform=row[0].transAxes, ha="right", va="center", size=8)
    for axes, title in zip(grid[0], columns, strict=False):
        axes.set_title(title, size=8)
    _save(figure, path)


def _stretched(image: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(channels, height, width) → (height, width[, 3]), 0 to 1."""
    low, high = image.min(), image.max()
    array = ((image - low) / (high - low).clamp_min(1e-8)).permute(1, 2, 0).float().numpy()
    return array[..., 0] if array.shape[2] == 1 else array


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
