"""Counted words → byte-pair merges, and words → pieces by them.

Sennrich, Haddow and Birch 2016, "Neural machine translation of rare words with subword units": the
pair of neighbouring pieces that is most frequent becomes one piece, again and again. Pieces never
cross a space.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tevr.errors import ModelError, UsageError

Pair = tuple[str, str]


@dataclass(frozen=True)
class BytePairs:
    """Pairs of pieces in the order in which they are merged."""

    merges: tuple[Pair, ...]

    @classmethod
    def read(cls, path: Path) -> BytePairs:
        """Read ``{"merges": [["e", "n"], …]}``.

        Raises:
            ModelError: the file is missing, not JSON, or holds no such pairs.
        """
        try:
            pairs = json.loads(path.read_text(encoding="utf-8"))["merges"]
            return cls(tuple((str(left), str(right)) for left, right in pairs))
        except (OSError, ValueError, KeyError, TypeError) as error:
            cause = f"{path} is no table of byte pairs"
            raise ModelError(cause, "Check the name of the file.") from error

    def to_json(self) -> str:
        """Return what `read` reads."""
        return json.dumps({"merges": self.merges}, ensure_ascii=False) + "\n"

    def split(self, word: str) -> list[str]:
        """Return the pieces of a word."""
        pieces = list(word)
        for pair in self.merges:
            if len(pieces) == 1:
                break
            if pair[0] + pair[1] in word:
                pieces = _merged(pieces, pair)
        return pieces


def learn(counts: Mapping[str, int], pieces: int) -> BytePairs:
    """Learn merges until there are so many pieces, single letters among them.

    Args:
        counts: how often each word occurs; equally frequent pairs go by alphabet.
        pieces: letters and merged pieces wanted; fewer where the words have not so many.

    Raises:
        UsageError: there are more letters than pieces wanted.
    """
    words = [(list(word), count) for word, count in counts.items()]
    letters = {letter for word in counts for letter in word}
    if len(letters) > pieces:
        cause = f"{pieces} pieces cannot hold the {len(letters)} letters of the text"
        raise UsageError(cause, "Ask for more.")
    frequency: Counter[Pair] = Counter()
    where: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, (word, count) in enumerate(words):
        for pair in pairwise(word):
            frequency[pair] += count
            where[pair].add(index)
    merges: list[Pair] = []
    while frequency and len(letters) + len(merges) < pieces:
        best = min(frequency, key=lambda pair: (-frequency[pair], pair))
        merges.append(best)
        for index in where.pop(best):
            word, count = words[index]
            for pair in pairwise(word):
                frequency[pair] -= count
            words[index] = merged, _ = _merged(word, best), count
            for pair in pairwise(merged):
                frequency[pair] += count
                where[pair].add(index)
        frequency = +frequency  # without the pairs that are gone
    return BytePairs(tuple(merges))


def _merged(pieces: list[str], pair: Pair) -> list[str]:
    """Return pieces with a pair made one wherever it stands, from the left."""
    result: list[str] = []
    at = 0
    while at < len(pieces):
        whole = tuple(pieces[at : at + 2]) == pair
        result.append("".join(pieces[at : at + 2]) if whole else pieces[at])
        at += 1 + whole
    return result
