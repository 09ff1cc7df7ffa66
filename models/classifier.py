"""Labelled images and a way to build a network → a trained classifier in a folder, and its answers.

What papers of the zoo share that train a network of their own on images from the first weight on:
`train_classifier` holds out a share of the images, trains on the others, measures the errors on
the first, and leaves `model.json` and `model.pt`; `predict_classes` tells what pictures show.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from tevr.models.batches import Shuffled
from tevr.models.data import COLOUR, GREY, Images, read_images, read_picture
from tevr.models.fit import FitConfig, Loss, News, classify, fit
from tevr.models.robustness import decide
from tevr.models.run_files import read_state

MODEL, WEIGHTS = "model.json", "model.pt"
PAD = 4
"""Zeros around an image before it is cut to its size at random, as all CIFAR papers do."""


@dataclass(frozen=True)
class ClassifierConfig:
    """How a classifier is trained; the defaults are the Min- and FP-nets' but for the epochs."""

    size: int = 32
    """Side of the images in pixels."""
    colours: bool = True
    held_out: float = 0.2
    """Share of the images of each class that errors are counted on."""
    epochs: int = 30
    """Rounds through the images; the papers have 200."""
    batch: int = 128
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    rate: float = 0.1
    decay: float = 1e-4
    schedule: Literal["constant", "steps", "cosine"] = "steps"
    mirror: bool = True
    """Whether images are mirrored and moved at random while it learns."""
    ema: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1 or self.epochs < 1:
            raise ValueError("The held-out share lies between 0 and 1; epochs are at least 1.")

    def fitting(self, images: int) -> FitConfig:
        """Return how the trainer shall work on so many images."""
        return FitConfig(
            steps=self.epochs * -(-images // self.batch),
            batch=self.batch,
            optimiser=self.optimiser,
            rate=self.rate,
            decay=self.decay,
            schedule=self.schedule,
            ema=self.ema,
            seed=self.seed,
        )


Config = TypeVar("Config", bound=ClassifierConfig)
Build = Callable[[Config, int], nn.Module]
"""Settings and number of classes → an untrained network that takes pixels from 0 to 1."""


def train_classifier(
    build: Build[Config],
    data: Path | str,
    output: Path,
    config: Config,
    show: Callable[[News], None],
    loss: Loss = classify,
) -> Mapping[str, float]:
    """Train on images and leave the classifier in a folder.

    Args:
        build: makes the network.
        data: what `read_images` reads.
        output: of the run; a training that was broken off there goes on.
        config: how.
        show: told of news.
        loss: network, batch, step → values.

    Returns:
        `error %` on held-out images, and how many images there were.
    """
    images = read_images(data, config.size, COLOUR if config.colours else GREY)
    held, learnt = images.hold_out(config.held_out, config.seed)
    network = fit_classifier(build, learnt, config, folder=output, show=show, loss=loss)
    wrong = float((decide(network, held.pixels) != held.labels).double().mean())
    if int(os.environ.get("RANK", "0")) == 0:  # one of several processes writes
        about = {"config": asdict(config), "classes": images.classes, "source": images.source}
        torch.save(network.state_dict(), output / WEIGHTS)
        text = json.dumps(about, indent=1, ensure_ascii=False)
        (output / MODEL).write_text(text + "\n", encoding="utf-8")
    counts = {"images learnt": float(len(learnt)), "images held out": float(len(held))}
    return {"error %": 100 * wrong, **counts}


def fit_classifier(
    build: Build[Config],
    images: Images,
    config: Config,
    *,
    folder: Path | None = None,
    show: Callable[[News], None] = lambda _: None,
    loss: Loss = classify,
) -> nn.Module:
    """Build a network from the seed of `config` and train it on all of the images."""
    torch.manual_seed(config.seed)
    network = build(config, len(images.classes))
    batches = Shuffled(
        (images.floats(), images.labels),
        config.batch,
        config.seed,
        augment=mirror_and_move if config.mirror else None,
    )
    fitting = config.fitting(len(images))
    about = {"network": asdict(config), "images": f"{len(images)} of {images.source}"}
    every = max(1, min(50, batches.per_round))
    fit(network, batches, loss, fitting, folder=folder, about=about, show=show, news_every=every)
    return network.cpu()


def read_classifier(
    build: Build[Config], run: Path, kind: type[Config]
) -> tuple[nn.Module, Config, tuple[str, ...]]:
    """Return network, settings and names of classes of a finished run.

    Raises:
        ValueError: the run is not finished, or not of that paper.
    """
    try:
        about: dict[str, Any] = json.loads((run / MODEL).read_text(encoding="utf-8"))
        config, classes = kind(**about["config"]), tuple(about["classes"])
    except FileNotFoundError:
        raise ValueError(f"{run} holds no finished training; there is no {MODEL}.") from None
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{run / MODEL} does not describe a network of this paper.") from error
    network = build(config, len(classes))
    try:
        network.load_state_dict(read_state(run / WEIGHTS))
    except RuntimeError as error:
        raise ValueError(f"{run / WEIGHTS} does not fit to {MODEL} beside it.") from error
    return network.eval(), config, classes


def predict_classes(
    build: Build[Config], run: Path, kind: type[Config], inputs: Sequence[Path]
) -> Iterator[Mapping[str, object]]:
    """Yield file, class and probability for each picture."""
    network, config, classes = read_classifier(build, run, kind)
    for path in inputs:
        pixels = read_picture(path, COLOUR if config.colours else GREY, config.size)
        with torch.no_grad():
            shares = network(pixels[None].float() / 255).softmax(1)[0]
        best = int(shares.argmax())
        yield {"file": str(path), "class": classes[best], "probability": float(shares[best])}


def mirror_and_move(images: Tensor, generator: torch.Generator) -> Tensor:
    """Mirror half of the images, and move each by up to 4 pixels, zeros coming in.

    Args:
        images: (batch, channels, height, width).
        generator: what draws.
    """
    count, _, height, width = images.shape
    turned = torch.rand(count, generator=generator) < 0.5  # noqa: PLR2004 (half of them)
    images = torch.where(turned[:, None, None, None], images.flip(3), images)
    padded = functional.pad(images, (PAD,) * 4)
    top, left = torch.randint(2 * PAD + 1, (2, count), generator=generator)
    rows = top[:, None] + torch.arange(height)  # (batch, height)
    columns = left[:, None] + torch.arange(width)  # (batch, width)
    every = torch.arange(count)[:, None, None]
    return padded[every, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
