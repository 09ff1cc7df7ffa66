"""Feature maps: contrast is local, maps that answer together are grouped, samples are scaled."""

from __future__ import annotations

import pytest
import torch

from tevr.models.feature_maps import group_by_correlation, local_contrast, scale_features


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("side", [4, 8, 16, 33])
def test_local_contrast_takes_away_what_is_constant(side: int) -> None:
    maps = torch.randn(2, 3, side, side, generator=generator())
    centred, deviation = local_contrast(maps)
    shifted, same = local_contrast(maps + 7)
    torch.testing.assert_close(shifted, centred, atol=1e-4, rtol=0)
    torch.testing.assert_close(same, deviation, atol=1e-4, rtol=0)
    flat = local_contrast(torch.full((1, 2, side, side), 3.0))[0]
    torch.testing.assert_close(flat, torch.zeros_like(flat), atol=1e-5, rtol=0)
    assert deviation.shape == (2, 1, side, side)


def test_maps_that_answer_together_form_groups() -> None:
    loud = torch.randn(4000, 3, generator=generator()) ** 3
    sign = torch.randn(4000, 9, generator=generator(1)).sign()
    answers = loud.repeat_interleave(3, 1) * sign  # squares of 0–2, 3–5 and 6–8 are equal
    found = group_by_correlation(answers, 3, 3, generator(2))
    assert sorted(sorted(group) for group in found.tolist()) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_features_are_scaled_by_sample() -> None:
    x = torch.randn(4, 50, generator=generator()) * 5 + 1
    for found in (scale_features(x, "standard"), scale_features(x, "rootsift")):
        torch.testing.assert_close(found.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
        torch.testing.assert_close(found.std(1, correction=0), torch.ones(4))
    torch.testing.assert_close(scale_features(x * 9, "rootsift"), scale_features(x, "rootsift"))
