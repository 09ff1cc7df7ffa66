"""Normalised sentences → a pruned word n-gram model, written as ARPA text.

Estimation is interpolated modified Kneser–Ney (Chen and Goodman 1998, "An empirical study of
smoothing techniques"), pruning by relative entropy (Stolcke 1998, "Entropy-based pruning of
backoff language models") with the true frequency of the history, because Kneser–Ney's own lower
orders are no frequencies (Chelba et al. 2010).

The n-grams of one length form a `Level`: arrays in which an n-gram is the index of its history in
the level below, and a word. Nothing is removed from a level; `kept` marks what the model holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

UNKNOWN, START, END = 0, 1, 2
"""Ids of `<unk>`, `<s>` and `</s>`; the vocabulary follows."""
MARKERS = ("<unk>", "<s>", "</s>")
UNKNOWN_PROBABILITY = 1e-6
"""What `<unk>` gets: about as much as the rarest words, whatever the vocabulary's size."""
_NEVER = -99.0
"""log10 that ARPA texts give to `<s>`, which is never foretold."""
_LEAST = 1e-9
"""Smallest mass left to the back-off, against division by zero."""

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass
class Level:
    """All n-grams of one length n; arrays of shape (n-grams,), sorted by history and word."""

    history: Ids
    """Index of the first n−1 words in the level below; 0 for single words."""
    word: Ids
    """Id of the last word."""
    suffix: Ids
    """Index of the last n−1 words in the level below; 0 for single words."""
    count: Ids
    """How often it occurs."""
    kept: NDArray[np.bool_]
    """Whether the model holds it."""
    probability: Floats
    """Probability of the word after the history."""


@dataclass
class NGrams:
    """An n-gram model in memory: the words and one level for each length."""

    words: list[str]
    levels: list[Level]

    @property
    def sizes(self) -> list[int]:
        """Number of n-grams the model holds, by length."""
        return [int(level.kept.sum()) for level in self.levels]


def count(sentences: Iterable[str], vocabulary: Sequence[str], order: int) -> NGrams:
    """Count the n-grams of normalised sentences; other words than the vocabulary's are `<unk>`.

    n-grams that hold `<unk>` are counted, since they take part in every frequency, but not kept.
    """
    words = [*MARKERS, *vocabulary]
    ids = {word: index for index, word in enumerate(words)}
    stream = [END]
    for sentence in sentences:
        stream.append(START)
        stream += [ids.get(word, UNKNOWN) for word in sentence.split()]
        stream.append(END)
    text = np.array(stream, np.int64)  # (tokens,)
    single = Level(
        history=np.zeros(len(words), np.int64),
        word=np.arange(len(words)),
        suffix=np.zeros(len(words), np.int64),
        count=np.bincount(text, minlength=len(words)),
        kept=np.arange(len(words)) != UNKNOWN,
        probability=np.zeros(len(words)),
    )
    levels = [single]
    ending = text  # (tokens,): index, in its level, of the n-gram that ends here; −1 for none
    for _ in range(order - 1):
        level, ending = _next_level(text, ending, levels[-1], len(words))
        levels.append(level)
    single.kept[UNKNOWN] = True
    return NGrams(words, levels)


def _next_level(text: Ids, ending: Ids, below: Level, words: int) -> tuple[Level, Ids]:
    """Return the n-grams one word longer, and which of them ends at each token."""
    valid = (ending[:-1] >= 0) & (text[1:] != START) & (text[:-1] != END)
    at = np.flatnonzero(valid) + 1
    keys, first, which, counts = np.unique(
        ending[at - 1] * words + text[at],
        return_index=True,
        return_inverse=True,
        return_counts=True,
    )
    history, word = np.divmod(keys, words)
    level = Level(
        history=history,
        word=word,
        suffix=ending[at[first]],
        count=counts,
        kept=below.kept[history] & (word != UNKNOWN),
        probability=np.zeros(len(keys)),
    )
    longer = np.full(len(text), -1, np.int64)
    longer[at] = which
    return level, longer


def estimate(model: NGrams, frequencies: Mapping[str, float] | None = None) -> None:
    """Fill in the probabilities: interpolated modified Kneser–Ney.

    Below the longest n-grams, the different words before an n-gram count, not its occurrences.

    Args:
        model: counted n-grams; changed in place.
        frequencies: a word list's relative frequencies, that the single words fall back to
            instead of all words being alike; so words that the text lacks get their share.
    """
    prior = np.array([(frequencies or {}).get(word, 0.0) for word in model.words])
    prior[[UNKNOWN, START, END]] = 0.0
    prior = prior / prior.sum() if prior.any() else np.full(len(prior), 1 / len(prior))
    for index, level in enumerate(model.levels):
        counts = level.count.astype(np.float64)
        if index + 1 < len(model.levels):
            above = model.levels[index + 1]
            before = np.bincount(above.suffix, minlength=len(counts))
            # Nothing stands before the start of a sentence: there, occurrences count.
            counts = np.where(before > 0, before, counts)
        if index == 0:
            counts[[UNKNOWN, START]] = 0.0
            level.probability = _smoothed(counts, level.history, prior, 1)
            level.probability[[UNKNOWN, START]] = 0.0
            level.probability *= (1 - UNKNOWN_PROBABILITY) / level.probability.sum()
            level.probability[UNKNOWN] = UNKNOWN_PROBABILITY
        else:
            below = model.levels[index - 1]
            lower = below.probability[level.suffix]
            level.probability = _smoothed(counts, level.history, lower, len(below.word))


