"""Photographs → ImageNet's classes, by a ResNet-50 and a MobileNetV2 with FP-blocks.

The networks of the FP-net papers (see `fp_net`) for pictures of 224×224 pixels: FP-blocks replace
the first block of each of the four stages of a ResNet-50 (He et al. 2016), in the `sandwich` the
last too; in a MobileNetV2 (Sandler et al. 2018) the first block and each with stride 2. Top-1
errors by the authors' code: FP-ResNet-50 23.24 % (q = 1) and 23.80 % (q = 0.8); MobileNetV2
28.71 %, with FP-blocks 28.84 % (q = 2) and 28.53 % (q = 3). They were not trained here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tevr.models.fp_net import BlockConfig, fp_block
from tevr.models.residual import Block

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Inner channels and blocks of the stages of a ResNet-50; outside there are four times as many."""
INVERTED = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)
"""Expansion, channels, blocks and first stride of the stages of a MobileNetV2."""


@dataclass(frozen=True)
class ImageNetConfig:
    """Which blocks are FP-blocks, and of what size."""

    expansion: float = 1.0
    """q; the papers have 1 and 0.8 in the ResNet-50, 2 and 3 in the MobileNetV2."""
    fp: bool = True
    """False leaves the ordinary network."""
    sandwich: bool = False
    """Of the ResNet-50: the last block of each stage is an FP-block too."""
    classes: int = 1000

    @property
    def block(self) -> Block:
        """What makes the FP-blocks."""
        return fp_block(BlockConfig(self.expansion))


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1, each with BN, ReLU after the sum; the stride is that of the 3×3."""

    def __init__(self, inputs: int, inner: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * inner
        self.body = nn.Sequential(
            *_conv(inputs, inner, 1),
            nn.ReLU(),
            *_conv(inner, inner, 3, stride),
            nn.ReLU(),
            *_conv(inner, outputs, 1),
        )
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(*_conv(inputs, outputs, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, 4 · inner, height/stride, width/stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNet50(nn.Module):
    """Stem, four stages, mean, linear layer."""

    def __init__(self, config: ImageNetConfig) -> None:
        super().__init__()
        parts: list[nn.Module] = [*_conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        width = 64
        for inner, count in STAGES:
            for at in range(count):
                stride = 2 if at == 0 and inner > STAGES[0][0] else 1
                replaced = at == 0 or (config.sandwich and at == count - 1)
                if config.fp and replaced:
                    parts.append(config.block(width, 4 * inner, stride))
                else:
                    parts.append(Bottleneck(width, inner, stride))
                width = 4 * inner
        self.maps = nn.Sequential(*parts)
        self.classify = nn.Linear(width, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, 224, 224) → scores (batch, classes)."""
        scores: Tensor = self.classify(self.maps(x).mean((2, 3)))
        return scores


class InvertedResidual(nn.Module):
    """1×1 to `expansion` times the channels, 3×3 for each, 1×1 back; ReLU6, none at the end."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = expansion * inputs
        wider = [*_conv(inputs, width, 1), nn.ReLU6()] if expansion > 1 else []
        self.body = nn.Sequential(
            *wider,
            *_conv(width, width, 3, stride, groups=width),
            nn.ReLU6(),
            *_conv(width, outputs, 1),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(batch, inputs, height, width) → (batch, outputs, height/stride, width/stride)."""
        out: Tensor = self.body(x)
        return x + out if self.adds else out


class MobileNetV2(nn.Module):
    """Stem, seven stages, 1×1 to 1280, mean, dropout, linear layer."""

    def __init__(self, config: ImageNetConfig) -> None:
        super().__init__()
        parts: list[nn.Module] = [*_conv(3, 32, 3, 2), nn.ReLU6()]
        width = 32
        for stage, (expansion, outputs, count, first) in enumerate(INVERTED):
            for at in range(count):
                stride = first if at == 0 else 1
                if config.fp and (stride > 1 or stage == 0):
                    parts.append(config.block(width, outputs, stride))
                else:
                    parts.append(InvertedResidual(width, outputs, stride, expansion))
                width = outputs
        parts += [*_conv(width, 1280, 1), nn.ReLU6()]
        self.maps = nn.Sequential(*parts)
        self.classify = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, config.classes))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, 224, 224) → scores (batch, classes)."""
        scores: Tensor = self.classify(self.maps(x).mean((2, 3)))
        return scores


def _conv(
    inputs: int, outputs: int, side: int, stride: int = 1, groups: int = 1
) -> Sequence[nn.Module]:
    """Return a convolution that keeps the size but for its stride, and BN."""
    conv = nn.Conv2d(inputs, outputs, side, stride, side // 2, groups=groups, bias=False)
    return conv, nn.BatchNorm2d(outputs)
