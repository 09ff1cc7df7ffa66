"""Several back-off n-gram models → one, their weighted sum; and the weights that suit a text.

Static linear interpolation: the mixture holds the n-grams of all its parents, and each has the
weighted sum of the probabilities that the parents give it. Weights are found with the EM algorithm
on held-out text (Jelinek and Mercer 1980, "Interpolated estimation of Markov source parameters
from sparse data").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from math import isclose

import numpy as np
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.lm.backoff import (
    NEVER,
    UNKNOWN,
    BackoffModel,
    Ids,
    Level,
    Sums,
    balanced,
    normalised,
    power,
    scores,
)

_EDGE = 1e-4
"""Smallest weight that is proposed."""


def mix(models: Sequence[tuple[BackoffModel, float]]) -> BackoffModel:
    """Interpolate models linearly over all their n-grams and words.

    A word that a parent does not know has probability 0 there; `<unk>` stands for what no parent
    knows. Back-off weights let the probabilities after each history sum to 1; a parent so coarsely
    rounded that its own do not (a quantised binary) is scaled first.

    Args:
        models: the parents and their weights, which are above 0 and sum to 1; their orders and
            vocabularies may differ.

    Raises:
        UsageError: the weights are wrong.
    """
    weights = [weight for _, weight in models]
    if not all(weight > 0 for weight in weights) or not isclose(sum(weights), 1, abs_tol=1e-6):
        cause = f"The weights {', '.join(map(str, weights)) or '(none)'} make no mixture"
        raise UsageError(cause, "Give weights above 0 that sum to 1.")
    words = list(dict.fromkeys(word for model, _ in models for word in model.words))
    parents = [_Parent(normalised(model), words) for model, _ in models]
    mixture = BackoffModel(words, [])
    suffix: Ids = np.zeros(1, np.int64)
    for index in range(max(model.order for model, _ in models)):
        keys = np.unique(np.concatenate([parent.keys(index) for parent in parents]))
        history, word = (part.astype(np.int32) for part in np.divmod(keys, len(words)))
        suffix = mixture.find(index - 1, suffix[history], word) if index else history
        mixed = np.zeros(len(keys))
        for parent, weight in zip(parents, weights, strict=True):
            parent.grow(index, keys, history, suffix)
            mixed += weight * parent.given
        log10 = np.log10(np.maximum(mixed, 10**NEVER)).astype(np.float32)
        level = Level(history, word, log10, np.zeros_like(log10))
        mixture = BackoffModel(words, [*mixture.levels, level])
    return balanced(words, mixture.levels)


class _Parent:
    """What one parent says about the mixture's n-grams, level by level.

    Attributes:
        given: its probabilities of the n-grams of the last level grown, (n-grams,).
    """

    def __init__(self, model: BackoffModel, words: Sequence[str]) -> None:
        ids = {word: index for index, word in enumerate(words)}
        self._model = model
        self._words = len(words)
        self._ids = np.fromiter((ids[word] for word in model.words), np.int64, len(model.words))
        self._place: Ids = np.zeros(1, np.int64)  # of its n-grams in the mixture's last level
        self.given: Sums = np.zeros(1)

    def keys(self, index: int) -> NDArray[np.int64]:
        """Return the numbers that its n-grams of the next level have in the mixture."""
        if index >= self._model.order:
            return np.zeros(0, np.int64)
        level = self._model.levels[index]
        return self._place[level.history] * self._words + self._ids[level.word]

    def grow(self, index: int, keys: NDArray[np.int64], history: Ids, suffix: Ids) -> None:
        """Go on to the mixture's next level: its keys, histories and suffixes, (n-grams,)."""
        if index == 0:
            given = np.zeros(len(keys))
        else:
            back_off = np.zeros(len(self.given), np.float32)
            if index <= self._model.order:
                back_off[self._place] = self._model.levels[index - 1].back_off
            given = power(back_off)[history] * self.given[suffix]
        place = np.searchsorted(keys, self.keys(index))
        if index < self._model.order:
            given[place] = power(self._model.levels[index].log10)
        self._place, self.given = place, given


def best_weight(a: BackoffModel, b: BackoffModel, sentences: Iterable[str]) -> float:
    """Return the weight of `a`, beside `b`, with which both foretell a text best together.

    The logarithm of the text's probability is concave in the weight, so that its slope is halved
    down to 0. The weight is kept within `_EDGE` of 0 and 1, since a mixture needs both.

    Args:
        a: a model.
        b: another one.
        sentences: normalised, from neither model's text.

    Raises:
        UsageError: there is no sentence.
    """
    texts = [sentence.split() for sentence in sentences]
    if not texts:
        raise UsageError("There is no text to choose the weight on", "Give sentences.")
    ids_a, ids_b = ({word: at for at, word in enumerate(model.words)} for model in (a, b))
    known = ids_a.keys() | ids_b.keys()
    given_a, given_b = (
        power(scores(model, [[_id(word, ids, known) for word in text] for text in texts]))
        for model, ids in ((a, ids_a), (b, ids_b))
    )
    low, high = _EDGE, 1 - _EDGE
    while high - low > _EDGE / 10:
        weight = (low + high) / 2
        slope = ((given_a - given_b) / (weight * given_a + (1 - weight) * given_b)).sum()
        low, high = (weight, high) if slope > 0 else (low, weight)
    return (low + high) / 2


def _id(word: str, ids: Mapping[str, int], known: Set[str]) -> int:
    """Return a word's id in one model; −1 where only the other one knows it."""
    return ids.get(word, -1 if word in known else UNKNOWN)
