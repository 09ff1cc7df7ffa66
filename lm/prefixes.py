"""Letters of a word so far → what the lexicon says of them: alive or not, and the words they end.

A `Prefix` depends on its letters alone, not on the words before it, so that a decoder makes each
once and keeps it. Labels of several letters need no care: "st" in "haustür" ends one part of the
compound and begins the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log

from tevr.lm.compounds import LINKS
from tevr.lm.lexicon import Compounding, Lexicon, encode

LN10 = log(10)
_SHORTEST_PART = 3
"""Letters of a part of a compound."""
_MOST_READINGS = 4
"""Ways to take the same letters apart that are followed up."""
_AVERAGE_LETTERS = 6
"""Letters of an average word, as pyctcdecode has it; longer unknown words cost more."""
_MOST_PREFIXES = 300_000
"""Prefixes kept, about 150 MB of them; a decoder that has met more forgets them all."""
_HOTWORD_SCORE = -5.0
"""log10 probability of a hot-word for foreseeing, about that of the 20,000th word."""


@dataclass(frozen=True, slots=True)
class PrefixSettings:
    """What a prefix is charged or given.

    Attributes:
        word_weight: factor that turns a log10 score into a score of the search.
        lookahead: share of the likeliest word's score that its first letters are charged.
        unknown_offset: natural-log charge for letters that begin no word.
        compound_offset: added to the log10 score of a word composed of parts; None composes none.
        hotword_weight: natural-log bonus for a hot-word.
    """

    word_weight: float
    lookahead: float
    unknown_offset: float
    compound_offset: float | None
    hotword_weight: float


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to take the letters of a prefix apart."""

    lexicon: Lexicon
    node: int
    start: int
    """Letters before the current part; 0 where there is no joint."""
    cost: float
    """log10 of the modifiers and joints before the current part."""
    hot: int
    """Hot-words among the modifiers."""


class Prefix:
    """The letters of a word so far.

    Attributes:
        text: the letters.
        code: a number of its own, shifted to leave room for a label.
        next: the prefix after each label tried so far.
        bonus: natural-log score that is added while the word is unfinished.
        word: the word whose score by the language model it takes when it ends here.
        extra: log10 score added to that.
        hot: natural-log bonus for the hot-words inside the finished word.
    """

    __slots__ = ("_readings", "bonus", "code", "extra", "hot", "next", "text", "word")

    def __init__(self, text: str, code: int, readings: tuple[_Reading, ...]) -> None:
        self.text = text
        self.code = code
        self.next: dict[int, Prefix] = {}
        self._readings = readings
        self.bonus = self.extra = self.hot = 0.0
        self.word = text

    @property
    def readings(self) -> tuple[_Reading, ...]:
        """The ways to take the letters apart, likeliest first; none for unknown words."""
        return self._readings


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
        self._shortest = _shortest_by_prefix(hotwords)
        lexicons = [lexicon] if lexicon else []
        if self._composes and self._shortest:
            lexicons.append(_hotword_lexicon(hotwords))
        self._lock = threading.Lock()
        self._by_text: dict[str, Prefix] = {}
        self._starts = tuple(_Reading(each, 0, 0, 0.0, 0) for each in lexicons)
        self.root = self._make("", self._starts)

    @property
    def full(self) -> bool:
        """Whether so many are kept that it is time to begin anew."""
        return len(self._by_text) > _MOST_PREFIXES

    def extend(self, prefix: Prefix, label: int) -> Prefix:
        """The prefix after one more label; safe from several threads."""
        letters = self._labels[label]
        text = prefix.text + letters
        with self._lock:
            longer = self._by_text.get(text)
            if longer is None:
                readings = prefix.readings
                for at, letter in enumerate(letters, len(prefix.text) + 1):
                    readings = self._after(readings, letter, at)
                longer = self._make(text, readings)
        prefix.next[label] = longer
        return longer

    def _after(
        self, readings: tuple[_Reading, ...], letter: str, length: int
    ) -> tuple[_Reading, ...]:
        """The readings after one more letter, joints included."""
        found: list[_Reading] = []
        for reading in readings:
            node = reading.lexicon.child(reading.node, letter)
            if node < 0:
                continue
            found.append(_Reading(reading.lexicon, node, reading.start, reading.cost, reading.hot))
            share = reading.lexicon.modifier(node) if self._composes else None
            if share is not None and length - reading.start >= _SHORTEST_PART:
                found += self._joined(reading, share, length)
        if len(found) > _MOST_READINGS:
            found.sort(key=_promise, reverse=True)
            # What has no joint stays: a known word needs no guess.
            whole = [reading for reading in found if not reading.start]
            found = [*whole, *(reading for reading in found if reading.start)][:_MOST_READINGS]
        return tuple(found)

    def _joined(self, reading: _Reading, share: float, length: int) -> Iterator[_Reading]:
        """What may follow a modifier: a part of either lexicon."""
        main = self._starts[0].lexicon
        rate = main.more if reading.start else main.joint
        hot = reading.hot + (reading.lexicon is not main)
        for start in self._starts:
            yield _Reading(start.lexicon, 0, length, reading.cost + rate + share, hot)

    def _make(self, text: str, readings: tuple[_Reading, ...]) -> Prefix:
        prefix = Prefix(text, len(self._by_text) << self._shift, readings)
        if text:
            prefix.bonus = self._bonus(text, readings)
            self._finish(prefix)
        self._by_text[text] = prefix
        return prefix

    def _bonus(self, text: str, readings: tuple[_Reading, ...]) -> float:
        settings = self._settings
        hot = self._hot_share(text)
        if self._lexicon is None or (hot and not self._composes):
            return hot * settings.hotword_weight
        if not readings:
            length = max(1.0, len(text) / _AVERAGE_LETTERS)
            return settings.unknown_offset * length
        best = max(map(_promise, readings))
        inside = max(reading.hot + self._hot_share(text[reading.start :]) for reading in readings)
        charge = settings.lookahead * settings.word_weight * best
        return charge + inside * settings.hotword_weight

    def _hot_share(self, text: str) -> float:
        """How much of the shortest hot-word that begins so has been spelt."""
        shortest = self._shortest.get(text)
        return len(text) / shortest if shortest and text else 0.0

    def _finish(self, prefix: Prefix) -> None:
        """Settle what the prefix counts as when the word ends with it."""
        settings = self._settings
        if self._lexicon is None:
            return
        if any(not reading.start and _ends(reading) for reading in prefix.readings):
            return
        composed = [reading for reading in prefix.readings if reading.start and _is_head(reading)]
        if not composed:
            prefix.extra = settings.unknown_offset
            return
        best = max(composed, key=_total)
        prefix.word = prefix.text[best.start :]
        prefix.extra = best.cost + (best.lexicon.head(best.node) or 0.0)
        prefix.extra += settings.compound_offset or 0.0
        prefix.hot = settings.hotword_weight * (best.hot + (best.lexicon is not self._lexicon))


def _promise(reading: _Reading) -> float:
    """log10 score of the best that can come of a reading."""
    return reading.cost + reading.lexicon.best(reading.node)


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
