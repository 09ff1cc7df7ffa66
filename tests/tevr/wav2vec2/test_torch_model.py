"""Networks on torch: batches of like lengths that change nothing, and cards that are too small."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.wav2vec2 import torch_model
from tevr.wav2vec2.torch_model import Wav2Vec2Torch, batches, open_network

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def network(published: Path) -> Wav2Vec2Torch:
    return open_network(published, "pytorch_model.bin", 1, dtype="float32")


@given(st.lists(st.integers(400, 320_000), max_size=40), st.integers(0, 2_000_000))
def test_every_sound_is_in_one_batch_that_has_room(lengths: list[int], room: int) -> None:
    found = list(batches(lengths, room))
    assert sorted(index for batch in found for index in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= room
    longest = [lengths[batch[0]] for batch in found]
    assert longest == sorted(longest, reverse=True)


def test_a_batch_gives_what_its_sounds_give_alone(
    network: Wav2Vec2Torch, clip: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = [clip[:20_000], clip, clip[7_000:], clip[:300]]
    alone = network.log_probs(sounds)
    monkeypatch.setattr(network, "_room", lambda: 10**9)
    for one, other in zip(alone, network.log_probs(sounds), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-3)


def test_a_batch_that_does_not_fit_is_halved(
    network: Wav2Vec2Torch, clip: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, sizes = network._run, []

    def small(sounds: Sequence[Samples]) -> list[Samples]:
        sizes.append(len(sounds))
        if len(sounds) > 1:
            raise torch.OutOfMemoryError
        return run(sounds)

    sounds = [clip[:count] for count in (8_000, 4_000, 6_000)]
    alone = network.log_probs(sounds)
    monkeypatch.setattr(network, "_room", lambda: 10**9)
    monkeypatch.setattr(network, "_run", small)
    for one, other in zip(alone, network.log_probs(sounds), strict=True):
        np.testing.assert_array_equal(other, one)
    assert sizes == [3, 1, 2, 1, 1]


def test_a_sound_that_does_not_fit_alone_is_told(
    network: Wav2Vec2Torch, clip: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Sequence[Samples]) -> list[Samples]:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(network, "_run", full)
    with pytest.raises(ModelError, match="no room for 3 s of sound"):
        network.log_probs([clip])


def test_a_missing_package_is_named(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(torch_model, "import_module", missing)
    with pytest.raises(UsageError, match=r"package torch.*tevr\[gpu\]"):
        open_network(published, "pytorch_model.bin", 1)
