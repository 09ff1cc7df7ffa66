"""CT slices of the chest → with COVID-19 or without, by convolutions learned on ImageNet.

RESEARCH CODE, NO MEDICAL DEVICE: nothing here may serve a diagnosis.

Alshazly, Linse, Barth and Martinetz 2021, "Explainable COVID-19 Detection Using Chest CT Scans and
Deep Learning", Sensors 21(2):455, arXiv 2011.05317. Networks trained on ImageNet, each with an
input size of its own, are carried over to CT slices, looked into by t-SNE of their features and by
Grad-CAM, and reach 92.9 % accuracy on COVID-CT (746 slices) as they averaged it. Networks of the
same group later reach 81.8 % on the official split. Which protocol measures matters more than which
network: see `ct_slices`; `train` measures by all three and says what lies between them.

Ours, since the paper's settings were not found: EfficientNet-Lite (or a network of timm) stays
frozen, each slice is seen as it is and in augmented views, a logistic regression tells them apart.
Intervals are of 95 %, from drawing sources, not slices, again and again, for slices of one source
are no independent evidence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tevr.models import kept
from tevr.models.backbones import Backbone, open_backbone, pooled_features, resized
from tevr.models.ct_measures import MEASURES, Measured, measure, twins
from tevr.models.ct_report import (
    NOTICE,
    Attention,
    draw_attention,
    draw_embedding,
    embed,
    write_report,
)
from tevr.models.ct_slices import PROTOCOLS, Protocol, Slices, made_up_slices, read_slices, splits
from tevr.models.data import GREY, read_picture
from tevr.models.feature_reuse import KeptKernels, SmallNet
from tevr.models.fit import News
from tevr.models.run_files import plain

TURN, ZOOM, LIGHT = 10.0, 0.1, 0.15
"""Augmented views: turned by up to so many degrees, scaled and lit up to these shares."""


@dataclass(frozen=True)
class TrainConfig:
    """The network and how the classifier on it is trained and measured."""

    network: str = "lite0"
    """lite0, lite1, lite2, or timm:NAME."""
    size: int = 0
    """Side of the network's images in pixels; 0 for what it was trained on."""
    views: int = 4
    """Of each slice that is learned from: itself, mirrored, and drawn ones."""
    cost: float = 0.01
    """C of the logistic regression, on standardised features."""
    folds: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.views, self.folds - 1) < 1 or self.cost <= 0:
            raise ValueError("Views are at least 1, folds at least 2, the cost is above 0.")


@dataclass(frozen=True)
class LinearScore:
    """A logistic regression on standardised features."""

    mean: Tensor  # (features,)
    deviation: Tensor  # (features,)
    weight: Tensor  # (features,)
    bias: Tensor  # ()

    def __call__(self, features: Tensor) -> Tensor:
        """Map features (slices, features) to log-odds of the finding (slices,)."""
        return (features - self.mean) / self.deviation @ self.weight + self.bias


