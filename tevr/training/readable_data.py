"""Labelled sentences → batches of passages, with the pauses, gaps and errors that recognisers make.

Everything is drawn from one random generator, so that the same seed gives the same batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tevr.lm.whole_file import whole_file
from tevr.readable.features import IDS, WORD_NUMBERS, WordFeatures, pause_numbers
from tevr.readable.labels import MARKS, SENTENCE_END, case_of, fold
from tevr.readable.network_shape import RIGHT
from tevr.training.readable_text import parse

NOT_ASKED: Final = -1
"""Label of what is not learnt: the case of a word that begins a sentence, ß of words without ss."""

_FREE = 0.2  # share of passages that begin anywhere
_END_MARKS = np.array([mark in SENTENCE_END for mark in MARKS])


@dataclass(frozen=True)
class DataOptions:
    """How passages are drawn."""

    words: int = 96
    """Of a passage."""
    passages: int = 24
    """Of a batch."""
    noisy: float = 0.3
    """Share of passages with words left out and words put in place of others."""
    dropped: float = 0.015
    """Share of words left out of them."""
    replaced: float = 0.03
    """Share of words in them that another word stands in for."""
    paused: float = 0.35
    """Share of passages with known pauses."""
    ended: float = 0.3
    """Share of passages that are texts of a few sentences each."""
    unknown: float = 0.5
    """How often a word is read as one not in the lexicon, over how often it has been counted."""


@dataclass(frozen=True)
class WordTable:
    """All words of the texts; the first axis is 0 for words as they are, 1 as if unknown."""

    ids: NDArray[np.int32]  # (2, words, IDS)
    numbers: NDArray[np.float32]  # (2, words, WORD_NUMBERS)
    counts: NDArray[np.int64]  # (words,)


@dataclass(frozen=True)
class Stream:
    """The words of one text in a row; all arrays are (words,)."""

    words: NDArray[np.int32]
    cases: NDArray[np.int8]
    marks: NDArray[np.int8]
    sharp: NDArray[np.int8]
    starts: NDArray[np.bool_]


@dataclass(frozen=True)
class Batch:
    """Passages; the first axes are (passages, words)."""

    ids: NDArray[np.int32]  # (…, IDS)
    numbers: NDArray[np.float32]  # (…, NUMBERS)
    stretches: NDArray[np.int32]  # number of the stretch between pauses that close
    cases: NDArray[np.int64]
    marks: NDArray[np.int64]
    sharp: NDArray[np.int64]


class Encoder:
    """Files of labelled sentences → streams of numbers; words are counted on the way."""

    def __init__(self) -> None:
        self.words: dict[str, int] = {}
        self.counts: list[int] = []
        self._seen: dict[str, tuple[int, int, int]] = {}

    def encode(self, path: Path) -> Stream:
        """Return the words of a file that `tevr.training.readable_preparation` wrote."""
        rows: list[tuple[int, int, int]] = []
        marks: list[int] = []
        starts: list[int] = []
        place = {mark: number for number, mark in enumerate(MARKS)}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                starts.append(len(rows))
                for written, mark in parse(line):
                    row = self._seen.get(written) or self._remember(written)
                    self.counts[row[0]] += 1
                    rows.append(row)
                    marks.append(place[mark])
        columns = np.array(rows, np.int32).reshape(-1, 3)
        begins = np.zeros(len(rows), bool)
        begins[starts] = True
        cases, sharp = columns[:, 1].astype(np.int8), columns[:, 2].astype(np.int8)
        return Stream(columns[:, 0].copy(), cases, np.array(marks, np.int8), sharp, begins)

    def _remember(self, written: str) -> tuple[int, int, int]:
        word = fold(written)
        number = self.words.setdefault(word, len(self.words))
        if number == len(self.counts):
            self.counts.append(0)
        sharp = int("ß" in written) if "ss" in word else NOT_ASKED
        self._seen[written] = number, case_of(written), sharp
        return self._seen[written]

    def table(self, features: WordFeatures) -> WordTable:
        """Return what the network reads for each word."""
        ids = np.empty((2, len(self.words), IDS), np.int32)
        numbers = np.empty((2, len(self.words), WORD_NUMBERS), np.float32)
        for word, row in self.words.items():
            ids[0, row], numbers[0, row] = features.of(word)
            ids[1, row], numbers[1, row] = features.of(word, known=False)
        return WordTable(ids, numbers, np.array(self.counts, np.int64))


def save(path: Path, streams: Sequence[Stream], table: WordTable) -> None:
    """Keep streams and their words in one file."""
    parts = {f"table_{name}": values for name, values in vars(table).items()}
    for number, stream in enumerate(streams):
        parts |= {f"{number}_{name}": values for name, values in vars(stream).items()}
    with whole_file(path) as file:
        np.savez(file, **parts)


def load(path: Path) -> tuple[list[Stream], WordTable]:
    """Return what `save` kept."""
    with np.load(path) as parts:
        names = [field.name for field in fields(Stream)]
        count = sum(name.endswith(f"_{names[0]}") for name in parts.files)
        streams = [
            Stream(*(parts[f"{number}_{name}"] for name in names)) for number in range(count)
        ]
        table = WordTable(*(parts[f"table_{field.name}"] for field in fields(WordTable)))
    return streams, table


def shuffled(stream: Stream, random: np.random.Generator) -> Stream:
    """Return the sentences of a text in another order, for texts whose neighbours are alike."""
    begins = np.flatnonzero(stream.starts)
    ends = np.append(begins[1:], len(stream.words))
    order = random.permutation(len(begins))
    sizes = (ends - begins)[order]
    shift = np.repeat(begins[order] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
    places = np.arange(len(stream.words)) + shift
    parts = (stream.words, stream.cases, stream.marks, stream.sharp, stream.starts)
    return Stream(*(part[places] for part in parts))


def batches(
    streams: Sequence[Stream], table: WordTable, options: DataOptions, seed: int
) -> Iterator[Batch]:
    """Yield batches for ever, every passage of every stream once an epoch, in another order."""
    random = np.random.default_rng(seed)
    spare = max(8, options.words // 8)  # words that may be left out
    while True:
        places = [
            (number, start)
            for number, stream in enumerate(streams)
            for start in _begins(stream, options.words, spare, random)
        ]
        random.shuffle(places)
        for first in range(0, len(places) - options.passages + 1, options.passages):
            chosen = places[first : first + options.passages]
            rows = [
                _passage(streams[number], start, options, spare, random) for number, start in chosen
            ]
            yield _batch(rows, table, options, random)


def _begins(stream: Stream, size: int, spare: int, random: np.random.Generator) -> list[int]:
    """Return where passages begin: mostly with a sentence."""
    starts = np.flatnonzero(stream.starts)
    nominal = np.arange(int(random.integers(size)), len(stream.words) - 2 * size - spare, size)
    snapped = starts[np.minimum(np.searchsorted(starts, nominal), len(starts) - 1)]
    free = random.random(len(nominal)) < _FREE
    found = np.where(free, nominal, snapped)
    return [int(place) for place in found[found < len(stream.words) - size - spare]]


def _passage(
    stream: Stream, start: int, options: DataOptions, spare: int, random: np.random.Generator
) -> Stream:
    """Return one passage of a stream, noisy or as it is."""
    size = options.words
    taken = slice(start, start + size + spare)
    words, cases, sharp = stream.words[taken], stream.cases[taken], stream.sharp[taken]
    marks, starts = stream.marks[taken], stream.starts[taken]
    if random.random() >= options.noisy:
        return Stream(words[:size], cases[:size], marks[:size], sharp[:size], starts[:size])
    words, cases, marks = words.copy(), cases.copy(), marks.copy()
    sharp, starts = sharp.copy(), starts.copy()
    other = random.random(len(words)) < options.replaced
    words[other] = stream.words[random.integers(len(stream.words), size=int(other.sum()))]
    cases[other] = sharp[other] = NOT_ASKED
    gone = np.flatnonzero(random.random(len(words)) < options.dropped)[:spare]
    for place in gone:
        if place and _END_MARKS[marks[place]]:
            marks[place - 1] = marks[place]
        if place + 1 < len(starts) and starts[place]:
            starts[place + 1] = True
    kept = np.delete(np.arange(len(words)), gone)[:size]
    return Stream(words[kept], cases[kept], marks[kept], sharp[kept], starts[kept])


def _batch(
    rows: list[Stream], table: WordTable, options: DataOptions, random: np.random.Generator
) -> Batch:
    words = np.stack([row.words for row in rows])
    cases = np.stack([row.cases for row in rows]).astype(np.int64)
    marks = np.stack([row.marks for row in rows]).astype(np.int64)
    sharp = np.stack([row.sharp for row in rows]).astype(np.int64)
    starts = np.stack([row.starts for row in rows])
    after_end = np.zeros_like(starts)
    after_end[:, 1:] = _END_MARKS[marks[:, :-1]]
    cases[starts | after_end] = NOT_ASKED
    pauses, ends, closes = _pauses(marks, starts, options, random)
    stretches = np.zeros(words.shape, np.int32)
    stretches[:, 1:] = np.cumsum(closes[:, :-1], axis=1)
    # What the words at the end would read is not there, as it will be when the network is used.
    blind = stretches == stretches[:, -1:]
    blind[:, :-RIGHT] = False
    for labels in (cases, marks, sharp):
        labels[blind] = NOT_ASKED
    rare = random.random(words.shape) < np.minimum(options.unknown / table.counts[words], 1) + 0.005
    form = rare.astype(np.int64)
    numbers = np.concatenate([table.numbers[form, words], pause_numbers(pauses, ends)], axis=-1)
    return Batch(table.ids[form, words], numbers, stretches, cases, marks, sharp)


def _pauses(
    marks: NDArray[np.int64],
    starts: NDArray[np.bool_],
    options: DataOptions,
    random: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw pauses after words (NaN: unknown), ends of texts, and what closes a stretch.

    Readers pause at most ends of sentences and some commas, and hesitate anywhere.
    """
    shape = marks.shape
    kind = random.random((len(marks), 1))
    paused = kind < options.paused
    ended = (kind >= options.paused) & (kind < options.paused + options.ended)
    last = np.zeros(shape, bool)
    last[:, :-1] = starts[:, 1:]
    likely = np.where(last | _END_MARKS[marks], 0.85, np.where(marks > 0, 0.4, 0.06))
    median = np.where(last | _END_MARKS[marks], 0.6, 0.3)
    long = random.random(shape) < likely
    seconds = np.where(
        long,
        median * np.exp(random.normal(0, 0.6, shape)),
        random.exponential(0.04, shape),
    )
    pauses = np.where(paused, seconds, np.nan).astype(np.float32)
    threshold = random.uniform(0.25, 0.9, (len(marks), 1))
    every = random.choice([1.0, 0.5, 0.2], (len(marks), 1))
    ends = (ended | paused) & last & (random.random(shape) < np.where(ended, every, every / 5))
    pauses[ends] = np.nan  # nobody knows how long what follows the last word is
    return pauses, ends, ends | (paused & (seconds > threshold))
