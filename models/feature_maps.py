"""Feature maps → maps of even contrast, groups of maps that belong together, scaled features."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from tevr.models.filters import Whitening

GROUPING_RESTARTS = 100


def local_contrast(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Return maps less their local mean, and the local deviation of what is left.

    The window is Gaussian, a quarter of the map wide, of deviation an eighth of the map, and
    holds all maps; where it leaves the map, what lies inside counts.

    Args:
        maps: (images, maps, height, width).

    Returns:
        (images, maps, height, width), and (images, 1, height, width).
    """
    side = max(maps.shape[2:])
    half = max(1, side // 8)
    steps = torch.arange(-half, half + 1, dtype=maps.dtype)
    bell = torch.exp(-0.5 * (steps / (side / 8)) ** 2)
    window = (bell[:, None] * bell)[None, None]  # (1, 1, width, width)
    inside = functional.conv2d(torch.ones_like(maps[:1, :1]), window, padding=half)

    def blurred(values: Tensor) -> Tensor:
        return functional.conv2d(values.mean(1, keepdim=True), window, padding=half) / inside

    centred = maps - blurred(maps)
    return centred, blurred(centred.square()).sqrt()


def group_by_correlation(
    answers: Tensor, groups: int, channels: int, generator: torch.Generator
) -> Tensor:
    """Group maps whose squared, whitened answers rise and fall together (Coates and Ng 2011).

    A group is a map drawn at random and those most correlated with it. Of a hundred drawings the
    one whose groups hold the most different maps is kept (ours; the authors restart as often).

    Args:
        answers: (places, maps).
        groups: how many.
        channels: maps in each.
        generator: what draws.

    Returns:
        Numbers of maps, (groups, channels).
    """
    maps = answers.shape[1]
    squared = Whitening.fit(answers)(answers).square()
    centred = squared - squared.mean(0)
    centred = centred / centred.norm(dim=0).clamp_min(1e-10)
    nearest = (centred.T @ centred).fill_diagonal_(2).topk(channels, dim=1).indices
    best: Tensor = nearest[:0]
    most = 0
    for _ in range(GROUPING_RESTARTS):
        seeds = torch.randint(maps, (groups,), generator=generator)
        found = nearest[seeds]
        different = len(set(found.flatten().tolist()))
        if different > most:
            best, most = found, different
    return best


def scale_features(features: Tensor, scaling: Literal["standard", "rootsift"]) -> Tensor:
    """Scale each sample's features.

    Args:
        features: (count, features).
        scaling: standardised; or first divided by the sum of magnitudes, then the signed root.

    Returns:
        (count, features).
    """
    if scaling == "rootsift":
        total = features.abs().sum(1, keepdim=True).clamp_min(1e-10)
        features = features.sign() * (features.abs() / total).sqrt()
    centred = features - features.mean(1, keepdim=True)
    deviation = centred.square().mean(1, keepdim=True).sqrt()
    return centred / deviation.clamp_min(1e-10)
