"""Written German → the words a reader says: abbreviations, symbols, numbers, dates, times."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tevr.lm.abbreviations import (
    ABBREVIATIONS,
    BEFORE_NUMBER,
    FRACTIONS,
    ONE_OF,
    SYMBOLS,
    UNITS,
    WEEKDAYS,
)
from tevr.lm.inflection import (
    ORDINAL_NOUNS,
    counted_ones,
    ordinal_ending,
    ordinal_words,
    roman_to_digits,
)
from tevr.lm.number_words import cardinal, ordinal

_YEARS_IN_HUNDREDS = range(1100, 2000)
_TWO_WORDS = 80  # characters
_LONGEST_NUMBER = 15
"""Digits beyond which a number is read digit by digit."""


def _alternatives(keys: Iterable[str]) -> str:
    """Return a pattern of the keys, longest first; a space in a key may be missing in the text."""
    ordered = sorted(keys, key=len, reverse=True)
    return "|".join(re.escape(key).replace(r"\ ", r"\s?") for key in ordered)


_DIGIT = re.compile("[0-9]")
_NEEDS_READING = re.compile(
    r"[0-9§%‰€$£&+=°½¼¾]|\.(?!$)|\b\w{1,5}\.$|\b(?:Mo|Di|Mi|Do|Fr|Sa|So)\s?[-–—]"
)
_SHORT = re.compile(rf"(?<![\w.])(?:{_alternatives(ABBREVIATIONS)})", re.IGNORECASE)
_SHORT_BY_KEY = {key.replace(" ", ""): words for key, words in ABBREVIATIONS.items()}
_SHORT_BEFORE = re.compile(rf"(?<![\w.])({_alternatives(BEFORE_NUMBER)})(?=\s?[0-9])")
_STREET = re.compile(r"(?<=[a-zäöüß])str\.")
_SYMBOL = re.compile(_alternatives(SYMBOLS))
_DAY = rf"({'|'.join(WEEKDAYS)})\b\.?"
_DAYS = re.compile(rf"\b{_DAY}\s?[-–—]\s?{_DAY}")
_FOLLOWING = re.compile(
    r"((?:Seiten?|Artikel|Randnummer|Randziffer|Paragraf|§§?|Nummer|Absatz|Kapitel)\s?[0-9]+)"
    r"\s?(ff?)\.?(?!\w)"
)
_PHONE = re.compile(
    r"\b((?:Telefon|Fax|Mobil|Handy)(?:nummer)?[.:]?\s*)(\+?[0-9][0-9 /()–-]{3,}[0-9])"
)
_POINTS = re.compile(r"(?<![0-9.,])[0-9]+(?:\.[0-9]+)+(?![0-9]|,[0-9])")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_TIMES = re.compile(r"(?<=[0-9a-z²])\s[x×]\s(?=[0-9])|(?<=[0-9])[x×](?=[0-9])")
_POWER = re.compile(r"(?<=[0-9])\^(?=[-–−]?[0-9])")
_PRESSURE = re.compile(r"(?<=[0-9])/(?=[0-9]{2,3}\s?mmHg)")
_GAP = r"[ \u00a0\u202f\u2009]"
_AMOUNT = rf"(?<![0-9])(?:[0-9]{{1,3}}(?:(?:\.|{_GAP})[0-9]{{3}})+|[0-9]+)(?:,[0-9]+)?(?![0-9])"
_MONEY_FIRST = re.compile(rf"([€$£])\s?({_AMOUNT})")
_MEASURE = re.compile(rf"({_AMOUNT})\s?({_alternatives(UNITS)})(?![\w²³/])")
_MINUS = re.compile(r"(?<![\w.,)])[-−–](?=[0-9])")
_CLOCK = re.compile(
    r"(?<![0-9:.,])([01]?[0-9]|2[0-4])(?::([0-5][0-9])(?!:?[0-9])(?:\s?Uhr\b)?"
    r"|\.([0-5][0-9])\s?Uhr\b)"
)
_DATE = re.compile(
    r"(?<![0-9.])(0?[1-9]|[12][0-9]|3[01])\.\s?(0?[1-9]|1[0-2])\."
    r"(?:\s?([12][0-9]{3})(?![0-9])|([0-9]{2})(?![0-9])|(?![0-9]))"
)
_SCORE = re.compile(r"(?<=[0-9])\s?:\s?(?=[0-9])")
_RANGE = re.compile(r"(?<=[0-9])(\.?)\s?[-–—]\s?(?=[0-9])")
_ORDINAL = re.compile(
    rf"(?<![0-9.,])([0-9]{{1,3}})\.(?=\s+(?:(?P<noun>{ORDINAL_NOUNS})\b|(?P<small>[a-zäöü])|\w))"
)
_FRACTION = re.compile(rf"(?<![0-9/])(?:{_alternatives(FRACTIONS)})(?![0-9/])")
_JOINED = re.compile(
    r"(?<![0-9.,])([0-9]{1,4})(?:(er(?:n|s)?\b)"
    r"|-?((?i:(?:jährig|köpfig|prozentig|tägig|stündig|minütig|teilig|stellig|fach|mal)\w*)))"
)
_AND_A_HALF = re.compile(rf"({_AMOUNT})\s?½")
_NUMBER = re.compile(_AMOUNT)


def read_out(text: str) -> str:
    """Replace abbreviations, symbols and numbers by the words a reader says.

    Args:
        text: German in NFC, cased and punctuated; other text passes unchanged.

    Raises:
        UsageError: the text holds digits and the package num2words is not installed.
    """
    if not _NEEDS_READING.search(text):
        return text
    text = _DAYS.sub(lambda match: f"{WEEKDAYS[match[1]]} bis {WEEKDAYS[match[2]]}", text)
    text = _STREET.sub("straße", _SHORT.sub(_short_words, text))
    text = roman_to_digits(text)
    text = _SHORT_BEFORE.sub(lambda match: BEFORE_NUMBER[match[1]], text)
    if _DIGIT.search(text):
        text = _read_numbers(text)
    return _SYMBOL.sub(lambda match: f" {SYMBOLS[match[0]]} ", text)


def _short_words(match: re.Match[str]) -> str:
    """Return the words of an abbreviation, or the text itself where only the case differs."""
    key = re.sub(r"\s", "", match[0])
    words = _SHORT_BY_KEY.get(key) or _SHORT_BY_KEY.get(key[0].lower() + key[1:])
    return words or match[0]


def _read_numbers(text: str) -> str:
    """Read out every digit of a text; the order of the steps goes from special to general."""
    text = _PHONE.sub(lambda match: match[1] + _digit_words(match[2]), text)
    text = _POWER.sub(" hoch ", text)
    text = _TIMES.sub(" mal ", text)
    text = _PRESSURE.sub(" zu ", text)
    text = _FOLLOWING.sub(_following_words, text)
    text = _MONEY_FIRST.sub(r"\2 \1", text)
    text = _MINUS.sub("minus ", text)
    text = _CLOCK.sub(_clock_words, text)
    text = _DATE.sub(_date_words, text)
    text = _SCORE.sub(" zu ", text)
    text = _RANGE.sub(r"\1 bis ", text)
    text = _ORDINAL.sub(_ordinal_or_end, text)
    text = _AND_A_HALF.sub(lambda match: f" {_amount_words(match[1])}einhalb ", text)
    text = _FRACTION.sub(lambda match: FRACTIONS[match[0]], text)
    text = _MEASURE.sub(_measure_words, text)
    text = _JOINED.sub(_joined_words, text)
    text = counted_ones(_POINTS.sub(_point_words, text))
    return _NUMBER.sub(lambda match: f" {_amount_words(match[0])} ", text)


def _digit_words(digits: str) -> str:
    """Read a telephone number digit by digit."""
    plus = "plus " if digits.startswith("+") else ""
    return plus + " ".join(cardinal(int(digit)) for digit in digits if digit.isdecimal())


def _following_words(match: re.Match[str]) -> str:
    return f"{match[1]} {'folgende' if match[2] == 'f' else 'fortfolgende'} "


def _point_words(match: re.Match[str]) -> str:
    """Read the points of codes and versions, but not those between thousands."""
    return match[0] if _THOUSANDS.fullmatch(match[0]) else match[0].replace(".", " Punkt ")


def _clock_words(match: re.Match[str]) -> str:
    minutes = int(match[2] or match[3])
    hour = _hours(int(match[1]))
    return f"{hour} Uhr {cardinal(minutes)}" if minutes else f"{hour} Uhr"


def _hours(hour: int) -> str:
    return "ein" if hour == 1 else cardinal(hour)


def _date_words(match: re.Match[str]) -> str:
    ending = ordinal_ending(_before(match)) or "r"
    words = f"{ordinal(int(match[1]))}{ending} {ordinal(int(match[2]))}{ending}"
    year = match[3] or match[4]
    return f"{words} {_amount_words(year)}" if year else f"{words} "


def _ordinal_or_end(match: re.Match[str]) -> str:
    """Read "3." as an ordinal where its neighbours ask for one, else as a number and a stop."""
    likely = match["small"] is not None
    words = ordinal_words(int(match[1]), _before(match), match["noun"], likely=likely)
    return match[0] if words is None else words


def _before(match: re.Match[str]) -> str:
    """Return the stretch before a match that can hold its last two words."""
    return match.string[max(0, match.start() - _TWO_WORDS) : match.start()]


def _measure_words(match: re.Match[str]) -> str:
    number, unit = match[1], UNITS[match[2]]
    if number == "1":
        return f" {ONE_OF.get(unit, f'ein {unit}')} "
    whole, _, cents = number.partition(",")
    if unit in {"Euro", "Dollar", "Pfund"} and re.fullmatch("[0-9]{2}", cents):
        whole_words = "ein" if whole == "1" else _amount_words(whole)
        return f" {whole_words} {unit} {cardinal(int(cents)) if int(cents) else ''} "
    return f" {_amount_words(number)} {unit} "


def _joined_words(match: re.Match[str]) -> str:
    stem = _amount_words(match[1])
    tail = match[2] or match[3]
    joined = "ein" if stem == "eins" else stem
    return f" {joined}{tail}"


def _amount_words(amount: str) -> str:
    """Read an integer or decimal as German writes it: "1.500", "3,14", "1998", "007"."""
    whole, _, decimals = amount.partition(",")
    digits = re.sub("[^0-9]", "", whole)
    if (digits.startswith("0") and len(digits) > 1) or len(digits) > _LONGEST_NUMBER:
        words = " ".join(cardinal(int(digit)) for digit in digits)
    else:
        words = cardinal(int(digits), year=whole == digits and int(digits) in _YEARS_IN_HUNDREDS)
    spelt = " ".join(cardinal(int(digit)) for digit in decimals)
    return f"{words} Komma {spelt}" if decimals else words
