"""Images → very many features, by filters learned from patches convolved with themselves.

Knyazev, Barth and Martinetz 2017, "Recursive Autoconvolution for Unsupervised Learning of
Convolutional Neural Networks", IJCNN, arXiv 1606.00611. A patch X of zero mean, convolved with
itself, A(X) = X ∗ X, keeps its main frequencies and loses the weak ones, since the transform of
A(X) is the square of that of X. Reduced to its size and convolved again, it grows simpler and
smoother from order to order, and k-means finds better filters in a mixture of orders:

    X₀ = X,   Xₙ = D(A(Xₙ₋₁)),   D: resized to half, or its middle cut out, by the toss of a coin

As the authors' code has it, the second order goes on from A(X₀) before D; only from then on does
the recursion itself pass through D. Networks are written as in the paper, layers joined by `__`:

    128c11-4p-conv1_3       128 filters of 11×11, pooling over 4, patches of orders 1 to 3
    32g-32ch-256c5-3p-conv0_2    32 groups of 32 maps, 256 filters shared by them, orders 0 to 2
    5p-3s                   pooling over 5, every 3 pixels

Ours where the code leaves it open: patches are standardised before each order, maps of lower
layers come to the grid of the last by their maximum.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from tevr.models import kept
from tevr.models.data import read_images
from tevr.models.filters import FilterConfig, Learner, standardise
from tevr.models.fit import News
from tevr.models.layerwise import Layer, LayerwiseConfig, LayerwiseNetwork
from tevr.models.svm import GaussianHead, LinearHead, SVMConfig, fit_svm

DIGITS = "128c11-4p-conv1_3"
"""S1-128 of the paper: 2.45 ± 0.10 % errors on MNIST from 100 digits a class."""
DIGITS_RAW = "128c7-4p-conv0"
"""The authors' comparison without autoconvolution; raw patches do better with smaller filters."""
L32 = "1024c5-3p-conv0_3__32g-32ch-256c5-3p-conv0_2__32g-256ch-1024c5-3p-conv0_2"
"""AutoCNN-L32 of the paper: 671,744 features of an image of CIFAR-10."""
DIGIT_COSTS = (1e-4, 2e-4, 4e-4, 8e-4, 16e-4, 32e-4)
"""What the authors' code chooses C from on MNIST; on photographs only the first four."""

_PART = re.compile(
    r"(?P<groups>\d+)g|(?P<channels>\d+)ch|(?P<filters>\d+)c(?P<size>\d+)"
    r"|(?P<pool>\d+)p|(?P<stride>\d+)s|conv(?P<first>\d+)(?:_(?P<last>\d+))?"
)


def parse_network(notation: str) -> tuple[Layer, ...]:
    """Return the layers of a network in the papers' notation, such as `128c11-4p-conv1_3`."""
    return tuple(_parse_layer(part, notation) for part in notation.strip().split("__"))


def _parse_layer(text: str, notation: str) -> Layer:
    """Return one layer; `notation` is what the user wrote."""
    found: dict[str, int] = {}
    for part in text.split("-"):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(
                f"{part!r} in {notation!r} is none of 8g, 16ch, 128c5, 3p, 2s, conv0_3."
            )
        new = {name: int(value) for name, value in match.groupdict().items() if value is not None}
        if new.keys() & found.keys():
            raise ValueError(f"{text!r} in {notation!r} says something twice.")
        found |= new
    missing = [name for name in ("filters", "pool", "first") if name not in found]
    if missing:
        raise ValueError(
            f"{text!r} in {notation!r} needs filters, pooling and orders, as 8c5-2p-conv0."
        )
    first, last = found["first"], found.get("last", found["first"])
    return Layer(
        found["filters"],
        found["size"],
        found["pool"],
        found.get("stride"),
        tuple(range(first, last + 1)),
        found.get("groups", 1),
        found.get("channels"),
    )


def write_network(layers: Sequence[Layer]) -> str:
    """Return layers in the papers' notation; their orders follow each other."""
    written = []
    for at, layer in enumerate(layers):
        parts = [f"{layer.groups}g", f"{layer.channels}ch"] if at and layer.channels else []
        parts += [f"{layer.filters}c{layer.size}", f"{layer.pool}p"]
        parts += [f"{layer.stride}s"] if layer.stride else []
        first, last = layer.orders[0], layer.orders[-1]
        written.append("-".join([*parts, f"conv{first}" + (f"_{last}" if last > first else "")]))
    return "__".join(written)


