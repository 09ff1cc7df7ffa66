"""Network and unit → an image that excites it; or labelled images → a network: by proxy gradients.

Linse, Barth and Martinetz 2024, "Leaky ReLUs That Differ in Forward and Backward Pass Facilitate
Activation Maximization in Deep Neural Networks", IJCNN, arXiv 2410.16958. A unit i of a network
f_s, whose (Leaky)ReLUs have slope s below 0, is maximised by steps along its gradient; but where
units are silent the gradient is 0. So the gradient is taken with a higher slope s′ while values
keep s:

    x ← R(x + μ ∇ₓ f_{s′,i}(x)),  x in [−1, 1],  R regularises

The abstract can be read in two ways, and both are here (`proxy_slope`): only the backward pass has
s′ (`backward`), or a second network of equal weights with s′ gives the gradient (`network`). In one
hidden layer both are the same. Networks can be trained by such gradients too.

Ours, as the paper's settings were not found: slopes, starts, lengths and numbers of steps, and
networks. Steps along the normalised gradient, blur, roll and the start `centre` are as in the first
author's earlier feature visualisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.batches import Batch, seeded
from tevr.models.classifier import ClassifierConfig, predict_classes, train_classifier
from tevr.models.fit import Loss, News, classify
from tevr.models.proxy_slope import READINGS, Proxied, Reading, slopes

STARTS = ("centre", "grey", "noise")


@dataclass(frozen=True)
class MaximiseConfig:
    """How an image is made that excites a unit."""

    slope: float = 0.3
    """s′; 0 is plain activation maximisation in networks of ReLUs."""
    reading: Reading = "backward"
    steps: int = 100
    rate: float = 1.0
    """μ: length of a step, as the norm of the change of the image."""
    start: Literal["centre", "grey", "noise"] = "noise"
    """A dot in the middle, nothing, or noise."""
    noise: float = 0.1
    """Standard deviation of the start `noise`, and of what tells the other starts apart."""
    starts: int = 1
    """Images that are begun for each unit, all different."""
    part: Literal["centre", "mean"] = "centre"
    """Of a feature map: what its middle says, or all of it."""
    blur: float = 0.0
    """R: standard deviation in pixels of a Gaussian over the image before each gradient."""
    shift: int = 0
    """R: the image is rolled by up to so many pixels before each gradient, at random."""
    shrink: float = 0.0
    """R: share by which pixels go back towards 0 at each step."""
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.starts) < 1 or self.rate <= 0:
            raise ValueError("Steps and starts are at least 1, the rate is above 0.")
        if self.reading not in READINGS or self.start not in STARTS:
            told = f"readings {', '.join(READINGS)}; starts {', '.join(STARTS)}"
            raise ValueError(f"There is no such reading or start; there are {told}.")
        if not (min(self.blur, self.shift, self.noise) >= 0 and 0 <= self.shrink < 1):
            raise ValueError("Blur, shift and noise are at least 0, shrink is below 1.")


@dataclass(frozen=True)
class Maximised:
    """Images that excite units, and how much."""

    images: Tensor
    """(units, starts, channels, height, width), −1 to 1: the best of all steps."""
    values: Tensor
    """(units, starts): what the unit of f_s says to them."""
    history: Tensor
    """(steps + 1, units, starts): what it said from step to step."""


def maximise(
    network: nn.Module,
    layer: str,
    units: int | Sequence[int],
    shape: tuple[int, int, int],
    config: MaximiseConfig | None = None,
) -> Maximised:
    """Find images that excite units of a layer.

    Args:
        network: any with (Leaky)ReLUs, in evaluation mode; images are −1 to 1.
        layer: name of a module, as `named_modules` has it; its output is (batch, units, …).
        units: numbers of channels of that output.
        shape: of an image, (channels, height, width).
        config: how.

    Raises:
        ValueError: there is no such layer or unit, or the network has no ReLU.
    """
    config = config or MaximiseConfig()
    chosen = [units] if isinstance(units, int) else list(units)
    probe = _Probe(network, layer, torch.tensor(chosen).repeat_interleave(config.starts), config)
    x = _begin(len(chosen) * config.starts, shape, config)
    with torch.no_grad(), slopes(config.slope):
        network(x[:1])
    best_x, best = x, torch.full((len(x),), -torch.inf)
    history = []
    for step in range(config.steps + 1):
        x = _regularised(x, config, step)
        value, gradient = probe(x)
        better = value > best
        best_x = torch.where(better[:, None, None, None], x, best_x)
        best = torch.where(better, value, best)
        history.append(value)
        norm = gradient.flatten(1).norm(dim=1).clamp_min(1e-6)
        x = (x + config.rate * gradient / norm[:, None, None, None]).clamp(-1, 1)
    grid = (len(chosen), config.starts)
    return Maximised(
        best_x.view(*grid, *shape), best.view(grid), torch.stack(history).view(-1, *grid)
    )


class _Reached(Exception):  # noqa: N818 (ends a pass early, is no error)
    """The layer has spoken; what comes after it need not be computed."""


class _Probe:
    """Images → what units of a layer say, and the proxy's gradient."""

    def __init__(
        self, network: nn.Module, layer: str, units: Tensor, config: MaximiseConfig
    ) -> None:
        modules = dict(network.named_modules())
        if layer not in modules:
            raise ValueError(f"The network has no layer {layer!r}; it has {', '.join(modules)}.")
        self.network, self.layer, self.units, self.config = network, modules[layer], units, config

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return values (images,) of f_s and gradients (images, channels, height, width)."""
        leaf = x.detach().requires_grad_()
        forth = None if self.config.reading == "backward" else self.config.slope
        with slopes(self.config.slope, forth, required=False):  # none before the first layer
            proxy = self._say(leaf)
        (gradient,) = torch.autograd.grad(proxy.sum(), leaf)
        if forth is None:
            return proxy.detach(), gradient
        with torch.no_grad():
            return self._say(leaf), gradient

    def _say(self, x: Tensor) -> Tensor:
        heard: list[Tensor] = []

        def hear(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            heard.append(output)
            raise _Reached

        handle = self.layer.register_forward_hook(hear)
        try:
            self.network(x)
        except _Reached:
            pass
        finally:
            handle.remove()
        if not heard:
            raise ValueError("The layer is not used by the network.")
        return self._unit(heard[0])

    def _unit(self, output: Tensor) -> Tensor:
        """(images, units, …) → (images,)."""
        if int(self.units.max()) >= output.shape[1] or int(self.units.min()) < 0:
            raise ValueError(f"The layer has units 0 to {output.shape[1] - 1}.")
        own = output[torch.arange(len(output)), self.units]  # (images, …)
        own = own.reshape(len(own), -1)  # (images, places)
        if self.config.part == "mean" or own.shape[1] == 1:
            return own.mean(1)
        height, width = output.shape[2], output.shape[3]
        return own[:, height // 2 * width + width // 2]


def _begin(count: int, shape: tuple[int, int, int], config: MaximiseConfig) -> Tensor:
    """Return first images (count, channels, height, width); equal starts of all units."""
    several = config.starts > 1 or config.start == "noise"
    drawn = torch.randn(config.starts, *shape, generator=seeded(config.seed))
    x = drawn * config.noise if several else torch.zeros(config.starts, *shape)
    if config.start == "centre":
        x[:, :, shape[1] // 2, shape[2] // 2] = 1.0
    return x.repeat(count // config.starts, 1, 1, 1).clamp(-1, 1)


def _regularised(x: Tensor, config: MaximiseConfig, step: int) -> Tensor:
    """R: shrink, roll, blur."""
    x = x * (1 - config.shrink)
    if config.shift:
        span = 2 * config.shift + 1
        drawn = torch.randint(span, (2,), generator=seeded(config.seed, step)) - config.shift
        x = torch.roll(x, (int(drawn[0]), int(drawn[1])), (2, 3))
    if config.blur:
        reach = max(1, round(3 * config.blur))
        places = torch.arange(-reach, reach + 1, dtype=x.dtype)
        weights = torch.exp(-(places**2) / (2 * config.blur**2))
        weights = (weights / weights.sum()).expand(x.shape[1], 1, 1, -1)
        padded = functional.pad(x, (reach,) * 4, "replicate")
        x = functional.conv2d(padded, weights, groups=x.shape[1])
        x = functional.conv2d(x, weights.transpose(2, 3), groups=x.shape[1])
    return x


def proxied_loss(slope: float, reading: Reading = "backward") -> Loss:
    """Return cross-entropy whose derivatives go back through units of that slope."""

    def loss(network: nn.Module, batch: Batch, step: int) -> Mapping[str, Tensor]:
        return classify(Proxied(network, slope, reading), batch, step)

    return loss


@dataclass(frozen=True)
class TrainConfig(ClassifierConfig):
    """A convolutional network for small images, trained by proxy gradients."""

    optimiser: Literal["sgd", "adam", "adamw"] = "adam"
    rate: float = 1e-3
    decay: float = 0.0
    schedule: Literal["constant", "steps", "cosine"] = "cosine"
    slope: float = 0.1
    """s′; 0 is ordinary training."""
    reading: Reading = "backward"
    width: int = 16
    """Channels of the first two of six convolutions; the next have two and four times as many."""


class PlainNet(nn.Module):
    """Six convolutions of 3×3 with ReLU, mean, linear layer; nothing that normalises."""

    def __init__(self, channels: int, width: int, classes: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for at, factor in enumerate((1, 1, 2, 2, 4, 4)):
            stride = 2 if at in (2, 4) else 1
            convolution = nn.Conv2d(channels, factor * width, 3, stride, 1)
            nn.init.kaiming_normal_(convolution.weight)
            parts += [convolution, nn.ReLU()]
            channels = factor * width
        parts += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
        self.layers = nn.Sequential(*parts)

    def forward(self, x: Tensor) -> Tensor:
        """Pixels from 0 to 1 (batch, channels, height, width) → scores (batch, classes)."""
        scores: Tensor = self.layers(2 * x - 1)
        return scores

    def convolutions(self) -> list[str]:
        """Return the names of convolutions in `layers`, which take −1 to 1, from the image on."""
        parts = self.layers.named_children()
        return [name for name, part in parts if isinstance(part, nn.Conv2d)]


def build(config: TrainConfig, classes: int) -> PlainNet:
    """Return an untrained network."""
    return PlainNet(3 if config.colours else 1, config.width, classes)


def train(
    data: Path | str, output: Path, config: TrainConfig, show: Callable[[News], None]
) -> Mapping[str, float]:
    """Train on labelled images; see `train_classifier`."""
    loss = proxied_loss(config.slope, config.reading)
    return train_classifier(build, data, output, config, show, loss)


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield file, class and probability for each picture."""
    return predict_classes(build, run, TrainConfig, inputs)


