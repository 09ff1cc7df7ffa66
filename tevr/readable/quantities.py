"""A number and its neighbours → digits or words: money, per cent, units, ranges, scores, counts."""

from __future__ import annotations

from tevr.readable.amounts import ROUND, Amount, digits, read_amount
from tevr.readable.cardinals import read_cardinal
from tevr.readable.derived import write_compound
from tevr.readable.forms_options import FormsOptions
from tevr.readable.measures import COUNTED_IN_DIGITS, DURATIONS, RATES, SYMBOLS
from tevr.readable.numbered import is_house_number, is_numbered
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.readable.word_lists import words

MOST_LINKS = 4
"""Numbers behind one that decide with it whether it is written in digits."""

_LINKS = words("bis oder auf zu mal von und plus minus durch gegen hoch beziehungsweise")
_CURRENCIES = words("euro euros dollar dollars franken pfund")
_WITH_CENTS = _CURRENCIES - {"pfund"}
_CENTS = {"cent", "cents", "rappen"}
_LARGEST_LINKED = 1000
_LARGEST_SCORE = 99
_BEFORE_SCORE = words(
    "steht stand stehen endet endete enden spielten spielen trennten mit beim zum verhältnis nur"
    " wieder noch ausgleich ergebnis"
)
_FRACTIONS = {
    "drittel": 3, "viertel": 4, "fünftel": 5, "sechstel": 6, "siebtel": 7, "achtel": 8,
    "neuntel": 9, "zehntel": 10, "zwanzigstel": 20, "hundertstel": 100, "tausendstel": 1000,
}  # fmt: skip
_SOME = words(
    """
    paar einige einigen einiger mehrere mehreren mehrerer viele vielen etliche etlichen wenige
    wenigen zig halbes
    """
)
_AFTER_ROUND = words("dank mal ängste tode schön")
_HEED = words(
    """
    geben gegeben gebe gibt gab gibst gebt lassen gelassen lässt liess nehmen genommen nimmt
    nahm zu haben
    """
)
_CHRIST = frozenset(("vor", "nach"))


def write_quantity(place: Place, options: FormsOptions) -> list[Piece] | None:
    """Write the number at a place and what belongs to it; None where there is none."""
    amount = read_amount(place)
    if amount is None:
        return None
    special = (
        _money(place, amount, options)
        or write_compound(place, amount)
        or _fraction(place, amount, options)
        or _score(place, amount)
    )
    if special:
        return special
    if not is_in_digits(place, amount, options):
        return None if amount.article else [AS_SAID] * amount.count
    return [*_amount_pieces(place, amount, options), *_unit(place, amount, options)]


def is_in_digits(place: Place, amount: Amount, options: FormsOptions) -> bool:
    """Tell whether a number is written in digits where it stands."""
    if amount.article:
        measured = options.unit_symbols and place.word(amount.count) in SYMBOLS
        return _counts(place, amount) or (measured and place.word() == "ein")
    if _is_idiom(place, amount):
        return False
    if _by_itself(place, amount, 0) or is_house_number(place):
        return True
    if amount.whole and not amount.scale and (is_numbered(place) or _is_year(place, amount)):
        return True
    if not options.small_numbers_as_words:
        return not _is_heed(place)
    return _follows_digits(place) or _leads_to_digits(place, amount)


def _by_itself(place: Place, amount: Amount, offset: int) -> bool:
    """Tell whether a number at an offset is in digits whatever is linked with it."""
    after = place.word(offset + amount.count)
    if amount.article:
        return _counts(place, amount, offset)
    if not amount.is_small or after in COUNTED_IN_DIGITS:
        return not (offset and _is_round(place, offset, amount))
    return False


def _counts(place: Place, amount: Amount, offset: int = 0) -> bool:
    """Tell whether "ein" is a number: before Prozent, a comma, or millions of money."""
    after = place.word(offset + amount.count)
    if amount.decimals:
        return True
    if amount.scale:
        return after in _CURRENCIES
    return place.word(offset) == "ein" and after in ("prozent", "euro", "promille")


def _is_idiom(place: Place, amount: Amount) -> bool:
    """Tell whether a round number means just many: "ein paar hundert", "tausend Dank"."""
    return place.word() in ROUND and _is_round(place, 0, amount)


def _is_round(place: Place, offset: int, amount: Amount) -> bool:
    if place.word(offset) not in ROUND or amount.count > 1 + amount.scale:
        return False
    some = offset == 0 and place.word(-1) in _SOME
    return some or place.word(offset + 1) in _AFTER_ROUND


def _is_heed(place: Place) -> bool:
    """Tell whether "acht" means attention: "acht geben", "außer acht"."""
    if place.word() != "acht":
        return False
    before, after = place.word(-1), place.word(1)
    return after in _HEED or before in _HEED or before in ("ausser", "habt", "hab", "gib")


def _is_year(place: Place, amount: Amount) -> bool:
    """Tell whether a small number is a year of antiquity: "im Jahr neun nach Christus"."""
    return place.word(amount.count) in _CHRIST and place.word(amount.count + 1) == "christus"


def _follows_digits(place: Place) -> bool:
    """Tell whether a link joins a small number with digits before it: "von 20 auf 10"."""
    return place.kind == "digits" and place.distance == 1 and place.word(-1) in _LINKS - {"und"}


