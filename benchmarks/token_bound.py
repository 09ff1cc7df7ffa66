"""Held-out text → the least variance any tokens could have, and what 216 chosen ones reach.

    python -m benchmarks.token_bound --text klexikon.test.txt --text bundestag.test.txt \
        --judge models/pretrained/de-tokens/characters.bin

The bound allows every piece of one to four letters as a token, and for every different word its
own way to part it, chosen with full knowledge of this text. For a goal t, the least mean of
(c − t)² over tokens of cost c is found exactly (Dinkelbach 1967, "On nonlinear fractional
programming"; dynamic programming within each word); its minimum over t is the least variance.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import table
from benchmarks.tokens import open_judge, sentences
from tevr.lm.entropy import DeriveOptions, derive
from tevr.lm.word_costs import LONGEST, Moments, WordCosts, cost_words

STEP = 0.05  # bits between the goals tried
CLOSE = 1e-6  # squared bits; ends the iteration for one goal
BREVITIES = (0.15, 0.25, 0.5, 1.0)


class Parting:
    """Parts each word so that a sum over its tokens becomes least.

    Args:
        costs: the words and what stretches of their letters cost.
    """

    def __init__(self, costs: WordCosts) -> None:
        self.costs = costs
        self._begins = costs.begins
        self._ends = np.append(self._begins[1:], len(costs.text)) - 1  # the space after each word
        left = np.repeat(self._ends, self._ends - self._begins + 1) - np.arange(len(costs.text))
        order = np.argsort(left, kind="stable")
        self._columns = np.split(order, np.cumsum(np.bincount(left))[:-1])  # by letters left

    def least(self, values: NDArray[np.float64]) -> NDArray[np.int8]:
        """Choose tokens of least summed value.

        Args:
            values: (LONGEST, characters), of the token of n letters from each character on.

        Returns:
            (characters,), letters of the token that begins here; 0 where none does.
        """
        sums = np.zeros(len(self.costs.text))
        chosen = np.zeros(len(sums), np.int8)
        for left, column in enumerate(self._columns[1:], start=1):
            longest = min(left, LONGEST)
            ways = [values[n - 1, column] + sums[column + n] for n in range(1, longest + 1)]
            best = np.argmin(ways, axis=0)
            sums[column] = np.min(ways, axis=0)
            chosen[column] = best + 1
        lengths = np.zeros(len(sums), np.int8)
        at = self._begins
        while len(at):
            lengths[at] = chosen[at]
            at = at + chosen[at]
            at = at[chosen[at] > 0]
        return lengths

    def nearest(self, goal: float) -> Moments:
        """Tokens whose costs lie nearest to a goal, in the mean of squared distances."""
        costs = self.costs
        distances = (
            costs.squares - 2 * goal * costs.bits + goal**2 * costs.counts
        )  # (LONGEST, characters)
        worth, moments = np.inf, costs.moments(costs.letters.astype(np.int8))
        while True:
            found = (
                moments.squares - 2 * goal * moments.bits + goal**2 * moments.tokens
            ) / moments.tokens
            if worth - found < CLOSE:
                return moments
            worth = found
            moments = costs.moments(self.least(distances - worth * costs.counts))


def least_variance(costs: WordCosts) -> Moments:
    """The most even tokens of one to four letters that the words of the text allow."""
    parting = Parting(costs)
    mean = costs.moments(costs.letters.astype(np.int8)).mean
    goals = np.arange(mean / 2, LONGEST * mean, STEP)
    return min((parting.nearest(float(goal)) for goal in goals), key=lambda each: each.variance)


def row(name: str, moments: Moments, words: float) -> tuple[str, ...]:
    """One line of the table."""
    numbers = moments.variance, moments.mean, moments.variation, moments.tokens / words
    return (name, *(f"{number:.3f}" for number in numbers))


def rows(costs: WordCosts) -> Iterator[tuple[str, ...]]:
    """Characters, the bound, and tables of 216 labels chosen for ever lower variance."""
    yield row("characters", costs.moments(costs.letters.astype(np.int8)), costs.words)
    yield row("bound", least_variance(costs), costs.words)
    for brevity in BREVITIES:
        found = derive(costs, DeriveOptions(brevity=brevity))
        yield row(f"216 labels, brevity {brevity:g}", found.tokens, found.words)


def main() -> None:
    """Read the flags, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--text", type=Path, action="append", required=True)
    parser.add_argument("--judge", type=Path, required=True)
    given = parser.parse_args()
    costs = cost_words(sentences(given.text), open_judge(given.judge))
    table(("tokens", "variance", "mean", "variation", "tokens/word"), rows(costs))


if __name__ == "__main__":
    main()
