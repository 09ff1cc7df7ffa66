"""Committees: what voting and changed copies of images give, with few labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import torch

from tevr.models.checks import Bench, Claim, Estimate, Finding
from tevr.models.committee import SMALL, Committee, TrainConfig, compare, fit_members
from tevr.models.data import Images, read_images

BEST = "best member"


@dataclass(frozen=True)
class Trial:
    """What is tried."""

    images: Images
    config: TrainConfig
    per_class: int
    """Labelled images of each class."""
    unlabelled: int
    tried: int
    seeds: int

    def run(self, seed: int) -> dict[str, float]:
        """Return accuracies of members and votes, with changed copies and without."""
        few, rest = self.images.split(self.per_class, seed)
        tried = rest.take(slice(0, self.tried))
        others = rest.take(slice(self.tried, self.tried + self.unlabelled)).floats()
        pool = torch.cat([few.floats(), others])
        found: dict[str, float] = {}
        for copies, name in ((self.config.copies, ""), (0, ", no changed copies")):
            config = replace(self.config, copies=copies, seed=seed)
            members = fit_members(few, pool, config)
            each = compare(Committee(members).all_scores(tried.floats()), tried.labels)
            found |= {f"{key}{name}": value for key, value in each.items()}
        return found


def _trial(bench: Bench) -> Trial:
    path = bench.find("cifar10_train4000_lossless.npz")
    if path is None:
        return Trial(read_images("digits"), SMALL, 10, 500, 800, 2 if bench.quick else 5)
    images = read_images(path)
    if bench.quick:
        config = TrainConfig(members=3, filters=32, upper=16, groups=4, patches=4000)
        return Trial(images, config, 20, 400, 500, 1)
    config = TrainConfig(filters=48, upper=32, groups=6, patches=10_000)
    return Trial(images, config, 50, 500, 800, 3)


def measure_votes(bench: Bench) -> Finding:
    """Compare the best member, chosen on the very images that are tried, with the votes."""
    trial = _trial(bench)
    runs: list[dict[str, float]] = []
    for seed in range(trial.seeds):
        path = bench.folder / f"seed-{seed}.json"
        if not path.exists():
            path.write_text(json.dumps(trial.run(seed)))
        runs.append(json.loads(path.read_text()))
        bench.say(
            f"seed {seed + 1} of {trial.seeds}: soft vote {100 * runs[-1]['soft vote']:.1f} %"
        )
    found = {name: Estimate.of(100 * run[name] for run in runs) for name in runs[0]}
    gain = Estimate.of(100 * (run["soft vote"] - run[BEST]) for run in runs)
    soft, hard, best = (found[name].show(1, "%") for name in ("soft vote", "hard vote", BEST))
    plain = "mean member, no changed copies"
    copies = Estimate.of(100 * (run["mean member"] - run[plain]) for run in runs)
    rows = [f"| {name} | {each.show(1, '%')} |" for name, each in found.items()]
    return Finding(
        ours=f"soft vote {soft}, hard {hard}, best member {best}; soft − best "
        f"{gain.show(1, 'points', signed=True)}",
        holds=None if gain.low < 0 <= gain.high else gain.mean >= 0,
        data=f"{trial.images.source}, {trial.per_class} labels a class, {trial.tried} tried, "
        f"{trial.config.members} members, {trial.seeds} seeds",
        remark=f"Changed copies move the mean member by {copies.show(1, 'points', signed=True)}. "
        f"The best member is chosen on the images that are tried, which favours it. STL-10, the "
        f"paper's data, was not there.",
        figures={name: each.mean for name, each in found.items()} | {"gain": gain.mean},
        table="\n".join(["| classifier | accuracy |", "| --- | --- |", *rows]),
    )


CLAIMS = (
    Claim(
        name="votes",
        says="A committee of layer-wise networks is at least as good as its best member, with few "
        "labels.",
        published="none found for this paper (its relative on CIFAR-10, 400 labels a class: "
        "+1.6 to +2.2 points)",
        measure=measure_votes,
    ),
)
