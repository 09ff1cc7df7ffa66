"""Min-nets: parameters as published, a logical and of two filters, ordinary networks besides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tevr.models.fp_net import BlockConfig, FPBlock
from tevr.models.min_net import (
    DenseConfig,
    DenseNet,
    TrainConfig,
    build,
    demo,
    dense_min_net,
    min_block,
    min_net,
    predict,
    train,
)
from tevr.models.residual import CifarConfig, CifarNet, count_parameters

MIN_NETS = {3: 217_082, 5: 411_962, 7: 606_842, 9: 801_722}
PYRAMIDS = {3: 270_298, 5: 465_178, 7: 660_058, 9: 854_938}
CLASSIC = {3: 269_722, 5: 464_154, 7: 658_586, 9: 853_018}
DENSE = {22: (71_686, 57_040), 58: (314_470, 298_564), 100: (769_162, 751_786)}


@pytest.mark.parametrize("blocks", MIN_NETS)
def test_residual_networks_have_as_many_parameters_as_published(blocks: int) -> None:
    with torch.device("meta"):
        assert count_parameters(min_net(CifarConfig(blocks))) == MIN_NETS[blocks]
        assert count_parameters(CifarNet(CifarConfig(blocks))) == PYRAMIDS[blocks]
        assert count_parameters(CifarNet(CifarConfig(blocks, "basic"))) == CLASSIC[blocks]


@pytest.mark.parametrize("layers", DENSE)
def test_dense_networks_have_as_many_parameters_as_published(layers: int) -> None:
    with torch.device("meta"):
        plain = count_parameters(DenseNet(DenseConfig(layers)))
        ours = count_parameters(dense_min_net(DenseConfig(layers)))
    assert (plain, ours) == DENSE[layers]


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(16, 16, 1), (16, 32, 2), (24, 12, 1)])
@pytest.mark.parametrize("combine", ["product", "minimum"])
def test_blocks_follow_the_formula(combine: str, inputs: int, outputs: int, stride: int) -> None:
    torch.manual_seed(0)
    block = FPBlock(inputs, outputs, stride, BlockConfig(combine=combine)).eval()  # type: ignore[arg-type]
    x = torch.randn(2, inputs, 9, 9)
    mixed = functional.relu(block.before[1](functional.conv2d(x, block.before[0].weight)))
    sides = [
        functional.relu(
            functional.instance_norm(
                functional.conv2d(mixed, side.weight, None, stride, 1, 1, 2 * outputs)
            )
        )
        for side in (block.left, block.right)
    ]
    joined = sides[0] * sides[1] if combine == "product" else torch.stack(sides).amin(0)
    expected = functional.relu(block.after[1](functional.conv2d(joined, block.after[0].weight)))
    kept = functional.avg_pool2d(x, 2, 2, ceil_mode=True) if stride == 2 else x
    if outputs < inputs:
        kept = block.shortcut.project(kept)
    expected[:, : min(inputs, outputs)] += kept[:, : min(inputs, outputs)]
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-5)


def test_a_min_block_with_a_product_is_an_fp_block() -> None:
    torch.manual_seed(0)
    ours, theirs = min_block()(16, 32, 2), FPBlock(16, 32, 2, BlockConfig())
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 16, 8, 8)
    assert not torch.equal(ours(x), theirs(x))
    assert isinstance(ours, FPBlock)
    ours.combine = torch.mul
    assert torch.equal(ours(x), theirs(x))


def test_a_unit_is_silent_where_either_filter_is() -> None:
    torch.manual_seed(0)
    block = min_block()(4, 4, 1)
    assert isinstance(block, FPBlock)
    nn.init.zeros_(block.right.weight)
    assert block.pairs(torch.randn(3, 4, 6, 6)).abs().max() == 0


@pytest.mark.parametrize("family", ["residual", "dense"])
@pytest.mark.parametrize("minimum", [True, False])
def test_networks_take_grey_and_odd_sizes_and_learn_with_all_weights(
    family: str, minimum: bool
) -> None:
    depth = 1 if family == "residual" else 10
    config = TrainConfig(family=family, depth=depth, minimum=minimum, colours=False)  # type: ignore[arg-type]
    network = build(config, classes=4)
    scores = network(torch.rand(2, 1, 13, 11))
    assert scores.shape == (2, 4)
    scores.square().sum().backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="has 10, 16, 22, … layers, not 20"):
        DenseConfig(20)
    with pytest.raises(ValueError, match="no 'round' block"):
        CifarConfig(ordinary="round")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 1"):
        CifarConfig(blocks=0)


def test_it_is_trained_on_a_folder_and_says_what_pictures_show(
    tmp_path: Path, picture_folder: Path
) -> None:
    config = TrainConfig(size=12, depth=1, epochs=12, batch=8, rate=0.05, mirror=False)
    figures = train(picture_folder, tmp_path / "run", config, lambda _: None)
    assert figures["error %"] <= 25
    files = sorted(picture_folder.rglob("*.png"))
    answers = list(predict(tmp_path / "run", files))
    right = [answer["class"] == Path(str(answer["file"])).parent.name for answer in answers]
    assert np.mean(right) > 0.75
    again = train(picture_folder, tmp_path / "run", config, lambda _: None)
    assert again == figures


def test_a_demonstration_tells_of_the_corner() -> None:
    assert "0 and 0 to straight edges and 2 to a corner" in demo()
