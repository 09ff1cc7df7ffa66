"""The claim on feature reuse: on images where they are, on textures where not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tevr.models.checks import Bench
from tevr.models.claims import feature_reuse
from tevr.models.claims.feature_reuse import ARMS, CLAIMS, Trial, _ordered
from tevr.models.feature_reuse import KeptKernels, SmallNet, from_scratch, textures


def test_without_images_textures_are_used(tmp_path: Path) -> None:
    finding = CLAIMS[0].measure(Bench(tmp_path, quick=True))
    assert "textures" in finding.data
    assert finding.figures is not None
    assert finding.figures["kept kernels"] > finding.figures["random kernels"] + 20
    assert finding.figures["kept kernels"] > finding.figures["from scratch"]


@pytest.mark.parametrize(
    ("kept", "scratch", "holds"),
    [
        ((0.9, 0.91), (0.6, 0.61), True),
        ((0.2, 0.21), (0.6, 0.61), False),
        ((0.9, 0.5), (0.6, 0.61), None),
    ],
)
def test_the_order_holds_where_intervals_hold_it(
    kept: tuple[float, float], scratch: tuple[float, float], holds: bool | None
) -> None:
    rows = zip(kept, scratch, (0.4, 0.41), strict=True)
    runs = [dict(zip(ARMS, each, strict=True)) for each in rows]
    assert _ordered(runs) is holds


def test_with_images_the_arms_are_compared_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, labels = textures(4, 0.0, 20, seed=0)
    learned = from_scratch(*textures(8, 0.0, 20, seed=1), 0, steps=40)
    np.savez(
        tmp_path / "cifar10_train4000_lossless.npz", x=pixels.permute(0, 2, 3, 1), y=labels.numpy()
    )
    torch.manual_seed(0)
    random = KeptKernels(SmallNet(1, 8), 16)
    monkeypatch.setattr(feature_reuse, "find_weights", lambda: tmp_path)
    monkeypatch.setattr(feature_reuse, "open_backbone", lambda *_: KeptKernels(learned, 16))
    monkeypatch.setattr(feature_reuse, "random_lite", lambda *_: random)
    monkeypatch.setattr(feature_reuse, "QUICK", Trial(40, 40, 16, 2))
    bench = Bench(tmp_path / "run", tmp_path, quick=True)
    bench.folder.mkdir()
    finding = CLAIMS[0].measure(bench)
    assert finding.figures is not None
    assert set(ARMS) < set(finding.figures)
    assert finding.figures["kept kernels"] > finding.figures["random kernels"]
    kept = json.loads((bench.folder / "split-0.json").read_text())
    assert 0 < kept["times"]["head"] < kept["times"]["whole"]
    assert CLAIMS[0].measure(bench) == finding
