"""The published label table: segmentation by priority, collapse, folding of the end marker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.store import bundled
from tevr.tokens import TokenTable

TABLE = TokenTable.load(bundled("de-tevr") / "tokens.json")
words = st.text(sorted(TABLE.alphabet - {" "}), min_size=1, max_size=20)
texts = st.lists(words, max_size=6).map(" ".join)


def test_published_table_has_the_published_sizes() -> None:
    lengths = [len(label) for label in TABLE.labels[3:]]
    assert [lengths.count(n) for n in (4, 3, 2, 1)] == [40, 80, 96, 37]
    assert TABLE.labels[:3] == ("", "", " ")
    assert (TABLE.blank, TABLE.end) == (0, 1)


@pytest.mark.parametrize(
    ("word", "labels"),
    [
        ("man", "m an"),
        ("nicht", "n icht"),
        ("bundesregierung", "b und es re g ie rung"),
        ("wissenschaftlich", "wi ssen sc haft lich"),
        ("katze", "k at ze"),
        ("niedlich", "n ied lich"),
    ],
)
def test_words_split_as_the_published_network_was_taught(word: str, labels: str) -> None:
    assert [TABLE.labels[index] for index in TABLE.segment(word)] == labels.split()


@given(texts)
def test_any_text_over_the_alphabet_round_trips(text: str) -> None:
    assert TABLE.join(TABLE.segment(text)) == text


@given(words)
def test_the_pieces_of_a_word_are_the_texts_of_its_labels(word: str) -> None:
    assert TABLE.split(word) == [TABLE.labels[index] for index in TABLE.segment(word)]


@pytest.mark.parametrize("table", [TABLE, TokenTable(("", " ", "ä", "b"))])
def test_a_table_written_is_read_again(tmp_path: Path, table: TokenTable) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(table.to_json(), encoding="utf-8")
    assert TokenTable.load(path) == table


@given(words, words)
def test_a_word_is_split_the_same_whatever_stands_beside_it(one: str, two: str) -> None:
    space = TABLE.labels.index(" ")
    assert TABLE.segment(f"{one} {two}") == [*TABLE.segment(one), space, *TABLE.segment(two)]


def test_a_letter_outside_the_alphabet_is_named() -> None:
    with pytest.raises(UsageError, match="'ß' in 'straße'"):
        TABLE.segment("lange straße")


def test_greedy_reads_the_real_logits_as_published(logits: NDArray[np.float32]) -> None:
    text = TABLE.join(TABLE.collapse(logits.argmax(axis=1)))
    assert text.strip() == "mückenstiche sollte man nicht aufgratzen"


def test_collapse_merges_repeats_but_not_across_a_blank() -> None:
    s = TABLE.labels.index("s")
    assert TABLE.collapse([s, s, 0, s, 1]) == [s, s]


def test_folding_gives_the_end_markers_probability_to_the_blank(
    logits: NDArray[np.float32],
) -> None:
    folded = TABLE.fold(logits)
    assert folded.shape == (158, 255)
    assert len(TABLE.decoder_labels) == 255
    np.testing.assert_allclose(np.exp(folded).sum(axis=1), 1, atol=1e-5)
    assert folded[-1].argmax() == 0  # the real marker stands on the last frame
    np.testing.assert_array_equal(folded[:, 1:], logits[:, 2:])


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "{}",
        json.dumps({"labels": ["", " ", "a", "a"], "blank": 0}),
        json.dumps({"labels": ["", " ", "", "a"], "blank": 0}),
        json.dumps({"labels": ["", "a"], "blank": 0}),
        json.dumps({"labels": ["", " "], "blank": 7}),
    ],
)
def test_a_broken_table_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError):
        TokenTable.load(path)
