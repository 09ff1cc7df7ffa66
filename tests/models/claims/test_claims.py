"""Claims of four papers, tried on a few images for a few steps: all runs, and pictures come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tevr.models import find
from tevr.models.checks import Bench, Result, check
from tevr.models.claims import proxy_grad, recurrent_dropout, small_residual
from tevr.models.classifier import ClassifierConfig
from tevr.models.data import Images, read_images
from tevr.models.fit import FitConfig


def few(size: int) -> Images:
    return read_images("digits", size).split(4, 0)[0]


def tried(folder: Path, paper: str, claim: str) -> Result:
    (found,) = (each for each in find(paper).claims() if each.name == claim)
    bench = Bench(folder / paper / claim, quick=True, networks=folder / "networks")
    result = check(paper, found, bench)
    for picture in result.finding.pictures:
        assert (bench.folder / picture.file).read_bytes().startswith(b"\x89PNG")
    return result


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classifiers are trained for two steps on forty images."""

    def fitting(self: ClassifierConfig, _images: int) -> FitConfig:
        return FitConfig(steps=2, batch=self.batch, rate=self.rate, seed=self.seed)

    monkeypatch.setattr(ClassifierConfig, "fitting", fitting)
    monkeypatch.setattr(small_residual, "images_of", lambda _bench: few(16))
    monkeypatch.setattr("tevr.models.claims.fp_net.images_of", lambda _bench: few(16))


@pytest.mark.parametrize(
    ("paper", "claim"),
    [
        ("proxy_grad", "threshold"),
        ("min_net", "sizes"),
        ("recurrent_dropout", "memory"),
    ],
)
def test_what_is_derived_holds(tmp_path: Path, paper: str, claim: str) -> None:
    assert tried(tmp_path, paper, claim).finding.holds is True


@pytest.mark.usefixtures("two_steps")
def test_blocks_are_compared_on_the_same_images(tmp_path: Path) -> None:
    assert tried(tmp_path, "fp_net", "corners").finding.holds is True
    results = {
        (paper, claim): tried(tmp_path, paper, claim).finding
        for paper, claim in (
            *(("min_net", "clean"), ("min_net", "jpeg")),
            *(("fp_net", "clean"), ("fp_net", "jpeg"), ("fp_net", "attack"), ("fp_net", "entropy")),
        )
    }
    assert all("2 paired seeds" in found.data for found in results.values())
    assert "PyrNet, changed decisions" in results["min_net", "jpeg"].table
    folders = {path.name for path in (tmp_path / "networks").iterdir()}
    assert folders == {f"{kind}-{at}" for kind in ("minimum", "product", "none") for at in (0, 1)}


@pytest.mark.usefixtures("two_steps")
def test_units_are_maximised_by_all_slopes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def maximise(network: Any, layer: str, units: Any, shape: Any, config: Any) -> Any:
        made.append((layer, config.slope, config.reading))
        return proxy_maximise(network, layer, [*units][:2], shape, short(config))

    def short(config: Any) -> Any:
        return type(config)(config.slope, config.reading, steps=3, starts=config.starts)

    proxy_maximise = proxy_grad.maximise
    monkeypatch.setattr(proxy_grad, "maximise", maximise)
    monkeypatch.setattr(proxy_grad, "_images", lambda _bench: few(12))
    found = tried(tmp_path, "proxy_grad", "higher").finding
    assert found.table.count("| 1 | convolution") == 6
    assert len(set(made)) == 6 * len(proxy_grad.ARMS)
    training = tried(tmp_path, "proxy_grad", "training").finding
    assert training.holds is None
    assert "2 seeds" in training.data


def test_orders_are_learnt_with_either_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shorter(_steps: int, *rest: Any, **more: Any) -> FitConfig:
        return FitConfig(3, *rest, **more)

    monkeypatch.setattr(recurrent_dropout, "FitConfig", shorter)
    found = tried(tmp_path, "recurrent_dropout", "order").finding
    assert found.holds is False  # three steps teach nothing
    assert set(found.figures or {}) == {"right %, updates", "right %, memory"}
