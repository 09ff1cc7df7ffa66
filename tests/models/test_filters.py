"""Filters from patches: whitening whitens, learners find what is there, bad patches are named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tevr.models.filters import (
    LEARNERS,
    FilterConfig,
    Learner,
    Whitening,
    learn_filters,
    principal_axes,
    sample_patches,
    scale_to_unit,
    standardise,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(count: int, size: int) -> Tensor:
    mixing = torch.randn(size, size, generator=generator(1))
    return torch.randn(count, size, generator=generator()) @ mixing + 3


@pytest.mark.parametrize(("count", "size"), [(300, 8), (20, 40)])
def test_whitened_vectors_have_mean_0_and_equal_variances(count: int, size: int) -> None:
    x = rows(count, size)
    white = Whitening.fit(x, retain=1.0, epsilon=0.0)(x)
    torch.testing.assert_close(white.mean(0), torch.zeros(size), atol=1e-3, rtol=0)
    variances = torch.linalg.eigvalsh(white.T @ white / count).flip(0)
    kept = min(size, count - 1)
    torch.testing.assert_close(variances[:kept], torch.ones(kept), atol=2e-2, rtol=0)
    assert variances[kept:].abs().sum() < 1e-2


def test_whitening_is_symmetric_and_leaves_white_vectors_alone() -> None:
    x = torch.randn(5000, 4, generator=generator())
    whitening = Whitening.fit(x, retain=1.0, epsilon=0.0)
    torch.testing.assert_close(whitening.matrix, whitening.matrix.T)
    torch.testing.assert_close(whitening.matrix, torch.eye(4), atol=0.05, rtol=0)


def test_as_many_axes_are_kept_as_hold_the_share_of_variance() -> None:
    x = torch.randn(4000, 4, generator=generator()) * torch.tensor([10.0, 3.0, 1.0, 0.1])
    assert principal_axes(x, 0.85)[1].shape == (4, 1)
    assert principal_axes(x, 0.95)[1].shape == (4, 2)
    variances, axes = principal_axes(x)
    spread = torch.tensor([10.0, 3.0, 1.0, 0.1])
    torch.testing.assert_close(variances.sqrt(), spread, rtol=0.1, atol=0)
    torch.testing.assert_close(axes.T @ axes, torch.eye(4), atol=1e-5, rtol=0)


def test_patches_are_parts_of_the_images_and_not_flat() -> None:
    images = torch.zeros(3, 2, 12, 12)
    images[:, :, 8:, 8:] = torch.arange(96.0).view(3, 2, 4, 4) + 1
    found = sample_patches(images, 5, 200, generator())
    assert found.shape == (200, 2, 5, 5)
    windows = images.unfold(2, 5, 1).unfold(3, 5, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 50)
    assert torch.cdist(found.flatten(1), windows).min(1).values.max() == 0
    assert (found.flatten(1).std(1) > 0).all()
    assert torch.equal(found, sample_patches(images, 5, 200, generator()))


def test_images_without_contrast_are_cut_all_the_same_and_refused_by_whitening() -> None:
    flat = sample_patches(torch.ones(2, 1, 9, 9), 3, 10, generator())
    assert (flat == 1).all()
    with pytest.raises(ValueError, match="no contrast"):
        Whitening.fit(flat.flatten(1))


def test_a_patch_larger_than_the_images_is_refused() -> None:
    with pytest.raises(ValueError, match="patch of 9 pixels does not fit into 8×12"):
        sample_patches(torch.zeros(1, 1, 8, 12), 9, 1, generator())


def test_patches_are_standardised_by_channel_or_jointly() -> None:
    loud = torch.tensor([1.0, 5, 9])[:, None, None]
    x = torch.randn(5, 3, 6, 6, generator=generator()) * loud + 2
    apart = standardise(x).flatten(2)
    torch.testing.assert_close(apart.mean(2), torch.zeros(5, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(apart.std(2, correction=0), torch.ones(5, 3))
    jointly = standardise(x, jointly=True)
    torch.testing.assert_close(jointly.flatten(1).std(1, correction=0), torch.ones(5))
    assert jointly[:, 2].std() > 3 * jointly[:, 0].std()


def test_patches_are_scaled_from_0_to_1() -> None:
    x = torch.randn(5, 2, 3, 3, generator=generator())
    found = scale_to_unit(x).flatten(1)
    assert (found.amin(1) == 0).all()
    torch.testing.assert_close(found.amax(1), torch.ones(5))
    assert (scale_to_unit(torch.ones(2, 1, 3, 3)) == 0).all()


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_gives_filters_of_length_1_and_the_same_again(learner: Learner) -> None:
    patches = torch.randn(400, 2, 4, 4, generator=generator())
    config = FilterConfig(learner)
    found = learn_filters(patches, 6, config, seed=3)
    assert found.shape == (6, 2, 4, 4)
    torch.testing.assert_close(found.flatten(1).norm(dim=1), torch.ones(6))
    assert torch.equal(found, learn_filters(patches, 6, config, seed=3))


def test_k_means_finds_the_patterns_that_patches_are_made_of() -> None:
    patterns = torch.linalg.qr(torch.randn(25, 25, generator=generator()))[0][:3]
    which = torch.randint(3, (600,), generator=generator(1))
    noise = torch.randn(600, 25, generator=generator(2)) * 0.02
    patches = (patterns[which] + noise).view(600, 1, 5, 5)
    found = learn_filters(patches, 3, FilterConfig(retain=0.9, epsilon=0.0), 0).flatten(1)
    centred = scale_to_unit(patches).flatten(1)
    centred = torch.stack([centred[which == k].mean(0) for k in range(3)]) - centred.mean(0)
    likeness = torch.nn.functional.normalize(centred, dim=1) @ found.T
    assert (likeness.amax(1) > 0.9).all()
    assert len(likeness.argmax(1).unique()) == 3


@pytest.mark.parametrize("learner", LEARNERS)
def test_more_filters_than_patches_allow_are_refused(learner: Learner) -> None:
    with pytest.raises(ValueError, match="at most"):
        learn_filters(torch.randn(20, 1, 3, 3), 21, FilterConfig(learner), 0)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="choose from kmeans"):
        FilterConfig("som")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="share above 0"):
        FilterConfig(retain=0.0)
    with pytest.raises(ValueError, match="two vectors"):
        Whitening.fit(torch.zeros(1, 4))