def toy(x: Tensor, slope: float = 0.0, backward: float | None = None) -> Tensor:
    """Return ReLU(−x) + 3 ReLU(x − ½): the maximum of [−1, 1] is 1.5 at 1, another is 1 at −1.

    Left of 0 the gradient with slope s′ is −1 + 3 s′, so every s′ > 1/3 leaves the lower maximum.
    """
    back = slope if backward is None else backward
    with slopes(back, slope):
        return torch.relu(-x) + 3 * torch.relu(x - 0.5)


def climb_toy(slope: float, start: float = -0.1, steps: int = 200, rate: float = 0.02) -> float:
    """Maximise `toy` with gradients of slope s′ in steps of one length; return the value reached.

    Left of 0, −1 + 3 s′ tells the way; between 0 and ½ every s′ above 0 leads to the right.
    """
    x = torch.tensor(start)
    for _ in range(steps):
        leaf = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(toy(leaf, 0.0, slope), leaf)
        x = (x + rate * gradient.sign()).clamp(-1, 1)
    return float(toy(x))


def demo() -> str:
    """Climb the toy function with several slopes; return what each reaches."""
    reached = {slope: climb_toy(slope) for slope in (0.0, 0.1, 0.3, 0.34, 0.5, 1.0)}
    told = ", ".join(f"s′ = {slope:g}: {value:.2f}" for slope, value in reached.items())
    return f"ReLU(−x) + 3 ReLU(x − ½) from x = −0.1, whose maximum is 1.50 at x = 1. {told}."
