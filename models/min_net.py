"""Images → classes, by networks that take the smaller of two learned filters: Min-nets.

Grüning and Barth 2022, "Bio-inspired Min-Nets Improve the Performance and Robustness of Deep
Networks", arXiv 2201.02149; the authors' code gives the sizes and the training. The block is that
of FP-nets (`fp_net`) with the minimum in place of the product: a unit speaks only where both of its
filters do, as a logical and, and noise that moves one of them is held back by the other.

    T0 = ReLU(BN(W1 x)),  T1 = min(ReLU(IN(v ∗ T0)), ReLU(IN(g ∗ T0))),  y = ReLU(BN(W2 T1)) + x

It replaces the first block of each stack of a residual network, or the first layer of each dense
block of a DenseNet. The claim: fewer errors than the ordinary networks, fewer parameters, and less
harm by JPEG; see `robustness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from tevr.models.classifier import ClassifierConfig, predict_classes, train_classifier
from tevr.models.fit import News
from tevr.models.fp_net import BlockConfig, corner_response, fp_block
from tevr.models.residual import (
    Block,
    CifarConfig,
    CifarNet,
    Standardise,
    count_parameters,
    draw_by_fan_out,
)


@dataclass(frozen=True)
class DenseConfig:
    """A DenseNet-BC of Huang et al. (2017) as the paper has it."""

    layers: int = 22
    """L: all layers with weights; 3 dense blocks of (L − 4) / 6 layers."""
    growth: int = 12
    classes: int = 10
    channels: int = 3

    def __post_init__(self) -> None:
        if self.layers < 10 or (self.layers - 4) % 6:  # noqa: PLR2004 (one layer a block)
            raise ValueError(f"A DenseNet has 10, 16, 22, … layers, not {self.layers}.")

    @property
    def per_block(self) -> int:
        """Layers of a dense block."""
        return (self.layers - 4) // 6


def min_block(expansion: float = 2.0) -> Block:
    """Return what makes Min-blocks from channels and a stride."""
    return fp_block(BlockConfig(expansion, "minimum"))


def min_net(config: CifarConfig | None = None) -> CifarNet:
    """Return the paper's network for CIFAR: each stack begins with a Min-block."""
    return CifarNet(config or CifarConfig(), min_block())


class DenseLayer(nn.Module):
    """BN, ReLU, 1×1 to 4 · growth, BN, ReLU, 3×3 to growth."""

    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        inner = 4 * growth
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.ReLU(),
            nn.Conv2d(inputs, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
            nn.Conv2d(inner, growth, 3, 1, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, growth, height, width)."""
        out: Tensor = self.body(x)
        return out


class DenseBlock(nn.Module):
    """Layers that each read all maps before them and add `growth` more."""

    def __init__(self, inputs: int, config: DenseConfig, first: Block | None) -> None:
        super().__init__()
        layers = [
            first(inputs, config.growth, 1)
            if first is not None and at == 0
            else DenseLayer(inputs + at * config.growth, config.growth)
            for at in range(config.per_block)
        ]
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, inputs + layers · growth, height, width)."""
        for layer in self.layers:
            x = torch.cat((x, layer(x)), 1)
        return x


class DenseNet(nn.Module):
    """Stem, three dense blocks, each but the last halved in maps and size, mean, linear layer."""

    def __init__(self, config: DenseConfig, first: Block | None = None) -> None:
        """Build it; `first` makes the first layer of each dense block, None is an ordinary."""
        super().__init__()
        width = 2 * config.growth
        parts: list[nn.Module] = [
            Standardise(config.channels),
            nn.Conv2d(config.channels, width, 3, 1, 1, bias=False),
        ]
        for at in range(3):
            parts.append(DenseBlock(width, config, first))
            width += config.per_block * config.growth
            parts += [nn.BatchNorm2d(width), nn.ReLU()]
            if at < 2:  # noqa: PLR2004 (the last is followed by the mean)
                parts += [nn.Conv2d(width, width // 2, 1, bias=False), nn.AvgPool2d(2)]
                width //= 2
        self.maps = nn.Sequential(*parts)
        self.classify = nn.Linear(width, config.classes)
        if first is None:
            draw_by_fan_out(self)

    def forward(self, x: Tensor) -> Tensor:
        """Pixels from 0 to 1 (batch, channels, height, width) → scores (batch, classes)."""
        scores: Tensor = self.classify(self.maps(x).mean((2, 3)))
        return scores


def dense_min_net(config: DenseConfig | None = None) -> DenseNet:
    """Return the paper's DenseNet: each dense block begins with a Min-block."""
    return DenseNet(config or DenseConfig(), min_block())


@dataclass(frozen=True)
class TrainConfig(ClassifierConfig):
    """A network for small images, and how it is trained."""

    family: Literal["residual", "dense"] = "residual"
    depth: int = 3
    """N, blocks of a stack, of a residual network; L, all layers, of a dense one."""
    minimum: bool = True
    """False leaves the ordinary network, for comparison."""


def build(config: TrainConfig, classes: int) -> nn.Module:
    """Return an untrained network."""
    channels = 3 if config.colours else 1
    first = min_block() if config.minimum else None
    if config.family == "dense":
        return DenseNet(DenseConfig(config.depth, classes=classes, channels=channels), first)
    return CifarNet(CifarConfig(config.depth, classes=classes, channels=channels), first)


def train(
    data: Path | str, output: Path, config: TrainConfig, show: Callable[[News], None]
) -> Mapping[str, float]:
    """Train on labelled images; see `train_classifier`."""
    return train_classifier(build, data, output, config, show)


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield file, class and probability for each picture."""
    return predict_classes(build, run, TrainConfig, inputs)


def demo() -> str:
    """Show edges and a corner to a minimum of filters; tell sizes."""
    first, second, corner = corner_response(torch.minimum)
    plain, ours = count_parameters(CifarNet(CifarConfig())), count_parameters(min_net())
    return (
        f"A minimum of two filters says {first:g} and {second:g} to straight edges and {corner:g} "
        f"to a corner. The Min-net of N = 3 has {ours:,} parameters, the network without {plain:,}."
    )
