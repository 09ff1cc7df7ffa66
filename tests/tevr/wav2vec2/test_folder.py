"""Folders of transformers: which networks are taken, and where their labels and n-grams stand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import ModelError
from tevr.store import find
from tevr.tokens import TokenTable
from tevr.wav2vec2.config import Config
from tevr.wav2vec2.folder import describe, read_labels

#: A character model's vocabulary as transformers' tokenizer writes it.
CHARACTERS = {
    "<pad>": 0,
    "<s>": 1,
    "</s>": 2,
    "<unk>": 3,
    "|": 4,
    **{letter: 5 + index for index, letter in enumerate("abcdefghijklmnopqrstuvwxyzäöüß'-")},
}


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of the published layout that a test may change."""
    return shutil.copytree(published, tmp_path / "copy")


def change(folder: Path, name: str = "config.json", **values: Any) -> None:
    path = folder / name
    data = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(data | values), encoding="utf-8")


@pytest.fixture
def characters(folder: Path) -> Path:
    """A character model, without alphabet and language model."""
    (folder / "alphabet.json").unlink()
    shutil.rmtree(folder / "language_model")
    (folder / "vocab.json").write_text(json.dumps(CHARACTERS), encoding="utf-8")
    change(folder, vocab_size=len(CHARACTERS))
    return folder


def test_the_published_layout_is_understood(published: Path, tokens: TokenTable) -> None:
    files = find(str(published))
    assert files.acoustic == "pytorch_model.bin"
    assert files.tokens == "alphabet.json"
    assert TokenTable.load(published / files.tokens) == tokens
    assert files.language_model_files is not None
    assert files.language_model_files.ngrams.is_file()
    assert (files.decoding.alpha, files.decoding.beta) == (0.7, 0.75)


def test_a_space_in_the_end_markers_place_changes_nothing(folder: Path, tokens: TokenTable) -> None:
    change(folder, "alphabet.json", labels=["", " ", " ", *tokens.labels[3:]])
    assert read_labels(folder) == tokens


def test_a_character_model_takes_its_vocabulary(characters: Path) -> None:
    files = describe(characters)
    assert files.tokens == "vocab.json"
    assert files.language_model_files is None
    labels = TokenTable.load(characters / "vocab.json")
    assert labels.blank == 0
    assert labels.decoder_labels == ("", " ", *"abcdefghijklmnopqrstuvwxyzäöüß'-")
    ids = [5, 5, 0, 5, 4, 1, 6, 3, 6]
    assert labels.join(labels.collapse(ids)) == "aa bb"


def test_markers_that_the_tokenizer_adds_are_known(characters: Path) -> None:
    letters = list("|enisratdhulcgmobwfkzüväpjöyqxß")
    vocabulary = {letter: index for index, letter in enumerate(letters)}
    vocabulary |= {"[UNK]": len(letters), "[PAD]": len(letters) + 1}
    (characters / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    size = len(letters) + 4
    change(characters, vocab_size=size, pad_token_id=len(letters) + 1)
    without = read_labels(characters)
    added = {"<s>": size - 2, "</s>": size - 1}
    (characters / "added_tokens.json").write_text(json.dumps(added), encoding="utf-8")
    assert read_labels(characters) == without
    assert without.blank == len(letters) + 1
    assert without.decoder_labels == (" ", *letters[1:], "")


@given(st.sets(st.integers(1, 36), max_size=4), st.integers(0, 2**32 - 1))
def test_markers_give_the_blank_what_they_have(silent: set[int], seed: int) -> None:
    letters = [chr(0x100 + index) for index in range(37)]
    letters[0] = ""
    free = next(index for index in range(1, 37) if index not in silent)
    letters[free] = " "
    labels = ["" if index in silent else letter for index, letter in enumerate(letters)]
    table = TokenTable(tuple(labels), silent=tuple(sorted(silent)))
    drawn = np.random.default_rng(seed).normal(0, 3, (5, 37))
    log_probs = (drawn - np.logaddexp.reduce(drawn, axis=1, keepdims=True)).astype(np.float32)
    folded = table.fold(log_probs)
    assert folded.shape == (5, len(table.decoder_labels))
    np.testing.assert_allclose(np.exp(folded).sum(axis=1), 1, rtol=1e-5)
    kept = [index for index in range(1, 37) if index not in silent]
    np.testing.assert_array_equal(folded[:, 1:], log_probs[:, kept])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"architectures": ["Wav2Vec2ForPreTraining"]}, "Wav2Vec2ForPreTraining, not"),
        ({"architectures": None, "model_type": "hubert"}, "hubert, not"),
        ({"hidden_act": "relu"}, "only gelu"),
        ({"add_adapter": True}, "adapters"),
        ({"feat_extract_norm": "batch"}, "'batch'"),
        ({"conv_stride": [5, 2]}, "differ in length"),
        ({"num_attention_heads": 5}, "heads"),
        ({"pad_token_id": 300}, "blank"),
        ({"vocab_size": 100}, "256 in alphabet.json and 1 in vocab.json of the network's 100"),
        ({"hidden_size": None}, "cannot be used"),
    ],
)
def test_what_cannot_be_run_is_told(folder: Path, values: dict[str, Any], words: str) -> None:
    change(folder, **values)
    with pytest.raises(ModelError, match=words):
        describe(folder)


def test_sound_of_another_kind_is_refused(folder: Path) -> None:
    change(folder, "preprocessor_config.json", sampling_rate=8000)
    with pytest.raises(ModelError, match="another rate"):
        describe(folder)


@pytest.mark.parametrize("name", ["config.json", "alphabet.json", "language_model/attrs.json"])
@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "\udcff"])
def test_files_that_are_no_json_are_named(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ModelError, match=Path(name).name):
        describe(folder)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        describe(folder)


@pytest.mark.parametrize("missing", ["unigrams.txt", None])
def test_a_language_model_that_is_not_whole_is_left_out_with_a_word(
    folder: Path, missing: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    if missing:
        (folder / "language_model" / missing).unlink()
    else:
        (folder / "language_model" / "other.arpa").write_text("")
    assert describe(folder).language_model is None
    assert "is left out" in caplog.text


def test_frames_are_counted_as_transformers_does(published: Path) -> None:
    config = Config.read(published)
    assert config.least_samples == 400
    assert [config.frames(count) for count in (400, 719, 720, 50_688)] == [1, 1, 2, 158]
