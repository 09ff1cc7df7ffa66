"""Where a phrase was said → whether the mark or command is meant, or the words.

A mark is what no rule takes for words, and what is said on its own, between two pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tevr import spoken_words as german
from tevr.spoken_phrases import NOUNS, Phrase

#: Seconds without a word that speakers leave around a mark, and seldom between article and noun.
PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase was said.

    Attributes:
        said: the phrase, word by word.
        phrase: what it may mean.
        left: words before it in the utterance, the nearest last; "" stands for a mark.
        right: words after it, the nearest first.
        before: seconds between the word before it and itself; infinite at the beginning.
        after: seconds until the next word; infinite at the end.
        first: the first word of the sentence.
    """

    said: tuple[str, ...]
    phrase: Phrase
    left: tuple[str, ...]
    right: tuple[str, ...]
    before: float
    after: float
    first: str

    def previous(self, number: int = 1) -> str:
        """The word so many before it, "" if there is none."""
        return self.left[-number] if len(self.left) >= number else ""

    def next(self, number: int = 1) -> str:
        """The word so many after it, "" if there is none."""
        return self.right[number - 1] if len(self.right) >= number else ""

    @property
    def alone(self) -> bool:
        """Whether it stands between two pauses."""
        return self.before >= PAUSE and self.after >= PAUSE

    def is_determiner(self, word: str) -> bool:
        """Whether a word can be the article of what the mark is called."""
        if self.phrase.gender is None:
            return False
        plural = self.phrase.plural and word in german.PLURAL_DETERMINERS
        return plural or word in german.DETERMINERS[self.phrase.gender]


def is_meant(place: Place) -> bool:
    """Whether a phrase is said for its mark or command, not as words."""
    if place.phrase.gender is None:
        return place.alone
    if place.alone and not _hangs(place):
        return True
    return not any(rule(place) for rule in _WORD_RULES)


def _hangs(place: Place) -> bool:
    """Whether a noun must follow the word before, even after a hesitation: "ein … Punkt"."""
    return place.previous() in german.HANGING and place.is_determiner(place.previous())


def _is_decimal(place: Place) -> bool:
    """ "drei Komma fünf", "zwei Punkt null"."""
    between = german.is_number(place.previous()) and german.is_number(place.next())
    close = place.before < PAUSE and place.after < PAUSE
    return between and close and place.phrase.text in ".,"


def _is_numbered(place: Place) -> bool:
    """ "Punkt drei der Tagesordnung", "um Punkt acht"."""
    led = not place.left or place.previous() in german.BEFORE_NUMBERS
    numbered = german.is_number(place.next()) or place.next() in ("a", "b", "c")
    return led and numbered and place.after < PAUSE and place.said == ("punkt",)


def _is_determined(place: Place) -> bool:
    """ "der Punkt", "ein Komma", but not "was ist das Fragezeichen"."""
    if not place.is_determiner(place.previous()):
        return False
    if place.previous() not in german.PRONOUNS or place.next() in NOUNS:
        return True
    ends = place.after >= PAUSE or not place.right
    if place.phrase.text == "?" and ends and place.first in german.QUESTION_OPENERS:
        return False
    opens = place.next() in german.CLAUSE_OPENERS
    return not (place.before >= PAUSE and opens)


def _is_described(place: Place) -> bool:
    """ "der springende Punkt", "ein sehr wichtiger Punkt", "nächster Punkt"."""
    words = list(place.left)
    adjectives = 0
    while words and german.is_adjective(words[-1]):
        words.pop()
        adjectives += 1
    if not adjectives or place.before >= PAUSE:
        return False
    while words and words[-1] in german.ADVERBS:
        words.pop()
    if not words:  # without an article, its ending must do: "nächster Punkt", "weiteres Komma"
        ending = {"masculine": "er", "feminine": "e", "neuter": "es"}[
            place.phrase.gender or "neuter"
        ]
        return place.previous().endswith(ending)
    return place.is_determiner(words[-1])


def _is_counted(place: Place) -> bool:
    """ "die drei Fragezeichen"."""
    if not place.phrase.plural or not german.is_number(place.previous()):
        return False
    begins = len(place.left) == 1 and place.after < PAUSE
    return begins or place.previous(2) in german.PLURAL_DETERMINERS | {"mit", "ohne", "aus", "von"}


def _is_governed(place: Place) -> bool:
    """ "ohne Punkt", "in Anführungszeichen", "mit Komma getrennt"."""
    parted = place.previous() == "mit" and place.next() in german.PARTED
    return parted or (place.previous() in german.PREPOSITIONS and place.before < PAUSE)


def _is_named(place: Place) -> bool:
    """ "das Wort Komma wird …"; at the end, the mark ends the sentence."""
    return place.previous() in german.NAMING and place.after < PAUSE


def _is_joined(place: Place) -> bool:
    """ "Punkt und Komma", "weder Punkt noch Komma", "Punkt für Punkt"."""
    if place.next() in german.COORDINATION and place.next(2) in NOUNS:
        return True
    if place.previous() in german.COORDINATION and place.previous(2) in NOUNS:
        return True
    again = place.next() in german.REPEATING and place.next(2) == place.said[0]
    return again or (place.previous() in german.REPEATING and place.previous(2) == place.said[-1])


def _is_talked_about(place: Place) -> bool:
    """ "Punkt ist, dass …" at the beginning, "hier Komma setzen"."""
    if not place.left and place.next() in german.ABOUT and place.after < PAUSE:
        return True
    return place.previous() in german.HANDLED_AFTER and place.next() in german.HANDLING


#: Each says whether a phrase stays words; a mark is what no rule takes for words.
_WORD_RULES: tuple[Callable[[Place], bool], ...] = (
    _is_decimal,
    _is_numbered,
    _is_determined,
    _is_described,
    _is_counted,
    _is_governed,
    _is_named,
    _is_joined,
    _is_talked_about,
)
