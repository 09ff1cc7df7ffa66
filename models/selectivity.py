"""FP- or Min-block → how selective its units are: hyperselectivity, entropy, end-stopping.

The measures of the journal paper of FP-nets (see `fp_net`), after the authors' code:

- angle between the two filters of a unit, a proxy of hyperselectivity: the larger, the more the
  surfaces of equal response are curved; 0° is one filter twice
- entropy of what the unit says to natural images; the paper: it falls with hyperselectivity
- degree of end-stopping: how much more it says to a corner than to a straight edge

Ours: the figure that is shown (a square), the width of what counts as edge or corner, and that a
unit's responses are divided by the largest of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from tevr.models.fp_net import FPBlock

LEVELS = 256
SILENT = 0.1
"""Sum of responses below which a unit is silent; also what keeps quotients finite."""
LOWEST = -0.5


@dataclass(frozen=True)
class EndStopping:
    """Degrees of end-stopping of units, (units,) each."""

    degree: Tensor
    """1 where it speaks at corners only, 0 where as much at edges; not below −½."""
    silent: Tensor
    """Whether it says nothing to the figure."""
    flat: Tensor
    """Whether it speaks at even places as much as at edges (0-D)."""


def filter_angles(block: FPBlock) -> Tensor:
    """Return the angles (units,) between the two 3×3 filters of each unit, in degrees."""
    left, right = (side.weight.detach().flatten(1) for side in (block.left, block.right))
    cosine = functional.cosine_similarity(left, right, dim=1).clamp(-1, 1)
    return torch.rad2deg(torch.arccos(cosine))


def entropies(maps: Tensor) -> Tensor:
    """Return the entropy of each unit's map in bits (units,), its mean over images.

    Args:
        maps: (images, units, height, width); each map is brought to whole numbers from 0 to 255.
    """
    flat = maps.flatten(2)  # (images, units, places)
    low, high = flat.amin(2, keepdim=True), flat.amax(2, keepdim=True)
    levels = ((flat - low) / (high - low).clamp_min(1e-12) * (LEVELS - 1)).long()
    counts = torch.zeros(*flat.shape[:2], LEVELS)
    counts.scatter_add_(2, levels, torch.ones_like(flat))
    shares = counts / flat.shape[2]
    bits: Tensor = -torch.special.xlogy(shares, shares).sum(2).mean(0) / math.log(2)
    return bits


def square(size: int = 32) -> Tensor:
    """Return a bright square on dark and a dark one on bright, (2, 1, size, size), 0 to 1."""
    bright = torch.zeros(1, size, size)
    bright[:, size // 4 : size - size // 4, size // 4 : size - size // 4] = 1.0
    return torch.stack((bright, 1 - bright))


def regions(size: int = 32, reach: float = 2.0) -> tuple[Tensor, Tensor, Tensor]:
    """Return masks (size, size) of flat places, straight edges and corners of `square`.

    Args:
        size: of the map; the square's sides lie at a quarter and three quarters of it.
        reach: how far from a side is edge, in places.
    """
    places = torch.arange(size) + 0.5
    sides = torch.tensor([size / 4, size * 3 / 4])
    away = (places[:, None] - sides).abs().amin(1)  # (size,): to the nearest side's line
    beside = (places > size / 4 - reach) & (places < size * 3 / 4 + reach)
    near = away <= reach
    corner = near[:, None] & near
    edge = ((near[:, None] & beside) | (near & beside[:, None])) & ~corner
    inner = (places > reach) & (places < size - reach)  # the image's border is no figure
    flat = ~corner & ~edge & inner[:, None] & inner
    return flat, edge, corner


def end_stopping(respond: Callable[[Tensor], Tensor], size: int = 32) -> EndStopping:
    """Measure how much units prefer corners to edges.

    Args:
        respond: images (2, 1, size, size), 0 to 1 → maps (2, units, height, width), square.
        size: of the images.
    """
    squared = respond(square(size)).square()  # (2, units, height, width)
    largest = squared.amax((0, 2, 3), keepdim=True)
    told = (squared / largest.clamp_min(1e-12)).sum(0)  # (units, height, width)
    side = told.shape[-1]
    masks = regions(side, max(1.0, 2.0 * side / size))
    flat, edge, corner = (told[:, mask].sum(1) for mask in masks)
    degree = (1 - edge / (corner + SILENT)).clamp_min(LOWEST)
    silent = flat + edge + corner < SILENT
    return EndStopping(degree, silent, 1 - flat / (edge + SILENT) < SILENT)


def rank_correlation(left: Tensor, right: Tensor) -> float:
    """Return Spearman's correlation of two lists (items,); equal values share their mean rank."""
    if left.shape != right.shape or len(left) < 2:  # noqa: PLR2004 (a line needs two points)
        raise ValueError("A correlation needs two lists of one length, two items at least.")
    pair = torch.stack((_ranks(left), _ranks(right)))
    return float(torch.corrcoef(pair)[0, 1])


def _ranks(values: Tensor) -> Tensor:
    below = (values[:, None] > values).double().sum(1)
    equal = (values[:, None] == values).double().sum(1)
    return below + (equal - 1) / 2
