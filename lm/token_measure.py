"""Held-out sentences, parted into tokens → how evenly the tokens share what the text costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.characters import CharacterModel
from tevr.lm.decoder import SPACE
from tevr.lm.word_costs import Moments

RATE = 15.0
"""Characters of German said in a second, spaces among them, where it is not measured: read-out
sentences have 13 to 17."""

Split = Callable[[str], Sequence[str]]
"""Parts a word into the texts of its tokens."""


@dataclass(frozen=True)
class Measure:
    """The tokens of a text.

    Attributes:
        moments: of the cost per token; every space is a token.
        words: number of words.
        characters: number of characters, spaces among them.
    """

    moments: Moments
    words: int
    characters: int

    @property
    def per_word(self) -> float:
        """Tokens of a word with the space after it."""
        return self.moments.tokens / self.words

    def per_second(self, rate: float = RATE) -> float:
        """Tokens of a second of speech.

        Args:
            rate: characters said in a second.
        """
        return rate * self.moments.tokens / self.characters


@dataclass(frozen=True)
class Overlap:
    """How far the labels of several letters of two tables are the same.

    Attributes:
        common: labels of both.
        own: number of such labels in the first table.
        others: number of such labels in the second table.
    """

    common: tuple[str, ...]
    own: int
    others: int


@dataclass(frozen=True)
class Text:
    """Sentences and what their characters cost.

    Attributes:
        sentences: normalised, none empty.
        costs: for each, (characters,) in bits.
    """

    sentences: Sequence[str]
    costs: Sequence[NDArray[np.float64]]

    @classmethod
    def read(cls, sentences: Iterable[str], model: CharacterModel) -> Text:
        """Let a character model read sentences.

        Raises:
            ModelError: there are none.
            UsageError: a character that the model does not know.
        """
        whole = [sentence for sentence in sentences if sentence]
        if not whole:
            raise ModelError("The text holds no words", "Give at least one sentence.")
        return cls(whole, model.costs(whole))


def token_costs(sentence: str, costs: NDArray[np.float64], split: Split) -> list[tuple[str, float]]:
    """Return the tokens of a sentence, spaces among them, and what each costs in bits.

    Args:
        sentence: normalised.
        costs: (characters,), what its characters cost.
        split: parts words.
    """
    found, at = [], 0
    for number, word in enumerate(sentence.split(SPACE)):
        for piece in ([SPACE] if number else []) + list(split(word)):
            found.append((piece, float(costs[at : at + len(piece)].sum())))
            at += len(piece)
    return found


def measure(text: Text, split: Split) -> Measure:
    """Measure the tokens of a text.

    Args:
        text: best one that neither the tokens nor the character model were made of.
        split: parts words; asked once for each different word.
    """
    lengths_of = lru_cache(maxsize=None)(lambda word: [len(piece) for piece in split(word)])
    lengths: list[int] = []
    words = 0
    for sentence in text.sentences:
        for number, word in enumerate(sentence.split(SPACE)):
            lengths += [1] * (number > 0) + lengths_of(word)
            words += 1
    flat = np.concatenate(list(text.costs))
    begins = np.cumsum([0, *lengths[:-1]])
    bits = np.add.reduceat(flat, begins)
    moments = Moments(len(bits), float(bits.sum()), float((bits**2).sum()))
    return Measure(moments, words, len(flat))


def overlap(labels: Iterable[str], others: Iterable[str]) -> Overlap:
    """Compare the labels of several letters of two tables."""
    own = [label for label in labels if len(label) > 1]
    theirs = {label for label in others if len(label) > 1}
    common = tuple(label for label in own if label in theirs)
    return Overlap(common, len(own), len(theirs))
