"""Reference and hypothesis → word errors."""

from __future__ import annotations

from collections.abc import Sequence


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """The fewest substitutions, deletions and insertions that make one of the other."""
    row = list(range(len(hypothesis) + 1))
    for count, word in enumerate(reference, 1):
        diagonal, row[0] = row[0], count
        for at, other in enumerate(hypothesis, 1):
            straight = min(row[at], row[at - 1]) + 1
            diagonal, row[at] = row[at], min(straight, diagonal + (word != other))
    return row[-1]
