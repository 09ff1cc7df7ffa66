"""Feature reuse: kernels stay, the head alone learns, runs are kept and gone on with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tevr.models import feature_reuse
from tevr.models.data import read_images
from tevr.models.feature_reuse import (
    Head,
    KeptKernels,
    SmallNet,
    TrainConfig,
    accuracy,
    demo,
    from_scratch,
    mirrored,
    predict,
    reuse_on_textures,
    textures,
    train,
    train_head,
)
from tevr.models.fit import News

FAST = TrainConfig(epochs=40, held_out=0.25)


def features(count: int = 90, size: int = 12) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 3
    centres = torch.randn(3, size, generator=generator) * 2
    return centres[labels] + torch.randn(count, size, generator=generator) + 50, labels


def backbone() -> KeptKernels:
    torch.manual_seed(0)
    return KeptKernels(SmallNet(1, 3), 16)


@pytest.mark.parametrize("head", ["linear", "mlp"])
def test_the_head_learns(head: str) -> None:
    x, y = features()
    config = TrainConfig(epochs=60, rate=0.03, head=head, hidden=16)  # type: ignore[arg-type]
    assert accuracy(train_head(x[:60], y[:60], config), x[60:], y[60:]) > 0.9


def test_a_linear_head_is_one_layer_on_standardised_features() -> None:
    x, _ = features()
    head = Head(12, 3, TrainConfig()).eval()
    head.standardise_by(x)
    seen = (x - x.mean(0)) / (x.std(0) + 1e-3)
    layer = head.layers[-1]
    torch.testing.assert_close(head(x), seen @ layer.weight.T + layer.bias)
    assert [module for module in head.layers if isinstance(module, torch.nn.ReLU)] == []


def test_mirroring_turns_about_half_of_the_images_and_leaves_the_others() -> None:
    x = torch.rand(200, 1, 3, 4)
    found = mirrored(x, torch.Generator().manual_seed(0))
    same = (found == x).flatten(1).all(1)
    turned = (found == x.flip(3)).flatten(1).all(1)
    assert (same ^ turned).all()
    assert 70 < turned.sum() < 130


def test_a_network_learns_from_scratch_and_the_same_again() -> None:
    x, y = textures(4, 0.0, 10, seed=0)
    many, truth = textures(4, 0.0, 20, seed=1)
    network = from_scratch(x, y, seed=0, steps=25)
    assert accuracy(network, many.float() / 255, truth) > 0.5
    again = from_scratch(x, y, seed=0, steps=25)
    assert torch.equal(network.last.weight, again.last.weight)


def test_a_training_by_the_clock_ends() -> None:
    x, y = textures(2, 0.0, 4, seed=0)
    assert isinstance(from_scratch(x, y, seed=0, seconds=0.05), SmallNet)


def test_kept_kernels_do_best_on_new_textures() -> None:
    found = reuse_on_textures(2, 60, seed=3)
    assert found["kept kernels"] > found["random kernels"] + 0.2
    assert found["kept kernels"] > found["from scratch"]


def test_the_demo_tells_three_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_reuse, "DEMO_STEPS", 3)
    assert demo().count("%") == 3


def test_a_run_is_trained_kept_and_used(tmp_path: Path, picture_folder: Path) -> None:
    run, told = tmp_path / "run", []
    kernels = backbone()
    before = {name: value.clone() for name, value in kernels.state_dict().items()}
    figures = train(picture_folder, run, FAST, told.append, kernels)
    assert figures["accuracy"] >= 0.75
    assert all(torch.equal(value, before[name]) for name, value in kernels.state_dict().items())
    assert isinstance(told[-1], News)
    assert train(picture_folder, run, FAST, told.append, kernels) == figures
    files = sorted((picture_folder / "vertical").iterdir())[:6]
    said = list(predict(run, files, kernels))
    assert [each["file"] for each in said] == [str(path) for path in files]
    assert sum(each["class"] == "vertical" for each in said) >= 5
    with pytest.raises(ValueError, match=r"config\.epochs 40, not 41"):
        train(picture_folder, run, TrainConfig(epochs=41, held_out=0.25), print, kernels)


def test_archives_of_grey_images_are_learned_from(tmp_path: Path) -> None:
    digits = read_images("digits").take(range(60))
    kernels = KeptKernels(SmallNet(1, 3), 8)
    figures = train("digits", tmp_path / "run", TrainConfig(epochs=2), lambda _: None, kernels)
    assert figures["accuracy"] > 0.2
    assert digits.pixels.shape[1] == 1


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no finished training"):
        list(predict(tmp_path, [], backbone()))


@pytest.mark.parametrize("wrong", [{"head": "svm"}, {"dropout": 1.0}, {"epochs": 0}])
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"choose|below 1|at least 1"):
        TrainConfig(**wrong)  # type: ignore[arg-type]
