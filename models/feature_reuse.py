"""Images → classes, by convolutions learned on other images and a new classifier on top.

Hertel, Barth, Käster and Martinetz 2015, "Deep Convolutional Neural Networks as Generic Feature
Extractors", IJCNN, arXiv 1710.02286. The kernels φ that a network learned on ImageNet stay as they
are; only the classification part θ is trained on the new images, by cross-entropy:

    min over θ of CE(g_θ(φ(resize(x))), y),   no gradient reaches φ

Since φ never changes, φ(x) is computed once and kept in a file, and training takes seconds. The
claim: such features do better than a network trained on the new images alone.

Ours, the paper's own choices not being known to us: EfficientNet-Lite in place of its network, the
mean of each map as a feature, features standardised, one linear layer or one hidden layer on top.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from tevr.models import kept
from tevr.models.backbones import Backbone, open_backbone, pooled_features, resized
from tevr.models.batches import Shuffled
from tevr.models.data import COLOUR, read_images, read_picture
from tevr.models.fit import FitConfig, News, classify, fit

DEMO_STEPS = 60
FEATURES = "features"
"""Folder of a run where features are kept."""


@dataclass(frozen=True)
class TrainConfig:
    """The network whose kernels are kept, and how the new classifier is trained."""

    network: str = "lite0"
    """lite0, lite1, lite2, or timm:NAME."""
    size: int = 0
    """Side to which images are brought, in pixels; 0 for what the network was trained on."""
    head: Literal["linear", "mlp"] = "linear"
    hidden: int = 256
    """Units of the hidden layer of `mlp`."""
    dropout: float = 0.2
    """Of what the last layer gets."""
    epochs: int = 30
    batch: int = 64
    rate: float = 1e-3
    decay: float = 1e-2
    held_out: float = 0.2
    """Share of the images on which the accuracy is measured."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.head not in ("linear", "mlp"):
            raise ValueError(f"There is no head {self.head!r}; choose linear or mlp.")
        if not (0 <= self.dropout < 1 and 0 < self.held_out < 1):
            raise ValueError("Dropout is at least 0 and below 1; the share held out is in between.")
        if min(self.hidden, self.epochs, self.batch) < 1:
            raise ValueError("Hidden units, epochs and batch are at least 1.")


class Head(nn.Module):
    """The classification part: features standardised, then one layer or two."""

    def __init__(self, inputs: int, classes: int, config: TrainConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))
        deep = config.head == "mlp"
        hidden = [nn.Linear(inputs, config.hidden), nn.ReLU()] if deep else []
        last = nn.Linear(config.hidden if deep else inputs, classes)
        self.layers = nn.Sequential(*hidden, nn.Dropout(config.dropout), last)

    def standardise_by(self, features: Tensor) -> None:
        """Take mean and deviation from features (images, inputs)."""
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-3

    def forward(self, features: Tensor) -> Tensor:
        """Map features (images, inputs) to scores (images, classes)."""
        scores: Tensor = self.layers((features - self.mean) / self.deviation)
        return scores


def train_head(
    features: Tensor,
    labels: Tensor,
    config: TrainConfig,
    *,
    folder: Path | None = None,
    about: Mapping[str, object] | None = None,
    show: Callable[[News], None] = lambda _: None,
) -> Head:
    """Train the classification part alone.

    Args:
        features: (images, inputs), of frozen convolutions.
        labels: (images,), classes from 0.
        config: how.
        folder: of checkpoints; a training that stands there goes on.
        about: what else the run depends on.
        show: told of news.
    """
    torch.manual_seed(config.seed)
    head = Head(features.shape[1], int(labels.max()) + 1, config)
    head.standardise_by(features)
    batches = Shuffled((features, labels), config.batch, config.seed)
    how = FitConfig(
        steps=config.epochs * batches.per_round,
        batch=config.batch,
        optimiser="adamw",
        rate=config.rate,
        decay=config.decay,
        schedule="cosine",
        seed=config.seed,
        device="cpu",
    )
    fit(head, batches, classify, how, folder=folder, about=about, show=show)
    return head


class SmallNet(nn.Module):
    """The control from scratch: four convolutions, of a size that learns much in a minute."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in (32, 64, 128, 128):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
            layers += [nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
            channels = width
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.last = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Map (images, channels, height, width), from 0 to 1, to scores (images, classes)."""
        scores: Tensor = self.last(self.layers(images * 2 - 1))
        return scores


def from_scratch(
    pixels: Tensor,
    labels: Tensor,
    seed: int,
    *,
    steps: int = 10**6,
    seconds: float | None = None,
    mirror: bool = True,
) -> SmallNet:
    """Train a SmallNet for a number of steps or a time, whichever ends first.

    Args:
        pixels: uint8 (images, channels, height, width).
        labels: (images,).
        seed: of weights and batches.
        steps: at most.
        seconds: by the clock; None for no limit.
        mirror: whether half of the images are mirrored.
    """
    torch.manual_seed(seed)
    network = SmallNet(pixels.shape[1], int(labels.max()) + 1)
    augment = mirrored if mirror else None
    batches = Shuffled((pixels.float() / 255, labels), 32, seed, augment)
    how = FitConfig(
        steps=steps,
        optimiser="adamw",
        rate=3e-3,
        decay=1e-2,
        schedule="cosine",
        seconds=seconds,
        seed=seed,
        device="cpu",
    )
    fit(network, batches, classify, how)
    return network