def _leads_to_digits(place: Place, amount: Amount) -> bool:
    """Tell whether numbers linked with a small one want digits: "zehn oder fünfzehn".

    Two numbers with "bis" between them are a range, and in digits anyhow.
    """
    offset = amount.count
    for _ in range(MOST_LINKS):
        link = place.word(offset)
        if link not in _LINKS or not place.joins(offset):
            return False
        following = read_amount(place, offset + 1)
        if following is None or following.article or not place.joins(offset + 1):
            return False
        if link == "bis" and offset == amount.count and not amount.scale:
            return place.word(-1) not in ("viertel", "halb")
        if _by_itself(place, following, offset + 1):
            in_reach = following.whole < _LARGEST_LINKED and not following.scale
            return in_reach or link in ("bis", "auf")
        offset += 1 + following.count
    return False


def _amount_pieces(place: Place, amount: Amount, options: FormsOptions) -> list[Piece]:
    """Return a number in digits, with the letter of a house number."""
    letter = place.word(amount.count)
    if is_house_number(place) and letter in tuple("abcdef") and place.joins(amount.count):
        return [Piece(amount.count + 1, f"{digits(amount.whole, options.thousands)}{letter}")]
    return amount.pieces(options.thousands)


def _unit(place: Place, amount: Amount, options: FormsOptions) -> list[Piece]:
    """Return the unit behind a number where it is written as a symbol."""
    at = amount.count
    if not place.joins(at):
        return []
    unit = place.word(at)
    if unit in ("prozent", "promille"):
        sign = "%" if unit == "prozent" else "‰"
        return [Piece(1, sign, "digits")] if options.percent_sign else []
    if not options.unit_symbols or amount.scale:
        return []
    for names, sign in RATES.items():
        if all(place.word(at + number) == name for number, name in enumerate(names)):
            return [Piece(len(names), sign, "digits")]
    symbol = SYMBOLS.get(unit) or DURATIONS.get(unit)
    return [Piece(1, symbol, "digits")] if symbol else []


def _money(place: Place, amount: Amount, options: FormsOptions) -> list[Piece] | None:
    """Write "zwölf euro fünfzig" as 12,50 €; None where no currency follows."""
    at = amount.count
    currency = place.word(at)
    if currency not in _CURRENCIES or not place.joins(at) or _is_idiom(place, amount):
        return None
    if amount.article and place.word() == "eine" and not amount.scale:
        return None
    if amount.article and currency != "euro" and not amount.scale:
        return None
    euro = currency == "euro" and options.euro_sign
    cents, more = _cents(place, amount, currency)
    if more:
        text = f"{digits(amount.whole, options.thousands)},{cents:02}"
        noun = "€" if euro else currency.capitalize()
        return [Piece(at + 1 + more, f"{text} {noun}", "digits")]
    if write_compound(place, amount):
        return None
    sign = [Piece(1, "€", "digits")] if euro and not amount.scale else []
    return [*amount.pieces(options.thousands), *sign]


def _cents(place: Place, amount: Amount, currency: str) -> tuple[int, int]:
    """Return the cents said behind a currency and the count of their words, 0 for none."""
    start = amount.count + 1
    if amount.decimals or amount.scale or currency not in _WITH_CENTS or not place.joins(start):
        return 0, 0
    linked = place.word(start) == "und"
    found = read_cardinal(place, start + linked)
    if found is None or found[0] not in range(1, 100) or not place.joins(start + linked):
        return 0, 0
    after = place.word(start + linked + found[1])
    if after in _CENTS:
        return found[0], linked + found[1] + 1
    if linked or after in COUNTED_IN_DIGITS or after in ROUND or after.startswith("milli"):
        return 0, 0
    return found


def _fraction(place: Place, amount: Amount, options: FormsOptions) -> list[Piece] | None:
    """Return "drei viertel" as 3/4, None where no such word follows."""
    below = _FRACTIONS.get(place.word(amount.count))
    if below is None or not place.joins(amount.count) or amount.scale:
        return None
    if amount.article and place.word() == "eine":
        return None
    if not options.fractions:
        return [AS_SAID] * amount.count
    return [Piece(amount.count + 1, f"{amount.whole}/{below}", "digits")]


def _is_likeness(place: Place) -> bool:
    """Tell whether "eins zu eins" means "just so" and is no score."""
    same = place.word() == place.word(2) == "eins"
    return same and place.word(-1) not in _BEFORE_SCORE


def _score(place: Place, amount: Amount) -> list[Piece] | None:
    """Write "drei zu zwei" as 3:2; not before a unit or a count of millions."""
    at = amount.count
    if amount.decimals or amount.scale or amount.article or amount.whole > _LARGEST_SCORE:
        return None
    if (
        place.word(at) != "zu"
        or _is_likeness(place)
        or not (place.joins(at) and place.joins(at + 1))
    ):
        return None
    other = read_amount(place, at + 1)
    if other is None or other.article or other.decimals or other.whole > _LARGEST_SCORE:
        return None
    if other.scale or place.word(at + 1 + other.count) in COUNTED_IN_DIGITS:
        return None
    return [Piece(at + 1 + other.count, f"{amount.whole}:{other.whole}", "digits")]
