"""Training the character LSTM: it learns, goes on exactly where it stopped, and is exported."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm import char_lstm
from tevr.lm.char_batches import BORDER, IGNORED, LONGEST, Sampler, encode
from tevr.lm.char_export import export
from tevr.lm.char_lstm import (
    CHECKPOINT,
    LOG,
    CharacterNetwork,
    NetworkOptions,
    TrainingOptions,
    bits_per_character,
    load_network,
    train,
)
from tevr.lm.char_network import NetworkModel

SENTENCES = [
    "die katze sitzt auf der matte",
    "der hund liegt vor dem haus",
    "wir gehen heute in den wald",
    "das wetter ist heute schön",
    "die kinder spielen im garten",
    "er liest ein buch über katzen",
] * 4
SMALL = NetworkOptions(embedding=8, units=24, layers=2, recurrent_dropout=0.2, forward_dropout=0.1)
SHORT = TrainingOptions(
    steps=12, batch=4, rate=0.01, warm_up=2, save_every=4, measure_every=8, seed=3
)


def read_log(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / LOG).read_text(encoding="utf-8").splitlines()
    return [
        {key: value for key, value in json.loads(line).items() if key != "seconds"}
        for line in lines
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(SENTENCES, SENTENCES[:6], folder, SMALL, replace(SHORT, steps=200, rate=0.03))
    return folder


def test_it_learns(trained: Path) -> None:
    log = read_log(trained)
    assert [line["step"] for line in log] == list(range(4, 201, 4))
    assert log[-1]["bits"] < 0.6 * log[0]["bits"]
    assert log[-1]["held_out"] < 0.7 * log[1]["held_out"]
    found = bits_per_character(load_network(trained), SENTENCES[:6])
    assert found == pytest.approx(log[-1]["held_out"], rel=1e-5)


def test_a_run_that_was_killed_goes_on_to_the_same_curve_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = train(SENTENCES, SENTENCES[:3], whole, SMALL, SHORT)
    learn, taken = char_lstm._learn, 0

    def learn_or_die(*arguments: Any) -> float:
        nonlocal taken
        taken += 1
        if taken > 10:
            raise KeyboardInterrupt
        return learn(*arguments)

    monkeypatch.setattr(char_lstm, "_learn", learn_or_die)
    with pytest.raises(KeyboardInterrupt):
        train(SENTENCES, SENTENCES[:3], broken, SMALL, SHORT)
    # Killed between log and checkpoint, a run leaves a line too many.
    with (broken / LOG).open("a", encoding="utf-8") as file:
        file.write('{"step": 10, "bits": 1.0}\n')
    monkeypatch.setattr(char_lstm, "_learn", learn)
    torch.manual_seed(99)
    found = train(SENTENCES, SENTENCES[:3], broken, SMALL, SHORT)
    assert read_log(broken) == read_log(whole)
    assert not list(broken.glob(".*"))
    for name, value in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    train(SENTENCES, SENTENCES[:3], tmp_path, SMALL, SHORT)
    with pytest.raises(ModelError, match="another network or another training"):
        train(SENTENCES, SENTENCES[:3], tmp_path, SMALL, replace(SHORT, seed=4))
    (tmp_path / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        load_network(tmp_path)


def test_narrow_products_learn_too(tmp_path: Path) -> None:
    train(SENTENCES, SENTENCES[:3], tmp_path, SMALL, replace(SHORT, steps=60, narrow=True))
    log = read_log(tmp_path)
    assert log[-1]["bits"] < 0.8 * log[0]["bits"]


@pytest.mark.parametrize("layers", [1, 2])
def test_the_export_gives_what_torch_gives(layers: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = CharacterNetwork(replace(SMALL, layers=layers, embedding=16, units=40)).eval()
    with torch.no_grad():  # weights that 8 bits hold exactly leave nothing to rounding
        for name, weight in network.named_parameters():
            if "weight" in name:
                scale = weight.abs().amax(1, keepdim=True) / 127
                weight.copy_((weight / scale).round() * scale)
    export(network, tmp_path, "test")
    model = NetworkModel(tmp_path, threads=1)
    for sentence, bits in zip(SENTENCES, model.costs(SENTENCES), strict=True):
        expected = bits_per_character(network, [sentence])
        assert float(bits.mean()) == pytest.approx(expected, abs=1e-4)


def test_rounding_changes_little(trained: Path, tmp_path: Path) -> None:
    network = load_network(trained)
    export(network, tmp_path, "test")
    bits = np.concatenate(NetworkModel(tmp_path, threads=1).costs(SENTENCES))
    assert float(bits.mean()) == pytest.approx(bits_per_character(network, SENTENCES), abs=0.02)


def test_the_export_is_the_same_bytes_for_the_same_weights(trained: Path, tmp_path: Path) -> None:
    network = load_network(trained)
    for name in ("one", "two"):
        export(network, tmp_path / name, "test")
    one, two = ((tmp_path / name / "model.onnx").read_bytes() for name in ("one", "two"))
    assert one == two
    weights = {each.name: each.data_type for each in onnx.load_from_string(one).graph.initializer}
    assert sum(kind == onnx.TensorProto.INT8 for kind in weights.values()) == 2 + 2 * SMALL.layers


def test_an_export_to_where_nothing_can_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    network = CharacterNetwork(SMALL)
    with pytest.raises(OutputError, match="cannot be written"):
        export(network, tmp_path / "file")


def test_every_sentence_is_learnt_once_a_round() -> None:
    text = encode(
        [letter * length for length, letter in enumerate("abcdefghijklmnop", 1)],
        " abcdefghijklmnop",
    )
    sampler = Sampler(text, 4, seed=1)
    for around in range(3):
        batches = [sampler.batch(4 * around + step) for step in range(4)]
        first = [row for batch in batches for row in batch[1].tolist()]
        assert sorted(first) == list(range(2, 18))


@given(st.lists(st.text("abc ", min_size=1, max_size=300), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_a_batch_holds_sentences_between_borders(sentences: list[str]) -> None:
    alphabet = " abc"
    batch = encode(sentences, alphabet).batch(np.arange(len(sentences)))
    assert batch.shape == (2 + min(LONGEST, max(map(len, sentences))), len(sentences))
    for column, sentence in zip(batch.T.tolist(), sentences, strict=True):
        begin, *rest = column
        end = rest.index(BORDER)
        assert begin == BORDER
        assert "".join(alphabet[index - 1] for index in rest[:end]) == sentence[:LONGEST]
        assert set(rest[end + 1 :]) <= {IGNORED}


@pytest.mark.parametrize("sentences", [[], [""], ["grüße ñ"]])
def test_text_that_cannot_be_learnt_is_refused(sentences: list[str], tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        train(sentences, ["a"], tmp_path, SMALL, SHORT)


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(UsageError, match="below 1"):
        TrainingOptions(steps=0)
