"""What characters cost a reader → TEVR labels: pieces of words that all cost about the same.

After arXiv 2206.12693, "TEVR: Improving Speech Recognition by Token Entropy Variance Reduction".
The paper's scoring is not known; what follows is ours. A table parts the running text into n
tokens, and a token costs c bits, the sum over its characters of −log2 p(character | all before).
The score of a table is the squared coefficient of variation,

    Var(c) / mean(c)² = n · Σ c² / (Σ c)² − 1.

Σ c is the same for every table, namely what the text costs. So n · Σ c² has to fall, or, where
fewer tokens are worth more or less than that, n^b · Σ c² with a brevity b. The variance itself
would not do: merging two tokens of costs x and y lowers Σ (c − mean)² only if 2xy < mean² − Var,
which is below 0 for the characters of a text, as some cost much and most nearly nothing: any one
merger makes it worse, and what is left to choose are labels that hardly occur.

A small change of n · Σ c² is a sum over tokens: each weighs g = c² + b · Σ c² / n. So a merger is
good where twice the product of both costs is below b times the mean square. Labels are chosen by
what they save of Σ g, length by length, the longest first, several times over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.lm.corpus import ALPHABET
from tevr.lm.counts import Progress, no_progress
from tevr.lm.decoder import SPACE
from tevr.lm.word_costs import LONGEST, Moments, Numbers, Sums, WordCosts, code_points

COUNTS = (40, 80, 96)
"""Labels of four, three and two letters, as in the published table."""
FOREIGN = "?"
"""Label for what the alphabet cannot spell, as in the published table."""
SWEEPS = 3
"""Times that all labels are chosen anew, each length to suit the others; more did not help."""


@dataclass(frozen=True)
class DeriveOptions:
    """How labels are chosen.

    Attributes:
        counts: number of labels of four, three and two letters.
        alphabet: the single letters, which all become labels, so that everything can be spelt.
        brevity: b in the score: above 1 for fewer tokens, below 1 for a lower variance.
        words: different words looked at, the most frequent.
        candidates: pieces of words considered for each length, the most frequent.
    """

    counts: Sequence[int] = COUNTS
    alphabet: str = ALPHABET
    brevity: float = 1.0
    words: int = 60_000
    candidates: int = 2_000

    def __post_init__(self) -> None:
        if len(self.counts) != LONGEST - 1 or min(self.counts) < 0:
            given = ",".join(map(str, self.counts))
            cause = f"{given} are no numbers of labels of four, three and two letters"
            raise UsageError(cause, f"Write it like {','.join(map(str, COUNTS))}.")
        if not 0 < self.brevity < float("inf"):
            cause = f"A brevity of {self.brevity:g} was asked for"
            raise UsageError(cause, "Give a number above 0; 1 weighs tokens as the score does.")
        if max(self.counts) > self.candidates:
            cause = f"{max(self.counts)} labels shall be chosen of {self.candidates} candidates"
            raise UsageError(cause, "Ask for fewer labels.")


@dataclass(frozen=True)
class Candidate:
    """A piece of words.

    Attributes:
        text: its letters.
        count: how often it stands in running text.
        mean: bits that it costs, on average.
        variance: how much that varies from place to place.
    """

    text: str
    count: float
    mean: float
    variance: float


@dataclass(frozen=True)
class Derived:
    """The labels found.

    Attributes:
        labels: texts in the order of their priority: the longest first, single letters last.
        words: the words of the text that were looked at.
        characters: moments of these words with characters as tokens.
        tokens: moments of these words with the labels as tokens.
    """

    labels: tuple[str, ...]
    words: float
    characters: Moments
    tokens: Moments


def derive(
    costs: WordCosts, options: DeriveOptions = DeriveOptions(), progress: Progress = no_progress
) -> Derived:
    """Choose the labels; the same costs give the same labels.

    Args:
        costs: what stretches of letters cost.
        options: how.
        progress: told how far it has come.

    Raises:
        ModelError: the text has fewer different pieces than labels are wanted.
    """
    frequent = costs.frequent(options.words)
    chooser = _Chooser(_Board(frequent, options.candidates), options, progress)
    table = chooser.run()
    weighed = np.array([_weight(frequent, letter) for letter in options.alphabet])
    singles = [options.alphabet[at] for at in np.argsort(-weighed, kind="stable")]
    return Derived(
        labels=(*_in_order(table), *singles, FOREIGN),
        words=frequent.words,
        characters=frequent.moments(frequent.letters.astype(np.int8)),
        tokens=chooser.moments(table),
    )


def candidates(costs: WordCosts, length: int, most: int) -> list[Candidate]:
    """Return the most frequent pieces of so many letters, with what they cost."""
    pieces = _Pieces.of(costs, length, most)
    many = len(pieces.texts)
    at, number = pieces.places, pieces.numbers
    counts = np.bincount(number, costs.counts[at], many)
    mean = np.bincount(number, costs.bits[length - 1, at], many) / counts
    square = np.bincount(number, costs.squares[length - 1, at], many) / counts
    variance = np.maximum(square - mean**2, 0.0)
    return [
        Candidate(text, *map(float, numbers))
        for text, *numbers in zip(pieces.texts, counts, mean, variance, strict=True)
    ]


def _weight(costs: WordCosts, letter: str) -> float:
    """Return how often a letter stands in running text."""
    points = code_points(costs.text)
    return float(costs.counts[points == ord(letter)].sum())


Table = dict[int, list[str]]
"""Labels by length, each list in the order of priority."""


def _in_order(table: Table, above: int = 0, below: int = LONGEST + 1) -> list[str]:
    """Return the labels longer than `above` and shorter than `below`, by priority."""
    lengths = sorted((length for length in table if above < length < below), reverse=True)
    return [label for length in lengths for label in table[length]]


@dataclass(frozen=True)
class _Pieces:
    """The most frequent pieces of one length, and where they stand."""

    texts: list[str]
    places: Numbers  # (occurrences,), ascending
    numbers: Numbers  # (occurrences,), index of the piece in `texts`

    @classmethod
    def of(cls, costs: WordCosts, length: int, most: int) -> _Pieces:
        points = code_points(costs.text)
        different, codes = np.unique(points, return_inverse=True)
        size = max(len(points) - length + 1, 0)
        within, number = np.ones(size, np.bool_), np.zeros(size, np.int64)
        for at in range(length):
            within &= points[at : at + size] != ord(SPACE)
            number = number * len(different) + codes[at : at + size]
        places = np.flatnonzero(within)
        _, first, inverse = np.unique(number[places], return_index=True, return_inverse=True)
        frequency = np.bincount(inverse, costs.counts[places], len(first))
        top = np.argsort(-frequency, kind="stable")[:most]
        rank = np.full(len(first), -1)
        rank[top] = np.arange(len(top))
        kept = rank[inverse] >= 0
        starts = places[first[top]]
        texts = [costs.text[start : start + length] for start in starts]
        return cls(texts, places[kept], rank[inverse][kept])


class _Board:
    """The words, on which labels are laid."""

    def __init__(self, costs: WordCosts, most: int) -> None:
        self.costs = costs
        self.letters = costs.letters
        self.pieces = {n: _Pieces.of(costs, n, most) for n in range(2, LONGEST + 1)}
        self._places: dict[str, Numbers] = {}
        for pieces in self.pieces.values():
            order = np.argsort(pieces.numbers, kind="stable")
            parts = np.split(pieces.places[order], np.cumsum(np.bincount(pieces.numbers))[:-1])
            self._places.update(zip(pieces.texts, parts, strict=True))

    def lay(
        self, labels: Sequence[str], free: NDArray[np.bool_], lengths: NDArray[np.int8]
    ) -> None:
        """Lay each label in turn wherever its letters are free; both arrays are changed.

        Args:
            labels: by priority.
            free: (characters,), letters that no token covers yet.
            lengths: (characters,), letters of the token that begins here.
        """
        for label in labels:
            at = self._places[label]
            fits = free[at]
            for step in range(1, len(label)):
                fits = fits & free[at + step]
            at = at[fits]
            if any(label[step:] == label[:-step] for step in range(1, len(label))):
                at = _apart(at, len(label))
            for step in range(len(label)):
                free[at + step] = False
            lengths[at] = len(label)

    def parted(self, labels: Sequence[str]) -> NDArray[np.int8]:
        """Return the letters of the token that begins at each character, (characters,)."""
        free, lengths = self.letters.copy(), np.zeros(len(self.letters), np.int8)
        self.lay(labels, free, lengths)
        lengths[free] = 1
        return lengths


def _apart(places: Numbers, length: int) -> Numbers:
    """Return the places, from the left, that do not overlap, as "ene" does with itself."""
    kept, end = [], -1
    for place in places.tolist():
        if place >= end:
            kept.append(place)
            end = place + length
    return np.array(kept, np.int64)


@dataclass(frozen=True)
class _Chooser:
    """Chooses the labels of a table."""

    board: _Board
    options: DeriveOptions
    progress: Progress

    def run(self) -> Table:
        """Choose all labels several times; return the table of the best score."""
        wanted = dict(zip((4, 3, 2), self.options.counts, strict=True))
        for length, count in wanted.items():
            if len(self.board.pieces[length].texts) < count:
                cause = f"The text has fewer than {count} different pieces of {length} letters"
                raise ModelError(cause, "Give more text, or ask for fewer labels.")
        table = {n: self.board.pieces[n].texts[:count] for n, count in wanted.items()}
        best = table
        for sweep in range(SWEEPS):
            for done, (length, count) in enumerate(wanted.items()):
                self.progress("choosing", (sweep + done / len(wanted)) / SWEEPS)
                table = {**table, length: self._filled(table, length, count)}
            best = min(best, table, key=self.score)
        return best

    def moments(self, table: Table) -> Moments:
        """Return the moments of the words with a table's labels as tokens."""
        return self.board.costs.moments(self.board.parted(_in_order(table)))

    def score(self, table: Table) -> float:
        """Return the logarithm of the score; constants are left out."""
        moments = self.moments(table)
        return log(moments.squares) + self.options.brevity * log(moments.tokens)

    def _filled(self, table: Table, length: int, count: int) -> list[str]:
        """Return so many labels of a length, one after the other the best beside the others."""
        moments = self.moments(table)
        mean_square = moments.squares / moments.tokens
        costs = self.board.costs
        weights = costs.squares + self.options.brevity * mean_square * costs.counts
        free = self.board.letters.copy()
        lengths = np.zeros(len(free), np.int8)
        self.board.lay(_in_order(table, above=length), free, lengths)
        texts = self.board.pieces[length].texts
        chosen: list[str] = []
        taken = np.zeros(len(texts), np.bool_)
        below = _in_order(table, below=length)
        while len(chosen) < count:
            gain = self._gains(length, below, free, weights)
            gain[taken] = -np.inf
            best = int(np.argmax(gain))
            taken[best] = True
            chosen.append(texts[best])
            self.board.lay([texts[best]], free, lengths)
        return chosen

    def _gains(
        self, length: int, below: Sequence[str], free: NDArray[np.bool_], weights: Sums
    ) -> Sums:
        """Return what every piece of a length would save if it were a label, (pieces,).

        Where it cuts a token of fewer letters, what is left of that is taken to be spelt letter
        by letter, which is right or too dear.

        Args:
            length: letters of the pieces.
            below: labels of fewer letters, by priority.
            free: (characters,), letters that no label of so many letters or more covers.
            weights: (LONGEST, characters), g of tokens of each length that begin here.
        """
        pieces = self.board.pieces[length]
        left, lengths = free.copy(), np.zeros(len(free), np.int8)
        self.board.lay(below, left, lengths)
        lengths[left] = 1
        places = np.arange(len(free))
        tokens = np.where(lengths > 0, weights[np.maximum(lengths, 1) - 1, places], 0.0)
        upto = np.concatenate(([0.0], np.cumsum(tokens)))
        letters_upto = np.concatenate(([0.0], np.cumsum(weights[0])))
        start = np.maximum.accumulate(np.where(lengths > 0, places, 0))
        fits = free[pieces.places]
        for step in range(1, length):
            fits = fits & free[pieces.places + step]
        at = pieces.places[fits]
        first, last = start[at], start[at + length - 1]
        end = last + lengths[last]
        old = upto[end] - upto[first]
        cut = letters_upto[at] - letters_upto[first] + letters_upto[end] - letters_upto[at + length]
        saved = old - weights[length - 1, at] - cut
        gains: Sums = np.bincount(pieces.numbers[fits], saved, len(pieces.texts)).astype(np.float64)
        return gains
