"""Sentences kept for testing → a sieve that drops them, and what is nearly the same, from training.

A normalised sentence is nearly the same as a held-out one if it holds that whole, as a run of at
least six words, or if the two share four fifths of their words or of their runs of four letters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from tevr.errors import UsageError
from tevr.lm.corpus import normalise
from tevr.lm.encoding import DocumentError, read_blocks, read_head, tell_encoding
from tevr.lm.layout import lines_of

ALIKE = 0.8
"""Jaccard index (shared over all) of words or of shingles from which sentences count as alike."""
SHORTEST_RUN = 6
"""Words of the shortest held-out sentence that is dropped within a longer one."""
SHINGLE = 4
"""Letters of a shingle; spaces count as letters."""

_COLUMNS = ("sentence", "text")
_LEAST_KEYS = 3  # rarest words by which a held-out sentence is found again


@dataclass(frozen=True)
class _Sentence:
    """A held-out sentence with what it is compared by."""

    text: str
    words: frozenset[str]
    shingles: frozenset[str]


class HeldOut:
    """Tells sentences that must not be learnt, and counts them.

    Attributes:
        exact: sentences found that are held out word for word.
        near: sentences found that are nearly a held-out one.
    """

    def __init__(self, sentences: Iterable[str]) -> None:
        """Index normalised sentences by their rarest words; each shares one with its likes."""
        self.exact = 0
        self.near = 0
        self._sentences = {sentence for sentence in sentences if sentence}
        counts = Counter(word for sentence in self._sentences for word in set(sentence.split()))
        self._by_word: defaultdict[str, list[_Sentence]] = defaultdict(list)
        for text in sorted(self._sentences):
            words = frozenset(text.split())
            # Of two sentences that share a share of their words, one of the rarest is shared.
            keys = max(_LEAST_KEYS, len(words) - ceil(ALIKE * len(words)) + 1)
            rarest = sorted(words, key=lambda word: (counts[word], -len(word), word))
            sentence = _Sentence(text, words, _shingles(text))
            for word in rarest[:keys]:
                self._by_word[word].append(sentence)

    def __len__(self) -> int:
        return len(self._sentences)

    def matches(self, sentence: str) -> bool:
        """Tell whether a normalised sentence is held out or nearly so, and count it."""
        if sentence in self._sentences:
            self.exact += 1
            return True
        words = set(sentence.split())
        if any(_alike(sentence, words, held) for held in self._candidates(words)):
            self.near += 1
            return True
        return False

    def likes(self, sentence: str) -> list[str]:
        """Return the held-out sentences that a normalised one is, or is nearly; counts nothing."""
        words = set(sentence.split())
        return sorted(
            {
                held.text
                for held in self._candidates(words)
                if held.text == sentence or _alike(sentence, words, held)
            }
        )

    def without(self, sentences: Iterable[str]) -> Iterator[str]:
        """Yield the normalised sentences that may be learnt, in their order."""
        return (sentence for sentence in sentences if not self.matches(sentence))

    def _candidates(self, words: set[str]) -> Iterator[_Sentence]:
        for word in self._by_word.keys() & words:
            yield from self._by_word[word]


def read_held_out(paths: Iterable[Path]) -> list[str]:
    """Read sentences that must not be learnt, normalised, each once.

    Args:
        paths: tables with tabs and a column `sentence` or `text` (Common Voice, manifests), or
            texts with one sentence a line; plain, .xz or .gz, in any encoding.

    Raises:
        UsageError: a file cannot be read, or a row of a table ends before the column.
    """
    found: dict[str, None] = {}
    for path in paths:
        try:
            lines = lines_of(read_blocks(path, tell_encoding(read_head(path))))
            for text in _column(path, lines):
                if words := normalise(text):
                    found.setdefault(words)
        except DocumentError as error:
            raise UsageError(error.cause, error.advice) from error
    return list(found)


def _column(path: Path, lines: Iterator[str]) -> Iterator[str]:
    """Yield the sentences of a table, or of a text without a head row."""
    head = next(lines, "").split("\t")
    name = next((name for name in _COLUMNS if name in head), None)
    if name is None:
        yield head[0]
        yield from (line.split("\t")[0] for line in lines)
        return
    column = head.index(name)
    for number, line in enumerate(lines, 2):
        row = line.split("\t")
        if len(row) <= column and line.strip():
            raise UsageError(
                f"Line {number} of {path} ends before the column {name}",
                "Write tables with one tab between columns.",
            )
        if line.strip():
            yield row[column]


def _shingles(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[start : start + SHINGLE] for start in range(len(padded) - SHINGLE + 1))


def _alike(sentence: str, words: set[str], held: _Sentence) -> bool:
    """Tell whether a sentence holds a held-out one or shares most of its words or letters."""
    shared = len(words & held.words)
    if shared >= ALIKE * (len(words) + len(held.words) - shared):
        return True
    # Few letters differ only in sentences of like length that share half of their words.
    shorter, longer = sorted((len(sentence), len(held.text)))
    if 2 * shared >= len(held.words) - 1 and shorter >= ALIKE * longer - SHINGLE:
        shingles = _shingles(sentence)
        if len(shingles & held.shingles) >= ALIKE * len(shingles | held.shingles):
            return True
    return _holds(sentence, held)


def _holds(sentence: str, held: _Sentence) -> bool:
    if len(sentence) <= len(held.text):
        return False
    return held.text.count(" ") + 1 >= SHORTEST_RUN and f" {held.text} " in f" {sentence} "
