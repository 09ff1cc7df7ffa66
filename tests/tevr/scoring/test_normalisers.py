"""Normalisers: what each of the three names does to German text, and that it does no more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.corpus import normalise
from tevr.scoring.alignment import count
from tevr.scoring.normalisers import NORMALISERS, get_normaliser, merged

TEXT = "Die „Straßenbahn“ fährt um 12 Uhr – geht's? Łódź!"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raw", "Die „Straßenbahn“ fährt um 12 Uhr – geht's? Łódź!"),
        ("plain", "die strassenbahn fährt um 12 uhr gehts ?ód?"),
        ("leaderboard", "die strassenbahn fährt um zwölf uhr gehts lódz"),
    ],
)
def test_each_name_does_what_it_says(name: str, words: str) -> None:
    assert get_normaliser(name).words(TEXT) == words.split()


@pytest.mark.parametrize("name", NORMALISERS)
def test_eszett_is_ss_unless_told_apart(name: str) -> None:
    ((same, heard),) = get_normaliser(name, eszett=False).pairs([("Straße", "Strasse")])
    assert same == heard
    ((same, heard),) = get_normaliser(name, eszett=True).pairs([("Straße", "Strasse")])
    assert same != heard


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_plain_leaves_nothing_but_labels_and_digits(text: str) -> None:
    words = get_normaliser("plain").words(text)
    assert get_normaliser("plain").words(" ".join(words).replace("?", "")) == [
        word.replace("?", "") for word in words if word.replace("?", "")
    ]


def test_leaderboard_is_the_normaliser_of_the_language_model() -> None:
    assert " ".join(get_normaliser("leaderboard").words(TEXT)) == normalise(TEXT)


@pytest.mark.parametrize(
    ("reference", "heard", "compared"),
    [
        ("die straßenbahn kommt", "die straßen bahn kommt", "die straßenbahn kommt"),
        ("die straßen bahn kommt", "die straßenbahn kommt", "die straßen bahn kommt"),
        ("die straßenbahn kommt", "die straße bahn kommt", "die straße bahn kommt"),
        ("zufrieden sind wir", "wir sind zu frieden", "wir sind zu frieden"),
        ("kommt an", "", ""),
        ("aus dem hauptbahn hof", "aus dem haupt bahnhof", "aus dem haupt bahnhof"),
    ],
)
def test_compounds_are_compared_as_the_reference_writes_them(
    reference: str, heard: str, compared: str
) -> None:
    ((_, words),) = merged([(reference.split(), heard.split())])
    assert words == compared.split()


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(["ab", "a", "b", "c", "abc"])), st.data())
def test_merging_changes_no_letter_and_adds_no_error(words: list[str], data: st.DataObject) -> None:
    heard = data.draw(st.lists(st.sampled_from(["ab", "a", "b", "c", "bc"])))
    ((reference, after),) = merged([(words, heard)])
    assert (reference, "".join(after)) == (words, "".join(heard))
    before, now = count([(words, heard), (words, after)])[:, 1:].sum(axis=1)
    assert now <= before


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="plain"):
        get_normaliser("whisper")
