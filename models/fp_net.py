"""Images → classes, by networks that multiply two learned filters: FP-nets.

Grüning, Martinetz and Barth 2020, "Feature Products Yield Efficient Networks", arXiv 2008.07930,
and 2022, "FP-nets as novel deep networks inspired by vision", Journal of Vision 22(1):8; the
authors' code gives the sizes and the training. A product of two filters can respond to what is
curved and stay silent at straight edges (end-stopping), which no single filter can:

    T0 = ReLU(BN(W1 x)),  T1 = ReLU(IN(v ∗ T0)) · ReLU(IN(g ∗ T0)),  y = ReLU(BN(W2 T1)) + x

W1 and W2 mix channels (1×1), v and g are filters of 3×3 for each channel, IN normalises each map of
each image. The block replaces the first of each stack of a residual network; for ImageNet see
`fp_imagenet`, for the measures of the journal paper `selectivity`, for JPEG and FGSM `robustness`.
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
from tevr.models.residual import Block, CifarConfig, CifarNet, Shortcut, count_parameters

Combine = Callable[[Tensor, Tensor], Tensor]


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return left · right."""
    return left * right


def abs_relu(left: Tensor, right: Tensor) -> Tensor:
    """Return ReLU(l + r) − ReLU(l − r) − ReLU(r − l), 2 min(l, r) where both are at least 0."""
    one_sided = torch.relu(left - right) + torch.relu(right - left)
    return torch.relu(left + right) - one_sided


COMBINE: dict[str, Combine] = {"product": product, "abs_relu": abs_relu, "minimum": torch.minimum}


@dataclass(frozen=True)
class BlockConfig:
    """What an FP-block is made of."""

    expansion: float = 2.0
    """q: channels between the 1×1 convolutions for each channel out; the result is cut to whole."""
    combine: Literal["product", "abs_relu", "minimum"] = "product"
    normalise: bool = True
    """Whether each map of each image is normalised; the authors tried without too."""

    def __post_init__(self) -> None:
        if self.combine not in COMBINE:
            raise ValueError(f"There is no {self.combine!r}; choose from {', '.join(COMBINE)}.")
        if self.expansion <= 0:
            raise ValueError("The expansion is above 0.")


class FPBlock(nn.Module):
    """Two filters for each channel, combined by elements."""

    def __init__(self, inputs: int, outputs: int, stride: int, config: BlockConfig) -> None:
        super().__init__()
        width = int(config.expansion * outputs)
        self.combine = COMBINE[config.combine]
        self.before = nn.Sequential(
            nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        self.left, self.right = (
            nn.Conv2d(width, width, 3, stride, 1, groups=width, bias=False) for _ in range(2)
        )
        self.normalise = nn.InstanceNorm2d(width) if config.normalise else nn.Identity()
        self.after = nn.Sequential(
            nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )
        self.shortcut = Shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, height/stride, width/stride)."""
        out: Tensor = self.after(self.pairs(x)) + self.shortcut(x)
        return out

    def pairs(self, x: Tensor) -> Tensor:
        """Return T1, what the pairs of filters say (batch, q · outputs, height/stride, …)."""
        mixed = self.before(x)  # (batch, q · outputs, height, width)
        left = torch.relu(self.normalise(self.left(mixed)))
        right = torch.relu(self.normalise(self.right(mixed)))
        return self.combine(left, right)


def fp_block(config: BlockConfig | None = None) -> Block:
    """Return what makes FP-blocks of a configuration from channels and a stride."""
    chosen = config or BlockConfig()

    def make(inputs: int, outputs: int, stride: int) -> nn.Module:
        return FPBlock(inputs, outputs, stride, chosen)

    return make


def fp_net(config: CifarConfig | None = None, block: BlockConfig | None = None) -> CifarNet:
    """Return the paper's network for CIFAR: each stack begins with an FP-block."""
    return CifarNet(config or CifarConfig(), fp_block(block))


@dataclass(frozen=True)
class TrainConfig(ClassifierConfig):
    """A network for small images, and how it is trained."""

    blocks: int = 3
    """N: blocks of each of the three stacks."""
    ordinary: Literal["pyramid", "basic"] = "pyramid"
    combine: Literal["product", "abs_relu", "minimum", "none"] = "product"
    """How the two filters are combined; `none` leaves ordinary blocks, for comparison."""


def build(config: TrainConfig, classes: int) -> CifarNet:
    """Return an untrained network."""
    sizes = CifarConfig(config.blocks, config.ordinary, classes, 3 if config.colours else 1)
    if config.combine == "none":
        return CifarNet(sizes)
    return fp_net(sizes, BlockConfig(combine=config.combine))


def train(
    data: Path | str, output: Path, config: TrainConfig, show: Callable[[News], None]
) -> Mapping[str, float]:
    """Train on labelled images; see `train_classifier`."""
    return train_classifier(build, data, output, config, show)


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield file, class and probability for each picture."""
    return predict_classes(build, run, TrainConfig, inputs)


def corner_response(combine: Combine) -> tuple[float, float, float]:
    """Return what a horizontal and a vertical difference, combined, say to edge, edge and corner.

    Both filters are linear but for the rectification; the edges are straight, one along each axis.
    """
    down = torch.tensor([-1.0, 0.0, 1.0]).view(3, 1).expand(3, 3)
    pair = torch.stack((down, down.T))[:, None]  # (2, 1, 3, 3)
    dark_above = torch.zeros(3, 3)
    dark_above[1:] = 1.0
    figures = torch.stack((dark_above, dark_above.T, dark_above * dark_above.T))[:, None]
    left, right = torch.relu(nn.functional.conv2d(figures, pair)).flatten(1).T  # (3,) each
    horizontal, vertical, corner = combine(left, right).tolist()
    return horizontal, vertical, corner


def demo() -> str:
    """Show edges and a corner to a product of filters; tell sizes."""
    first, second, corner = corner_response(product)
    plain, ours = count_parameters(CifarNet(CifarConfig())), count_parameters(fp_net())
    return (
        f"A product of two filters says {first:g} and {second:g} to straight edges and {corner:g} "
        f"to a corner. The FP-net of N = 3 has {ours:,} parameters, the network without {plain:,}."
    )
