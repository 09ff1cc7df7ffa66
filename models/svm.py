"""Streamed features and labels → a support vector machine, linear or with a Gaussian kernel.

With far more features than samples, n × n inner products say all a machine can learn: rows of
U √Λ, from K = U Λ Uᵀ of the inner products K = F Fᵀ, lie to each other as the samples F do. The
machine is fitted to these, and its weights are brought back to features by Fᵀ U Λ^(−½). Only a
block of columns is in memory at a time, so features may lie in a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BLOCK = 16_384  # columns of features in memory at a time


@dataclass(frozen=True)
class SVMConfig:
    """Which machine, and what cross-validation chooses from; defaults of autoconvolution."""

    kernel: Literal["linear", "rbf"] = "linear"
    costs: tuple[float, ...] = (1e-4, 2e-4, 4e-4, 8e-4)
    """C of a linear machine; of a Gaussian one the authors take 16."""
    biases: tuple[float, ...] = (0.0, 3.0, 5.0)
    """Value of the constant feature of a linear machine; 0 for none."""
    folds: int = 5
    """Of the cross-validation that chooses, where there is a choice."""
    components: int = 1000
    """Principal components that a Gaussian machine sees, each of variance 1."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kernel not in ("linear", "rbf"):
            raise ValueError(f"There is no kernel {self.kernel!r}; choose linear or rbf.")
        if not self.costs or min(self.costs) <= 0 or not self.biases or min(self.biases) < 0:
            raise ValueError("Costs are above 0, biases at least 0, and one of each is needed.")
        if self.folds < 2 or self.components < 1:  # noqa: PLR2004
            raise ValueError("Folds are at least 2 and components at least 1.")


@dataclass(frozen=True)
class LinearHead:
    """A linear machine for each class against the rest."""

    weight: Tensor  # (features, classes)
    bias: Tensor  # (classes,)

    def scores(self, features: Tensor) -> Tensor:
        """Return signed distances (count, classes) of features (count, features)."""
        return features @ self.weight + self.bias


@dataclass(frozen=True)
class GaussianHead:
    """A machine with a Gaussian kernel for each class against the rest, on whitened components."""

    projection: Tensor  # (features, components)
    mean: Tensor  # (components,)
    points: Tensor  # (samples, components)
    weight: Tensor  # (samples, classes); 0 for what supports nothing
    bias: Tensor  # (classes,)
    gamma: float

    def scores(self, features: Tensor) -> Tensor:
        """Return signed distances (count, classes) of features (count, features)."""
        seen = features @ self.projection - self.mean
        kernel = torch.exp(-self.gamma * torch.cdist(seen, self.points).square())
        return kernel @ self.weight + self.bias


def fit_svm(
    features: Iterable[Tensor],
    shape: tuple[int, int],
    labels: Tensor,
    config: SVMConfig,
    folder: Path | None = None,
) -> LinearHead | GaussianHead:
    """Fit a machine to features that come in batches.

    Args:
        features: (batch, features) each, in the order of the labels.
        shape: samples and features.
        labels: (samples,), classes from 0.
        config: which machine.
        folder: where to keep features while fitting, as half-precision numbers in a file that is
            gone at the end; None for memory.
    """
    classes = int(labels.max()) + 1
    if len(set(labels.tolist())) < 2:  # noqa: PLR2004 (one class cannot be told from itself)
        raise ValueError("All samples are of one class; there is nothing to tell apart.")
    if shape[0] != len(labels):
        raise ValueError(f"{shape[0]} samples have {len(labels)} labels.")
    fit = _fit_linear if config.kernel == "linear" else _fit_gaussian
    with nullcontext() if folder is None else TemporaryFile(dir=folder) as file:
        rows = _gathered(features, shape, file)
        return fit(Span.of(rows), rows, labels.numpy(), classes, config)


def _gathered(
    features: Iterable[Tensor], shape: tuple[int, int], file: IO[bytes] | None
) -> NDArray[Any]:
    """Return features (samples, features), in memory or in a file."""
    if file is None:
        rows: NDArray[Any] = np.empty(shape, np.float32)
    else:
        rows = np.memmap(file, np.float16, "w+", shape=shape)
    start = 0
    for batch in features:
        rows[start : start + len(batch)] = batch.numpy()
        start += len(batch)
    if start != len(rows):
        raise ValueError(f"{start} samples came, {len(rows)} were announced.")
    return rows


