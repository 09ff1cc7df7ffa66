"""The labeller's network: it sees what it may, learns, and is exported as it is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tevr.readable.features import BUCKETS, IDS, NUMBERS
from tevr.readable.labels import CASES, MARKS
from tevr.readable.network import LabelModel, Stretch
from tevr.readable.network_shape import LEFT, RIGHT
from tevr.training.readable_data import Batch
from tevr.training.readable_export import graph
from tevr.training.readable_loop import LearningOptions, learn, losses_of
from tevr.training.readable_network import LabelNetwork, NetworkOptions

WORDS = 40
SMALL = NetworkOptions(words=50, word_size=8, part_sizes=(4, 4, 4), size=16, units=12, between=0.0)


@pytest.fixture(scope="module")
def network() -> LabelNetwork:
    """A small one, not trained."""
    torch.manual_seed(1)
    return LabelNetwork(SMALL).eval()


def drawn(seed: int, batch: int = 1) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Ids (batch, WORDS, IDS) and numbers (batch, WORDS, NUMBERS)."""
    random = np.random.default_rng(seed)
    sizes = (SMALL.words, *BUCKETS)
    ids = np.stack([random.integers(size, size=(batch, WORDS)) for size in sizes], axis=-1)
    assert ids.shape[-1] == IDS
    return ids.astype(np.int32), random.normal(size=(batch, WORDS, NUMBERS)).astype(np.float32)


def scores(
    network: LabelNetwork,
    ids: NDArray[np.int32],
    numbers: NDArray[np.float32],
    stretches: list[int],
) -> NDArray[np.float32]:
    """All scores of one passage, (WORDS, labels)."""
    with torch.no_grad():
        parts = network(
            torch.from_numpy(ids),
            torch.from_numpy(numbers),
            torch.tensor(stretches, dtype=torch.int32)[None],
        )
    marks, cases, sharp = (part[0].numpy() for part in parts)
    return np.concatenate([marks, cases, sharp[:, None]], axis=1)


@pytest.mark.parametrize("changed", [0, 7, 20, 31])
def test_a_word_sees_few_words_ahead_and_none_beyond_a_pause(
    network: LabelNetwork, changed: int
) -> None:
    ids, numbers = drawn(2)
    stretches = [0] * 16 + [1] * 24
    before = scores(network, ids, numbers, stretches)
    numbers[0, changed] += 1
    after = scores(network, ids, numbers, stretches)
    same = np.isclose(before, after, atol=1e-6).all(axis=1)
    first = max(changed - RIGHT, 0 if changed < 16 else 16)
    assert same[:first].all()
    assert not same[first : changed + 1].any()
    beyond = min(changed + LEFT + 1, WORDS - 1)  # what only the recurrent layer carries
    assert (before[beyond] != after[beyond]).any()


def test_the_layers_alone_see_few_words_back(network: LabelNetwork) -> None:
    ids, numbers = drawn(3)
    values = torch.from_numpy(numbers[..., :1]).expand(-1, -1, SMALL.size).contiguous()
    stretches = torch.zeros(1, WORDS, dtype=torch.int32)
    changed = values.clone()
    changed[0, 5] += 1
    outputs = []
    with torch.no_grad():
        for each in (values, changed):
            result = each
            for layer in network.layers:
                result = layer(result, stretches)
            outputs.append(result[0])
    differs = (outputs[0] - outputs[1]).abs().amax(dim=1) > 1e-6
    assert not differs[5 + LEFT + 1 :].any()
    assert ids.shape == (1, WORDS, IDS)


def test_the_exported_graph_scores_as_the_network(network: LabelNetwork, tmp_path: Path) -> None:
    content = graph(network).SerializeToString(deterministic=True)
    assert content == graph(network).SerializeToString(deterministic=True)
    (tmp_path / "model.onnx").write_bytes(content)
    model = LabelModel(tmp_path / "model.onnx")
    ids, numbers = drawn(4)
    stretches = [0] * 16 + [1] * 24
    expected = scores(network, ids, numbers, stretches)
    arrays = (ids[0], numbers[0], np.array(stretches, np.int32))
    found, _ = model.run(Stretch(*arrays, 0, WORDS), model.fresh())
    assert found.marks.shape == (WORDS, len(MARKS))
    assert found.cases.shape == (WORDS, len(CASES))
    whole = np.concatenate([found.marks, found.cases, found.sharp[:, None]], axis=1)
    assert np.abs(whole - expected).max() < 0.05 * np.abs(expected).max()  # weights are rounded
    first, memory = model.run(Stretch(*arrays, 0, 10), model.fresh())
    second, _ = model.run(Stretch(*arrays, 10, WORDS), memory)
    assert np.allclose(np.concatenate([first.marks, second.marks]), found.marks, atol=1e-5)


def one_batch() -> Iterator[Batch]:
    """The same passages for ever: a mark and a capital at every word of an id, ß at others."""
    ids, numbers = drawn(5, batch=4)
    wanted = (ids[..., 0] % 2).astype(np.int64)
    batch = Batch(ids, numbers, np.zeros(ids.shape[:2], np.int32), wanted, wanted, 1 - wanted)
    return itertools.repeat(batch)


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = LabelNetwork(SMALL)
    first = float(losses_of(network, next(one_batch())).sum().detach())
    options = LearningOptions(steps=40, rate=1e-2, warm=1, keep_every=20)
    learn(network, one_batch(), options, tmp_path)
    last = float(losses_of(network, next(one_batch())).sum().detach())
    assert last < first / 2
    other = LabelNetwork(SMALL)
    learn(other, one_batch(), options, tmp_path)  # nothing is left to do
    for name, weights in network.state_dict().items():
        assert torch.equal(weights, other.state_dict()[name])
