"""CT slices told apart: the protocols' gap, Grad-CAM as defined, the report whole and loud."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tevr.models.backbones import resized
from tevr.models.covid_ct import (
    LinearScore,
    TrainConfig,
    all_features,
    by_protocols,
    demo,
    fit_linear,
    grad_cam,
    predict,
    train,
    view,
)
from tevr.models.ct_report import NOTICE
from tevr.models.ct_slices import made_up_slices
from tevr.models.feature_reuse import KeptKernels, SmallNet
from tevr.models.fit import News

FAST = TrainConfig(views=2, folds=3)


class Maps(KeptKernels):
    """A small network whose last maps are not one pixel wide."""

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network.eval().layers[:8](images[:, :1] * 2 - 1)
        return found


def backbone() -> Maps:
    torch.manual_seed(0)
    return Maps(SmallNet(1, 2), 32, outputs=64)


def archive(path: Path, **settings: float) -> Path:
    slices = made_up_slices(6, 5, **settings)  # type: ignore[arg-type]
    names = np.array([name.split(":")[1] + "-p1" for name in slices.sources])
    np.savez(path, x=slices.pixels[:, 0], y=slices.labels, name=names, split=slices.parts)
    return path


def test_by_slice_sources_are_recognised_and_by_source_they_are_not() -> None:
    slices = made_up_slices(12, 6, sign=0.0)  # nothing but the source tells
    config = TrainConfig(views=2, cost=0.1)
    torch.manual_seed(0)
    features = all_features(KeptKernels(SmallNet(1, 2), 32), slices, config, None)
    found = by_protocols(features, slices, config)
    assert tuple(found) == ("slice", "source", "official")
    assert found["slice"]["accuracy"].value > found["source"]["accuracy"].value + 0.2
    assert found["source"]["accuracy"].value < 0.75


def test_a_finding_that_shows_is_found_by_every_protocol() -> None:
    slices = made_up_slices(8, 6, sign=3.0)
    features = all_features(backbone(), slices, FAST, None)
    found = by_protocols(features, slices, FAST)
    assert all(each["accuracy"].value > 0.8 for each in found.values())


def test_without_an_official_split_two_protocols_are_left() -> None:
    slices = made_up_slices(6, 5)
    slices.parts[:] = ""
    features = all_features(backbone(), slices, FAST, None)
    assert tuple(by_protocols(features, slices, FAST)) == ("slice", "source")


def test_views_are_the_slice_its_mirror_image_and_drawn_ones() -> None:
    pixels = made_up_slices(3, 2).pixels
    assert torch.equal(view(pixels, 0), pixels)
    assert torch.equal(view(pixels, 1), pixels.flip(3))
    third = view(pixels, 2)
    assert third.shape == pixels.shape
    assert third.dtype == torch.uint8
    assert torch.equal(third, view(pixels, 2))
    assert not torch.equal(third, view(pixels, 3))
    assert not torch.equal(third, view(pixels, 2, seed=1))
    change = (third.float() - pixels.float()).abs().mean((1, 2, 3))
    mirrored = (third.float() - pixels.flip(3).float()).abs().mean((1, 2, 3))
    assert (torch.minimum(change, mirrored) < 60).all()


def test_grad_cam_of_a_linear_score_is_its_weighted_sum_of_maps() -> None:
    network = backbone()
    images = resized(made_up_slices(2, 2).pixels, 32)
    with torch.no_grad():
        maps = network(images)
    score = LinearScore(torch.zeros(64), torch.ones(64), torch.randn(64), torch.tensor(0.5))
    odds, heat = grad_cam(network, score, images)
    torch.testing.assert_close(odds, score(maps.mean((2, 3))))
    expected = torch.einsum("c,nchw->nhw", score.weight, maps).relu()
    expected = expected / expected.amax((1, 2), keepdim=True)
    larger = torch.nn.functional.interpolate(expected[:, None], (32, 32), mode="bilinear")[:, 0]
    torch.testing.assert_close(heat, larger, atol=1e-4, rtol=1e-4)
    assert heat.min() >= 0
    assert heat.max() <= 1


def test_grad_cam_points_at_what_makes_the_difference() -> None:
    slices = made_up_slices(20, 4, sign=2.0)
    network = backbone()
    with torch.no_grad():
        features = network(resized(slices.pixels, 32)).mean((2, 3))
    score = fit_linear(features, slices.labels, 0.1)
    dark = torch.full((1, 3, 32, 32), 0.5)
    dark[:, :, 20:26, 4:10] = 1.0
    heat = grad_cam(network, score, dark)[1][0]
    row, column = divmod(int(heat.argmax()), 32)
    assert 14 <= row <= 31
    assert 0 <= column <= 15


def test_the_logistic_regression_weighs_classes_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = np.repeat([0, 1], [180, 20])
    features = torch.randn(200, 3, generator=generator) + torch.from_numpy(labels)[:, None] * 1.0
    said = fit_linear(features, labels, 1.0)(features) > 0
    assert said[180:].float().mean() > 0.6


def test_a_run_leaves_figures_a_classifier_and_a_whole_loud_report(tmp_path: Path) -> None:
    data, run, told = archive(tmp_path / "ct.npz", sign=3.0), tmp_path / "run", []
    figures = train(data, run, FAST, told.append, backbone())
    assert {"F1 by slice", "accuracy by source", "sensitivity by official"} < set(figures)
    assert isinstance(told[-1], News)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert escape(NOTICE) in page
    assert page.count("data:image/png;base64,") == 2
    assert "official" in page
    assert "src=" not in page.replace('src="data:', "")
    assert train(data, run, FAST, told.append, backbone()) == figures
    with pytest.raises(ValueError, match=r"config\.views 2, not 3"):
        train(data, run, TrainConfig(views=3, folds=3), print, backbone())
    slices = made_up_slices(6, 5, sign=3.0)
    for at in (0, 5):
        Image.fromarray(slices.pixels[at, 0].numpy()).save(tmp_path / f"{at}.png")
    said = list(predict(run, [tmp_path / "0.png", tmp_path / "5.png"], backbone()))
    assert [each["file"] for each in said] == [str(tmp_path / "0.png"), str(tmp_path / "5.png")]
    assert all(each["notice"] == NOTICE for each in said)
    assert float(str(said[0]["probability"])) < 0.5 < float(str(said[1]["probability"]))


def test_the_demo_states_the_gap_and_the_notice() -> None:
    said = demo()
    assert said.startswith(NOTICE)
    assert "points higher because slices of one source" in said


@pytest.mark.parametrize("wrong", [{"views": 0}, {"folds": 1}, {"cost": 0.0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Views are at least 1"):
        TrainConfig(**wrong)  # type: ignore[arg-type]
