"""Images → filters of a convolution, learned from their patches without labels or gradients.

What the layer-wise networks of `autoconvolution` and `committee` share: patches are cut at random,
whitened (ZCA), and grouped by k-means or taken apart by PCA or ICA (Coates, Lee and Ng 2011, "An
Analysis of Single-Layer Networks in Unsupervised Feature Learning"). Each centre or component,
divided by its length, is a filter.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Learner = Literal["kmeans", "pca", "ica", "patches"]
LEARNERS: tuple[Learner, ...] = ("kmeans", "pca", "ica", "patches")
FLAT = 1e-6  # a standard deviation below this is rounding, not contrast
DRAWINGS = 20  # times that flat patches are replaced


@dataclass(frozen=True)
class FilterConfig:
    """How filters are learned; the defaults are those of the authors of autoconvolution."""

    learner: Learner = "kmeans"
    """k-means centres, PCA or ICA components, or, for comparison, whitened patches as they are."""
    retain: float = 0.99
    """Share of the patches' variance that whitening keeps."""
    epsilon: float = 0.05
    """What whitening adds to each variance."""
    restarts: int = 3
    """Starts of k-means, of which the best is kept."""

    def __post_init__(self) -> None:
        if self.learner not in LEARNERS:
            raise ValueError(f"There is no {self.learner!r}; choose from {', '.join(LEARNERS)}.")
        if not (0 < self.retain <= 1 and self.epsilon >= 0 and self.restarts >= 1):
            raise ValueError(
                "Whitening keeps a share above 0, adds no less than 0; starts are 1 up."
            )


@dataclass(frozen=True)
class Whitening:
    """A ZCA transform of vectors: zero mean, equal variances, as near to them as can be."""

    mean: Tensor  # (size,)
    matrix: Tensor  # (size, size), symmetric

    @classmethod
    def fit(cls, rows: Tensor, retain: float = 0.99, epsilon: float = 0.05) -> Whitening:
        """Learn it from rows (count, size); `retain` is the share of variance that is kept."""
        if len(rows) < 2:  # noqa: PLR2004 (a variance needs two)
            raise ValueError("Whitening needs at least two vectors.")
        variances, axes = principal_axes(rows, retain)
        matrix = (axes / (variances + epsilon).sqrt()) @ axes.T
        return cls(rows.mean(0), matrix)

    def __call__(self, rows: Tensor) -> Tensor:
        """Return whitened rows (count, size)."""
        return (rows - self.mean) @ self.matrix


def principal_axes(rows: Tensor, retain: float = 1.0) -> tuple[Tensor, Tensor]:
    """Return the largest variances (axes,) and their axes (size, axes), largest first.

    Args:
        rows: (count, size).
        retain: share of all variance that the axes shall hold.
    """
    centred = (rows - rows.mean(0)).double()
    if len(rows) >= rows.shape[1]:
        variances, axes = torch.linalg.eigh(centred.T @ centred / len(rows))
        variances, axes = variances.flip(0).clamp_min(0), axes.flip(1)
    else:
        _, lengths, turned = torch.linalg.svd(centred, full_matrices=False)
        variances, axes = lengths**2 / len(rows), turned.T
    if variances[0] <= FLAT**2:
        raise ValueError("The patches or images have no contrast: all are the same.")
    held = variances.cumsum(0) / variances.sum()
    kept = min(int((held < retain).sum()) + 1, int((variances > variances[0] * 1e-12).sum()))
    return variances[:kept].to(rows.dtype), axes[:, :kept].to(rows.dtype)


def sample_patches(images: Tensor, size: int, count: int, generator: torch.Generator) -> Tensor:
    """Cut patches at random, none of them flat unless hardly any other is found.

    Args:
        images: (images, channels, height, width).
        size: side of a patch in pixels, at most height and width.
        count: how many.
        generator: what draws images and places.

    Returns:
        (count, channels, size, size).
    """
    if size > min(images.shape[2:]):
        height, width = images.shape[2:]
        raise ValueError(f"A patch of {size} pixels does not fit into {height}×{width} pixels.")
    patches = _cut(images, size, count, generator)
    for _ in range(DRAWINGS):
        flat = patches.flatten(1).std(1) <= FLAT
        if not flat.any():
            break
        patches[flat] = _cut(images, size, int(flat.sum()), generator)
    return patches


