"""Backbones: features are computed once, go on where broken off, and are the right ones."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tevr.models.backbones import open_backbone, pooled_features, resized


class Counting(nn.Module):
    """A convolution that counts the images it has seen."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.layer = nn.Conv2d(3, 5, 3)
        self.size, self.outputs, self.seen = 12, 5, 0

    def forward(self, images: Tensor) -> Tensor:
        self.seen += len(images)
        found: Tensor = self.layer(images)
        return found


def pixels(count: int = 40, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, channels, 9, 9), generator=generator).byte()


def test_features_are_the_means_of_the_maps() -> None:
    network = Counting()
    found = pooled_features(network, pixels())
    with torch.no_grad():
        expected = network(resized(pixels(), 12)).mean((2, 3))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_features_are_computed_once_for_the_same_weights_size_and_pixels(tmp_path: Path) -> None:
    network = Counting()
    first = pooled_features(network, pixels(), tmp_path)
    assert torch.equal(pooled_features(network, pixels(), tmp_path), first)
    assert network.seen == 40
    assert torch.equal(pooled_features(Counting(), pixels(), tmp_path), first)
    other_weights, other_size = Counting(1), Counting()
    other_size.size = 10
    for other in (other_weights, other_size):
        assert not torch.equal(pooled_features(other, pixels(), tmp_path), first)
        assert other.seen == 40
    pooled_features(network, pixels().flip(0), tmp_path)
    assert network.seen == 80
    assert len(list(tmp_path.iterdir())) == 4


def test_a_computation_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    whole = pooled_features(Counting(), pixels())
    network, said = Counting(), []

    def stop(done: int, count: int) -> None:
        said.append((done, count))
        if done == 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pooled_features(network, pixels(), tmp_path, stop)
    found = pooled_features(network, pixels(), tmp_path, lambda *step: said.append(step))
    assert network.seen == 40
    assert said == [(16, 40), (32, 40), (40, 40)]
    torch.testing.assert_close(found, whole)
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]


@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_shape_are_brought_to_the_size(channels: int) -> None:
    found = resized(torch.full((2, channels, 7, 20), 51).byte(), 12)
    assert found.shape == (2, 3, 12, 12)
    torch.testing.assert_close(found, torch.full((2, 3, 12, 12), 0.2))
    assert resized(pixels(), 30).min() >= 0
    assert resized(pixels(), 30).max() <= 1


def test_networks_of_timm_are_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, object]] = []

    def create_model(name: str, **settings: object) -> nn.Module:
        made.append({"name": name, **settings})
        network = nn.Sequential(nn.Conv2d(3, 7, 4, 4))
        network.num_features = 7  # type: ignore[assignment]
        return network

    known = {"input_size": (3, 96, 96), "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    timm = ModuleType("timm")
    monkeypatch.setattr(timm, "create_model", create_model, raising=False)
    data = SimpleNamespace(resolve_model_data_config=lambda _: known)
    monkeypatch.setattr(timm, "data", data, raising=False)
    monkeypatch.setitem(sys.modules, "timm", timm)
    network = open_backbone("timm:resnet18")
    settings = {"pretrained": True, "num_classes": 0, "global_pool": ""}
    assert made == [{"name": "resnet18", **settings}]
    assert (network.size, network.outputs) == (96, 7)
    assert open_backbone("timm:resnet18", 64).size == 64
    assert pooled_features(network, pixels(3)).shape == (3, 7)
    grey = network(torch.full((1, 3, 8, 8), 0.5))  # the mean, so that nothing but the bias is left
    expected = np.broadcast_to(grey[0, :, :1, :1].detach().numpy(), (7, 2, 2))
    np.testing.assert_allclose(grey[0].detach().numpy(), expected, atol=1e-6)


def test_networks_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match="timm:resnet18 needs timm"):
        open_backbone("timm:resnet18")
    with pytest.raises(ValueError, match="There is no 'vgg'; choose from lite0"):
        open_backbone("vgg")
