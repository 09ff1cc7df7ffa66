"""Comparisons: who is better on the same utterances, by how much, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tevr.errors import UsageError
from tevr.evaluation.comparing import compare
from tevr.evaluation.records import Record, RecordFile
from tevr.scoring.normalisers import get_normaliser

SAID = "Die Katze lief über das Dach und fiel nicht herunter."


def folder(path: Path, heard: Mapping[str, str], reference: str = SAID) -> Path:
    path.mkdir()
    file = RecordFile(path / "utterances.jsonl")
    for name, text in heard.items():
        problem = None if text else "broken"
        file.append(Record(name, "", reference, text, problem=problem))
    file.close()
    return path


def test_a_better_system_wins_where_it_is_better(tmp_path: Path) -> None:
    worse = {f"u{n}": SAID.replace("Katze", "Tatze").replace("Dach", "Fach") for n in range(30)}
    better = {f"u{n}": SAID for n in range(30)}
    worse["u7"], better["u7"] = SAID, "die tatze"
    worse["only"], better["broken"] = SAID, ""
    first, second = folder(tmp_path / "a", worse), folder(tmp_path / "b", better)
    found = compare(first, second, get_normaliser("plain"), 2)
    assert (found.utterances, found.left_out, found.wins, found.losses) == (30, 1, 29, 1)
    assert found.rates[0].counts.errors == 58
    assert found.difference.value == pytest.approx((58 - 9) / 300)
    assert found.difference.interval[0] > 0
    assert max(found.difference.chance, found.matched.chance) < 0.01
    assert [example.gain for example in found.examples] == [2, 2, -9]
    assert found.examples[-1].second == "die tatze"
    back = compare(second, first, get_normaliser("plain"), 2)
    assert back.difference.value == -found.difference.value


def test_what_cannot_be_compared_is_told(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", {"a": "x"})
    with pytest.raises(UsageError, match="no results"):
        compare(one, tmp_path / "none", get_normaliser("plain"), 1)
    with pytest.raises(UsageError, match="share no utterance"):
        compare(one, folder(tmp_path / "two", {"b": "x"}), get_normaliser("plain"), 1)
    with pytest.raises(UsageError, match="another reference"):
        compare(one, folder(tmp_path / "three", {"a": "x"}, "Ja."), get_normaliser("plain"), 1)
