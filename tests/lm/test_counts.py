"""Counts are those of plain dictionaries, however little is handled at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.counts import CountedLevel, CountOptions, Counts, count
from tevr.lm.scratch import Column
from tevr.lm.token_ids import Vocabulary

NGram = tuple[str, ...]
sentences = st.lists(st.sampled_from("abcde"), max_size=7).map(" ".join)
texts = st.lists(sentences, min_size=1, max_size=12).filter(any)


def counted(text: Iterable[str], folder: Path, options: CountOptions) -> Counts:
    return count(text, folder, options)


def spelt(counts: Counts) -> list[list[NGram]]:
    """The n-grams of each level as words, each put together from its history."""
    grams: list[list[NGram]] = []
    for index, level in enumerate(counts.levels):
        below = grams[-1] if index else [()]
        pairs = zip(level.history.read(), level.word.read(), strict=True)
        grams.append([(*below[history], counts.words[word]) for history, word in pairs])
    return grams


def naive(text: list[str], order: int, known: set[str]) -> list[dict[NGram, tuple[int, int]]]:
    """n-gram → occurrences and adjusted count, from dictionaries alone."""
    lines = [
        ["<s>", *(word if word in known else "<unk>" for word in line.split()), "</s>"]
        for line in text
    ]
    raw = [
        Counter(
            tuple(line[at : at + length]) for line in lines for at in range(len(line) - length + 1)
        )
        for length in range(1, order + 1)
    ]
    found: list[dict[NGram, tuple[int, int]]] = []
    for index, level in enumerate(raw):
        above = raw[index + 1] if index + 1 < order else {}
        before = Counter(gram[1:] for gram in above)
        found.append({gram: (level[gram], before[gram] or level[gram]) for gram in level})
    return found


@settings(max_examples=150, deadline=None)
@given(
    text=texts,
    order=st.integers(1, 6),
    rows=st.one_of(st.none(), st.integers(1, 40)),
    known=st.one_of(st.none(), st.sets(st.sampled_from("abcdef"))),
)
def test_counts_are_those_of_dictionaries_whatever_fits_into_memory(
    text: list[str],
    order: int,
    rows: int | None,
    known: set[str] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    vocabulary = Vocabulary(None if known is None else sorted(known))
    options = CountOptions(order, vocabulary, rows=rows)
    counts = counted(iter(text), tmp_path_factory.mktemp("counts"), options)
    expected = naive(text, order, set("abcde") if known is None else known)
    grams = spelt(counts)
    for level, found, wanted in zip(counts.levels, grams, expected, strict=True):
        numbers = zip(level.count.read().tolist(), level.adjusted.read().tolist(), strict=True)
        seen = {gram: pair for gram, pair in zip(found, numbers, strict=True) if pair[0]}
        assert seen == wanted
    for below, level, longer, shorter in zip(
        counts.levels, counts.levels[1:], grams[1:], grams, strict=False
    ):
        keys = level.history.read().astype(np.int64) * len(counts.words) + level.word.read()
        assert (np.diff(keys) > 0).all()
        assert [shorter[at] for at in level.suffix.read()] == [gram[1:] for gram in longer]
        assert level.history.read().max(initial=-1) < len(below)
    assert counts.tokens == sum(len(line.split()) for line in text)
    assert counts.sentences == len(text)


def test_words_outside_the_vocabulary_are_counted_apart_if_wanted(tmp_path: Path) -> None:
    vocabulary = Vocabulary(["a"], merge_others=False)
    counts = counted(["b a", "c a"], tmp_path, CountOptions(2, vocabulary))
    merged = counted(["b a", "c a"], _fresh(tmp_path), CountOptions(2, Vocabulary(["a"])))
    known = counts.words.index("a")
    assert counts.levels[0].adjusted.read()[known] == 2  # after b, after c
    assert merged.levels[0].adjusted.read()[known] == 1  # after <unk>


def _fresh(folder: Path) -> Path:
    (folder / "fresh").mkdir()
    return folder / "fresh"


def test_only_the_levels_stay_on_disk(tmp_path: Path) -> None:
    counts = counted(["a b a", "b c"], tmp_path, CountOptions(4, rows=2))
    kept = sum(len(vars(level)) for level in counts.levels)
    assert len(list(tmp_path.iterdir())) == kept == 4 * 5


def test_a_file_is_read_once_and_progress_reaches_the_end(tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    count(iter(["a b", "b a"]), tmp_path, CountOptions(3), lambda *step: steps.append(step))
    names = list(dict.fromkeys(name for name, _ in steps))
    assert names == ["reading", "counting 2-grams", "counting 3-grams"]
    for name in names:
        shares = [share for step, share in steps if step == name]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"order": 0}, "0 words cannot"),
        ({"order": 7}, "Choose 1 to 6"),
        ({"memory": 10**6}, "1 MB of memory"),
        ({"rows": 0}, "0 rows"),
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CountOptions(**wrong)  # type: ignore[arg-type]


def test_a_level_is_as_long_as_its_columns(tmp_path: Path) -> None:
    level = CountedLevel(*(Column(tmp_path / name, np.int32) for name in "abcde"))
    level.word.append(np.zeros(3))
    assert len(level) == 3
