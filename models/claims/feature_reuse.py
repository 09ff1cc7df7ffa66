"""Feature reuse: kept ImageNet kernels, the same network at random, and scratch, at equal time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from tevr.models.backbones import Backbone, open_backbone, pooled_features, resized
from tevr.models.checks import Bench, Claim, Estimate, Finding
from tevr.models.data import Images, read_images
from tevr.models.efficientnet_lite import find_weights, random_lite
from tevr.models.feature_reuse import (
    TrainConfig,
    accuracy,
    from_scratch,
    reuse_on_textures,
    train_head,
)

ARMS = ("kept kernels", "from scratch", "random kernels")
MLP = TrainConfig(head="mlp", dropout=0.5)


@dataclass(frozen=True)
class Trial:
    """How much is tried."""

    learned: int
    """Images that are learned from."""
    tried: int
    size: int
    """Side to which images are brought for the frozen kernels, in pixels."""
    seeds: int


QUICK, WHOLE = Trial(500, 300, 64, 2), Trial(2000, 1000, 96, 3)


def measure_arms(bench: Bench) -> Finding:
    """Compare accuracies on CIFAR-10 after equal time; on textures where data or weights lack."""
    path = bench.find("cifar10_train4000_lossless.npz")
    if path is None or find_weights() is None:
        return _on_textures(bench)
    trial = QUICK if bench.quick else WHOLE
    images = read_images(path)
    runs = [_run(bench, images, trial, seed) for seed in range(trial.seeds)]
    found = {name: Estimate.of(100 * run[name] for run in runs) for name in runs[0]}
    share = Estimate.of(run["head"] / run["whole"] for run in _times(bench, trial.seeds))
    rows = [f"| {name} | {each.show(1, '%')} |" for name, each in found.items()]
    return Finding(
        ours=_told(found),
        holds=_ordered(runs),
        data=f"CIFAR-10, {trial.learned} lossless images learned, {trial.tried} tried, "
        f"{trial.seeds} splits",
        remark=f"Time is that of computing features and training the head, by the clock, and the "
        f"network from scratch gets as much; the head takes {100 * share.mean:.0f} % of it. "
        f"EfficientNet-Lite0 at {trial.size} pixels; the paper had 50,000 images and a network "
        f"of its own.",
        figures={name: each.mean for name, each in found.items()},
        table="\n".join(["| arm | accuracy |", "| --- | --- |", *rows]),
    )


def _ordered(runs: list[dict[str, float]]) -> bool | None:
    """Whether each arm is better than the next; None where an interval holds no difference."""
    steps = [
        Estimate.paired([run[better] for run in runs], [run[worse] for run in runs])
        for better, worse in pairwise(ARMS)
    ]
    if any(step.high < 0 for step in steps):
        return False
    return True if all(step.low > 0 for step in steps) else None


def _told(found: dict[str, Estimate]) -> str:
    return ", ".join(f"{arm} {found[arm].show(1, '%')}" for arm in ARMS)


def _on_textures(bench: Bench) -> Finding:
    """Compare accuracies on generated textures, from two examples of each."""
    runs = [reuse_on_textures(2, 60, seed) for seed in range(2 if bench.quick else 5)]
    found = {name: Estimate.of(100 * run[name] for run in runs) for name in ARMS}
    return Finding(
        ours=_told(found),
        holds=_ordered(runs),
        data=f"generated textures, two examples of six kinds, {len(runs)} seeds",
        remark="Tried on textures: CIFAR-10 or the weights of EfficientNet-Lite0 were not there. "
        "Kernels come from twenty other textures, at equal steps.",
        figures={name: each.mean for name, each in found.items()},
    )


def _run(bench: Bench, images: Images, trial: Trial, seed: int) -> dict[str, float]:
    """Return the accuracies of one split; what an earlier call found is kept."""
    path = bench.folder / f"split-{seed}.json"
    if not path.exists():
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
        learned = images.take(order[: trial.learned])
        tried = images.take(order[trial.learned :][: trial.tried])
        found, times = _compare(learned, tried, trial, seed, bench.folder)
        path.write_text(json.dumps({"accuracies": found, "times": times}))
        told = ", ".join(f"{name} {100 * value:.1f} %" for name, value in found.items())
        bench.say(f"split {seed + 1} of {trial.seeds}: {told}")
    accuracies: dict[str, float] = json.loads(path.read_text())["accuracies"]
    return accuracies


def _times(bench: Bench, seeds: int) -> list[dict[str, float]]:
    """Return the seconds of each split."""
    paths = [bench.folder / f"split-{seed}.json" for seed in range(seeds)]
    return [json.loads(path.read_text())["times"] for path in paths]


def _compare(
    learned: Images, tried: Images, trial: Trial, seed: int, folder: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Return accuracies by arm, and seconds of the whole and of the head alone."""
    kept = open_backbone("lite0", trial.size)
    random = random_lite(resized(learned.pixels[:64], trial.size), seed)
    random.size = trial.size
    found: dict[str, float] = {}
    times: dict[str, float] = {}
    for arm, backbone in (("kept kernels", kept), ("random kernels", random)):
        begun = time.monotonic()
        features = pooled_features(backbone, learned.pixels)
        between = time.monotonic()
        head = train_head(features, learned.labels, TrainConfig(seed=seed))
        end = time.monotonic()
        if arm == "kept kernels":
            times = {"whole": end - begun, "head": end - between}
        more = train_head(features, learned.labels, MLP)
        held = _held(backbone, tried.pixels, folder)
        found[arm] = accuracy(head, held, tried.labels)
        found[f"{arm}, hidden layer"] = accuracy(more, held, tried.labels)
    scratch = from_scratch(learned.pixels, learned.labels, seed, seconds=times["whole"])
    found["from scratch"] = accuracy(scratch, tried.floats(), tried.labels)
    return found, times


def _held(backbone: Backbone, pixels: Tensor, folder: Path) -> Tensor:
    """Return features (images, outputs) of what is tried, kept in files."""
    return pooled_features(backbone, pixels, folder / "features")


CLAIMS = (
    Claim(
        name="equal_time",
        says="Kernels kept from ImageNet with a new classifier do better than a network trained on "
        "the new images alone, and that than random kernels, at equal time.",
        published="CIFAR-10 89.1 %, CIFAR-100 67.7 % (65.4 % before) correct; no times found",
        measure=measure_arms,
    ),
)
