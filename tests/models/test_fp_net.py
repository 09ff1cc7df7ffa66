"""FP-nets: parameters as published, for CIFAR and ImageNet; corners, not edges."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tevr.models.fp_imagenet import ImageNetConfig, MobileNetV2, ResNet50
from tevr.models.fp_net import (
    BlockConfig,
    FPBlock,
    TrainConfig,
    abs_relu,
    build,
    corner_response,
    demo,
    fp_net,
    predict,
    product,
    train,
)
from tevr.models.residual import CifarConfig, count_parameters

PYRAMID = {3: 217_082, 5: 411_962, 7: 606_842, 9: 801_722}
BASIC = {3: 216_634, 5: 411_066, 7: 605_498, 9: 799_930}
IMAGENET = [
    (ResNet50, ImageNetConfig(fp=False), 25_557_032),
    (ResNet50, ImageNetConfig(1.0), 25_974_568),
    (ResNet50, ImageNetConfig(0.8), 24_289_024),
    (ResNet50, ImageNetConfig(1.0, sandwich=True), 31_269_928),
    (MobileNetV2, ImageNetConfig(fp=False), 3_504_872),
    (MobileNetV2, ImageNetConfig(2.0), 3_426_728),
    (MobileNetV2, ImageNetConfig(3.0), 3_483_272),
]


@pytest.mark.parametrize("blocks", PYRAMID)
def test_networks_for_cifar_have_as_many_parameters_as_published(blocks: int) -> None:
    with torch.device("meta"):
        assert count_parameters(fp_net(CifarConfig(blocks))) == PYRAMID[blocks]
        assert count_parameters(fp_net(CifarConfig(blocks, "basic"))) == BASIC[blocks]


@pytest.mark.parametrize(("kind", "config", "expected"), IMAGENET)
def test_networks_for_imagenet_have_as_many_parameters_as_published(
    kind: type[ResNet50 | MobileNetV2], config: ImageNetConfig, expected: int
) -> None:
    with torch.device("meta"):
        assert count_parameters(kind(config)) == expected


@pytest.mark.parametrize("kind", [ResNet50, MobileNetV2])
def test_networks_for_imagenet_take_photographs(kind: type[nn.Module]) -> None:
    network = kind(ImageNetConfig(1.0, classes=7)).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 96)).shape == (1, 7)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)), min_size=1).map(
        lambda pairs: torch.tensor(pairs, dtype=torch.float64)
    )
)
def test_the_ancestor_of_min_nets_is_twice_the_minimum(pairs: torch.Tensor) -> None:
    left, right = pairs.T
    torch.testing.assert_close(abs_relu(left, right), 2 * torch.minimum(left, right))


def test_a_product_answers_to_corners_and_not_to_straight_edges() -> None:
    first, second, corner = corner_response(product)
    assert (first, second) == (0, 0)
    assert corner > 0


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_single_linear_filter_does_so(seed: int) -> None:
    # The sum of what a filter says to both edges is what it says to corner and whole together,
    # so a filter that is silent at edges and in the light is silent at the corner too.
    torch.manual_seed(seed)
    dark_above = torch.zeros(3, 3, dtype=torch.float64)
    dark_above[1:] = 1
    corner, outside = dark_above * dark_above.T, torch.maximum(dark_above, dark_above.T)
    given_edges = torch.stack((dark_above, dark_above.T)).flatten(1)
    silent = torch.randn(9, dtype=torch.float64)
    silent -= torch.linalg.lstsq(given_edges.T, silent[:, None]).solution.T[0] @ given_edges
    assert (given_edges @ silent).abs().max() < 1e-9
    assert (corner.flatten() @ silent + outside.flatten() @ silent).abs() < 1e-9


def test_blocks_without_normalisation_keep_how_strong_an_image_is() -> None:
    torch.manual_seed(0)
    plain = FPBlock(4, 4, 1, BlockConfig(normalise=False)).eval()
    x = torch.rand(1, 4, 8, 8)
    torch.testing.assert_close(plain.pairs(2 * x), 4 * plain.pairs(x))
    normal = FPBlock(4, 4, 1, BlockConfig()).eval()
    bright = 1e4 * x  # so that what keeps quotients finite does not count
    torch.testing.assert_close(normal.pairs(2 * bright), normal.pairs(bright), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("values", [{"combine": "sum"}, {"expansion": 0.0}])
def test_impossible_blocks_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"no 'sum'|above 0"):
        BlockConfig(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("combine", ["product", "abs_relu", "none"])
def test_all_kinds_are_trained_and_read_again(
    tmp_path: Path, picture_folder: Path, combine: str
) -> None:
    config = TrainConfig(size=8, blocks=1, epochs=1, batch=16, combine=combine)  # type: ignore[arg-type]
    figures = train(picture_folder, tmp_path / "run", config, lambda _: None)
    assert figures["images learnt"] + figures["images held out"] == 32
    answers = list(predict(tmp_path / "run", [next(picture_folder.rglob("*.png"))]))
    assert answers[0]["class"] in ("horizontal", "vertical")
    same = count_parameters(build(config, 2))
    assert same > 10_000


def test_a_demonstration_tells_of_the_corner() -> None:
    assert "0 and 0 to straight edges and 4 to a corner" in demo()
