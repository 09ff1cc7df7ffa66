"""Groups: utterances fall into the right ones, in an order that makes sense, and none is lost."""

from __future__ import annotations

import numpy as np
import pytest

from tevr.evaluation.groups import by_groups
from tevr.evaluation.records import Record


def records(*lengths: int, seconds: float = 1.0, **traits: str) -> list[Record]:
    return [
        Record(f"{n}", "", "abcde " * length, seconds=seconds, traits=traits)
        for n, length in enumerate(lengths)
    ]


def counts(*rows: tuple[int, int]) -> np.ndarray:
    """Words and wrong words."""
    return np.array([(words - wrong, wrong, 0, 0) for words, wrong in rows])


def test_lengths_are_parted_at_their_bounds() -> None:
    words = (1, 5, 6, 15, 16, 40)
    found = by_groups(records(*words), counts(*((n, 1) for n in words)))["words"]
    assert [(each.label, each.utterances) for each in found] == [
        ("1–5", 2),
        ("6–10", 1),
        ("11–15", 1),
        ("16 or more", 2),
    ]
    assert found[0].rate.value == pytest.approx(2 / 6)


def test_speaking_rates_are_ordered_from_slow_to_fast() -> None:
    spoken = [Record(str(n), "", "abcdefghij", seconds=s) for n, s in enumerate((0.5, 2, 0.9, 0.7))]
    found = by_groups(spoken, counts(*[(1, 0)] * 4))["letters a second"]
    assert [each.label for each in found] == ["below 10", "10–13", "13–16", "16 or more"]


def test_what_is_not_told_stands_last_and_what_nobody_tells_is_left_out() -> None:
    mixed = records(3, age="thirties", accent="Wien") + records(3, 3, age="fourties")
    found = by_groups(mixed, counts((3, 1), (3, 0), (3, 0)))
    assert [each.label for each in found["accent"]] == ["Wien", "not told"]
    assert sum(each.utterances for each in found["age"]) == 3
    assert "gender" not in found


def test_rare_values_are_one_group() -> None:
    many = [each for n in range(40) for each in records(2, accent=f"accent {n:02}")]
    found = by_groups(many, counts(*[(2, 1)] * 40))["accent"]
    assert (found[-1].label, found[-1].utterances) == ("all others", 25)
