"""A word → its parts by a lexicon; the compounding of several models → that of their mixture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10

from tevr.lm.lexicon import SHORTEST_PART, Compounding, Lexicon


@dataclass(frozen=True, slots=True)
class Composition:
    """How a word that the vocabulary lacks is composed.

    Attributes:
        parts: modifiers, with their linking elements, and the head; joined they are the word.
        log10: what is added to the score of the head.
    """

    parts: tuple[str, ...]
    log10: float

    @property
    def head(self) -> str:
        """The last part, which stands for the word among its neighbours."""
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class MixedPart:
    """The compounding of one model in a mixture.

    Attributes:
        made: its compounding.
        words: log10 probabilities of its words.
        weight: its share of the mixture.
    """

    made: Compounding
    words: Mapping[str, float]
    weight: float


def compose(lexicon: Lexicon, word: str) -> Composition | None:
    """Take a word apart in the likeliest way; None if it cannot be composed of known parts."""
    found = list(_splits(lexicon, word, (), 0.0))
    return max(found, key=lambda split: split[1])[0] if found else None


def _splits(
    lexicon: Lexicon, rest: str, before: tuple[str, ...], cost: float
) -> Iterator[tuple[Composition, float]]:
    """Yield the ways to take letters apart after some modifiers, each with its whole score."""
    node = 0
    for end, letter in enumerate(rest, 1):
        node = lexicon.child(node, letter)
        if node < 0:
            return
        share = lexicon.modifier(node)
        if share is not None and end >= SHORTEST_PART:
            rate = lexicon.more if before else lexicon.joint
            modifiers = (*before, rest[:end])
            yield from _splits(lexicon, rest[end:], modifiers, cost + rate + share)
    alone, gain = lexicon.word(node), lexicon.head(node)
    if before and rest and alone is not None and gain is not None:
        yield Composition((*before, rest), cost + gain), cost + gain + alone


def mixed(parts: Sequence[MixedPart], words: Mapping[str, float]) -> Compounding:
    """Interpolate how words are composed, as the words of a mixture are.

    Args:
        parts: the models; those that compose nothing have no say.
        words: log10 probabilities of the mixture's words.
    """
    saying = [part for part in parts if part.made.modifiers]
    whole = sum(part.weight for part in saying)
    rates = {"joint": 0.0, "more": 0.0}
    modifiers: dict[str, float] = {}
    heads: dict[str, float] = {}
    for part in saying:
        weight = part.weight / whole
        rates["joint"] += weight * 10.0**part.made.joint
        rates["more"] += weight * 10.0**part.made.more
        for form, share in part.made.modifiers.items():
            modifiers[form] = modifiers.get(form, 0.0) + weight * 10.0**share
        for word, gain in part.made.heads.items():
            # Kept is how much likelier a head is than the word; shares of heads can be added.
            share = 10.0 ** (gain + part.words[word])
            heads[word] = heads.get(word, 0.0) + weight * share
    if not saying:
        return Compounding()
    return Compounding(
        joint=log10(rates["joint"]),
        more=log10(rates["more"]),
        modifiers={form: log10(share) for form, share in modifiers.items()},
        heads={word: log10(share) - words[word] for word, share in heads.items()},
    )
