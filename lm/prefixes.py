"""Letters of a word so far → what the lexicon says of them: alive or not, and the words they end.

A `Prefix` depends on its letters alone, not on the words before it, so that a decoder makes each
once and keeps it. Labels of several letters need no care: "st" in "haustür" ends one part of the
compound and begins the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple

from tevr.lm.compounds import LINKS
from tevr.lm.lexicon import SHORTEST_PART, TYPICAL_HEAD, Compounding, Lexicon, encode

LN10 = log(10)
_WORST_READING = 5.0
"""log10 below the likeliest way to take letters apart at which another is given up."""
_MOST_READINGS = 4
"""Ways to take the same letters apart that are followed up."""
_AVERAGE_LETTERS = 6
"""Letters of an average word, as pyctcdecode has it; longer unknown words cost more."""
_MOST_PREFIXES = 100_000
"""Prefixes kept, about 60 MB of them; a decoder that has met more forgets them all."""
_HOTWORD_SCORE = -5.0
"""log10 probability of a hot-word for foreseeing, about that of the 20,000th word."""


@dataclass(frozen=True, slots=True)
class PrefixSettings:
    """What a prefix is charged or given.

    Attributes:
        word_weight: factor that turns a log10 score into a score of the search.
        word_bonus: natural-log bonus for each word.
        lookahead: share of the likeliest word's score that its first letters are charged.
        unknown_offset: natural-log charge for letters that begin no word.
        compound_offset: added to the log10 score of a word composed of parts; None composes none.
        hotword_weight: natural-log bonus for a hot-word.
    """

    word_weight: float
    word_bonus: float
    lookahead: float
    unknown_offset: float
    compound_offset: float | None
    hotword_weight: float


class _Reading(NamedTuple):
    """One way to take the letters of a prefix apart."""

    lexicon: Lexicon
    node: int
    start: int
    """Letters before the current part; 0 where there is no joint."""
    cost: float
    """log10 of the modifiers and joints before the current part."""
    hot: int
    """Hot-words among the modifiers."""
    promise: float
    """log10 of the best that can come of it."""


_UNTRIED: dict[int, Prefix] = {}
"""What stands after a prefix of which no label has been tried: most are dropped at once."""


class Prefix:
    """The letters of a word so far.

    Attributes:
        text: the letters.
        code: a number of its own, shifted to leave room for a label.
        next: the prefix after each label tried so far.
        readings: the ways to take the letters apart; none for unknown words.
        limits: log10 score of the best that each next letter may lead to; None before it is asked.
        bonus: natural-log score that is added while the word is unfinished.
        word: the word whose score by the language model it takes when it ends here.
        extra: log10 score added to that.
        hot: natural-log bonus if the finished word is a hot-word, or for those it is composed of.
        most_at_end: the most that a hypothesis can gain, natural log, when the word ends with it.
    """

    __slots__ = (
        *("bonus", "code", "extra", "hot", "limits", "most_at_end"),
        *("next", "readings", "text", "word"),
    )

    def __init__(self, text: str, code: int, readings: tuple[_Reading, ...]) -> None:
        self.text = text
        self.code = code
        self.next = _UNTRIED
        self.readings = readings
        self.bonus = self.extra = self.hot = 0.0
        self.word = text
        self.most_at_end = inf
        self.limits: dict[str, float] | None = None


HOPELESS = Prefix("", -1, ())
"""Stands for the prefix after a label that costs a hypothesis its place in the beam."""
HOPELESS.bonus = -inf


class Prefixes:
    """All prefixes a decoder has met.

    Args:
        labels: text of every column.
        lexicon: words and parts of compounds; None lets every word through.
        hotwords: single words to prefer.
        settings: what prefixes are charged or given.

    Attributes:
        root: the empty prefix.
    """

    def __init__(
        self,
        labels: Sequence[str],
        lexicon: Lexicon | None,
        hotwords: Iterable[str],
        settings: PrefixSettings,
    ) -> None:
        self._labels = labels
        self._shift = len(labels).bit_length()
        self._lexicon = lexicon
        self._settings = settings
        self._composes = settings.compound_offset is not None and lexicon is not None
        self._hot = frozenset(hotwords)
        self._shortest = _shortest_by_prefix(self._hot)
        lexicons = [lexicon] if lexicon else []
        if self._composes and self._shortest:
            lexicons.append(_hotword_lexicon(self._hot))
        # What a hot-word would add cannot be told from one letter.
        self._foresees = lexicon is not None and not self._hot and settings.lookahead > 0
        self._lock = threading.Lock()
        self._by_text: dict[str, Prefix] = {}
        self._starts = tuple(_Reading(each, 0, 0, 0.0, 0, 0.0) for each in lexicons)
        self.root = Prefix("", 0, self._starts)
        self._by_text[""] = self.root

    @property
    def full(self) -> bool:
        """Whether so many are kept that it is time to begin anew."""
        return len(self._by_text) > _MOST_PREFIXES

    def scored_as(self, word: str) -> str:
        """The word whose score a word takes: of a compound that was met, its head."""
        met = self._by_text.get(word)
        return met.word if met else word

    def extend(self, prefix: Prefix, label: int, gain: float = -inf) -> Prefix:
        """The prefix after one more label; safe from several threads.

        Args:
            prefix: the letters before.
            label: column of the label.
            gain: least difference of the two bonuses that is of use.

        Returns:
            The prefix, or `HOPELESS` where the difference is clearly less.
        """
        letters = self._labels[label]
        if self._foresees and self._limit(prefix, letters[0]) - prefix.bonus < gain:
            return HOPELESS
        with self._lock:
            longer = self._by_text.get(prefix.text + letters)
            if longer is None:
                longer = self._after_label(prefix, letters)
                self._by_text[longer.text] = longer
            if prefix.next is _UNTRIED:
                prefix.next = {}
            prefix.next[label] = longer
        return longer

    def _limit(self, prefix: Prefix, letter: str) -> float:
        """The most that the bonus can be after a letter; found without making a prefix."""
        if not prefix.readings:
            return prefix.bonus
        if prefix.limits is None:
            limits: dict[str, float] = {}
            for lexicon, node, _, cost, _, _ in prefix.readings:
                for next_letter, best in lexicon.children(node):
                    if cost + best > limits.get(next_letter, -inf):
                        limits[next_letter] = cost + best
            prefix.limits = limits
        promise = prefix.limits.get(letter)
        if promise is None:
            return self._unknown(len(prefix.text) + 1)
        return self._settings.lookahead * self._settings.word_weight * promise

    def _unknown(self, length: int) -> float:
        """The charge for letters that begin no word."""
        return self._settings.unknown_offset * max(1.0, length / _AVERAGE_LETTERS)

    def _after_label(self, prefix: Prefix, letters: str) -> Prefix:
        readings = prefix.readings
        for length, letter in enumerate(letters, len(prefix.text) + 1):
            readings = self._after(readings, letter, length)
        longer = Prefix(prefix.text + letters, len(self._by_text) << self._shift, readings)
        longer.bonus = self._bonus(longer.text, readings)
        self._finish(longer)
        return longer

    def _after(
        self, readings: tuple[_Reading, ...], letter: str, length: int
    ) -> tuple[_Reading, ...]:
        """The readings after one more letter, joints included."""
        found: list[_Reading] = []
        for lexicon, before, start, cost, hot, _ in readings:
            node = lexicon.child(before, letter)
            if node < 0:
                continue
            promise = cost + lexicon.best(node)
            found.append(_Reading(lexicon, node, start, cost, hot, promise))
            if self._composes and length - start >= SHORTEST_PART:
                share = lexicon.modifier(node)
                if share is not None:
                    found += self._joined(found[-1], share, length)
        return _likeliest(found) if found else ()

    def _joined(self, reading: _Reading, share: float, length: int) -> Iterator[_Reading]:
        """What may follow a modifier: a part of either lexicon."""
        main = self._starts[0].lexicon
        rate = main.more if reading.start else main.joint
        cost = reading.cost + rate + share
        hot = reading.hot + (reading.lexicon is not main)
        for start in self._starts:
            yield _Reading(start.lexicon, 0, length, cost, hot, cost + TYPICAL_HEAD)

    def _bonus(self, text: str, readings: tuple[_Reading, ...]) -> float:
        settings = self._settings
        hot = self._hot_share(text)
        if self._lexicon is None or (hot and not self._composes):
            return hot * settings.hotword_weight
        if not readings:
            return self._unknown(len(text))
        best = max(reading.promise for reading in readings)
        charge = settings.lookahead * settings.word_weight * best
        if not self._shortest:
            return charge
        inside = max(reading.hot + self._hot_share(text[reading.start :]) for reading in readings)
        return charge + inside * settings.hotword_weight

    def _hot_share(self, text: str) -> float:
        """How much of the shortest hot-word that begins so has been spelt."""
        shortest = self._shortest.get(text)
        return len(text) / shortest if shortest and text else 0.0

    def _finish(self, prefix: Prefix) -> None:
        """Settle what the prefix counts as when the word ends with it."""
        settings = self._settings
        prefix.hot = settings.hotword_weight if prefix.text in self._hot else 0.0
        if self._lexicon is None:
            return
        ending = [reading for reading in prefix.readings if _ends(reading)]
        if not any(not reading.start for reading in ending):
            composed = [reading for reading in ending if reading.start and _is_head(reading)]
            prefix.extra = settings.unknown_offset
            if composed:
                best = max(composed, key=_total)
                prefix.word = prefix.text[best.start :]
                prefix.extra = best.cost + (best.lexicon.head(best.node) or 0.0)
                prefix.extra += settings.compound_offset or 0.0
                hot = best.hot + (best.lexicon is not self._lexicon)
                prefix.hot += settings.hotword_weight * hot
            most = settings.word_weight * prefix.extra + settings.word_bonus + prefix.hot
            prefix.most_at_end = most - prefix.bonus


def _likeliest(readings: list[_Reading]) -> tuple[_Reading, ...]:
    """The readings worth following; what has no joint stays, for a known word needs no guess."""
    if len(readings) == 1:
        return (readings[0],)
    least = max(reading.promise for reading in readings) - _WORST_READING
    kept = [each for each in readings if each.promise >= least or not each.start]
    kept.sort(key=_rank)
    return tuple(kept[:_MOST_READINGS])


def _rank(reading: _Reading) -> tuple[bool, float]:
    return reading.start > 0, -reading.promise


def _ends(reading: _Reading) -> bool:
    return reading.lexicon.word(reading.node) is not None


def _is_head(reading: _Reading) -> bool:
    return _ends(reading) and reading.lexicon.head(reading.node) is not None


def _total(reading: _Reading) -> float:
    """log10 score of a compound whose head ends here, without regard to neighbours."""
    word, head = reading.lexicon.word(reading.node), reading.lexicon.head(reading.node)
    return reading.cost + (word or 0.0) + (head or 0.0)


def _shortest_by_prefix(words: Iterable[str]) -> dict[str, int]:
    """The length of the shortest word that begins with each text."""
    shortest: dict[str, int] = {}
    for word in words:
        for end in range(1, len(word) + 1):
            shortest[word[:end]] = min(len(word), shortest.get(word[:end], len(word)))
    return shortest


def _hotword_lexicon(words: Iterable[str]) -> Lexicon:
    """Hot-words as words, heads and, with linking elements, modifiers."""
    known = sorted(set(words))
    modifiers = {word + link: _HOTWORD_SCORE for word in known for link in LINKS}
    heads = dict.fromkeys(known, 0.0)
    made = Compounding(modifiers=modifiers, heads=heads)
    return Lexicon(encode(known, [_HOTWORD_SCORE] * len(known), made))
