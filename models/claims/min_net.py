"""Min-nets: fewer errors, less harm by JPEG, fewer parameters than ordinary networks."""

from __future__ import annotations

from tevr.models.checks import Bench, Claim, Finding
from tevr.models.claims.small_residual import MIN, compare_clean, compare_jpeg
from tevr.models.min_net import DenseConfig, DenseNet, dense_min_net, min_net
from tevr.models.residual import CifarConfig, CifarNet, count_parameters

PUBLISHED = {
    "N=3": (217_082, 270_298),
    "N=9": (801_722, 854_938),
    "L=22": (57_040, 71_686),
    "L=100": (751_786, 769_162),
}


def sizes(_bench: Bench) -> Finding:
    """Count parameters."""
    found = {
        name: (count_parameters(min_net(config)), count_parameters(CifarNet(config)))
        for name, config in (("N=3", CifarConfig(3)), ("N=9", CifarConfig(9)))
    } | {
        name: (count_parameters(dense_min_net(config)), count_parameters(DenseNet(config)))
        for name, config in (("L=22", DenseConfig(22)), ("L=100", DenseConfig(100)))
    }
    told = "; ".join(f"{name} {ours:,} beside {plain:,}" for name, (ours, plain) in found.items())
    return Finding(ours=told, holds=found == PUBLISHED, data="none needed")


def clean(bench: Bench) -> Finding:
    """Compare errors on images as they are."""
    return compare_clean(bench, MIN)


def jpeg(bench: Bench) -> Finding:
    """Compare errors on images saved as JPEG."""
    return compare_jpeg(bench, MIN)


CLAIMS = (
    Claim(
        "sizes",
        "Networks whose stacks begin with a Min-block have fewer parameters",
        "; ".join(f"{name} {ours:,} beside {plain:,}" for name, (ours, plain) in PUBLISHED.items()),
        sizes,
    ),
    Claim(
        "clean",
        "They make fewer errors",
        "CIFAR-10, N = 3: 8.05 ± 0.22 % beside 8.32 ± 0.38 % (mean and deviation, last epoch)",
        clean,
    ),
    Claim(
        "jpeg",
        "They suffer less from JPEG",
        "N = 3, quality 50: 26.2 % errors beside 27.6 %, 24.7 % changed decisions beside 26.2 %",
        jpeg,
    ),
)
