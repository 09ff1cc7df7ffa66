"""Counted words → how German makes words of words: modifiers, heads and the rate of new compounds.

Nothing is known beforehand but the linking elements. A split is believed when its head is a word
and its modifier stands before many heads; which of several splits a word has is settled by
re-estimation (Koehn and Knight 2003, "Empirical methods for compound splitting", weigh parts by
frequency too, but by that of words, not of parts).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterator, Mapping

from tevr.lm.lexicon import SHORTEST_PART, Compounding

LINKS = ("", "s", "n", "en", "es", "er", "e")
"""Linking elements between a modifier and what follows; "schul|haus" rather drops an -e."""
_ALWAYS_S = ("ung", "heit", "keit", "schaft", "ion", "tät", "ling", "tum")
"""Endings after which a modifier takes -s whether or not a compound has been seen."""
_ROUNDS = 2
"""Re-estimations; the parts hardly change after them."""
_FEWEST = 3
"""Different heads that make a modifier of what is no word; fewer do if it is one."""
_UNSEEN = 0.3
"""What a word that is a head but never was a modifier counts as one."""
_MOST = 4.0
"""Largest log10 by which being a head may raise or lower a word's score."""


def learn(counts: Mapping[str, int], vocabulary: Mapping[str, float]) -> Compounding:
    """Learn from all words of a text how words outside the vocabulary are composed.

    Args:
        counts: how often each different word occurs in normalised text.
        vocabulary: the words that the language model knows, with their log10 probabilities.
    """
    heads = dict.fromkeys(vocabulary, 1.0)
    modifiers: dict[str, float] = {}
    for _ in range(_ROUNDS + 1):
        modifiers, heads = _count_parts(counts, modifiers, heads, vocabulary)
    rates = _rates(counts, modifiers, heads, vocabulary)
    for word, number in list(heads.items()):
        for form in (word, word + "s") if word.endswith(_ALWAYS_S) else (word,):
            if number >= _FEWEST and len(form) > SHORTEST_PART:
                modifiers[form] = max(modifiers.get(form, 0.0), _UNSEEN)
    all_modifiers, all_heads = sum(modifiers.values()), sum(heads.values())
    if not rates:
        return Compounding()
    return Compounding(
        joint=math.log10(rates[0]),
        more=math.log10(rates[1]),
        modifiers={form: math.log10(n / all_modifiers) for form, n in modifiers.items()},
        heads={
            word: min(max(math.log10(n / all_heads) - vocabulary[word], -_MOST), _MOST)
            for word, n in heads.items()
        },
    )


def best_split(
    word: str, modifiers: Mapping[str, float], heads: Mapping[str, float]
) -> tuple[str, str] | None:
    """The likeliest modifier and head of a word by the numbers of their compounds, if any."""
    found = [
        (modifiers[word[:at]] * heads[word[at:]], at)
        for at in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1)
        if word[:at] in modifiers and word[at:] in heads
    ]
    if not found:
        return None
    _, at = max(found)
    return word[:at], word[at:]


def _count_parts(
    counts: Mapping[str, int],
    modifiers: Mapping[str, float],
    heads: Mapping[str, float],
    vocabulary: Container[str],
) -> tuple[dict[str, float], dict[str, float]]:
    """Count in how many different words each part stands; without modifiers any split is alike."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for word in counts:
        if modifiers:
            split = best_split(word, modifiers, heads)
            splits = [split] if split else []
        else:
            splits = list(_any_split(word, heads))
        for modifier, head in splits:
            before[modifier] += 1
            after[head] += 1
    kept = {
        form: float(number)
        for form, number in before.items()
        if number >= (2 if is_modifier(form, vocabulary) else _FEWEST)
    }
    return kept, {word: float(number) for word, number in after.items() if number > 1}


def _any_split(word: str, heads: Container[str]) -> Iterator[tuple[str, str]]:
    for at in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
        if word[at:] in heads:
            yield word[:at], word[at:]


def is_modifier(form: str, vocabulary: Container[str]) -> bool:
    """Whether a form is a known word, a linking element taken off or a final -e put back."""
    if form + "e" in vocabulary:
        return True
    return any(
        form.endswith(link) and form[: len(form) - len(link)] in vocabulary for link in LINKS
    )


def _rates(
    counts: Mapping[str, int],
    modifiers: Mapping[str, float],
    heads: Mapping[str, float],
    vocabulary: Container[str],
) -> tuple[float, float] | None:
    """Rate of words outside the vocabulary that have a joint, and of those with one joint more."""
    one = more = 0
    for word, times in counts.items():
        if word in vocabulary:
            continue
        if best_split(word, modifiers, heads):
            one += times
        elif any(
            word[:at] in modifiers and best_split(word[at:], modifiers, heads)
            for at in range(SHORTEST_PART, len(word) - 2 * SHORTEST_PART + 1)
        ):
            more += times
    return (one / sum(counts.values()), max(more, 1) / (one + more)) if one else None
