"""The lexicon: what was counted, and how compounds that nobody counted are spelt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tevr.errors import ModelError
from tevr.readable.lexicon import FORMS, ODDS, WORDS, Lexicon
from tevr.training.readable_lexicon import WordCounts
from tevr.training.readable_text import parse

TEXT = [
    "Die Straße ist lang.",
    "Unsere Straße ist kurz.",
    "Die Masse der Maße ist Masse, die Maße der Masse sind Maße.",
    "Das Schloss der GmbH, unserer GmbH.",
    "Das Schloss im Schnee, der Fluss im Fluss.",
    "Wir wissen, dass alle SPD und SPD kennen.",
    "Wissen und wissen, dass es ist.",
]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """Of a few sentences."""
    counts = WordCounts()
    for line in TEXT:
        counts.add(parse(line))
    return counts.lexicon()


@pytest.mark.parametrize(
    ("word", "spelt", "sharp"),
    [
        ("strasse", "straße", True),
        ("hauptstrassen", "hauptstraßen", True),
        ("schlossstrasse", "schlossstraße", True),
        ("flussschloss", "flussschloss", False),
        ("dass", "dass", False),
        ("nussig", "nussig", False),
        ("ohne", "ohne", False),
    ],
)
def test_words_are_spelt_as_counted_and_compounds_as_their_parts(
    lexicon: Lexicon, word: str, spelt: str, sharp: bool
) -> None:
    found, odds = lexicon.spelt_sharp(word)
    assert found == spelt
    assert (odds > 0) == sharp


def test_a_word_of_two_spellings_is_undecided(lexicon: Lexicon) -> None:
    spelt, odds = lexicon.spelt_sharp("masse")
    assert spelt == "maße"
    assert abs(odds) < 1


def test_capitals_at_the_start_of_a_sentence_tell_nothing(lexicon: Lexicon) -> None:
    capital, upper = 0, 1
    assert lexicon.row("die")[capital] < 0
    assert lexicon.row("strasse")[capital] > 0
    assert lexicon.row("wissen")[capital] < 0
    assert lexicon.row("spd")[upper] > 0
    assert lexicon.listed == {"gmbh": "GmbH"}


def test_a_compound_ends_with_its_head(lexicon: Lexicon) -> None:
    assert lexicon.head("wasserstrasse") == "strasse"
    assert lexicon.head("strasse") is None


def test_what_is_saved_is_loaded(lexicon: Lexicon, tmp_path: Path) -> None:
    lexicon.save(tmp_path)
    loaded = Lexicon.load(tmp_path)
    assert loaded.ranks == lexicon.ranks
    assert np.array_equal(loaded.odds, lexicon.odds)
    assert (loaded.sharp, loaded.listed) == (lexicon.sharp, lexicon.listed)


@pytest.mark.parametrize("name", [WORDS, ODDS, FORMS])
def test_damage_is_told(lexicon: Lexicon, tmp_path: Path, name: str) -> None:
    lexicon.save(tmp_path)
    (tmp_path / name).write_bytes(b"x\n")
    with pytest.raises(ModelError):
        Lexicon.load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError):
        Lexicon.load(tmp_path)
