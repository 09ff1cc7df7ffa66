"""Batches: the same for a seed, labels with their words, and nothing asked that cannot be known."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from tevr.lm.held_out import HeldOut
from tevr.readable.features import IDS, NUMBERS, WordFeatures
from tevr.readable.labels import MARKS, fold
from tevr.readable.network_shape import RIGHT
from tevr.training.readable_data import (
    NOT_ASKED,
    DataOptions,
    Encoder,
    Stream,
    WordTable,
    batches,
    load,
    save,
    shuffled,
)
from tevr.training.readable_lexicon import WordCounts
from tevr.training.readable_preparation import TEST, TRAIN, open_text, prepare
from tevr.training.readable_text import parse

SENTENCES = [f"Im Haus {'abcde'[n % 5]} ist die Straße, wo {n + 2} Leute sind." for n in range(400)]
PLAIN = DataOptions(words=24, passages=8, noisy=0, paused=0, ended=0, unknown=0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of labelled sentences."""
    folder = tmp_path_factory.mktemp("texts")
    (folder / "a.txt").write_text("".join(f"{line}\n" for line in SENTENCES), encoding="utf-8")
    prepare([open_text(folder / "a.txt")], folder, without=HeldOut([]))
    return folder / f"a{TRAIN}"


@pytest.fixture(scope="module")
def encoded(path: Path) -> tuple[list[Stream], WordTable, list[str]]:
    """Its stream, and all words."""
    counts = WordCounts()
    for line in path.read_text(encoding="utf-8").splitlines():
        counts.add(parse(line))
    encoder = Encoder()
    stream = encoder.encode(path)
    return [stream], encoder.table(WordFeatures(counts.lexicon())), list(encoder.words)


def test_held_out_sentences_are_not_learnt(path: Path) -> None:
    held = path.with_name(f"a{TEST}").read_text(encoding="utf-8").split("\n")
    learnt = path.read_text(encoding="utf-8")
    kept = [line for line in held if line]
    assert kept
    assert set(kept) <= set(SENTENCES)
    assert not any(line in learnt for line in kept)


def test_sentences_like_those_left_out_are_not_learnt(path: Path, tmp_path: Path) -> None:
    without = HeldOut(["im haus a ist die strasse wo zwei leute sind"])
    prepare([open_text(path.with_name("a.txt"))], tmp_path, without=without)
    assert "Haus a ist die Straße, wo zwei" not in (tmp_path / f"a{TRAIN}").read_text("utf-8")


def test_streams_hold_words_and_labels(
    path: Path, encoded: tuple[list[Stream], WordTable, list[str]]
) -> None:
    (stream,), _, words = encoded
    written = [word for line in path.read_text("utf-8").splitlines() for word in parse(line)]
    assert [words[place] for place in stream.words] == [fold(word.written) for word in written]
    assert [MARKS[mark] for mark in stream.marks] == [word.mark for word in written]
    assert stream.starts.sum() == len(path.read_text("utf-8").splitlines())


def test_what_is_saved_is_loaded(
    tmp_path: Path, encoded: tuple[list[Stream], WordTable, list[str]]
) -> None:
    streams, table, _ = encoded
    save(tmp_path / "x.npz", [*streams, *streams], table)
    again, same = load(tmp_path / "x.npz")
    assert len(again) == 2
    assert np.array_equal(again[1].words, streams[0].words)
    assert np.array_equal(same.numbers, table.numbers)


def test_sentences_are_shuffled_whole(encoded: tuple[list[Stream], WordTable, list[str]]) -> None:
    (stream,), _, _ = encoded
    other = shuffled(stream, np.random.default_rng(1))
    assert not np.array_equal(other.words, stream.words)
    assert sorted(_sentences(other)) == sorted(_sentences(stream))


def _sentences(stream: Stream) -> list[tuple[int, ...]]:
    parts = np.split(
        np.stack([stream.words, stream.marks]), np.flatnonzero(stream.starts)[1:], axis=1
    )
    return [tuple(part.flatten()) for part in parts]


def test_the_same_seed_draws_the_same(encoded: tuple[list[Stream], WordTable, list[str]]) -> None:
    streams, table, _ = encoded
    for first, second in zip(
        islice(batches(streams, table, DataOptions(words=32, passages=4), 7), 5),
        islice(batches(streams, table, DataOptions(words=32, passages=4), 7), 5),
        strict=True,
    ):
        for name, values in vars(first).items():
            assert np.array_equal(values, getattr(second, name))


def test_batches_fit_the_network(encoded: tuple[list[Stream], WordTable, list[str]]) -> None:
    streams, table, _ = encoded
    batch = next(batches(streams, table, PLAIN, 1))
    assert batch.ids.shape == (8, 24, IDS)
    assert batch.numbers.shape == (8, 24, NUMBERS)
    assert (batch.stretches == 0).all()


def test_words_that_see_less_than_later_ask_nothing(
    encoded: tuple[list[Stream], WordTable, list[str]],
) -> None:
    streams, table, _ = encoded
    batch = next(batches(streams, table, PLAIN, 1))
    assert (batch.marks[:, -RIGHT:] == NOT_ASKED).all()
    assert (batch.marks[:, :-RIGHT] != NOT_ASKED).all()


def test_every_end_of_a_text_is_the_end_of_a_sentence(
    encoded: tuple[list[Stream], WordTable, list[str]],
) -> None:
    streams, table, _ = encoded
    batch = next(batches(streams, table, replace(PLAIN, ended=1.0), 1))
    ends = batch.numbers[..., -1] == 1
    assert ends.any()
    assert set(batch.marks[ends]) <= {NOT_ASKED, MARKS.index(".")}
    assert (np.diff(batch.stretches, axis=1) == ends[:, :-1]).all()


def test_pauses_tell_of_ends(encoded: tuple[list[Stream], WordTable, list[str]]) -> None:
    streams, table, _ = encoded
    drawn = islice(batches(streams, table, replace(PLAIN, paused=1.0), 1), 5)
    pairs = [(batch.numbers[..., -2].ravel(), batch.marks.ravel()) for batch in drawn]
    pauses, marks = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert pauses[marks == MARKS.index(".")].mean() > 2 * pauses[marks == 0].mean()


def test_noise_leaves_words_out_and_asks_nothing_of_others(
    encoded: tuple[list[Stream], WordTable, list[str]],
) -> None:
    streams, table, _ = encoded
    noisy = replace(PLAIN, noisy=1.0, dropped=0.1, replaced=0.2)
    first = next(batches(streams, table, noisy, 1))
    assert first.cases.shape == (8, 24)
    calm = next(batches(streams, table, PLAIN, 1))
    assert (first.cases == NOT_ASKED).mean() > (calm.cases == NOT_ASKED).mean()
