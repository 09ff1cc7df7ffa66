"""Successive drafts of a growing utterance → how many of their first words they agree on."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import takewhile


class Agreement:
    """Compares the latest drafts word by word.

    Args:
        drafts: so many in a row have to agree, at least 1.
    """

    def __init__(self, drafts: int) -> None:
        self._needed = drafts
        self._texts: deque[tuple[str, ...]] = deque(maxlen=drafts)

    def push(self, texts: Sequence[str]) -> int:
        """Take the words of the next draft; return how many of the first the latest share."""
        self._texts.append(tuple(texts))
        if len(self._texts) < self._needed:
            return 0
        return min(shared(texts, before) for before in self._texts)

    def settle(self, count: int) -> None:
        """The first words have become final: drafts will begin behind them from now on."""
        kept = [texts[count:] for texts in self._texts]
        self._texts.clear()
        self._texts.extend(kept)

    def clear(self) -> None:
        """Forget all drafts; the next one is of something else."""
        self._texts.clear()


def shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts have in common before they differ."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
