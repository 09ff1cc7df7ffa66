"""Held-out sentences: they and what is nearly the same are found, other sentences are not."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.held_out import HeldOut, read_held_out

KEPT = "die alte brücke über den fluss wurde im vergangenen jahr abgerissen"
SHORT = "das ist gut"


@pytest.mark.parametrize(
    "sentence",
    [
        f"gestern hiess es {KEPT} und niemand weiss warum",
        KEPT.replace("abgerissen", "gesprengt"),
        KEPT.replace("brücke", "brücken"),
        KEPT.replace("fluss", "fluß"),
        f"{KEPT} ja",
        KEPT.replace("alte ", ""),
    ],
)
def test_near_duplicates_are_found(sentence: str) -> None:
    held_out = HeldOut([KEPT, SHORT])
    assert held_out.matches(sentence)
    assert (held_out.exact, held_out.near) == (0, 1)


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "die alte brücke wurde abgerissen",
        "das ist gut so und niemand wundert sich",
        "der neue tunnel unter dem fluss wurde im vergangenen jahr eröffnet",
        f"x{KEPT}x und sonst noch einiges mehr von dem wir nichts wissen wollen",
    ],
)
def test_other_sentences_are_kept(sentence: str) -> None:
    assert not HeldOut([KEPT, SHORT]).matches(sentence)


def test_what_a_sentence_is_like_is_named_and_not_counted() -> None:
    held_out = HeldOut([KEPT, SHORT])
    assert held_out.likes(KEPT) == [KEPT]
    assert held_out.likes(f"{KEPT} ja") == [KEPT]
    assert held_out.likes("etwas ganz anderes") == []
    assert (held_out.exact, held_out.near) == (0, 0)


def test_sentences_pass_in_order_and_what_went_is_counted() -> None:
    held_out = HeldOut([KEPT, SHORT, SHORT, ""])
    near = KEPT.replace("vergangenen", "letzten")
    assert list(held_out.without(["a", KEPT, "b", SHORT, near, "c"])) == ["a", "b", "c"]
    assert (len(held_out), held_out.exact, held_out.near) == (2, 2, 1)


WORDS = st.lists(st.sampled_from(["ab", "abc", "haus", "hof", "der", "die", "rot"]), min_size=1)


@given(st.lists(WORDS, max_size=9), WORDS)
def test_the_index_finds_whatever_a_comparison_with_every_sentence_finds(
    held: list[list[str]], words: list[str]
) -> None:
    sentences = {" ".join(sentence) for sentence in held}
    whole = " ".join(words)
    shares = [
        len(set(words) & set(other.split())) / len({*words, *other.split()}) for other in sentences
    ]
    runs = [f" {s} " in f" {whole} " and s.count(" ") >= 5 for s in sentences]
    if whole in sentences or any(share >= 0.8 for share in shares) or any(runs):
        assert HeldOut(sentences).matches(whole)


@given(st.lists(WORDS, min_size=1))
def test_what_is_held_out_is_always_found(held: list[list[str]]) -> None:
    sentences = [" ".join(sentence) for sentence in held]
    held_out = HeldOut(sentences)
    assert all(held_out.matches(sentence) for sentence in sentences)
    assert held_out.near == 0


@pytest.mark.parametrize("column", ["sentence", "text"])
def test_the_column_of_a_table_is_read_and_normalised(tmp_path: Path, column: str) -> None:
    path = tmp_path / "test.tsv.gz"
    table = f"path\t{column}\tage\na.mp3\tAm 3. Mai.\t\nb.mp3\tJa!\t30\nc.mp3\tJa.\t\n"
    path.write_bytes(gzip.compress(table.encode()))
    assert read_held_out([path]) == ["am dritten mai", "ja"]


def test_lines_of_a_text_are_read_whatever_their_encoding(tmp_path: Path) -> None:
    path = tmp_path / "test.txt"
    path.write_text("Schöne Grüße\n\nNein.", encoding="cp1252")
    assert read_held_out([path, path]) == ["schöne grüsse", "nein"]


def test_a_short_row_and_a_missing_file_are_usage_errors(tmp_path: Path) -> None:
    path = tmp_path / "test.tsv"
    path.write_text("path\tsentence\na.mp3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="Line 2 of"):
        read_held_out([path])
    with pytest.raises(UsageError, match="cannot be opened"):
        read_held_out([tmp_path / "none.tsv"])