def mirrored(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images (images, channels, height, width), left to right."""
    turned = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5  # noqa: PLR2004 (half)
    return torch.where(turned, images.flip(3), images)


@torch.no_grad()
def accuracy(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Return the share of inputs (images, …) that get their labels (images,)."""
    right = [
        (network(part).argmax(1) == truth).float()
        for part, truth in zip(torch.split(inputs, 256), torch.split(labels, 256), strict=True)
    ]
    return torch.cat(right).mean().item()


def train(
    data: Path | str,
    output: Path,
    config: TrainConfig,
    show: Callable[[News], None],
    backbone: Backbone | None = None,
) -> Mapping[str, float]:
    """Train a classifier on images and keep it in the folder `output`.

    Args:
        data: see `data.read_images`; pictures of a folder are brought to the network's size.
        output: of the run; what stands there is gone on with.
        config: how.
        show: told of news.
        backbone: in place of the one that `config` names.
    """
    backbone = backbone or open_backbone(config.network, config.size)
    folder = isinstance(data, Path) and data.is_dir()
    images = read_images(data, backbone.size if folder else None, COLOUR if folder else None)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(config.seed))
    held = max(1, round(config.held_out * len(images)))
    tried, learned = order[:held], order[held:]
    now = kept.about(config, images)
    finished = output / "model.json"
    features = pooled_features(backbone, images.pixels, output / FEATURES)
    chosen, labels = features[learned], images.labels[learned]
    head = train_head(chosen, labels, config, folder=output, about=now, show=show)
    figures = {"accuracy": accuracy(head, features[tried], images.labels[tried])}
    torch.save(head.state_dict(), output / "model.pt")
    finished.write_text(json.dumps({**now, "inputs": features.shape[1], "figures": figures}))
    return figures


def predict(
    run: Path, inputs: Sequence[Path], backbone: Backbone | None = None
) -> Iterator[Mapping[str, object]]:
    """Yield file, class and probability of each picture."""
    try:
        about = json.loads((run / "model.json").read_text(encoding="utf-8"))
        config = TrainConfig(**about["config"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        raise ValueError(f"{run} holds no finished training of feature_reuse.") from None
    backbone = backbone or open_backbone(config.network, config.size)
    head = Head(about["inputs"], len(about["classes"]), config)
    head.load_state_dict(torch.load(run / "model.pt", weights_only=True))
    head.eval()
    for path in inputs:
        with torch.no_grad():
            picture = read_picture(path, COLOUR, backbone.size)[None]
            maps = backbone(resized(picture, backbone.size))
            shares = head(maps.mean((2, 3))).softmax(1)[0]
        best = int(shares.argmax())
        named = about["classes"][best]
        yield {"file": str(path), "class": named, "probability": float(shares[best])}


def demo() -> str:
    """Learn twenty textures from scratch, keep the kernels, learn six others from few examples."""
    outcome = reuse_on_textures(per_class=2, steps=DEMO_STEPS, seed=0)
    told = ", ".join(f"{name} {value:.0%}" for name, value in outcome.items())
    return f"Six new textures from two examples of each: {told}."


@dataclass
class KeptKernels:
    """A SmallNet without its last layer, as a backbone for images of its own size."""

    network: SmallNet
    size: int
    outputs: int = 128

    def __call__(self, images: Tensor) -> Tensor:
        """Map (images, 3, size, size) to (images, 128, 1, 1)."""
        found: Tensor = self.network.eval().layers(images[:, :1] * 2 - 1)
        return found[:, :, None, None]

    def state_dict(self) -> dict[str, Tensor]:
        """Return the network's weights."""
        return dict(self.network.state_dict())


def textures(kinds: int, offset: float, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw noisy waves of as many directions as kinds, each with a length of its own.

    Args:
        kinds: how many.
        offset: what is added to all numbers of kinds, so that two sets differ.
        count: images of each.
        seed: of phases and noise.

    Returns:
        uint8 (images, 1, 16, 16), and kinds (images,).
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(kinds).repeat_interleave(count)
    turn = (labels + offset)[:, None, None]
    angle, pace = turn * torch.pi / kinds, 0.7 + 0.9 * ((turn * 0.618) % 1)
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    along = rows * torch.sin(angle) + columns * torch.cos(angle)
    phase = torch.rand(len(labels), 1, 1, generator=generator) * 2 * torch.pi
    noise = torch.randn(len(labels), 16, 16, generator=generator)
    waves = 128 + 40 * torch.sin(pace * along + phase) + 40 * noise
    return waves.clamp(0, 255).byte()[:, None], labels


def reuse_on_textures(per_class: int, steps: int, seed: int) -> dict[str, float]:
    """Return accuracies on six textures: kernels kept from twenty others, random, from scratch.

    Args:
        per_class: examples of each of the six.
        steps: of the trainings from scratch.
        seed: of everything.
    """
    learned = from_scratch(*textures(20, 0.0, 30, seed), seed, steps=steps, mirror=False)
    torch.manual_seed(seed)
    few, labels = textures(6, 0.4, per_class, seed + 1)
    many, truth = textures(6, 0.4, 60, seed + 2)
    config, found = TrainConfig(epochs=150, rate=3e-3, seed=seed), {}
    for name, network in (("kept kernels", learned), ("random kernels", SmallNet(1, 20))):
        backbone = KeptKernels(network, 16)
        head = train_head(pooled_features(backbone, few), labels, config)
        found[name] = accuracy(head, pooled_features(backbone, many), truth)
    scratch = from_scratch(few, labels, seed, steps=steps, mirror=False)
    found["from scratch"] = accuracy(scratch, many.float() / 255, truth)
    return found
