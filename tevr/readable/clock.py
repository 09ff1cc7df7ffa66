"""Clock times → "14:30 Uhr" (DIN 5008 and Duden know it beside "14.30 Uhr").

"halb drei", "viertel vor acht" and "zehn nach sechs" stay as they were said: they are words, not
figures, and one does not know whether morning or night is meant.
"""

from __future__ import annotations

from tevr.readable.cardinals import read_cardinal
from tevr.readable.measures import COUNTED_IN_DIGITS, DURATIONS
from tevr.readable.place import AS_SAID, Piece, Place

_HOURS, _MINUTES, _SPOKEN_HOURS, _ONES = range(25), range(60), range(1, 13), range(10)
_PARTS = frozenset(["halb", "viertel", "dreiviertel"])
_NEXT_TO = frozenset(("vor", "nach"))
_SPOKEN_MINUTES = frozenset((5, 10, 20, 25))
_NO_MINUTES = COUNTED_IN_DIGITS | frozenset(DURATIONS) | {"komma", "zu", "millionen", "tausend"}


def write_clock(place: Place) -> list[Piece] | None:
    """Write an hour that "uhr" follows, with the minutes behind it; parts of hours in words."""
    if place.word(-1) in _PARTS:
        return _hour_in_words(place)
    found = (1, 1) if place.word() == "ein" and place.word(1) == "uhr" else read_cardinal(place)
    if found is None or found[0] not in _HOURS:
        return None
    hour, count = found
    if place.word(count) in _NEXT_TO:
        return _spoken_minutes(place, hour, count)
    return _full_hour(place, hour, count) if place.word(count) == "uhr" else None


def _full_hour(place: Place, hour: int, count: int) -> list[Piece] | None:
    """Write an hour before "uhr"; that of "zehn nach acht Uhr" stays a word."""
    if not place.joins(count):
        return None
    minutes, more = _read_minutes(place, count + 1)
    if more:
        return [Piece(count + 1 + more, f"{hour}:{minutes:02} Uhr", "digits")]
    if place.word(-1) in _NEXT_TO and _follows_minutes(place):
        return [AS_SAID] * count
    return [Piece(count, str(hour), "digits")]


def _hour_in_words(place: Place) -> list[Piece] | None:
    """Keep the hour of "halb drei" a word."""
    found = read_cardinal(place)
    return [AS_SAID] * found[1] if found and found[0] in _SPOKEN_HOURS else None


def _follows_minutes(place: Place) -> bool:
    """Tell whether the words before "vor" and "nach" are part of a time: "zehn nach", "viertel"."""
    before = place.word(-2)
    return before in _PARTS or before in ("fünf", "zehn", "zwanzig", "fünfundzwanzig")


def _spoken_minutes(place: Place, minutes: int, count: int) -> list[Piece] | None:
    """Keep "zwanzig nach acht" and "zwanzig vor halb acht" in words, the hour by its own turn."""
    if minutes not in _SPOKEN_MINUTES:
        return None
    at = count + 1
    if place.word(at) == "halb":
        return [AS_SAID] * count
    hour = read_cardinal(place, at)
    if hour is None or hour[0] not in _SPOKEN_HOURS:
        return None
    after = place.word(at + hour[1])
    counted = after in _NO_MINUTES - {"uhr"} or after.startswith(("jahr", "tag", "woche", "monat"))
    return None if counted else [AS_SAID] * count


def _read_minutes(place: Place, offset: int) -> tuple[int, int]:
    """Return the minutes after "uhr" and the count of their words, 0 where none are said."""
    if not place.joins(offset):
        return 0, 0
    zero = place.word(offset) == "null" and place.joins(offset + 1)
    found = read_cardinal(place, offset + zero)
    if found is None and zero:
        found, zero = (0, 1), False
    if found is None or found[0] not in _MINUTES or (zero and found[0] not in _ONES):
        return 0, 0
    count = found[1] + zero
    return (0, 0) if place.word(offset + count) in _NO_MINUTES else (found[0], count)
