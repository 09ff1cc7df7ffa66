"""Days said as ordinals → "3. Mai 2020", "1. und 2. Mai", "3. 5. 2020"."""

from __future__ import annotations

from tevr.readable.cardinals import read_cardinal
from tevr.readable.ordinals import Ordinal, ordinal, read_ordinal
from tevr.readable.place import AS_SAID, Piece, Place
from tevr.readable.word_lists import words

MONTHS = words(
    """
    januar jänner februar feber märz april mai juni juli august september oktober november
    dezember januars februars aprils mais junis julis augusts septembers oktobers novembers
    dezembers
    """
)
YEAR_WORDS = words("jahr jahre jahres jahren sommer winter herbst frühjahr frühling")
"""Words after which "zwanzig einundzwanzig" is a year."""

_DAYS, _MONTH_NUMBERS, _YEARS = range(1, 32), range(1, 13), range(1000, 2200)
_BEFORE_DATE = words(
    """
    am vom zum ab seit bis montag dienstag mittwoch donnerstag freitag samstag sonnabend
    sonntag geboren gestorben datum
    """
)
_DATED = words(
    """
    jahrhundert jahrhunderts jahrhunderte jahrhunderten jahrtausend jahrtausends bundesliga liga
    spieltag spieltags auflage wahlperiode bezirk fc längengrad breitengrad
    """
)
"""Nouns before which small ordinals, too, are mostly printed in digits."""
_LINKS = words("und bis oder sowie beziehungsweise")
_LINK_ENDS = words("zum am ab vom dem den der im in")


def write_year(place: Place) -> list[Piece] | None:
    """Write "zwanzig einundzwanzig" after a month or "Jahr" as 2021."""
    before = place.word(-1)
    if before not in MONTHS and before not in YEAR_WORDS:
        return None
    first = read_cardinal(place)
    if first is None or first[0] not in (18, 19, 20) or not place.joins(first[1]):
        return None
    second = read_cardinal(place, first[1])
    if second is None or second[0] not in range(10, 100):
        return None
    return [Piece(first[1] + second[1], f"{first[0]}{second[0]}", "digits")]


def write_ordinal(place: Place) -> list[Piece] | None:
    """Write an ordinal with digits where it is a date, large, or before a noun that wants it."""
    first = read_ordinal(place)
    if first is None:
        return None
    numeric = _numeric_date(place, first)
    if numeric:
        return numeric
    if first.value not in _MONTH_NUMBERS and not _in_words(place, first):
        return [_piece(first)]
    return [_piece(first)] if _counts_noun(place, first) else [AS_SAID] * first.count


def _piece(found: Ordinal) -> Piece:
    return Piece(found.count, f"{found.value}.", "ordinal")


def _in_words(place: Place, found: Ordinal) -> bool:
    """Tell whether a large ordinal is one that nobody writes in digits."""
    idiom = found.value in (100, 1000) and "ins" in (place.word(-1), place.word(1))
    return idiom or place.word(found.count) == "mann"


def _numeric_date(place: Place, day: Ordinal) -> list[Piece] | None:
    """Write "dritten fünften zweitausendzwanzig" in the context of a date; the year is optional."""
    if day.value not in _DAYS or not place.joins(day.count):
        return None
    month = read_ordinal(place, day.count)
    if month is None or month.value not in _MONTH_NUMBERS or month.ending != day.ending:
        return None
    after = day.count + month.count
    year = read_cardinal(place, after)
    pieces = [_piece(day), _piece(month)]
    if year is not None and year[0] in _YEARS and place.joins(after):
        return [*pieces, Piece(year[1], str(year[0]), "digits")]
    if place.word(-1) not in _BEFORE_DATE or place.word(after) in MONTHS | _DATED:
        return None
    return pieces


def _counts_noun(place: Place, found: Ordinal) -> bool:
    """Tell whether a month or such a noun follows, or an ordinal in digits that is linked."""
    offset = found.count
    for _ in range(3):
        word = place.word(offset)
        if word in MONTHS or word in _DATED:
            return True
        if word not in _LINKS:
            return False
        offset += 1
        if place.word(offset) in _LINK_ENDS:
            offset += 1
        if place.word(offset) in _LINK_ENDS:
            offset += 1
        following = ordinal(place.word(offset))
        if following is None:
            return False
        if following.value not in _MONTH_NUMBERS:  # "die zehnte oder fünfzehnte": both alike
            return True
        offset += 1
    return False
