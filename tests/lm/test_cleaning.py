"""Cleaning: the same sentences come out however the work is shared, and in their order."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import TevrError, UsageError
from tevr.lm import cleaning
from tevr.lm.cleaning import CleanOptions, Deduplicated, clean_all
from tevr.lm.corpus import clean

TEXTS = [f"Es giebt {number} Häuser. Das muß so seyn! … Ja?" for number in range(300)]


def test_old_spelling_is_turned_into_that_of_today_unless_told_otherwise() -> None:
    found = list(clean_all(TEXTS[3:4], workers=1))
    assert found == ["es gibt drei häuser", "das muss so sein", "ja"]
    old = list(clean_all(TEXTS[3:4], CleanOptions(modern=False), workers=1))
    assert old == ["es giebt drei häuser", "das muss so seyn", "ja"]


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_neither_sentences_nor_their_order(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 500)
    expected = [sentence for text in TEXTS for sentence in clean(text, modern=True)]
    assert list(clean_all(TEXTS, workers=workers)) == expected


def test_text_is_read_only_a_little_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 100)
    taken = 0

    def texts() -> Iterator[str]:
        nonlocal taken
        for text in TEXTS:
            taken += 1
            yield text

    sentences = clean_all(texts(), workers=2)
    next(sentences)
    assert taken < 50
    sentences.close()  # type: ignore[attr-defined]


class _Deadly(str):
    """A text that ends the process that receives it."""

    __slots__ = ()

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (9,)


def test_a_worker_that_is_ended_is_reported() -> None:
    with pytest.raises(TevrError, match="ended from outside"):
        list(clean_all([_Deadly("Text")], workers=2))


def test_no_worker_is_a_usage_error() -> None:
    with pytest.raises(UsageError):
        list(clean_all([], workers=0))


def once(sentences: list[str]) -> list[str]:
    seen: set[str] = set()
    kept = []
    for sentence in sentences:
        if sentence not in seen or len(sentence.split()) < 4:
            kept.append(sentence)
        seen.add(sentence)
    return kept


SENTENCES = st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(" ".join))


@given(sentences=SENTENCES, batch=st.integers(1, 9))
def test_repetitions_of_long_sentences_are_dropped_whatever_the_batches(
    sentences: list[str], batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cleaning, "BATCH", batch)
        found = Deduplicated(sentences)
        assert list(found) == once(sentences)
        assert found.dropped == len(sentences) - len(once(sentences))
