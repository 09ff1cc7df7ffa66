"""Normalised sentences → ids of characters → batches in an order that a seed determines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tevr.errors import UsageError

BORDER = 0
"""Id before and after every sentence; the characters' ids follow in the alphabet's order."""
IGNORED = -100
"""Fills a batch after the ends of its sentences; torch's cost functions leave it out."""
LONGEST = 256
"""Characters of a sentence that are learnt, from its beginning."""
_POOL = 64
"""Batches whose sentences are drawn together and sorted by length, so that little is padding."""


@dataclass(frozen=True)
class Text:
    """Sentences as ids, one after the other."""

    ids: NDArray[np.uint8]
    """(characters,)"""
    starts: NDArray[np.int64]
    """(sentences + 1,), where each begins, and the end of the last."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, sentences: NDArray[np.int64]) -> Tensor:
        """Return some sentences with their borders (2 + longest, sentences), −100 after them."""
        starts = self.starts[sentences]
        lengths = np.minimum(self.starts[sentences + 1] - starts, LONGEST)
        places = np.arange(int(lengths.max(initial=0)) + 1)[:, None]
        at = np.minimum(starts + places, len(self.ids) - 1)
        rows = np.where(places < lengths, self.ids[at].astype(np.int64), IGNORED)
        rows[lengths, np.arange(len(sentences))] = BORDER
        return torch.from_numpy(np.concatenate((np.zeros_like(rows[:1]), rows)))


def encode(sentences: Sequence[str], alphabet: str) -> Text:
    """Turn normalised sentences into ids.

    Raises:
        UsageError: there is none, or a character is outside the alphabet.
    """
    sentences = [sentence for sentence in sentences if sentence]
    if not sentences:
        raise UsageError("There is no text to learn from", "Give at least one sentence.")
    table = np.full(0x110000, 255, np.uint8)
    table[[ord(character) for character in alphabet]] = np.arange(1, 1 + len(alphabet))
    ids = table[np.frombuffer("".join(sentences).encode("utf-32-le"), np.uint32)]
    if (ids == 255).any():  # noqa: PLR2004 (as filled above)
        wrong = sorted(set("".join(sentences)) - set(alphabet))
        cause = f"The text holds {wrong[0]!r}, which is not in the alphabet"
        raise UsageError(cause, "Normalise the text first, or extend the alphabet.")
    return Text(ids, np.cumsum([0, *map(len, sentences)]))


class Sampler:
    """Which sentences a step learns from: all once, then all again in another order."""

    def __init__(self, text: Text, batch: int, seed: int) -> None:
        """Take a text, the number of sentences of a batch, and a seed for their order."""
        self._text = text
        self._batch = min(batch, len(text))
        self._seed = seed
        self._pool = lru_cache(1)(self._draw_pool)

    def batch(self, step: int) -> Tensor:
        """Return the batch of a step, from 0, as `Text.batch` does."""
        number, place = divmod(step, self._batches)
        return self._text.batch(self._pool(number)[place])

    @property
    def _batches(self) -> int:
        """Batches of a pool."""
        return min(_POOL, len(self._text) // self._batch)

    def _draw_pool(self, number: int) -> list[NDArray[np.int64]]:
        pools = len(self._text) // (self._batch * self._batches)  # in one round over the text
        around, at = divmod(number, pools)
        order = np.random.default_rng((self._seed, around)).permutation(len(self._text))
        taken = order[at * self._batch * self._batches :][: self._batch * self._batches]
        lengths = np.diff(self._text.starts)[taken]
        batches = np.split(taken[np.argsort(lengths, kind="stable")], self._batches)
        shuffled = np.random.default_rng((self._seed, around, at)).permutation(self._batches)
        return [batches[index] for index in shuffled]
