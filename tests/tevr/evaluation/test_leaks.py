"""Leaks: references among what was learnt, exact and near, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tevr.errors import UsageError
from tevr.evaluation.leaks import find_leaks

REFERENCES = [
    ("a", "Die Katze lief über das Dach."),
    ("b", "Er kam nie wieder nach Hause zurück."),
    ("c", "Morgen regnet es in Hamburg den ganzen Tag."),
    ("again", "die katze lief über das Dach!"),
]


def test_exact_and_near_references_are_named(tmp_path: Path) -> None:
    text = tmp_path / "learnt.txt"
    text.write_text(
        "Die Katze lief über das Dach. Etwas anderes steht hier.\n"
        "Er kam nie mehr wieder nach Hause zurück.\n",
        encoding="utf-8",
    )
    found = find_leaks(REFERENCES, [text])
    assert found.sentences == 3
    assert found.exact == ("a", "again")
    assert found.near == {"b": "er kam nie mehr wieder nach hause zurück"}


def test_tables_are_read_by_their_column(tmp_path: Path) -> None:
    table = tmp_path / "train.tsv"
    table.write_text("path\tsentence\nx.mp3\tDie Katze lief über das Dach.\n", encoding="utf-8")
    assert find_leaks(REFERENCES, [table]).exact == ("a", "again")


def test_other_texts_leak_nothing(tmp_path: Path) -> None:
    text = tmp_path / "learnt.txt"
    text.write_text("Ganz andere Worte stehen hier.\n", encoding="utf-8")
    found = find_leaks(REFERENCES, [text])
    assert (found.exact, found.near) == ((), {})
    with pytest.raises(UsageError):
        find_leaks(REFERENCES, [tmp_path / "none.txt"])
