"""A number with its decimals and millions → digits: "zwei komma fünf millionen" → 2,5 Millionen."""

from __future__ import annotations

from dataclasses import dataclass

from tevr.readable.cardinals import SINGLE, read_cardinal
from tevr.readable.place import Piece, Place

SMALL = range(13)
"""Numbers that Duden spells out in running text."""
ROUND = frozenset(("hundert", "tausend", "zehntausend", "hunderttausend"))
"""Numbers that may mean just many."""
MOST_DECIMALS = 15
_LARGEST = 10**21
_YEARS = range(1900, 2100)
"""Numbers that are a year, and of a new clause, where they follow millions."""
_ONES, _THOUSAND = range(10), 1000
_FIRST_PARTED = 10_000  # four digits have nothing between thousands (Duden, DIN 5008)

_SCALES = {
    f"{stem}{end}": (10**power, end not in ("", "e"))
    for stem, power, ends in (
        ("million", 6, ("", "en")),
        ("milliarde", 9, ("", "n")),
        ("billion", 12, ("", "en")),
        ("billiarde", 15, ("", "n")),
        ("trillion", 18, ("", "en")),
    )
    for end in ends
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it was said.

    Attributes:
        whole: what stands before the comma; the value before the scale word if there is one.
        count: all of its words.
        decimals: digits behind the comma.
        scale: whether its last word is Million, Milliarde, … and stays one.
        article: whether it is "ein" or "eine" and may count nothing.
    """

    whole: int
    count: int
    decimals: str = ""
    scale: bool = False
    article: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it stays a word in running text."""
        return self.whole in SMALL and not self.decimals

    def pieces(self, thousands: str) -> list[Piece]:
        """Return it in digits, a scale word behind it as it was said."""
        text = digits(self.whole, thousands) + (f",{self.decimals}" if self.decimals else "")
        if self.scale:
            return [Piece(self.count - 1, text, "digits"), Piece(1, None, "digits")]
        return [Piece(self.count, text, "digits")]


def digits(number: int, thousands: str) -> str:
    """Return a whole number in digits: 9999, 10.000."""
    if number < _FIRST_PARTED:
        return str(number)
    return f"{number:,}".replace(",", thousands)


def read_amount(place: Place, offset: int = 0) -> Amount | None:
    """Return the number at an offset; "ein" and "eine" too, marked as what may be an article."""
    word = place.word(offset)
    found = read_cardinal(place, offset)
    article = found is None and word in ("ein", "eine")
    if found is None:
        if not article:
            return None
        found = 1, 1
    whole, count = found
    if word != "eine" and place.word(offset + count) == "komma" and place.joins(offset + count):
        decimals, more = read_decimals(place, offset + count + 1)
        if decimals:
            count += 1 + more
            scale = place.word(offset + count) in _SCALES and place.joins(offset + count)
            return Amount(whole, count + scale, decimals, scale)
    return _scaled(place, offset, Amount(whole, count, article=article))


def read_decimals(place: Place, offset: int) -> tuple[str, int]:
    """Return the digits said from an offset on and the count of their words; "" for none.

    They are single digits ("eins vier") or one number ("vierzehn"). A digit before a further
    "komma" begins the next number.
    """
    first = read_cardinal(place, offset) if place.joins(offset) else None
    if first is None:
        return "", 0
    if first[1] > 1 or first[0] not in _ONES:
        return (str(first[0]), first[1]) if first[0] < _THOUSAND else ("", 0)
    run = str(first[0])
    while len(run) < MOST_DECIMALS and place.word(offset + len(run)) in SINGLE:
        following = offset + len(run)
        if not place.joins(following) or place.word(following + 1) == "komma":
            break
        one = read_cardinal(place, following)
        if one is None or one[1] > 1:
            break
        run += str(one[0])
    return run, len(run)


def _scaled(place: Place, offset: int, amount: Amount) -> Amount:
    """Return an amount with the millions and what follows them: "eine million zweitausend"."""
    total, part, count = 0, amount.whole, amount.count
    below, scales = _LARGEST, 0
    while scale := _scale_at(place, offset + count, part, below):
        total, part, below = total + part * scale, 0, scale
        count, scales = count + 1, scales + 1
        rest = _rest(place, offset + count)
        if rest is None:
            break
        part, count = rest[0], count + rest[1]
    if not scales:
        return amount
    if scales == 1 and not part:
        return Amount(amount.whole, count, scale=True, article=amount.article)
    return Amount(total + part, count)


def _scale_at(place: Place, offset: int, many: int, below: int) -> int:
    """Return what a number is multiplied by at an offset, 0 where no fitting word stands."""
    scale, plural = _SCALES.get(place.word(offset), (0, False))
    fits = 0 < scale < below and many > 0 and (many > 1) == plural
    return scale if fits and place.joins(offset) else 0


def _rest(place: Place, offset: int) -> tuple[int, int] | None:
    """Return what follows a million and belongs to it, and the count of its words."""
    if not place.joins(offset):
        return None
    found = read_cardinal(place, offset)
    if found is None and place.word(offset) == "eine" and place.word(offset + 1) in _SCALES:
        return 1, 1
    return None if found is None or found[0] == 0 or found[0] in _YEARS else found