def autoconvolve(patches: Tensor) -> Tensor:
    """Convolve each channel of each patch with itself, by the square of its Fourier transform.

    Args:
        patches: (count, channels, height, width).

    Returns:
        (count, channels, 2 height − 1, 2 width − 1).
    """
    full = tuple(2 * side - 1 for side in patches.shape[-2:])
    spectrum = torch.fft.rfft2(patches, s=full)
    found: Tensor = torch.fft.irfft2(spectrum.square(), s=full)
    return found


def resize(patches: Tensor, size: int) -> Tensor:
    """Return patches (count, channels, size, size), bicubic and without aliasing."""
    if patches.shape[-1] == size:
        return patches
    side = (size, size)
    return functional.interpolate(
        patches, side, mode="bicubic", antialias=True, align_corners=False
    )


def reduce(patches: Tensor, generator: torch.Generator) -> Tensor:
    """Return patches of half the side, rounded up: resized, or their middle, by a coin each.

    Args:
        patches: (count, channels, side, side).
        generator: what tosses the coins.
    """
    side = patches.shape[-1]
    half = -(-side // 2)
    start = (side - half) // 2
    middle = patches[..., start : start + half, start : start + half]
    coin = torch.rand(len(patches), 1, 1, 1, generator=generator) < 0.5  # noqa: PLR2004 (a coin)
    return torch.where(coin, resize(patches, half), middle)


def autoconvolved(
    patches: Tensor, orders: Sequence[int], generator: torch.Generator, *, jointly: bool = False
) -> list[Tensor]:
    """Return patches of the orders asked for.

    Args:
        patches: (count, channels, size, size).
        orders: from 0, the patch itself; each is reduced and resized to `size`.
        generator: what tosses the coins of `reduce`.
        jointly: standardise all channels of a patch together, as in higher layers.

    Returns:
        For each order asked for, in rising order, (count, channels, size, size).
    """
    size = patches.shape[-1]
    state = standardise(patches, jointly)
    found = [state] if 0 in orders else []
    for order in range(1, max(orders) + 1):
        whole = autoconvolve(standardise(state, jointly))
        reduced = reduce(whole, generator)
        state = whole if order == 1 else reduced
        if order in orders:
            found.append(resize(reduced, size))
    return found


def prepare(patches: Tensor, layer: Layer, generator: torch.Generator) -> Tensor:
    """Return patches (count, channels, size, size), an equal share of them of each order."""
    jointly = patches.shape[1] > 3  # noqa: PLR2004 (colours are standardised one by one)
    shares = patches.tensor_split(len(layer.orders))
    pairs = zip(layer.orders, shares, strict=True)
    return torch.cat([autoconvolved(p, [n], generator, jointly=jointly)[0] for n, p in pairs])


@dataclass(frozen=True)
class AutoconvolutionConfig:
    """A network in the papers' notation and what lies around it."""

    network: str = DIGITS
    shape: tuple[int, int, int] = (1, 28, 28)
    """Channels, height and width of an image."""
    photographs: bool = False
    """Images whitened, contrast normalised, ReLU first, roots of features; or, for digits, not."""
    patches: int = 50_000
    """Patches that filters of a layer are learned from."""
    learn: FilterConfig = field(default_factory=FilterConfig)
    svm: SVMConfig = field(default_factory=lambda: SVMConfig(costs=DIGIT_COSTS))
    mirror: bool = False
    """Whether training images are also mirrored, and scores are means over both mirror images."""
    seed: int = 0

    def layerwise(self) -> LayerwiseConfig:
        """Return the settings of the layers."""
        photographs = self.photographs
        return LayerwiseConfig(
            parse_network(self.network),
            self.shape,
            whiten=photographs,
            rectifier="relu-abs" if photographs else "abs",
            normalise=photographs,
            scaling="rootsift" if photographs else "standard",
            patches=self.patches,
            learn=self.learn,
            seed=self.seed,
        )


class AutoCNN:
    """The network and the support vector machine on its features."""

    def __init__(self, config: AutoconvolutionConfig) -> None:
        self.config = config
        self.network = LayerwiseNetwork(config.layerwise(), prepare)
        self.head: LinearHead | GaussianHead | None = None

    def fit(self, images: Tensor, labels: Tensor, unlabelled: Tensor | None = None) -> AutoCNN:
        """Learn filters without labels, then the classifier.

        Args:
            images: (count, channels, height, width), values of any range.
            labels: (count,), classes from 0.
            unlabelled: images to learn filters from, where more are at hand than have labels.
        """
        self.network.fit(images if unlabelled is None else unlabelled)
        if self.config.mirror:
            images, labels = torch.cat([images, images.flip(-1)]), torch.cat([labels, labels])
        self.fit_head(images, labels)
        return self

    def fit_head(self, images: Tensor, labels: Tensor, folder: Path | None = None) -> None:
        """Learn the classifier alone; features beyond memory's size lie in a file of `folder`."""
        features = self.network.stream(images)
        shape = (len(images), self.network.config.features)
        self.head = fit_svm(features, shape, labels, self.config.svm, folder)

    def scores(self, images: Tensor) -> Tensor:
        """Return how much speaks for each class, (count, classes)."""
        if self.head is None:
            raise ValueError("The classifier has learned nothing yet; call fit first.")
        views = [images, images.flip(-1)] if self.config.mirror else [images]
        head = self.head
        found = [torch.cat([head.scores(part) for part in self.network.stream(v)]) for v in views]
        return torch.stack(found).mean(0)

    def predict(self, images: Tensor) -> Tensor:
        """Return classes (count,)."""
        return self.scores(images).argmax(1)


@dataclass(frozen=True)
class TrainConfig:
    """What `tevr zoo train autoconvolution` can be told; see AutoconvolutionConfig."""

    network: str = DIGITS
    size: int = 0
    """Side of the images in pixels; 0 leaves them as they are."""
    photographs: bool = False
    mirror: bool = False
    learner: Learner = "kmeans"
    kernel: Literal["linear", "rbf"] = "linear"
    patches: int = 50_000
    held_out: float = 0.2
    """Share of the images on which the accuracy is measured."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1:
            raise ValueError("The share held out is above 0 and below 1.")

    def model(self, shape: tuple[int, int, int]) -> AutoCNN:
        """Return the network for images of a shape (channels, height, width), unfitted."""
        costs = (16.0,) if self.kernel == "rbf" else DIGIT_COSTS[: 4 if self.photographs else 6]
        return AutoCNN(
            AutoconvolutionConfig(
                self.network,
                shape,
                self.photographs,
                self.patches,
                FilterConfig(self.learner),
                SVMConfig(self.kernel, costs),
                self.mirror,
                self.seed,
            )
        )


def train(
    data: Path, output: Path, config: TrainConfig, show: Callable[[News], None]
) -> Mapping[str, float]:
    """Learn from images with labels (see `data`) and keep the model in the folder `output`."""
    images = read_images(data, config.size or None)
    now = kept.about(config, images)
    done = kept.figures_of(output, now)
    if done is not None:
        return done
    begun = time.monotonic()
    tried, learned = images.hold_out(config.held_out, config.seed)
    model = config.model(tuple(images.pixels.shape[1:]))  # type: ignore[arg-type]
    model.network.fit(learned.floats())
    show(News(1, 2, {"features": model.network.config.features}, time.monotonic() - begun))
    output.mkdir(parents=True, exist_ok=True)
    model.fit_head(learned.floats(), learned.labels, output)
    right = (model.predict(tried.floats()) == tried.labels).float().mean().item()
    figures = {"accuracy": right, "features": float(model.network.config.features)}
    show(News(2, 2, figures, time.monotonic() - begun))
    state = {"network": model.network.state_dict(), "head": vars(model.head)}
    kept.keep(output, now, state, figures)
    return figures


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield the class of each picture and by how much it leads."""
    state = kept.read_run(run)
    config = TrainConfig(**state["about"]["config"])
    model = config.model(tuple(state["about"]["data"]["shape"]))
    model.network.load_state_dict(state["network"])
    model.head = (LinearHead if config.kernel == "linear" else GaussianHead)(**state["head"])
    yield from kept.say(state, inputs, model.scores)


def demo() -> str:
    """Learn bars and blobs from forty images, and say how many new ones are told apart."""
    generator = torch.Generator().manual_seed(0)
    images, labels = stripes(120, generator)
    config = AutoconvolutionConfig("8c5-4p-conv0_2", (1, 16, 16), patches=500)
    model = AutoCNN(config).fit(images[:40], labels[:40])
    right = (model.predict(images[40:]) == labels[40:]).float().mean().item()
    return f"{config.network}: {right:.0%} of 80 new images told apart, learned from 40."


def stripes(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return noisy images (count, 1, 16, 16) of stripes, lying or upright, and which (count,)."""
    labels = torch.randint(2, (count,), generator=generator)
    phase = torch.rand(count, 1, 1, generator=generator) * 6
    wave = torch.sin(torch.arange(16) * 1.3 + phase).expand(count, 16, 16)
    images = torch.where(labels[:, None, None] == 1, wave, wave.mT)
    noise = torch.randn(count, 16, 16, generator=generator)
    return (images + 0.8 * noise)[:, None], labels
