"""Normalised sentences → a vocabulary, and one long column of word ids on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.backoff import END, MARKERS, START, UNKNOWN
from tevr.lm.scratch import Column

CHARACTERS = 4_000_000
"""Text turned into ids at a time, at most."""
CHARACTER_BYTES = 64
"""Memory for one character of it, as lists of words and ids."""
OWN_BYTES = 70_000_000
"""Memory that Python and its packages take by themselves."""
WORD_BYTES = 250
"""Memory for one different word of the text: a string, and its place in a dictionary."""
MOST_FOR_WORDS = 0.9
"""Share of the memory that words may take, since their n-grams need some too."""

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Tokens:
    """A text as ids: `<s>`, the words of a sentence, `</s>`, and so on."""

    words: list[str]
    """`MARKERS`, then the vocabulary; an id is an index here."""
    types: int
    """Number of ids; those from `len(words)` on stand for words outside the vocabulary."""
    ids: Column
    """(tokens,) int32."""
    sentences: int


@dataclass(frozen=True)
class Vocabulary:
    """Which words a model knows.

    Attributes:
        words: the words; None for those of the text.
        most: of the text's words only so many, the most frequent; ties by alphabet.
        merge_others: count all other words as one, `<unk>`. Otherwise each is counted as itself
            and its n-grams are dropped afterwards, as KenLM's `--limit_vocab_file` does it: then
            "ein X" and "ein Y" are two pairs even where neither X nor Y is known.
    """

    words: Sequence[str] | None = None
    most: int | None = None
    merge_others: bool = True

    def __post_init__(self) -> None:
        if self.words is not None and self.most is not None:
            raise UsageError("A vocabulary and a limit for one were given", "Give one of them.")
        if self.most is not None and self.most < 1:
            raise UsageError(f"A vocabulary of {self.most} words was asked for", "Give 1 or more.")


class _Known(dict[str, int]):
    """Words and ids; whatever else is asked for is `<unk>`."""

    def __missing__(self, word: str) -> int:
        return UNKNOWN


class _Growing(dict[str, int]):
    """Words and ids; a new word gets the next id."""

    def __missing__(self, word: str) -> int:
        self[word] = index = len(self)
        return index


def write_tokens(
    sentences: Iterable[str], folder: Path, vocabulary: Vocabulary, memory: int
) -> Tokens:
    """Turn sentences into ids, in one pass over them.

    Raises:
        ModelError: the text holds no word, or markers, or too many different words.
        OutputError: the disk is full.
    """
    given = [*MARKERS, *(word for word in vocabulary.words or () if word not in MARKERS)]
    start = {word: index for index, word in enumerate(dict.fromkeys(given))}
    fixed = vocabulary.words is not None
    ids = _Known(start) if fixed and vocabulary.merge_others else _Growing(start)
    column = Column(folder / "text", np.int32)
    counts = np.zeros(len(ids), np.int64)  # (ids,)
    number = 0
    for chunk in _chunks(sentences, min(CHARACTERS, memory // CHARACTER_BYTES)):
        block = _to_ids(chunk, ids)
        counts = np.bincount(block, minlength=len(ids)) + np.pad(
            counts, (0, len(ids) - len(counts))
        )
        column.append(block)
        number += len(chunk)
        if OWN_BYTES + len(ids) * WORD_BYTES > MOST_FOR_WORDS * memory:
            cause = f"The text has more than {len(ids)} different words, too many for the memory"
            raise ModelError(cause, "Allow more memory, or give a vocabulary.")
    if len(column) == 2 * number:
        raise ModelError("The text holds no words", "Give at least one sentence.")
    if fixed:
        return Tokens(list(ids)[: len(start)], len(ids), column, number)
    words, renamed = _chosen(list(ids), counts, vocabulary)
    return Tokens(words, int(renamed.max()) + 1, _renamed(column, renamed, folder), number)


def _chunks(sentences: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Yield sentences in lists of about so many characters."""
    chunk: list[str] = []
    size = 0
    for sentence in sentences:
        chunk.append(sentence)
        size += len(sentence) + 1
        if size >= characters:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _to_ids(sentences: list[str], ids: dict[str, int]) -> Ids:
    """Return the ids of some sentences with the markers around each."""
    end = MARKERS[END]
    words = f" {end} ".join([*sentences, ""]).split()
    plain = np.fromiter(map(ids.__getitem__, words), np.int32, len(words))
    ends = np.flatnonzero(plain == END)
    if len(ends) != len(sentences) or START in plain:
        cause = "The text holds the markers <s> or </s>"
        raise ModelError(cause, "Give sentences without; markers are put around each.")
    # After every end comes a start, but for the last, whose place is at the beginning.
    marked = np.repeat(plain, np.where(plain == END, 2, 1))
    marked[ends + np.arange(1, len(ends) + 1)] = START
    return np.concatenate(([START], marked[:-1])).astype(np.int32)


def _chosen(
    seen: list[str], counts: NDArray[np.int64], vocabulary: Vocabulary
) -> tuple[list[str], Ids]:
    """Return markers and vocabulary, most frequent word first, and the new id of every old one."""
    alphabetic = sorted(range(len(MARKERS), len(seen)), key=seen.__getitem__)
    frequent = sorted(alphabetic, key=counts.__getitem__, reverse=True)  # stable: ties stay
    most = vocabulary.most or len(frequent)
    renamed = np.full(len(seen), UNKNOWN, np.int32)
    renamed[: len(MARKERS)] = range(len(MARKERS))
    taken = frequent[:most] if vocabulary.merge_others else frequent
    renamed[taken] = np.arange(len(MARKERS), len(MARKERS) + len(taken))
    return [*MARKERS, *(seen[index] for index in frequent[:most])], renamed


def _renamed(column: Column, renamed: Ids, folder: Path) -> Column:
    """Return the column with other ids."""
    result = Column(folder / "ids", np.int32)
    for block in column.blocks(CHARACTERS):
        result.append(renamed[block])
    column.remove()
    return result
