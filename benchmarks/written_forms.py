"""Running German → the number forms in it, each with the style in which it should come back.

Several written forms are read alike, so that nobody can tell from the sound which one was meant:
"1.989" and 1989, "8.30 Uhr" and "8:30 Uhr", "12 Prozent" and "12 %", "5 km" and "5 Kilometer",
"03.05.2020" and "3. 5. 2020". They should come back in the style that `FormsOptions` documents.
Where Duden leaves the choice to the writer ("3" or "drei" in running text, "2." or "zweiten", "1"
or the article before a noun), either is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tevr.lm.abbreviations import BEFORE_NUMBER, UNITS
from tevr.lm.corpus import normalise

SMALL = range(13)
MASK = "zahlwort"
"""Stands for a form while the rest of its sentence is read out; no text holds it."""

MONTHS = "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"
WHOLE = r"(?:[0-9]{1,3}(?:[. \u00a0\u202f][0-9]{3})+(?![0-9])|[0-9]+)"
AMOUNT = rf"{WHOLE}(?:,[0-9]+)?"
SCALE = r"(?:Millionen|Milliarden|Billionen|Million|Milliarde|Mio\.|Mrd\.)"
UNIT_NAMES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
FORMS = {
    "date": rf"(?P<day>[0-9]{{1,2}})\.\s?(?P<month>{MONTHS})(?:\s(?P<year>[12][0-9]{{3}}))?",
    "date in digits": r"(?P<d>[0-9]{1,2})\.\s?(?P<m>[0-9]{1,2})\.\s?(?P<y>[12][0-9]{3})",
    "time": r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})\sUhr|(?P<full>[0-9]{1,2})\sUhr",
    "money": rf"(?P<money>{AMOUNT})\s?(?P<many>{SCALE})?\s?(?P<coin>Euro|€|Dollar)(?![\w-])",
    "per cent": rf"(?P<part>{AMOUNT})\s?(?:%|Prozent)(?![\w-])",
    "section": r"§\s(?P<section>[0-9]+[a-z]?)(?:\s(?:Abs\.|Absatz)\s(?P<clause>[0-9]+))?",
    "million": rf"(?P<count>{AMOUNT})\s(?P<scale>{SCALE})",
    "unit": rf"(?P<size>{AMOUNT})\s?(?P<unit>{UNIT_NAMES})(?![\w²³/.-])",
    "decade": r"(?P<decade>[0-9]{2,3}0er[ns]?)(?:[\s-](?P<years>Jahren?))?",
    "age": r"(?P<age>[0-9]+)-(?P<tail>[jJ]ährig\w*|[tT]ägig\w*|prozentig\w*|[fF]ach\w*|mal)",
    "score": r"(?P<goals>[0-9]{1,2})\s?:\s?(?P<other>[0-9])",
    "ordinal": r"(?P<ordinal>[0-9]{1,3})\.(?=\s\w)",
    "decimal": rf"(?P<decimal>{WHOLE},[0-9]+)",
    "number": rf"(?P<number>{WHOLE})",
}
"""Kind → pattern of its written form, special ones first; the names of groups say which matched."""
FORM = re.compile(
    r"(?<![\w.,:/§+×^–−-])(?:" + "|".join(f"(?:{form})" for form in FORMS.values()) + r")"
    r"(?![\w:/×^²³°%€–−-]|[.,][0-9])"
)
_RANGE = re.compile(r"(?<=[0-9])(\.?)\s?[–—-]\s?(?=[0-9])")
_GROUPS = {kind: set(re.compile(form).groupindex) for kind, form in FORMS.items()}
_BEFORE = re.compile(rf"(?:{'|'.join(map(re.escape, BEFORE_NUMBER))})(?=\s[0-9])")


@dataclass(frozen=True)
class Case:
    """A written form in its sentence.

    Attributes:
        kind: what it is.
        accepted: lower-case words that may stand for it.
        match: where it stands.
    """

    kind: str
    accepted: tuple[str, ...]
    match: re.Match[str]


def digits(number: str) -> str:
    """A number in the documented style: a point between thousands from 10.000 on."""
    whole, _, decimals = re.sub(r"[^0-9,]", "", number).partition(",")
    value = int(whole)
    text = str(value) if value < 10_000 else f"{value:,}".replace(",", ".")
    return f"{text},{decimals}" if decimals else text


def spoken_or(number: str) -> tuple[str, ...]:
    """A number in digits, or as the word that small ones stay."""
    text = digits(number)
    if not text.isdigit() or int(text) not in SMALL:
        return (text,)
    return (text, normalise(text))


def canonical(match: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    """Kind and accepted words of a form."""
    at = {name: value for name, value in match.groupdict().items() if value is not None}
    kind = next(kind for kind, names in _GROUPS.items() if names & at.keys())
    makers = (_calendar, _clock, _money, _measured, _counted)
    return kind, next(filter(None, (maker(at) for maker in makers)))


def _calendar(at: dict[str, str]) -> tuple[str, ...]:
    if "month" in at:
        year = f" {at['year']}" if "year" in at else ""
        return (f"{int(at['day'])}. {at['month'].lower()}{year}",)
    if "d" in at:
        return (f"{int(at['d'])}. {int(at['m'])}. {at['y']}",)
    years = f" {at['years'].lower()}" if "years" in at else ""
    return (f"{at['decade']}{years}",) if "decade" in at else ()


def _clock(at: dict[str, str]) -> tuple[str, ...]:
    if "full" in at:
        return (f"{int(at['full'])} uhr",)
    if "hour" not in at:
        return ()
    if at["minute"] == "00":
        return (f"{int(at['hour'])} uhr",)
    return (f"{int(at['hour'])}:{at['minute']} uhr",)


def _money(at: dict[str, str]) -> tuple[str, ...]:
    if "money" not in at:
        return ()
    coin = {"€": "euro"}.get(at["coin"], at["coin"].lower())
    if "many" in at:
        return tuple(f"{amount} {coin}" for amount in _scaled(at["money"], at["many"]))
    whole, _, cents = at["money"].partition(",")
    sign = "€" if coin == "euro" else coin
    if cents in ("00", ""):
        return (*(f"{text} {sign}" for text in _large(whole)), *_one(whole, coin))
    return (f"{digits(at['money'])} {sign}",)


def _large(number: str) -> tuple[str, ...]:
    """A whole number; "15.000.000" is said, and so written, as 15 Millionen."""
    value = int(re.sub("[^0-9]", "", number))
    for scale, names in ((10**9, ("milliarde", "milliarden")), (10**6, ("million", "millionen"))):
        if value and value % scale == 0 and value < 1000 * scale:
            many = value // scale
            return _scaled(str(many), names[many > 1])
    return (digits(number),)


def _scaled(number: str, scale: str) -> tuple[str, ...]:
    noun = {"Mio.": "millionen", "Mrd.": "milliarden"}.get(scale, scale.lower())
    one = noun.removesuffix("n").removesuffix("en") if noun.startswith("milliarde") else "million"
    if number == "1":
        return tuple(f"{article} {one}" for article in ("1", "eine", "einer"))
    return tuple(f"{text} {noun}" for text in spoken_or(number))


def _one(number: str, noun: str) -> tuple[str, ...]:
    """What "1" before a noun may be: its article."""
    articles = ("ein", "eine", "einem", "einer") if number == "1" else ()
    return tuple(f"{article} {noun}" for article in articles)


def _measured(at: dict[str, str]) -> tuple[str, ...]:
    if "part" in at:
        return (f"{digits(at['part'])} %",)
    if "section" in at:
        clause = f" abs. {at['clause']}" if "clause" in at else ""
        return (f"§ {at['section']}{clause}",)
    if "count" in at:
        return _scaled(at["count"], at["scale"])
    if "unit" not in at:
        return ()
    unit = normalise(UNITS[at["unit"]])
    single = (normalise(f"1 {at['unit']}"),) if at["size"] == "1" else ()
    durations = spoken_or(at["size"]) if unit in ("stunden", "minuten", "sekunden") else ()
    return (f"{digits(at['size'])} {unit}", *(f"{text} {unit}" for text in durations), *single)


def _counted(at: dict[str, str]) -> tuple[str, ...]:
    if "ordinal" in at:
        value = int(at["ordinal"])
        stem = normalise(f"der {value}. Mai").split()[1]
        small = tuple(stem + end for end in ("", "n", "r", "s", "m")) if value in SMALL else ()
        return (f"{value}.", *small)
    if "age" in at:
        digital = f"{at['age']}-{at['tail'].lower()}"
        return (digital, *([normalise(digital)] if int(at["age"]) in (*SMALL, 100, 1000) else []))
    if "goals" in at:
        return (f"{int(at['goals'])}:{at['other']}",)
    if "decimal" in at:
        return (digits(at["decimal"]),)
    number = at["number"]
    if number == "1":
        return ("1", "eins", "ein", "eine", "einer", "einem", "einen")
    large = _large(number)
    return large if large != (digits(number),) else spoken_or(number)


def cases_of(sentence: str) -> tuple[str, list[Case]]:
    """The sentence as it is read out, and its forms; none if a digit belongs to no form."""
    sentence = _BEFORE.sub(lambda match: BEFORE_NUMBER[match[0]], sentence)
    sentence = _RANGE.sub(r"\1 bis ", sentence)
    if re.search("[0-9]", FORM.sub(" ", sentence)):
        return sentence, []
    return sentence, [Case(*canonical(match), match) for match in FORM.finditer(sentence)]


def masked(sentence: str, cases: Sequence[Case]) -> list[str]:
    """The words of a sentence as they are read out, `MASK` in place of each form."""
    parts, at = [], 0
    for case in cases:
        parts += [sentence[at : case.match.start()], f" {MASK} "]
        at = case.match.end()
    return normalise("".join([*parts, sentence[at:]])).split()