def _cut(images: Tensor, size: int, count: int, generator: torch.Generator) -> Tensor:
    """Return crops (count, channels, size, size) of images (images, channels, height, width)."""
    number, _, height, width = images.shape
    which = torch.randint(number, (count,), generator=generator)
    top = torch.randint(height - size + 1, (count,), generator=generator)
    left = torch.randint(width - size + 1, (count,), generator=generator)
    steps = torch.arange(size)
    rows = (top[:, None] + steps)[:, :, None]  # (count, size, 1)
    columns = (left[:, None] + steps)[:, None, :]  # (count, 1, size)
    return images[which[:, None, None], :, rows, columns].permute(0, 3, 1, 2).contiguous()


def standardise(patches: Tensor, jointly: bool = False) -> Tensor:
    """Return patches (count, channels, height, width) of mean 0 and deviation 1.

    Args:
        patches: (count, channels, height, width).
        jointly: one mean and deviation for all channels of a patch, not one each.
    """
    over = (1, 2, 3) if jointly else (2, 3)
    centred = patches - patches.mean(over, keepdim=True)
    deviation = centred.square().mean(over, keepdim=True).sqrt()
    return torch.where(deviation > FLAT, centred / (deviation + 1e-10), 0.0)


def scale_to_unit(patches: Tensor) -> Tensor:
    """Return patches (count, channels, height, width), each from 0, its least value, to 1."""
    flat = patches.flatten(1)
    low, high = flat.amin(1)[:, None], flat.amax(1)[:, None]
    return ((flat - low) / (high - low).clamp_min(FLAT)).view_as(patches)


def learn_filters(patches: Tensor, count: int, config: FilterConfig, seed: int) -> Tensor:
    """Learn filters from patches.

    Args:
        patches: (patches, channels, size, size), more than there are filters.
        count: how many filters; PCA and ICA give no more than a patch has values.
        config: how.
        seed: of what is drawn.

    Returns:
        (count, channels, size, size), each of length 1.
    """
    rows = scale_to_unit(patches).flatten(1)  # (patches, values)
    limit = len(rows) if config.learner in ("kmeans", "patches") else min(rows.shape)
    if count > limit:
        raise ValueError(f"{config.learner} gives at most {limit} filters here, not {count}.")
    if config.learner == "pca":
        found = principal_axes(rows)[1].T[:count]
        if len(found) < count:
            raise ValueError(f"The patches vary along {len(found)} axes, fewer than {count}.")
    else:
        whitening = Whitening.fit(rows, config.retain, config.epsilon)
        white = whitening(rows)
        if config.learner == "kmeans":
            found = _centres(white, count, config.restarts, seed)
        elif config.learner == "ica":
            found = _components(white, count, seed)
        else:
            order = torch.randperm(len(white), generator=torch.Generator().manual_seed(seed))
            found = white[order[:count]]
    lengths = found.norm(dim=1, keepdim=True).clamp_min(FLAT)
    filters: Tensor = (found / lengths).view(count, *patches.shape[1:])
    return filters


def _centres(rows: Tensor, count: int, restarts: int, seed: int) -> Tensor:
    """Return the centres of k-means (count, size), in small batches as the authors' demo."""
    from sklearn.cluster import MiniBatchKMeans

    batch = min(len(rows), 10_000)
    grouping = MiniBatchKMeans(count, batch_size=batch, n_init=restarts, random_state=seed)
    return torch.from_numpy(grouping.fit(rows.numpy()).cluster_centers_).to(rows.dtype)


def _components(rows: Tensor, count: int, seed: int) -> Tensor:
    """Return the unmixing vectors of FastICA (count, size), after PCA to as many axes."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    separation = FastICA(count, whiten="unit-variance", random_state=seed)
    with warnings.catch_warnings():
        # Stopped after 200 rounds, the components are filters all the same.
        warnings.simplefilter("ignore", ConvergenceWarning)
        separation.fit(rows.numpy())
    return torch.from_numpy(separation.components_).to(rows.dtype)
