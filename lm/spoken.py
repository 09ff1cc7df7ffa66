"""Written German → the words a reader says: abbreviations, symbols, numbers, dates, times.

The words of bare cardinals and ordinals come from the package num2words (extra `lm`), imported
at the first digit; everything around them (endings, units, years, clock times) is ruled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module

from tevr.errors import UsageError

ABBREVIATIONS = {
    "z. B.": "zum Beispiel", "d. h.": "das heißt", "u. a.": "unter anderem", "z. T.": "zum Teil",
    "u. U.": "unter Umständen", "i. d. R.": "in der Regel", "o. ä.": "oder ähnliches",
    "o. Ä.": "oder Ähnliches", "u. ä.": "und ähnliches", "u. Ä.": "und Ähnliches",
    "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "v. a.": "vor allem",
    "s. o.": "siehe oben", "s. u.": "siehe unten", "z. Zt.": "zurzeit", "i. A.": "im Auftrag",
    "a. D.": "außer Dienst", "e. V.": "eingetragener Verein", "u. v. m.": "und vieles mehr",
    "u. s. w.": "und so weiter", "usw.": "und so weiter", "usf.": "und so fort",
    "etc.": "et cetera", "bzw.": "beziehungsweise", "ca.": "circa", "evtl.": "eventuell",
    "ggf.": "gegebenenfalls", "inkl.": "inklusive", "exkl.": "exklusive", "vgl.": "vergleiche",
    "sog.": "sogenannte", "bspw.": "beispielsweise", "geb.": "geboren", "gest.": "gestorben",
    "eigtl.": "eigentlich", "allg.": "allgemein", "insb.": "insbesondere", "zzgl.": "zuzüglich",
    "engl.": "englisch", "frz.": "französisch", "dt.": "deutsch", "lat.": "lateinisch",
    "Dr.": "Doktor", "Prof.": "Professor", "Dipl.": "Diplom", "Ing.": "Ingenieur",
    "Hr.": "Herr", "Fr.": "Frau", "Hl.": "Heilige", "St.": "Sankt", "Str.": "Straße",
    "Jh.": "Jahrhundert", "Jhd.": "Jahrhundert", "Mio.": "Millionen", "Mrd.": "Milliarden",
    "Tsd.": "Tausend", "Std.": "Stunden", "Tel.": "Telefon", "Hrsg.": "Herausgeber",
    "Nr.": "Nummer", "Nrn.": "Nummern", "Mr.": "Mister", "Mrs.": "Misses",
}  # fmt: skip
# Ordinary words elsewhere ("dieser Art.", "Max."), so read out only before a number.
BEFORE_NUMBER = {
    "Abs.": "Absatz", "Art.": "Artikel", "Kap.": "Kapitel", "Abb.": "Abbildung", "Bd.": "Band",
    "S.": "Seite", "max.": "maximal", "min.": "minimal", "mind.": "mindestens", "No.": "Nummer",
}  # fmt: skip
_UNITS = {
    "km/h": "Kilometer pro Stunde", "m/s": "Meter pro Sekunde", "km²": "Quadratkilometer",
    "m²": "Quadratmeter", "cm²": "Quadratzentimeter", "m³": "Kubikmeter", "km": "Kilometer",
    "m": "Meter", "cm": "Zentimeter", "mm": "Millimeter", "kg": "Kilogramm", "g": "Gramm",
    "mg": "Milligramm", "t": "Tonnen", "l": "Liter", "ml": "Milliliter", "ha": "Hektar",
    "kWh": "Kilowattstunden", "kW": "Kilowatt", "MW": "Megawatt", "GW": "Gigawatt", "W": "Watt",
    "V": "Volt", "Hz": "Hertz", "kHz": "Kilohertz", "MHz": "Megahertz", "GHz": "Gigahertz",
    "MB": "Megabyte", "GB": "Gigabyte", "h": "Stunden", "min": "Minuten", "s": "Sekunden",
    "°C": "Grad Celsius", "°F": "Grad Fahrenheit", "°": "Grad", "%": "Prozent", "‰": "Promille",
    "€": "Euro", "EUR": "Euro", "$": "Dollar", "£": "Pfund", "Uhr": "Uhr", "Prozent": "Prozent",
    "Euro": "Euro", "Dollar": "Dollar", "Meter": "Meter", "Kilometer": "Kilometer",
    "Millionen": "Millionen", "Milliarden": "Milliarden", "Million": "Million",
}  # fmt: skip
_ONE_OF = {
    "Millionen": "eine Million", "Milliarden": "eine Milliarde", "Million": "eine Million",
    "Tonnen": "eine Tonne", "Stunden": "eine Stunde", "Minuten": "eine Minute",
    "Sekunden": "eine Sekunde", "Kilowattstunden": "eine Kilowattstunde",
}  # fmt: skip
_SYMBOLS = {
    "§§": "Paragrafen", "§": "Paragraf", "%": "Prozent", "‰": "Promille", "€": "Euro",
    "$": "Dollar", "£": "Pfund", "&": "und", "+": "plus", "=": "gleich", "°": "Grad",
    "½": "ein halb", "¼": "ein Viertel", "¾": "drei Viertel",
}  # fmt: skip
_FRACTIONS = {
    "1/2": "ein halb", "1/3": "ein Drittel", "2/3": "zwei Drittel", "1/4": "ein Viertel",
    "3/4": "drei Viertel", "1/5": "ein Fünftel", "1/10": "ein Zehntel",
}  # fmt: skip
_MONTHS = (
    "Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
)
_ORDINAL_NOUNS = rf"(?:{_MONTHS}|Jahrhundert|Jahrtausend|Lebensjahr|Geburtstag|Klasse|Platz)"
# Words before an ordinal, by what they append to "dritte".
_BEFORE_N = re.compile(
    r"am|im|vom|zum|zur|beim|ans|ins|dem|den|des|von|bis|und|oder|sowie|(?:[dms]?ein|kein|ihr|unser"
    r"|jed|dies)e[mnrs]",
    re.IGNORECASE,
)
_BEFORE_PLAIN = re.compile(
    r"das|die|diese|jede[rs]?|dieses|(?:[dms]?ein|kein|ihr|unser|eur)e", re.IGNORECASE
)
_BEFORE_R = re.compile(r"(?:[dms]?|k)ein|ihr|unser", re.IGNORECASE)
_BEFORE_M = re.compile(r"ab|seit", re.IGNORECASE)
_DATIVE = re.compile(
    r"in|an|auf|aus|bei|mit|nach|seit|von|zu|unter|vor|während|wegen|ab|neben|[A-ZÄÖÜ]\w*"
)

_YEARS_IN_HUNDREDS = range(1100, 2000)
_TWO_WORDS = 80  # characters
_LONGEST_NUMBER = 15
"""Digits beyond which a number is read digit by digit."""


def _alternatives(keys: Iterable[str]) -> str:
    """Return a pattern of the keys, longest first; a space in a key may be missing in the text."""
    ordered = sorted(keys, key=len, reverse=True)
    return "|".join(re.escape(key).replace(r"\ ", r"\s?") for key in ordered)


_DIGIT = re.compile("[0-9]")
_NEEDS_READING = re.compile(r"[0-9§%‰€$£&+=°½¼¾]|\.(?!$)|\b\w{1,5}\.$")
_SHORT = re.compile(rf"(?<![\w.])(?:{_alternatives(ABBREVIATIONS)})", re.IGNORECASE)
_SHORT_BY_KEY = {key.replace(" ", ""): words for key, words in ABBREVIATIONS.items()}
_SHORT_BEFORE = re.compile(rf"(?<![\w.])({_alternatives(BEFORE_NUMBER)})(?=\s?[0-9])")
_STREET = re.compile(r"(?<=[a-zäöüß])str\.")
_SYMBOL = re.compile(_alternatives(_SYMBOLS))
_GAP = r"[ \u00a0\u202f\u2009]"
_AMOUNT = rf"(?<![0-9])(?:[0-9]{{1,3}}(?:(?:\.|{_GAP})[0-9]{{3}})+|[0-9]+)(?:,[0-9]+)?(?![0-9])"
_MONEY_FIRST = re.compile(rf"([€$£])\s?({_AMOUNT})")
_MEASURE = re.compile(rf"({_AMOUNT})\s?({_alternatives(_UNITS)})(?![\w²³/])")
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
    rf"(?<![0-9.,])([0-9]{{1,3}})\.(?=\s+(?:(?P<noun>{_ORDINAL_NOUNS}\b)|(?P<small>[a-zäöü])|\w))"
)
_LAST_TWO = re.compile(r"(?:([^\W\d_]+)\s+)?([^\W\d_]+)[\s„\"(]*$")
_FRACTION = re.compile(rf"(?<![0-9/])(?:{_alternatives(_FRACTIONS)})(?![0-9/])")
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
    text = _STREET.sub("straße", _SHORT.sub(_short_words, text))
    text = _SHORT_BEFORE.sub(lambda match: BEFORE_NUMBER[match[1]], text)
    if _DIGIT.search(text):
        text = _read_numbers(text)
    return _SYMBOL.sub(lambda match: f" {_SYMBOLS[match[0]]} ", text)


def _short_words(match: re.Match[str]) -> str:
    """Return the words of an abbreviation, or the text itself where only the case differs."""
    key = re.sub(r"\s", "", match[0])
    words = _SHORT_BY_KEY.get(key) or _SHORT_BY_KEY.get(key[0].lower() + key[1:])
    return words or match[0]


def _read_numbers(text: str) -> str:
    """Read out every digit of a text; the order of the steps goes from special to general."""
    text = _MONEY_FIRST.sub(r"\2 \1", text)
    text = _MINUS.sub("minus ", text)
    text = _CLOCK.sub(_clock_words, text)
    text = _DATE.sub(_date_words, text)
    text = _SCORE.sub(" zu ", text)
    text = _RANGE.sub(r"\1 bis ", text)
    text = _ORDINAL.sub(_ordinal_or_end, text)
    text = _AND_A_HALF.sub(lambda match: f" {_amount_words(match[1])}einhalb ", text)
    text = _FRACTION.sub(lambda match: _FRACTIONS[match[0]], text)
    text = _MEASURE.sub(_measure_words, text)
    text = _JOINED.sub(_joined_words, text)
    return _NUMBER.sub(lambda match: f" {_amount_words(match[0])} ", text)


def _clock_words(match: re.Match[str]) -> str:
    minutes = int(match[2] or match[3])
    hour = _hours(int(match[1]))
    return f"{hour} Uhr {_cardinal(minutes)}" if minutes else f"{hour} Uhr"


def _hours(hour: int) -> str:
    return "ein" if hour == 1 else _cardinal(hour)


def _date_words(match: re.Match[str]) -> str:
    ending = _ordinal_ending(_before(match)) or "r"
    words = f"{_ordinal(int(match[1]))}{ending} {_ordinal(int(match[2]))}{ending}"
    year = match[3] or match[4]
    return f"{words} {_amount_words(year)}" if year else f"{words} "


def _ordinal_or_end(match: re.Match[str]) -> str:
    """Read "3." as an ordinal where its neighbours ask for one, else as a number and a stop."""
    ending = _ordinal_ending(_before(match))
    if ending is None and not (match["noun"] or match["small"]):
        return match[0]
    return _ordinal(int(match[1])) + ("r" if ending is None else ending)


def _before(match: re.Match[str]) -> str:
    """Return the stretch before a match that can hold its last two words."""
    return match.string[max(0, match.start() - _TWO_WORDS) : match.start()]


def _ordinal_ending(before: str) -> str | None:
    """Return what the words before an ordinal append to "dritte"; None if they do not tell."""
    found = _LAST_TWO.search(before)
    if found is None:
        return None
    earlier, last = found[1] or "", found[2]
    if last in {"der", "Der"}:
        return "n" if _DATIVE.fullmatch(earlier) else ""
    rules = ((_BEFORE_N, "n"), (_BEFORE_PLAIN, ""), (_BEFORE_R, "r"), (_BEFORE_M, "m"))
    return next((ending for rule, ending in rules if rule.fullmatch(last)), None)


def _measure_words(match: re.Match[str]) -> str:
    number, unit = match[1], _UNITS[match[2]]
    if number == "1":
        return f" {_ONE_OF.get(unit, f'ein {unit}')} "
    whole, _, cents = number.partition(",")
    if unit in {"Euro", "Dollar", "Pfund"} and re.fullmatch("[0-9]{2}", cents):
        whole_words = "ein" if whole == "1" else _amount_words(whole)
        return f" {whole_words} {unit} {_cardinal(int(cents)) if int(cents) else ''} "
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
        words = " ".join(_cardinal(int(digit)) for digit in digits)
    else:
        words = _cardinal(int(digits), year=whole == digits and int(digits) in _YEARS_IN_HUNDREDS)
    spelt = " ".join(_cardinal(int(digit)) for digit in decimals)
    return f"{words} Komma {spelt}" if decimals else words


@lru_cache(maxsize=65536)
def _cardinal(number: int, *, year: bool = False) -> str:
    words = _num2words(number, "year" if year else "cardinal")
    # One says "hundert" and "tausend", and "ein" only in a heap of thousands.
    return re.sub(r"^ein(?=hundert(?!.*tausend)|tausend)", "", words)


@lru_cache(maxsize=1024)
def _ordinal(number: int) -> str:
    return re.sub(r"^ein(?=hundert)", "", _num2words(number, "ordinal"))


def _num2words(number: int, form: str) -> str:
    try:
        package = import_module("num2words")
    except ImportError as error:
        raise UsageError(
            "The text holds digits, and the package that reads them out, num2words, is missing",
            'Install it with: pip install "tevr[lm]".',
        ) from error
    return str(package.num2words(number, lang="de", to=form))
