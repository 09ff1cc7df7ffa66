"""Measures of selectivity: angles, entropies, corners beside edges, ranks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn import functional

from tevr.models.fp_net import BlockConfig, FPBlock
from tevr.models.selectivity import (
    end_stopping,
    entropies,
    filter_angles,
    rank_correlation,
    regions,
    square,
)


def test_angles_are_those_between_filters() -> None:
    block = FPBlock(2, 2, 1, BlockConfig())
    with torch.no_grad():
        block.left.weight.zero_()
        block.right.weight.zero_()
        block.left.weight[:, 0, 1, 1] = 1.0
        block.right.weight[:, 0, 1, 1] = torch.tensor([2.0, -3.0, 0.0, 1.0])
        block.right.weight[2:, 0, 0, 0] = 1.0
    torch.testing.assert_close(filter_angles(block), torch.tensor([0.0, 180.0, 90.0, 45.0]))


def test_entropy_is_that_of_the_values() -> None:
    even = torch.arange(256.0).view(16, 16)
    halves = (even > 127).float() * 7
    found = entropies(torch.stack((even, halves, torch.ones(16, 16)))[None].repeat(2, 1, 1, 1))
    torch.testing.assert_close(found, torch.tensor([8.0, 1.0, 0.0]))


def differences(images: Tensor) -> tuple[Tensor, Tensor]:
    """What sides along each axis say, both polarities: (2, 1, height, width) each."""
    down = torch.tensor([-1.0, 0.0, 1.0]).view(1, 1, 3, 1).expand(1, 1, 3, 3) / 3
    padded = functional.pad(images, (1, 1, 1, 1), "replicate")
    across = functional.conv2d(padded, down.transpose(2, 3))
    return functional.conv2d(padded, down).abs(), across.abs()


def test_products_are_end_stopped_and_single_filters_are_not() -> None:
    def respond(images: Tensor) -> Tensor:
        down, across = differences(images)
        flat = functional.pad(torch.ones_like(down)[..., 2:-2, 2:-2], (2, 2, 2, 2))
        return torch.cat((down * across, down, flat, torch.zeros_like(down)), 1)

    found = end_stopping(respond)
    assert found.degree[0] > 0.95
    assert found.degree[1] == -0.5
    assert found.silent.tolist() == [False, False, False, True]
    assert found.flat.tolist()[:3] == [False, False, True]


def test_regions_part_the_figure() -> None:
    flat, edge, corner = regions(32, 2.0)
    assert not (flat & edge).any()
    assert not (flat & corner).any()
    assert not (edge & corner).any()
    assert [int(mask.sum()) for mask in (corner, edge)] == [4 * 16, 4 * 4 * 12]
    assert square(32)[0, 0].sum() == 16 * 16
    assert torch.equal(square(32)[0], 1 - square(32)[1])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=40))
def test_ranks_correlate_as_scipy_says(pairs: list[tuple[int, int]]) -> None:
    x, y = torch.tensor(pairs, dtype=torch.float64).T
    if len(set(x.tolist())) > 1 and len(set(y.tolist())) > 1:
        expected = spearmanr(x.numpy(), y.numpy()).statistic
        assert rank_correlation(x, y) == pytest.approx(expected)


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="two lists of one length"):
        rank_correlation(torch.zeros(3), torch.zeros(2))
