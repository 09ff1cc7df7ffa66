"""Layer-wise networks: shapes as told, batches without influence, shared filters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tevr.models import layerwise
from tevr.models.layerwise import (
    Layer,
    LayerwiseConfig,
    LayerwiseNetwork,
)

LAYERS = (Layer(6, 3, 2), Layer(5, 3, 3, groups=3, channels=2))
CONFIG = LayerwiseConfig(LAYERS, (2, 12, 10), patches=300)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(count: int = 70) -> Tensor:
    return torch.rand(count, 2, 12, 10, generator=generator(5))


@settings(deadline=None, max_examples=12)
@given(
    pool=st.integers(1, 4),
    size=st.integers(2, 5),
    stride=st.none() | st.integers(1, 3),
    deep=st.booleans(),
)
def test_features_are_as_many_as_told(pool: int, size: int, stride: int | None, deep: bool) -> None:
    layers = (Layer(4, size, pool, stride), Layer(3, 2, 2))[: 1 + deep]
    config = LayerwiseConfig(layers, (2, 12, 10), patches=60)
    found = LayerwiseNetwork(config).fit(images(20))(images(3))
    assert found.shape == (3, config.features)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"whiten": True, "rectifier": "relu-abs", "normalise": True, "scaling": "rootsift"},
        {"all_layers": False, "grouping": "random"},
    ],
)
def test_features_do_not_depend_on_the_batch(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, **changes)  # type: ignore[arg-type]
    network = LayerwiseNetwork(config).fit(images())
    whole = network(images(20))
    assert whole.shape == (20, config.features)
    monkeypatch.setattr(layerwise, "BATCH", 3)
    parts = list(network.stream(images(20)))
    assert [len(part) for part in parts] == [3] * 6 + [2]
    torch.testing.assert_close(torch.cat(parts), whole, atol=1e-4, rtol=1e-4)


def test_all_groups_share_their_filters() -> None:
    network = LayerwiseNetwork(CONFIG).fit(images())
    assert network.filters1.shape == (5, 2, 3, 3)  # not 3 × 5 of them
    assert network.groups1.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_a_network_is_learned_the_same_again_and_kept_by_its_state() -> None:
    network = LayerwiseNetwork(CONFIG).fit(images())
    again = LayerwiseNetwork(CONFIG).fit(images())
    assert torch.equal(network(images(5)), again(images(5)))
    empty = LayerwiseNetwork(CONFIG)
    with pytest.raises(ValueError, match="call fit first"):
        empty(images(2))
    empty.load_state_dict(network.state_dict())
    assert torch.equal(empty(images(5)), network(images(5)))
    other = LayerwiseNetwork(replace(CONFIG, seed=1)).fit(images())
    assert not torch.equal(other(images(5)), network(images(5)))


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"1×12×10, and the network is for 2×12×10"):
        LayerwiseNetwork(CONFIG).fit(torch.zeros(4, 1, 12, 10))


def test_random_groups_hold_different_maps_in_each() -> None:
    config = replace(CONFIG, grouping="random")
    network = LayerwiseNetwork(config).fit(images())
    assert all(len(set(group)) == 2 for group in network.groups1.tolist())
    assert network.groups1.max() < 6


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((), "at least one layer"),
        ((Layer(4, 3, 2, groups=2),), "one group"),
        ((Layer(4, 3, 2), Layer(4, 3, 2, channels=5)), "5 maps, where there are 4"),
        ((Layer(4, 3, 15),), "too small"),
    ],
)
def test_networks_that_cannot_be_are_refused(layers: tuple[Layer, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LayerwiseConfig(layers, (1, 12, 10))