def _smoothed(counts: Floats, history: Ids, lower: Floats, histories: int) -> Floats:
    """Return discounted frequencies, each interpolated with the shorter n-gram's probability."""
    discounts = _discounts(counts)[np.minimum(counts, 3).astype(np.int64)]
    total = np.maximum(np.bincount(history, counts, histories), 1.0)
    freed = np.bincount(history, discounts, histories) / total
    smoothed: Floats = (counts - discounts) / total[history] + freed[history] * lower
    return smoothed


def _discounts(counts: Floats) -> Floats:
    """Return what is taken from counts of 0, 1, 2 and more (Chen and Goodman, equation 26)."""
    n1, n2, n3, n4 = (float((counts == times).sum()) or 1.0 for times in (1, 2, 3, 4))
    share = n1 / (n1 + 2 * n2)
    wanted = [1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
    # Tiny texts give odd counts of counts; a discount stays above 0 and below its count.
    return np.array([0.0, *(min(max(d, 0.1), 0.9 + k) for k, d in enumerate(wanted))])


def prune(model: NGrams, threshold: float) -> None:
    """Drop the n-grams whose loss raises the model's entropy by less than the threshold, in nats.

    What a kept n-gram begins or ends with stays too: KenLM looks it up. Changed in place.
    """
    tokens = float(model.levels[0].count.sum())
    for index in range(len(model.levels) - 1, 0, -1):
        level, below = model.levels[index], model.levels[index - 1]
        lower = _effective(model, index - 1)[level.suffix]
        left, left_lower = _left(level, lower, len(below.word))
        left, left_lower = left[level.history], left_lower[level.history]
        before = np.log(left / left_lower)
        after = np.log((left + level.probability) / (left_lower + lower))
        gain = np.log(lower) + after - np.log(level.probability)
        loss = level.probability * gain + left * (after - before)
        level.kept &= -loss * below.count[level.history] / tokens >= threshold
        if index + 1 < len(model.levels):
            above = model.levels[index + 1]
            level.kept[above.history[above.kept]] = True
            level.kept[above.suffix[above.kept]] = True


def _left(level: Level, lower: Floats, histories: int) -> tuple[Floats, Floats]:
    """Return the mass that kept n-grams leave to the others, in this level and in the one below."""
    history = level.history[level.kept]
    own = 1 - np.bincount(history, level.probability[level.kept], histories)
    shorter = 1 - np.bincount(history, lower[level.kept], histories)
    return np.maximum(own, _LEAST), np.maximum(shorter, _LEAST)


def _effective(model: NGrams, index: int) -> Floats:
    """Return the probabilities of a level as the model gives them, pruned n-grams backing off."""
    level = model.levels[index]
    if index == 0:
        return level.probability
    lower = _effective(model, index - 1)[level.suffix]
    backed_off = _back_off(model, index - 1)[level.history] * lower
    return np.where(level.kept, level.probability, backed_off)


def _back_off(model: NGrams, index: int) -> Floats:
    """Return the back-off weights of a level's n-grams; 1 where no longer n-gram is kept."""
    level, above = model.levels[index], model.levels[index + 1]
    lower = _effective(model, index)[above.suffix]
    own, shorter = _left(above, lower, len(level.word))
    extended = np.bincount(above.history[above.kept], minlength=len(level.word)) > 0
    return np.where(extended, own / shorter, 1.0)


def write_arpa(model: NGrams, path: Path) -> None:
    """Write the kept n-grams as ARPA text, log10 with six decimals, UTF-8."""
    texts = np.array(model.words, dtype=object)
    with path.open("w", encoding="utf-8") as file:
        sizes = [f"ngram {index + 1}={size}" for index, size in enumerate(model.sizes)]
        file.write("\n".join(["\\data\\", *sizes]) + "\n")
        for index, level in enumerate(model.levels):
            last = index + 1 == len(model.levels)
            if index:
                texts = texts[level.history] + " " + np.array(model.words, object)[level.word]
            scores = np.log10(np.maximum(level.probability, 10**_NEVER))
            weights = np.zeros(len(scores)) if last else np.log10(_back_off(model, index))
            rows = zip(scores[level.kept], texts[level.kept], weights[level.kept], strict=True)
            file.write(f"\n\\{index + 1}-grams:\n")
            if last:
                file.writelines(f"{score:.6f}\t{text}\n" for score, text, _ in rows)
            else:
                file.writelines(
                    f"{score:.6f}\t{text}\t{weight:.6f}\n" for score, text, weight in rows
                )
        file.write("\n\\end\\\n")
