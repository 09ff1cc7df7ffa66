"""The bundled character model: probabilities add up, no text depends on those beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, UsageError
from tevr.lm import char_network
from tevr.lm.char_network import MANIFEST, NetworkModel
from tevr.lm.corpus import ALPHABET

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "models" / "pretrained" / "de-chars"
MODEL = NetworkModel(BUNDLED)
SENTENCES = (
    (ROOT / "tests" / "data" / "kneser_ney" / "sentences.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)[:100]

texts = st.lists(st.text(ALPHABET + " ", max_size=30), max_size=6)


def test_the_alphabet_is_that_of_the_normaliser() -> None:
    assert MODEL.alphabet == set(ALPHABET) | {" "}


@given(texts)
@settings(deadline=None, max_examples=30)
def test_a_text_costs_the_same_whatever_stands_beside_it(sentences: list[str]) -> None:
    for sentence, bits in zip(sentences, MODEL.costs(sentences), strict=True):
        (alone,) = MODEL.costs([sentence])
        assert bits.shape == (len(sentence),)
        assert bits.dtype == np.float64
        assert (bits >= 0).all()
        np.testing.assert_allclose(bits, alone, rtol=0, atol=1e-4)


@given(st.text(ALPHABET + " ", min_size=1, max_size=40))
@settings(deadline=None, max_examples=30)
def test_costs_of_a_beginning_are_the_beginning_of_the_costs(text: str) -> None:
    whole, part = MODEL.costs([text, text[: len(text) // 2]])
    np.testing.assert_allclose(part, whole[: len(part)], rtol=0, atol=1e-4)


@pytest.mark.parametrize("before", ["", "die bundesregierun", "é", " "])
def test_probabilities_after_a_text_leave_the_rest_for_its_end(before: str) -> None:
    following = [before + letter for letter in sorted(MODEL.alphabet)]
    share = sum(2.0 ** -bits[-1] for bits in MODEL.costs(following))
    assert 0.3 < share <= 1 + 1e-5


def test_german_is_cheaper_than_its_letters_in_disorder() -> None:
    shuffled = ["".join(np.random.default_rng(1).permutation(list(text))) for text in SENTENCES]
    real, mixed = (np.concatenate(MODEL.costs(part)).mean() for part in (SENTENCES, shuffled))
    assert real < 2.2
    assert mixed > 4


def test_what_a_word_must_end_with_is_cheap() -> None:
    (bits,) = MODEL.costs(["wissenschaftlich"])
    assert bits[0] > 2
    assert bits[-1] < 0.2


def test_texts_of_any_length_are_batched(monkeypatch: pytest.MonkeyPatch) -> None:
    known = MODEL.costs(SENTENCES)
    monkeypatch.setattr(char_network, "ROOM", 150)
    for one, other in zip(MODEL.costs(SENTENCES), known, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4)


@pytest.mark.parametrize("text", ["straße", "A", "a\nb", "drei 3"])
def test_a_character_outside_the_alphabet_is_named(text: str) -> None:
    with pytest.raises(UsageError, match="does not know"):
        MODEL.costs(["gut", text])


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "model"))


def test_a_damaged_or_missing_graph_is_refused(copied: Path) -> None:
    path = copied / MODEL.files.model
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="damaged"):
        NetworkModel(copied)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        NetworkModel(copied)


@pytest.mark.parametrize(
    "changes", [{"schema": 2}, {"model": "other.onnx"}, {"files": {"model.onnx": {"size": 3}}}]
)
def test_a_manifest_that_does_not_fit_is_refused(copied: Path, changes: dict[str, object]) -> None:
    path = copied / MANIFEST
    data = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelError):
        NetworkModel(copied)


def test_the_card_states_the_checksum_and_the_licence() -> None:
    card = (BUNDLED / "README.md").read_text(encoding="utf-8")
    assert MODEL.files.record.sha256 in card
    assert "CC BY-SA 4.0" in card
