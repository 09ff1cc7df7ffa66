"""Significance: tests find a difference that is there, and none where systems are alike."""

from __future__ import annotations

import numpy as np
import pytest

from tevr.errors import UsageError
from tevr.scoring.alignment import align
from tevr.scoring.significance import MatchedPairs, matched_pairs, paired_bootstrap

SENTENCE = "die katze lief über das dach und fiel dann doch nicht herunter"
WORDS = SENTENCE.split()


def systems(rate: float, seed: int, utterances: int = 80) -> list[list[str]]:
    """What a system with so many wrong words heard of the same sentence, again and again."""
    random = np.random.default_rng(seed)
    return [[w if random.random() > rate else "falsch" for w in WORDS] for _ in range(utterances)]


def compare(first: list[list[str]], second: list[list[str]]) -> MatchedPairs:
    one, other = (align([(WORDS, heard) for heard in system]) for system in (first, second))
    return matched_pairs(one, other)


def test_a_worse_system_is_told_from_a_better_one() -> None:
    found = compare(systems(0.3, 1), systems(0.1, 2))
    assert found.mean > 0
    assert found.chance < 0.01


def test_systems_alike_are_not_told_apart() -> None:
    chances = [compare(systems(0.2, 2 * n), systems(0.2, 2 * n + 1)).chance for n in range(40)]
    assert sum(chance < 0.05 for chance in chances) <= 6
    assert compare(systems(0.2, 1), systems(0.2, 1)).chance == 1.0


@pytest.mark.parametrize(
    ("first", "second", "differences"),
    [
        ("die katze lief", "die katze lief", []),
        ("eine katze lief über das dach", "die katze lief über ein dach", [1, -1]),
        ("eine katze lief", "die katze rief", [0]),  # one right word parts nothing
        ("die große katze lief über das dach", "die katze lief über das", [1, -1]),
        ("", "die katze", [2]),
    ],
)
def test_segments_are_parted_by_two_right_words(
    first: str, second: str, differences: list[int]
) -> None:
    longest = max(first, second, key=len)
    count = 3 if "dach" not in longest else 6
    reference = WORDS[:count] if first else ["die", "katze"]
    found = matched_pairs(align([(reference, first.split())]), align([(reference, second.split())]))
    assert found.segments == len(differences)
    assert found.mean == (np.mean(differences) if differences else 0.0)


def test_the_bootstrap_gives_difference_interval_and_chance() -> None:
    random = np.random.default_rng(3)
    lengths = np.full(200, 10)
    first, second = random.binomial(10, 0.3, 200), random.binomial(10, 0.2, 200)
    found = paired_bootstrap(first, second, lengths)
    assert found.value == (first - second).sum() / 2000
    assert found.interval[0] < found.value < found.interval[1]
    assert found.chance < 0.01
    assert paired_bootstrap(first, first, lengths).chance == 1.0
    with pytest.raises(UsageError, match="no words"):
        paired_bootstrap(first, second, 0 * lengths)
