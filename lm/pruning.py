"""A back-off n-gram model → a smaller one that says nearly the same.

An n-gram's loss is the relative entropy between the model with it and the model without it, in
nats per foretold word (Stolcke 1998, "Entropy-based pruning of backoff language models"). How
often its history occurs is best taken from the text, because Kneser–Ney's own lower orders are no
frequencies (Chelba et al. 2010, "Study on interaction between entropy pruning and Kneser-Ney
smoothing").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tevr.errors import UsageError
from tevr.lm.backoff import (
    END,
    LEAST,
    START,
    BackoffModel,
    Floats,
    Ids,
    Level,
    Sums,
    balanced,
    normalised,
    power,
    totals,
)

Kept = NDArray[np.bool_]
_ROUNDING = 1e-4
"""A model whose probabilities are further than this from a sum of 1 is scaled first."""
_CLOSE = 1e-4
"""`prune_to` stops where the threshold is known to this share."""


def prune(
    model: BackoffModel, threshold: float, history_counts: Sequence[Ids] | None = None
) -> BackoffModel:
    """Drop the n-grams whose loss is below a threshold; what the others need stays.

    The probabilities of those that stay do not change, unless the model was rounded so coarsely
    (a quantised binary) that they do not sum to 1.

    Args:
        model: not changed.
        threshold: in nats per foretold word; 0 keeps all n-grams.
        history_counts: how often the n-grams of each level occur in the text, parallel to
            `model.levels`; without them, the model's own probabilities of the histories weigh.

    Raises:
        UsageError: the threshold is below 0, or the counts do not fit the model.
    """
    if not threshold >= 0:
        raise UsageError(f"The pruning threshold {threshold} is below 0", "Give one from 0 on.")
    return _plan(model, history_counts).reduced(threshold)


def prune_to(
    model: BackoffModel,
    fits: Callable[[list[int]], bool],
    history_counts: Sequence[Ids] | None = None,
) -> tuple[BackoffModel, float]:
    """Prune with the smallest threshold that makes the model fit; return that too.

    Args:
        model: not changed.
        fits: tells from the numbers of n-grams by length whether they fit; who fits with some
            must fit with fewer.
        history_counts: as in `prune`.

    Raises:
        UsageError: even the single words alone do not fit.
    """
    if fits(model.sizes):
        return model, 0.0
    if not fits(model.sizes[:1]):
        cause = f"The {model.sizes[0]} words of the language model alone are too large"
        raise UsageError(cause, "Allow more room or take fewer words.")
    plan = _plan(model, history_counts)
    positive = [loss[loss > 0] for loss in plan.losses[1:] if (loss > 0).any()]
    low = min((float(loss.min()) for loss in positive), default=1.0)
    # Beyond the largest loss, nothing but single words is left.
    high = 2 * max((float(loss.max()) for loss in positive), default=0.5)
    if fits(plan.sizes(low)):
        high = low
    while high > low * (1 + _CLOSE):
        middle = float(np.sqrt(low) * np.sqrt(high))
        if fits(plan.sizes(middle)):
            high = middle
        else:
            low = middle
    return plan.reduced(high), high


def cut(model: BackoffModel, order: int) -> BackoffModel:
    """Drop all n-grams longer than `order` words.

    Raises:
        UsageError: the order is below 1.
    """
    if order < 1:
        raise UsageError(f"No n-grams have {order} words", "Give an order from 1 on.")
    levels = list(model.levels[:order])
    levels[-1] = replace(levels[-1], back_off=np.zeros(len(levels[-1]), np.float32))
    return BackoffModel(model.words, levels)


def losses(
    model: BackoffModel,
    history_counts: Sequence[Ids] | None = None,
    suffixes: Sequence[Ids] | None = None,
) -> list[Floats]:
    """Return what dropping each n-gram alone costs, in nats per foretold word; by level.

    Single words are never dropped; their losses, the first array, are infinite.

    Args:
        model: the n-grams.
        history_counts: as in `prune`.
        suffixes: `model.suffixes()`, for a caller that has them already.

    Raises:
        UsageError: the counts do not fit the model.
    """
    weights = _own_weights(model) if history_counts is None else _weights(model, history_counts)
    suffixes, sums = suffixes or model.suffixes(), totals(model)
    lost = [np.full(len(model.levels[0]), np.inf, np.float32)]
    for index, weight in zip(range(1, model.order), weights, strict=False):
        level, below = model.levels[index], model.levels[index - 1]
        own = power(level.log10)
        lower = power(below.log10)[suffixes[index]]
        left, left_lower = _left(level.history, own, lower, sums[index - 1][suffixes[index - 1]])
        before = np.log(left / left_lower)[level.history]
        after = np.log((left[level.history] + own) / (left_lower[level.history] + lower))
        # The word gets its probability by backing off, and all that back off get another weight.
        gain = own * (np.log(lower) + after - np.log(own))
        gain += left[level.history] * (after - before)
        lost.append(np.maximum(-gain * weight[level.history], 0).astype(np.float32))
    return lost


def _left(history: Ids, own: Sums, lower: Sums, sums: Sums) -> tuple[Sums, Sums]:
    """Return the mass that n-grams leave to backing off, at their level and at the one below.

    Args:
        history: (n-grams,).
        own: probabilities of the n-grams.
        lower: probabilities of their words after the history without its first word.
        sums: (histories,) of all the probabilities after the history without its first word.
    """
    left = 1 - np.bincount(history, own, len(sums))
    left_lower = sums - np.bincount(history, lower, len(sums))
    return np.maximum(left, LEAST), np.maximum(left_lower, LEAST)


def _weights(model: BackoffModel, counts: Sequence[Ids]) -> Iterator[Sums]:
    """Yield, for each level, how often its n-grams occur per foretold word."""
    if [len(count) for count in counts][: model.order - 1] != model.sizes[:-1]:
        raise UsageError("The counts do not fit the model", "Give one for each of its n-grams.")
    foretold = float(counts[0].sum(dtype=np.float64) - counts[0][START])
    for count in counts[: model.order - 1]:
        yield count / max(foretold, 1.0)


def _own_weights(model: BackoffModel) -> Iterator[Sums]:
    """Yield, for each level, the probabilities of its n-grams by the chain rule."""
    single = power(model.levels[0].log10)
    single[START] = single[END]  # as many sentences begin as end
    yield single
    weight = single
    for level in model.levels[1:]:
        weight = weight[level.history] * power(level.log10)
        yield weight


@dataclass(frozen=True)
class _Plan:
    """A model with all that tells what a threshold leaves of it."""

    model: BackoffModel
    suffixes: Sequence[Ids]
    losses: Sequence[Floats]

    def kept(self, threshold: float) -> list[Kept]:
        """Return which n-grams stay: those that lose as much, and what they begin and end with."""
        kept = [loss >= threshold for loss in self.losses]
        for index in range(self.model.order - 1, 0, -1):
            stay = kept[index]
            kept[index - 1][self.model.levels[index].history[stay]] = True
            kept[index - 1][self.suffixes[index][stay]] = True
        return kept

    def sizes(self, threshold: float) -> list[int]:
        """Return the numbers of n-grams that stay, by length, up to the longest."""
        sizes = [int(np.count_nonzero(stay)) for stay in self.kept(threshold)]
        return [size for size in sizes if size]

    def reduced(self, threshold: float) -> BackoffModel:
        """Return the model of the n-grams that stay, with new back-off weights."""
        levels: list[Level] = []
        place: Ids = np.zeros(1, np.int32)  # where n-grams of the level below now stand
        for level, stay in zip(self.model.levels, self.kept(threshold), strict=True):
            if not stay.any():
                break
            history = place[level.history[stay]]
            log10, back_off = level.log10[stay], level.back_off[stay]
            levels.append(Level(history, level.word[stay], log10, back_off))
            place = np.cumsum(stay, dtype=level.history.dtype) - 1
        return balanced(self.model.words, levels)


def _plan(model: BackoffModel, history_counts: Sequence[Ids] | None) -> _Plan:
    """Compute all that does not depend on the threshold."""
    model = normalised(model, _ROUNDING)
    suffixes = model.suffixes()
    return _Plan(model, suffixes, losses(model, history_counts, suffixes))