@dataclass(frozen=True)
class Span:
    """The space that samples span, and the way from its coordinates back to features."""

    coordinates: NDArray[np.float64]  # (samples, axes)
    back: NDArray[np.float64] | None  # (samples, axes); None where coordinates are the features

    @classmethod
    def of(cls, rows: NDArray[Any]) -> Span:
        """Return the span of samples (samples, features)."""
        samples, features = rows.shape
        if features <= samples:
            return cls(rows.astype(np.float64), None)
        inner = np.zeros((samples, samples))
        for start in range(0, features, BLOCK):
            block = rows[:, start : start + BLOCK].astype(np.float32)
            inner += block @ block.T
        values, axes = np.linalg.eigh(inner)
        kept = values > values[-1] * 1e-7  # inner products of float32 hold no more
        lengths = np.sqrt(values[kept])
        return cls(axes[:, kept] * lengths, axes[:, kept] / lengths)

    def to_features(self, rows: NDArray[Any], weight: NDArray[np.float64]) -> Tensor:
        """Return weights (features, columns) for weights on coordinates (axes, columns)."""
        if self.back is None:
            return torch.from_numpy(weight).float()
        mixed = (self.back @ weight).astype(np.float32)  # (samples, columns)
        found = np.empty((rows.shape[1], mixed.shape[1]), np.float32)
        for start in range(0, len(found), BLOCK):
            block = rows[:, start : start + BLOCK].astype(np.float32)
            found[start : start + BLOCK] = block.T @ mixed
        return torch.from_numpy(found)


def _fit_linear(
    space: Span, rows: NDArray[Any], labels: NDArray[Any], classes: int, config: SVMConfig
) -> LinearHead:
    """Return a linear machine, its cost and bias chosen by cross-validation."""
    seen = space.coordinates

    def machine(cost: float, bias: float) -> Any:  # noqa: ANN401 (scikit-learn has no types)
        from sklearn.svm import LinearSVC

        constant = {"fit_intercept": bias > 0, "intercept_scaling": bias or 1.0}
        return LinearSVC(C=cost, max_iter=20_000, random_state=config.seed, **constant)

    choices = list(product(config.costs, config.biases))
    best = choices[0] if len(choices) == 1 else _best(machine, choices, seen, labels, config)
    fitted = machine(*best).fit(seen, labels)
    weight, bias = _all_classes(
        fitted.coef_.T, np.broadcast_to(fitted.intercept_, len(fitted.coef_)), fitted, classes
    )
    return LinearHead(space.to_features(rows, weight), torch.from_numpy(bias).float())


def _best(
    machine: Any,  # noqa: ANN401
    choices: list[tuple[float, float]],
    seen: NDArray[np.float64],
    labels: NDArray[Any],
    config: SVMConfig,
) -> tuple[float, float]:
    """Return the cost and bias of the best mean accuracy over folds, the first if equal."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    folds = min(config.folds, int(np.bincount(labels)[np.unique(labels)].min()))
    if folds < 2:  # noqa: PLR2004
        return choices[0]
    split = StratifiedKFold(folds, shuffle=True, random_state=config.seed)
    means = [cross_val_score(machine(*each), seen, labels, cv=split).mean() for each in choices]
    return choices[int(np.argmax(means))]


def _all_classes(
    weight: NDArray[Any],
    bias: NDArray[Any],
    fitted: Any,  # noqa: ANN401
    classes: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (values, classes) and biases (classes,), of two classes or absent ones too."""
    present = fitted.classes_
    if len(present) == 2:  # noqa: PLR2004 (scikit-learn gives the second class alone)
        weight, bias = np.hstack([-weight, weight]), np.hstack([-bias, bias])
    whole = np.zeros((len(weight), classes))
    offsets = np.full(classes, -1e9)  # never chosen
    whole[:, present], offsets[present] = weight, bias
    return whole, offsets


def _fit_gaussian(
    space: Span, rows: NDArray[Any], labels: NDArray[Any], classes: int, config: SVMConfig
) -> GaussianHead:
    """Return a machine with a Gaussian kernel of width 1 / components on whitened components."""
    from sklearn.svm import SVC

    centred = space.coordinates - space.coordinates.mean(0)
    _, lengths, turned = np.linalg.svd(centred, full_matrices=False)
    count = min(config.components, int((lengths > lengths[0] * 1e-6).sum()))
    whiten = turned[:count].T / (lengths[:count] / np.sqrt(len(centred)))  # (axes, components)
    points = centred @ whiten
    gamma = 1 / count
    weight, bias = np.zeros((len(points), classes)), np.full(classes, -1e9)
    for name in np.unique(labels):
        fitted = SVC(C=config.costs[-1], gamma=gamma).fit(points, labels == name)
        weight[fitted.support_, name] = fitted.dual_coef_[0]
        bias[name] = fitted.intercept_[0]
    return GaussianHead(
        space.to_features(rows, whiten),
        torch.from_numpy(space.coordinates.mean(0) @ whiten).float(),
        torch.from_numpy(points).float(),
        torch.from_numpy(weight).float(),
        torch.from_numpy(bias).float(),
        gamma,
    )