def view(pixels: Tensor, number: int, seed: int = 0) -> Tensor:
    """Return one view of each slice.

    Args:
        pixels: uint8 (slices, 1, height, width).
        number: 0 for the slice itself, 1 for its mirror image, else drawn: turned, scaled, lit,
            and mirrored by the toss of a coin.
        seed: of what is drawn.

    Returns:
        uint8 (slices, 1, height, width).
    """
    if number < 2:  # noqa: PLR2004 (the two that are not drawn)
        return pixels.flip(3) if number else pixels
    generator = torch.Generator().manual_seed(seed * 1000 + number)
    spread = torch.rand(4, len(pixels), generator=generator) * 2 - 1
    angle, scale = spread[0] * TURN * torch.pi / 180, 1 + ZOOM * spread[1]
    cosine, sine, turned = scale * angle.cos(), scale * angle.sin(), spread[2].sign()
    matrix = torch.zeros(len(pixels), 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = turned * cosine, -sine
    matrix[:, 1, 0], matrix[:, 1, 1] = turned * sine, cosine
    grid = functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
    moved = functional.grid_sample(pixels.float(), grid, padding_mode="border", align_corners=False)
    lit = moved * (1 + LIGHT * spread[3])[:, None, None, None]
    return lit.round().clamp(0, 255).byte()


def all_features(
    backbone: Backbone, slices: Slices, config: TrainConfig, folder: Path | None
) -> Tensor:
    """Return features of all views, (max(2, views), slices, outputs), kept in `folder`."""
    found = [
        pooled_features(backbone, view(slices.pixels, number, config.seed), folder)
        for number in range(max(2, config.views))
    ]
    return torch.stack(found)


def fit_linear(features: Tensor, labels: NDArray[np.int64], cost: float) -> LinearScore:
    """Fit a logistic regression to features (slices, features), classes weighing the same."""
    from sklearn.linear_model import LogisticRegression

    mean, deviation = features.mean(0), features.std(0) + 1e-3
    machine = LogisticRegression(C=cost, class_weight="balanced", max_iter=5000)
    machine.fit(((features - mean) / deviation).double().numpy(), labels)
    weight = torch.from_numpy(machine.coef_[0]).float()
    return LinearScore(mean, deviation, weight, torch.tensor(float(machine.intercept_[0])))


def out_of_fold(
    features: Tensor, slices: Slices, protocol: Protocol, config: TrainConfig
) -> tuple[NDArray[np.int64], Tensor]:
    """Return which slices a protocol tests, and the log-odds that each got when it was tested.

    Args:
        features: (views, slices, outputs); tested slices are seen as they are and mirrored.
        slices: all of them.
        protocol: how they are split.
        config: how the classifier is fitted.
    """
    numbers, scores = [], []
    for learned, tested in splits(slices, protocol, config.folds, config.seed):
        rows = features[: config.views, learned].flatten(0, 1)
        score = fit_linear(rows, np.tile(slices.labels[learned], config.views), config.cost)
        numbers.append(tested)
        scores.append(score(features[:2, tested].mean(0)))
    return np.concatenate(numbers), torch.cat(scores)


def by_protocols(
    features: Tensor, slices: Slices, config: TrainConfig
) -> dict[str, dict[str, Measured]]:
    """Return the measures by each protocol that the slices allow."""
    found: dict[str, dict[str, Measured]] = {}
    for protocol in PROTOCOLS:
        if protocol == "official" and not (slices.parts == "test").any():
            continue
        tested, scores = out_of_fold(features, slices, protocol, config)
        said = (scores > 0).long().numpy()
        found[protocol] = measure(slices.labels[tested], said, slices.sources[tested], config.seed)
    return found


def grad_cam(
    backbone: Backbone, score: Callable[[Tensor], Tensor], images: Tensor
) -> tuple[Tensor, Tensor]:
    """Return log-odds (images,) and where they come from (images, height, width), 0 to 1.

    Each of the last maps is weighed with the mean gradient of the score by it; what speaks
    for the finding is kept (Selvaraju et al. 2017, Grad-CAM).

    Args:
        backbone: gives maps.
        score: features (images, outputs) → log-odds (images,).
        images: (images, 3, size, size), from 0 to 1.
    """
    with torch.no_grad():
        maps = backbone(images)
    maps = maps.detach().requires_grad_()
    odds = score(maps.mean((2, 3)))
    (gradient,) = torch.autograd.grad(odds.sum(), maps)
    heat = (gradient.mean((2, 3), keepdim=True) * maps).sum(1).relu().detach()
    heat = heat / heat.amax((1, 2), keepdim=True).clamp_min(1e-10)
    large = functional.interpolate(
        heat[:, None], images.shape[2:], mode="bilinear", align_corners=False
    )
    return odds.detach(), large[:, 0]


def gap(found: Mapping[str, Mapping[str, Measured]], share: float) -> str:
    """Say in plain words what lies between the protocols."""
    by_slice, by_source = (100 * found[each]["accuracy"].value for each in ("slice", "source"))
    told, official = "", found.get("official")
    if official:
        told = f" and {100 * official['accuracy'].value:.1f} % on the official split"
    return (
        f"The same classifier is right for {by_slice:.1f} % of the slices when slices are split "
        f"at random, for {by_source:.1f} % when all slices of a source stay together{told}. The "
        f"first figure is {by_slice - by_source:.1f} points higher because slices of one source "
        f"lie on both sides: for {100 * share:.0f} % of the slices that have such twins the "
        f"nearest slice is one of them. What to expect of new sources is the second figure."
    )


def train(
    data: Path,
    output: Path,
    config: TrainConfig,
    show: Callable[[News], None],
    backbone: Backbone | None = None,
) -> Mapping[str, float]:
    """Measure by all protocols, keep a classifier of all slices, write `report.html`.

    Args:
        data: see `ct_slices.read_slices`.
        output: of the run.
        config: how.
        show: told of news.
        backbone: in place of the one that `config` names.
    """
    slices = read_slices(data)
    backbone = backbone or open_backbone(config.network, config.size)
    now = plain({"config": asdict(config), "slices": len(slices), "name": slices.name})
    done = kept.figures_of(output, now)
    if done is not None:
        return done
    begun = time.monotonic()
    features = all_features(backbone, slices, config, output / "features")
    show(News(1, 2, {"slices": len(slices)}, time.monotonic() - begun))
    found = by_protocols(features, slices, config)
    rows = features[: config.views].flatten(0, 1)
    score = fit_linear(rows, np.tile(slices.labels, config.views), config.cost)
    report(output / "report.html", slices, features, found, (backbone, score))
    named = ((protocol, *pair) for protocol, each in found.items() for pair in each.items())
    figures = {f"{name} by {protocol}": each.value for protocol, name, each in named}
    kept.keep(output, now, {"score": vars(score)}, figures)
    show(News(2, 2, figures, time.monotonic() - begun))
    return figures


def report(
    path: Path,
    slices: Slices,
    features: Tensor,
    found: Mapping[str, Mapping[str, Measured]],
    classifier: tuple[Backbone, LinearScore],
) -> None:
    """Write figures, t-SNE of features (views, slices, outputs) and Grad-CAM pictures as a page."""
    backbone, score = classifier
    chosen = [*np.flatnonzero(slices.labels == 1)[:3], *np.flatnonzero(slices.labels == 0)[:3]]
    images = resized(slices.pixels[chosen], backbone.size)
    odds, heat = grad_cam(backbone, score, images)
    shown = [
        Attention(
            (images[at, 0] * 255).byte().numpy(),
            heat[at].numpy(),
            f"{('without', 'with')[slices.labels[number]]}: {float(odds[at].sigmoid()):.0%}",
        )
        for at, number in enumerate(chosen)
    ]
    rows = [["protocol", *MEASURES]]
    rows += [[name, *(each[key].show() for key in MEASURES)] for name, each in found.items()]
    first = features[0]
    pictures = {
        "t-SNE of the features": draw_embedding(embed(first), slices.labels, slices.sources),
        "Grad-CAM: what spoke for the finding": draw_attention(shown),
    }
    tables = {"Per cent, with intervals of 95 % over sources": rows}
    title, words = f"{slices.name}: three protocols", [gap(found, twins(first, slices.sources))]
    write_report(path, title, tables, words, pictures)


def predict(
    run: Path, inputs: Sequence[Path], backbone: Backbone | None = None
) -> Iterator[Mapping[str, object]]:
    """Yield file, probability of the finding and a notice for each picture."""
    state = kept.read_run(run)
    config = TrainConfig(**state["about"]["config"])
    backbone = backbone or open_backbone(config.network, config.size)
    score = LinearScore(**state["score"])
    for path in inputs:
        with torch.no_grad():
            images = resized(read_picture(path, GREY)[None], backbone.size)
            odds = score(backbone(images).mean((2, 3)))
        yield {"file": str(path), "probability": float(odds.sigmoid()[0]), "notice": NOTICE}


def demo() -> str:
    """Measure made-up slices, whose sources are easier to tell than their finding."""
    torch.manual_seed(0)
    slices, config = made_up_slices(12, 6), TrainConfig(views=2)
    features = all_features(KeptKernels(SmallNet(1, 2), 32), slices, config, None)
    share = twins(features[0], slices.sources)
    return f"{NOTICE} {gap(by_protocols(features, slices, config), share)}"
