"""Number words, joined or torn → whole numbers: "zwei tausend zwanzig", "zweitausendzwanzig"."""

from __future__ import annotations

from functools import lru_cache

from tevr.readable.place import Place
from tevr.readable.word_lists import words

MOST_WORDS = 12
"""Words into which one number below a million can be torn."""

_DIGITS = ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"]
_TEENS = [
    "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn",
    "neunzehn",
]  # fmt: skip
_TENS = ["zwanzig", "dreissig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
_UNITS = {word: value for value, word in enumerate(_DIGITS) if value}
_UNITS["zwo"] = 2
_HEADS = {"ein" if word == "eins" else word: value for word, value in _UNITS.items()}
"""Digits as they stand before "und", "hundert" and "tausend"."""

_BELOW_100 = {"null": 0} | _UNITS | {word: value for value, word in enumerate(_TEENS, 10)}
for _ten, _word in enumerate(_TENS, 2):
    _BELOW_100[_word] = 10 * _ten
    _BELOW_100 |= {f"{head}und{_word}": 10 * _ten + value for head, value in _HEADS.items()}
_BEFORE_HUNDRED = {"": 1} | _HEADS | {word: value for value, word in enumerate(_TEENS[1:], 11)}

_THOUSAND = 1000

SINGLE = frozenset({*_DIGITS, "zwo"})
"""Words for one digit."""

_LISTED = words(
    """
    zwischen artikel artikeln artikels absätze absätzen paragrafen paragraphen seiten nummern
    kapitel kapiteln
    """
)
"""After these, "drei und zwanzig" are two numbers."""


@lru_cache(maxsize=1 << 15)
def cardinal(word: str) -> int | None:
    """Return the value of one folded word below a million, None if it is no number.

    "ein" is none by itself: whether it counts hangs on what follows.
    """
    head, thousand, tail = word.partition("tausend")
    if not thousand:
        return _below_thousand(word)
    before = 1 if not head else _HEADS.get(head, _below_thousand(head))
    after = 0 if not tail else _below_thousand(tail.removeprefix("und"))
    if not before or after is None or max(before, after) >= _THOUSAND or tail == "null":
        return None
    return 1000 * before + after


def _below_thousand(word: str) -> int | None:
    """Return the value of a number word without thousands; years have up to 19 hundreds."""
    head, hundred, tail = word.partition("hundert")
    if not hundred:
        return _BELOW_100.get(word)
    before = _BEFORE_HUNDRED.get(head)
    after = 0 if not tail else _BELOW_100.get(tail.removeprefix("und"))
    return None if before is None or after is None or tail == "null" else 100 * before + after


def begins_cardinal(word: str) -> bool:
    """Tell whether a folded word is a number, or torn off the beginning of one: "dreiund"."""
    torn = word == "ein" or (word.endswith("und") and cardinal(f"{word}zwanzig") is not None)
    return torn or cardinal(word) is not None


def read_cardinal(place: Place, offset: int = 0) -> tuple[int, int] | None:
    """Return value and count of the words of the longest number at an offset, None without one.

    Words are one number if together they spell one: "zwei" "hundert" "drei", but not "zwanzig"
    "drei". "und" joins ones and tens only, "zehn" joins no digit ("acht, zehn, zwölf").
    """
    text = place.word(offset)
    value = cardinal(text)
    if value is None and not begins_cardinal(text):
        return None
    found = None if value is None else (value, 1)
    for count in range(1, MOST_WORDS):
        following = place.word(offset + count)
        if not _may_continue(text, following) or not place.joins(offset + count):
            break
        if following == "und" and place.word(offset - 1) in _LISTED:
            break
        text += following
        value = cardinal(text)
        found = found if value is None else (value, count + 1)
    return found


@lru_cache(maxsize=1 << 12)
def _may_continue(text: str, following: str) -> bool:
    """Tell whether a word can go on with what was spelt so far."""
    if following == "und":
        return _is_whole(f"{text}undzwanzig")
    if following == "zig":
        return _is_whole(f"{text}zig")
    if cardinal(following) is None and following != "ein":
        return False
    if following == "zehn" and (cardinal(text) or 0) % 100:
        return False
    longer = text + following
    return any(_is_whole(longer + end) for end in ("", "hundert", "zig", "undzwanzig"))


def _is_whole(text: str) -> bool:
    return cardinal(text) is not None
