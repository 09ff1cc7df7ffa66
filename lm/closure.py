"""N-grams in any order → the sorted, closed levels of a back-off model.

Other tools drop n-grams that longer ones still need as their history or suffix; those come back
with the probability that backing off gives, so that nothing the model says changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.lm.backoff import BackoffModel, Floats, Ids, Level


@dataclass(frozen=True)
class Rows:
    """The n-grams of one length in any order."""

    ids: NDArray[np.int32]
    """Their words, (n-grams, length)."""
    log10: Floats
    """log10 of their probabilities, (n-grams,); NaN for one that is to back off."""
    back_off: Floats
    """log10 of their back-off weights, (n-grams,)."""
    line: int = 0
    """Line of the first one in the file they are from."""


def joined(parts: Sequence[Rows], line: int) -> Rows:
    """Return n-grams one after the other."""
    return Rows(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.log10 for part in parts]),
        np.concatenate([part.back_off for part in parts]),
        line,
    )


def closed(words: Sequence[str], sections: Sequence[Rows], source: str) -> BackoffModel:
    """Return a model of n-grams and of those that others need as history or suffix.

    Args:
        words: the markers and the vocabulary.
        sections: the n-grams by length; the single words are all there, in the order of `words`.
        source: name of the file they are from, for messages.

    Raises:
        ModelError: an n-gram is there twice.
    """
    sections = list(sections)
    single = sections[0]
    zero, every = np.zeros(len(words), np.int32), np.arange(len(words), dtype=np.int32)
    levels = [Level(zero, every, single.log10, single.back_off)]
    while len(levels) < len(sections):
        rows = sections[len(levels)]
        model = BackoffModel(words, levels)
        history = _look_up(model, rows.ids[:, :-1])
        lacking = [rows.ids[history < 0, :-1]]
        lacking.append(rows.ids[_look_up(model, rows.ids[:, 1:]) < 0, 1:])
        added = np.unique(np.concatenate(lacking), axis=0)
        if len(added):  # then the level below is made again, and may itself lack others
            unknown = np.full(len(added), np.nan, np.float32)
            below = sections[len(levels) - 1]
            extra = Rows(added, unknown, np.zeros(len(added), np.float32))
            sections[len(levels) - 1] = joined([below, extra], below.line)
            levels.pop()
        else:
            levels.append(_level(model, history, rows, source))
    return _filled(BackoffModel(words, levels))


def _look_up(model: BackoffModel, ids: NDArray[np.int32]) -> Ids:
    """Return the index of n-grams, (n-grams, length), in their level; −1 for what is not there."""
    at: Ids = ids[:, 0]
    for index in range(1, ids.shape[1]):
        at = model.find(index, at, ids[:, index])
    return at


def _level(below: BackoffModel, history: Ids, rows: Rows, source: str) -> Level:
    """Return n-grams sorted by history and word.

    Raises:
        ModelError: one of them is there twice.
    """
    word = rows.ids[:, -1]
    keys = history.astype(np.int64) * len(below.words) + word
    order = np.argsort(keys)
    keys = keys[order]
    twice = keys[1:] == keys[:-1]
    if twice.any():
        at = int(np.maximum(order[1:], order[:-1])[twice].min())
        again = " ".join(below.words[index] for index in rows.ids[at])
        cause = f"{source}, line {rows.line + at}: the n-gram {again!r} is there twice"
        raise ModelError(cause, "Write the file again with the tool that made it.")
    return Level(
        history[order].astype(np.int32), word[order], rows.log10[order], rows.back_off[order]
    )


def _filled(model: BackoffModel) -> BackoffModel:
    """Give n-grams that were added the probability that backing off gives."""
    if not any(np.isnan(level.log10).any() for level in model.levels):
        return model
    levels = [model.levels[0]]
    for level, suffix in zip(model.levels[1:], model.suffixes()[1:], strict=True):
        below = levels[-1]
        backed_off = below.back_off[level.history] + below.log10[suffix]
        levels.append(
            replace(level, log10=np.where(np.isnan(level.log10), backed_off, level.log10))
        )
    return BackoffModel(model.words, levels)
