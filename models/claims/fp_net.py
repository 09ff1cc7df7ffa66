"""FP-nets: corners and not edges, errors clean, under JPEG and attack, entropy and angle."""

from __future__ import annotations

import torch

from tevr.models.checks import Bench, Claim, Estimate, Finding, Picture
from tevr.models.claims.small_residual import (
    FP,
    PYRAMID,
    compare_clean,
    compare_jpeg,
    images_of,
    seeds_of,
    told_data,
    train_arm,
)
from tevr.models.fp_net import FPBlock, corner_response, product
from tevr.models.pictures import draw_curves, draw_points
from tevr.models.residual import CifarNet
from tevr.models.robustness import EPSILONS, fgsm_accuracy
from tevr.models.selectivity import end_stopping, entropies, filter_angles, rank_correlation

SHOWN = 100
"""Images whose maps are measured, as the authors do."""


def corners(bench: Bench) -> Finding:
    """Show edges and corners to a product of two filters and to trained units."""
    first, second, corner = corner_response(product)
    images, shares = images_of(bench), []
    for seed in seeds_of(bench):
        found = end_stopping(Responses(train_arm(bench, images, FP, seed).network))
        heard = ~found.silent
        shares.append(100 * float((found.degree[heard] > 0).double().mean()))
    told = Estimate.of(shares)
    return Finding(
        ours=f"{first:g} and {second:g} to edges, {corner:g} to a corner; of trained units of the "
        f"first block {told.show(0, '%')} say more to corners than to edges",
        holds=first == second == 0 < corner,
        data=f"two fixed filters; a square shown to networks trained on {told_data(bench)}",
        remark="Only the fixed filters decide; no share of trained units was published.",
        figures={"units end-stopped %": told.mean},
    )


class Responses:
    """Images → what the pairs of the first FP-block say."""

    def __init__(self, network: CifarNet) -> None:
        self.network, self.block = network.eval(), first_block(network)

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """(images, 1 or 3, height, width), 0 to 1 → (images, units, height, width)."""
        images = images.expand(-1, self.network.config.channels, -1, -1)
        with torch.no_grad():
            return self.block.pairs(self.network.stem(self.network.standardise(images)))


def first_block(network: CifarNet) -> FPBlock:
    """Return the FP-block that the first stack begins with."""
    for module in network.modules():
        if isinstance(module, FPBlock):
            return module
    raise ValueError("The network has no FP-block.")


def clean(bench: Bench) -> Finding:
    """Compare errors on images as they are."""
    return compare_clean(bench, FP)


def jpeg(bench: Bench) -> Finding:
    """Compare errors on images saved as JPEG."""
    return compare_jpeg(bench, FP)


def attack(bench: Bench) -> Finding:
    """Compare what is right under attack."""
    images = images_of(bench)
    right: dict[str, list[tuple[float, ...]]] = {}
    for name in (FP, PYRAMID):
        arms = [train_arm(bench, images, name, seed) for seed in seeds_of(bench)]
        right[name] = [fgsm_accuracy(arm.network, arm.held) for arm in arms]
    columns = {name: list(zip(*rows, strict=True)) for name, rows in right.items()}
    estimates = {
        name: [Estimate.of(100 * value for value in column) for column in found]
        for name, found in columns.items()
    }
    gap = Estimate.paired(*([100 * value for value in columns[name][0]] for name in (FP, PYRAMID)))
    curves = {name: (EPSILONS, found) for name, found in estimates.items()}
    draw_curves(bench.folder / "fgsm.png", curves, "ε in 1/255", "right under FGSM, %")
    ours, theirs = (estimates[name][0] for name in (FP, PYRAMID))
    return Finding(
        ours=f"right at ε = 1/255: {FP} {ours.show(1)} %, {PYRAMID} {theirs.show(1)} %; "
        f"difference {gap.show(1, signed=True)} points",
        holds=None if gap.low <= 0 <= gap.high else gap.mean > 0,
        data=told_data(bench),
        remark="Beside the network with the same ordinary blocks, as the authors compare.",
        figures={f"right %, {FP}": ours.mean, f"right %, {PYRAMID}": theirs.mean},
        pictures=(Picture("fgsm.png", "Right decisions under attack, bands of 95 %"),),
    )


def entropy(bench: Bench) -> Finding:
    """Correlate the entropy of units with the angle between their filters."""
    images, found = images_of(bench), []
    for seed in seeds_of(bench):
        arm = train_arm(bench, images, FP, seed)
        maps = Responses(arm.network)(arm.held.floats()[:SHOWN])
        angles, bits = filter_angles(first_block(arm.network)), entropies(maps)
        found.append(rank_correlation(angles, bits))
    draw_points(
        bench.folder / "entropy.png", angles, bits, ("angle of filters, °", "entropy, bits")
    )
    told = Estimate.of(found)
    return Finding(
        ours=f"rank correlation {told.show(signed=True)}",
        holds=None if told.low <= 0 <= told.high else told.mean < 0,
        data=f"units of the first block, {SHOWN} images; {told_data(bench)}",
        figures={"rank correlation": told.mean},
        pictures=(Picture("entropy.png", "Units of the first block, last seed"),),
    )


CLAIMS = (
    Claim(
        "corners",
        "A product of two filters is end-stopped: it answers to corners, not to straight edges",
        "by construction",
        corners,
    ),
    Claim(
        "clean",
        "FP-nets make fewer errors with fewer parameters",
        "CIFAR-10, N = 3: 7.95 (0.24) % beside 8.14 (0.14) % (mean and deviation, best epoch)",
        clean,
    ),
    Claim(
        "jpeg",
        "They suffer less from JPEG",
        "N = 3, quality 50: 25.2 % errors beside 27.1 %",
        jpeg,
    ),
    Claim(
        "attack",
        "They withstand small attacks better than the network with the same ordinary blocks",
        "N = 3, ε = 1/255: 41.5 % right beside 39.5 %",
        attack,
    ),
    Claim(
        "entropy",
        "The more selective a unit, the lower the entropy of what it says",
        "a negative correlation; figure not found",
        entropy,
    ),
)
