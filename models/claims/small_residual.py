"""Networks with Min-, FP- and ordinary blocks, trained alike on few images → how they compare.

Shared by the claims of `min_net` and `fp_net`: for each seed, one part of the images is held out
and the three networks of N = 3 see the others in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass

from tevr.models.checks import Bench, Estimate, Finding, Picture
from tevr.models.classifier import fit_classifier
from tevr.models.data import COLOUR, Images, read_images
from tevr.models.fp_net import TrainConfig, build
from tevr.models.pictures import draw_curves
from tevr.models.residual import CifarNet
from tevr.models.robustness import QUALITIES, JpegCurve, jpeg_curve

MIN, FP, PYRAMID = "Min-net", "FP-net", "PyrNet"
COMBINE = {MIN: "minimum", FP: "product", PYRAMID: "none"}
MIDDLE = (90, 80, 70, 60, 50, 40, 30)
"""Qualities at which the papers' networks differ most."""
SCALE = (
    "The paper trains 200 epochs on 50,000 images; at this scale differences of its size, 0.2 to "
    "0.5 points and 1 to 2 under JPEG, can hardly be told from chance."
)


@dataclass(frozen=True)
class Arm:
    """One network, trained, and the images that it has not seen."""

    network: CifarNet
    held: Images


def images_of(bench: Bench) -> Images:
    """Return CIFAR's images where they are, digits of 16×16 pixels otherwise."""
    path = None if bench.quick else bench.find("cifar10*.npz")
    return read_images(path, 32, COLOUR) if path else read_images("digits", 16)


def seeds_of(bench: Bench) -> range:
    """Return the seeds, which all networks share."""
    return range(2 if bench.quick else 3)


def config_of(bench: Bench, images: Images, name: str, seed: int) -> TrainConfig:
    """Return how one of the three is trained."""
    colours = images.pixels.shape[1] == COLOUR
    return TrainConfig(
        size=int(images.pixels.shape[2]),
        colours=colours,
        epochs=6 if colours else 2 if bench.quick else 4,
        batch=64,
        rate=0.05,
        schedule="cosine",
        mirror=colours,  # a mirrored digit is none
        seed=seed,
        combine=COMBINE[name],  # type: ignore[arg-type]
    )


def train_arm(bench: Bench, images: Images, name: str, seed: int) -> Arm:
    """Train one network, or take it from the folder."""
    held, learnt = images.hold_out(0.2, seed)
    config = config_of(bench, images, name, seed)
    folder = bench.shared / f"{COMBINE[name]}-{seed}"
    network = fit_classifier(
        build,
        learnt,
        config,
        folder=folder,
        show=lambda news: bench.say(f"{name}, seed {seed}, step {news.step} of {news.steps}"),
    )
    if not isinstance(network, CifarNet):
        raise TypeError("The trainer gives back the network it was given.")
    return Arm(network, held)


def measure_jpeg(
    bench: Bench, name: str, qualities: tuple[int, ...] = QUALITIES
) -> list[JpegCurve]:
    """Return one curve for each seed."""
    images, curves = images_of(bench), []
    for seed in seeds_of(bench):
        arm = train_arm(bench, images, name, seed)
        curves.append(jpeg_curve(arm.network, arm.held, qualities))
    return curves


def told_data(bench: Bench) -> str:
    """Return what the networks learnt from, in words."""
    images = images_of(bench)
    config = config_of(bench, images, PYRAMID, 0)
    seeds = len(seeds_of(bench))
    return (
        f"{len(images):,} images of {images.source}, a fifth held out; N = 3, "
        f"{config.epochs} epochs, {seeds} paired seeds"
    )


def compare_clean(bench: Bench, name: str) -> Finding:
    """Compare errors with those of the ordinary network, seed by seed."""
    ours = [100 * curve.clean for curve in measure_jpeg(bench, name, ())]
    theirs = [100 * curve.clean for curve in measure_jpeg(bench, PYRAMID, ())]
    gap = Estimate.paired(ours, theirs)
    error, other = Estimate.of(ours), Estimate.of(theirs)
    return Finding(
        ours=f"{name} {error.show()} %, {PYRAMID} {other.show()} %; "
        f"difference {gap.show(signed=True)} points",
        holds=_verdict(gap),
        data=told_data(bench),
        remark=SCALE,
        figures={f"error %, {name}": error.mean, f"error %, {PYRAMID}": other.mean},
    )


def compare_jpeg(bench: Bench, name: str) -> Finding:
    """Compare errors and changed decisions at all qualities, seed by seed."""
    ours, theirs = measure_jpeg(bench, name), measure_jpeg(bench, PYRAMID)
    gaps = {
        kind: Estimate.paired(_middle(ours, kind), _middle(theirs, kind))
        for kind in ("errors", "changed")
    }
    curves = {
        other: (QUALITIES, [Estimate.of(values) for values in _percent(found, "errors")])
        for other, found in ((name, ours), (PYRAMID, theirs))
    }
    file = f"jpeg_{COMBINE[name]}.png"
    draw_curves(bench.folder / file, curves, "JPEG quality", "errors, %", falling=True)
    errors, changed = (gaps[kind].show(signed=True) for kind in ("errors", "changed"))
    return Finding(
        ours=f"difference in points, mean of qualities 90 to 30: errors {errors}, "
        f"changed decisions {changed}",
        holds=_verdict(gaps["errors"]),
        data=told_data(bench),
        remark=SCALE,
        figures={f"difference, {kind}": gap.mean for kind, gap in gaps.items()},
        pictures=(Picture(file, f"Errors by JPEG quality, {name} and {PYRAMID}, bands of 95 %"),),
        table=_table({name: ours, PYRAMID: theirs}),
    )


def _verdict(gap: Estimate) -> bool | None:
    """Whether ours has fewer errors; None where the interval holds 0."""
    return None if gap.low <= 0 <= gap.high else gap.mean < 0


def _percent(curves: list[JpegCurve], kind: str) -> list[list[float]]:
    """Quality → percents of all seeds."""
    columns = zip(*(getattr(curve, kind) for curve in curves), strict=True)
    return [[100 * value for value in column] for column in columns]


def _middle(curves: list[JpegCurve], kind: str) -> list[float]:
    """Seed → mean of percents at the middle qualities."""
    found = []
    for curve in curves:
        pairs = zip(curve.qualities, getattr(curve, kind), strict=True)
        values = [100 * value for quality, value in pairs if quality in MIDDLE]
        found.append(sum(values) / len(values))
    return found


def _table(curves: dict[str, list[JpegCurve]]) -> str:
    heads = "".join(f" | {quality}" for quality in QUALITIES)
    lines = [f"| % | clean{heads} |", "| --- |" + " ---: |" * (len(QUALITIES) + 1)]
    for name, found in curves.items():
        clean = Estimate.of(100 * curve.clean for curve in found).show(1)
        for kind, title in (("errors", "errors"), ("changed", "changed decisions")):
            cells = [Estimate.of(values).show(1) for values in _percent(found, kind)]
            first = clean if kind == "errors" else ""
            lines.append(f"| {name}, {title} | {first} | {' | '.join(cells)} |")
    return "\n".join(lines)
