"""Own spellings: found in streams, however these are cut, and never at the cost of a word."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.readable.spellings import Spellings, SpellingWriter, read_spellings, spelt_hotwords
from tevr.readable.written import WrittenWord, write_as
from tevr.transcript import Word

OWN = Spellings(["Müller-Lüdenscheidt", "GmbH & Co. KG", "GmbH", "tevr", "Co-Pilot"])
WORDS = st.lists(
    st.sampled_from(["die", "müller", "lüdenscheidt", "gmbh", "und", "co", "kg", "pilot", "tevr"]),
    max_size=30,
)


def words(text: str) -> list[WrittenWord]:
    spoken = [Word(word, place, place + 0.5, 1.0) for place, word in enumerate(text.split())]
    return [write_as(word.text, [word]) for word in spoken]


def written(text: str) -> str:
    return " ".join(word.text for word in SpellingWriter(OWN).push(words(text), closes=True))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("die müller lüdenscheidt gmbh und co kg", "die Müller-Lüdenscheidt GmbH & Co. KG"),
        ("die gmbh und co", "die GmbH und co"),
        ("müller und gmbh", "müller und GmbH"),
        ("co co pilot", "co Co-Pilot"),
        ("co", "co"),
    ],
)
def test_the_longest_spelling_counts(said: str, expected: str) -> None:
    assert written(said) == expected


@given(WORDS, st.lists(st.integers(0, 30)))
def test_streams_are_written_alike_however_they_are_cut(said: list[str], cuts: list[int]) -> None:
    whole = words(" ".join(said))
    writer = SpellingWriter(OWN)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    done: list[WrittenWord] = []
    for first, last in itertools.pairwise(places):
        done += writer.push(whole[first:last])
    done += writer.finish()
    assert done == SpellingWriter(OWN).push(whole, closes=True)
    assert [word for each in done for word in each.spoken] == said


@given(WORDS)
def test_few_words_wait(said: list[str]) -> None:
    writer = SpellingWriter(OWN)
    given_out = sum(len(word.spoken) for word in writer.push(words(" ".join(said))))
    assert len(said) - given_out < OWN.longest


def test_words_that_are_written_as_they_are_said_are_known() -> None:
    assert OWN.words == {"tevr"}


def test_hot_words_are_spellings_if_they_have_any() -> None:
    assert spelt_hotwords(["Weiß", "weiß", "tevr", "GmbH"]) == ("Weiß", "weiß", "GmbH")


def test_a_file_holds_a_spelling_a_line(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("\ufeff# names\nGmbH & Co. KG\n\n  Weiß \n", encoding="utf-8")
    assert read_spellings(path) == ("GmbH & Co. KG", "Weiß")
    with pytest.raises(UsageError, match="cannot be read"):
        read_spellings(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="no UTF-8"):
        read_spellings(path)
