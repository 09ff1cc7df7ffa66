"""Images of CIFAR's size → classes, by residual networks whose stacks may begin with another block.

The common ground of the FP-net and Min-net papers: a stem, three stacks of N blocks with 16, 32 and
64 channels, the second and third beginning with stride 2, a global mean, a linear layer. Ordinary
blocks are those of pyramidal networks (Han, Kim and Kim 2017) or of He et al. (2016).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Block = Callable[[int, int, int], nn.Module]
"""Channels in, channels out, stride → a block."""
WIDTHS = (16, 32, 64)
CIFAR_MEAN, CIFAR_DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


@dataclass(frozen=True)
class CifarConfig:
    """Size and kind of a network."""

    blocks: int = 3
    """N: blocks of a stack. The papers have 3, 5, 7 and 9, that is 20 to 56 layers."""
    ordinary: Literal["pyramid", "basic"] = "pyramid"
    classes: int = 10
    channels: int = 3
    """Of an image."""

    def __post_init__(self) -> None:
        if min(self.blocks, self.classes, self.channels) < 1:
            raise ValueError("Blocks, classes and channels are at least 1.")
        if self.ordinary not in ORDINARY:
            raise ValueError(f"There is no {self.ordinary!r} block; choose {', '.join(ORDINARY)}.")


class Standardise(nn.Module):
    """Pixels from 0 to 1 → the range that a network is trained on; holds no parameters."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        colours = channels == len(CIFAR_MEAN)
        mean, deviation = (CIFAR_MEAN, CIFAR_DEVIATION) if colours else ((0.5,), (0.25,))
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(-1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) → the same."""
        standard = (x - self.get_buffer("mean")) / self.get_buffer("deviation")
        # Convolutions of each channel alone, and processors, are quicker on channels side by side.
        return standard.contiguous(memory_format=torch.channels_last)


class Shortcut(nn.Module):
    """What a residual block adds: its input, smaller by a mean of 2×2, wider by zeros."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.more, self.stride = outputs - inputs, stride
        self.project = nn.Conv2d(inputs, outputs, 1) if outputs < inputs else None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, ⌈height/stride⌉, ⌈width/stride⌉)."""
        if self.stride > 1:
            x = functional.avg_pool2d(x, self.stride, self.stride, ceil_mode=True)
        if self.project is not None:
            out: Tensor = self.project(x)
            return out
        return functional.pad(x, (0, 0, 0, 0, 0, self.more))


class PyramidBlock(nn.Module):
    """BN, 3×3, BN, ReLU, 3×3, BN; nothing after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = Shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, height/stride, width/stride)."""
        out: Tensor = self.body(x) + self.shortcut(x)
        return out


class BasicBlock(nn.Module):
    """3×3, BN, ReLU, 3×3, BN, then ReLU after the sum; the shortcut takes every other pixel."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = Shortcut(inputs, outputs, 1)
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, height/stride, width/stride)."""
        kept = self.shortcut(x[:, :, :: self.stride, :: self.stride])
        return torch.relu(self.body(x) + kept)


ORDINARY: dict[str, Block] = {"pyramid": PyramidBlock, "basic": BasicBlock}


class CifarNet(nn.Module):
    """Stem, three stacks, mean, linear layer."""

    def __init__(self, config: CifarConfig, first: Block | None = None) -> None:
        """Build the network; `first` makes the first block of each stack, None is an ordinary."""
        super().__init__()
        self.config = config
        ordinary = ORDINARY[config.ordinary]
        self.standardise = Standardise(config.channels)
        self.stem = nn.Sequential(
            nn.Conv2d(config.channels, WIDTHS[0], 3, 1, 1, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        stacks: list[nn.Module] = []
        width = WIDTHS[0]
        for outputs in WIDTHS:
            stride = 1 if outputs == WIDTHS[0] else 2
            blocks = [(first or ordinary)(width, outputs, stride)]
            blocks += [ordinary(outputs, outputs, 1) for _ in range(config.blocks - 1)]
            stacks.append(nn.Sequential(*blocks))
            width = outputs
        self.stacks = nn.Sequential(*stacks)
        self.classify = nn.Linear(width, config.classes)
        if first is None:
            draw_by_fan_out(self)

    def forward(self, x: Tensor) -> Tensor:
        """Pixels from 0 to 1 (batch, channels, height, width) → scores (batch, classes)."""
        x = self.stacks(self.stem(self.standardise(x)))  # (batch, 64, height/4, width/4)
        scores: Tensor = self.classify(x.mean((2, 3)))
        return scores


def draw_by_fan_out(network: nn.Module) -> None:
    """Draw convolutions from N(0, 2/(k·k·outputs)), as the papers' baselines; others keep torch's.

    So the arms of the papers' comparison differ in their beginnings too.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan = math.prod(module.kernel_size) * module.out_channels
            nn.init.normal_(module.weight, 0.0, math.sqrt(2 / fan))


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(weight.numel() for weight in network.parameters())
