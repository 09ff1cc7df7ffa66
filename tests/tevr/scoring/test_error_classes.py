"""Classes of errors: German mistakes get the class a reader would give them; counts add up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.scoring.alignment import align, count
from tevr.scoring.error_classes import CLASSES, Knowledge, WordError, classify, most_costly

WORDS = st.lists(st.sampled_from(["haus", "tür", "haustür", "die", "zwei", "alte", "alten"]))


NOTHING = Knowledge()


def classes(reference: str, hypothesis: str, knowledge: Knowledge = NOTHING) -> list[str]:
    said, heard = reference.split(), hypothesis.split()
    (steps,) = align([(said, heard)])
    return [error.kind for error in classify(steps, said, heard, knowledge)]


@pytest.mark.parametrize(
    ("said", "heard", "kinds"),
    [
        ("die haustür klemmt", "die haus tür klemmt", ["compound split"]),
        ("die haus tür klemmt", "die haustür klemmt", ["compound merge"]),
        ("die straße", "die strasse", ["eszett"]),
        ("er hat schon", "er hat schön", ["umlaut"]),
        ("um zwanzig uhr", "um zwölf uhr", ["number"]),
        ("um 20 uhr", "um zwanzig uhr", ["number"]),
        ("der großen stadt", "der große stadt", ["inflection"]),
        ("ein hund", "eine hund", ["inflection"]),
        ("auf dem dach", "auf den dach", ["function word"]),
        ("er kam nicht", "er kam", ["function word"]),
        ("er sah", "er und sah", ["function word"]),
        ("am computer", "am komputa", ["foreign word"]),
        ("das haus brennt", "das maus rennt", ["other", "other"]),
        ("das haus", "das haus", []),
    ],
)
def test_mistakes_get_their_class(said: str, heard: str, kinds: list[str]) -> None:
    assert classes(said, heard) == kinds


def test_names_are_told_by_capitals_titles_and_vocabulary() -> None:
    said, heard = "gestern sprach angela merkel", "gestern sprach angel am erkel"
    capitals = Knowledge(capitals=[True, False, True, True])
    assert "name" in classes(said, heard, capitals)
    assert "name" not in classes(said, heard)
    title = Knowledge(capitals=[True, False, True, True])
    assert classes("dort ist herr bäcker", "dort ist herr decke", title) == ["name"]
    rare = Knowledge(capitals=[False, False, True], known={"er", "sah", "heini"})
    assert classes("er sah heinzi", "er sah heini", rare) == ["name"]


@settings(deadline=None)  # the machine may be busy
@given(WORDS, WORDS)
def test_errors_add_up(said: list[str], heard: list[str]) -> None:
    (steps,) = align([(said, heard)])
    errors = list(classify(steps, said, heard))
    assert sum(error.errors for error in errors) == count([(said, heard)])[0, 1:].sum()
    assert {error.kind for error in errors} <= CLASSES.keys()


def test_the_costliest_mistakes_come_first() -> None:
    often = WordError("umlaut", "schon", "schön", 1)
    dear = WordError("compound split", "haustür", "haus tür", 2)
    rare = WordError("other", "haus", "maus", 1)
    assert most_costly([rare, dear, often, often, often], 2) == [(often, 3), (dear, 1)]
