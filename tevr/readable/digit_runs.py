"""Digits said one by one → telephone, account and serial numbers: "null drei null" → 030.

Where the speaker paused between digits, a space stands: nobody can tell area codes otherwise.
"""

from __future__ import annotations

from itertools import pairwise

from tevr.readable.cardinals import SINGLE, cardinal, read_cardinal
from tevr.readable.measures import COUNTED_IN_DIGITS, DURATIONS
from tevr.readable.place import CONTEXT, Piece, Place
from tevr.readable.word_lists import words

SHORTEST = 4
"""Digits in a row that are one number anywhere."""
SHORTEST_FROM_ZERO = 3
SHORTEST_NAMED = 2
"""Digits in a row that are one number after "Telefon" or "Nummer"."""
LONGEST = 24
"""Digits of the longest number that is held together; an IBAN has 22."""
GROUP_GAP = 0.25
"""Seconds of silence between digits that part groups."""

_NAMES = words(
    """
    telefon nummer nummern fax handy mobil iban pin tan plz postleitzahl code konto kto
    bankleitzahl blz vorwahl durchwahl aktenzeichen kennzahl
    """
)
_NAME_ENDS = ("nummer", "nummern", "telefon")
_FILLERS = words("ist lautet die der und unter null plus lauten wählen sie meine deine ihre")
_PAIRS = range(100)
_LETTER_NAMES = 2
"""Letters of the words between a name and its digits: "iban de"."""
_NO_DIGITS = COUNTED_IN_DIGITS | frozenset(DURATIONS) | {"komma", "zu"}


def write_digits(place: Place) -> list[Piece] | None:
    """Write digits in a row as one number, in the groups in which they were said."""
    plus = int(place.word() == "plus")
    if place.word(plus) not in SINGLE or (plus and not place.joins(plus)):
        return None
    named = _is_named(place)
    run = _read_run(place, plus, named=named)
    if place.word(plus + sum(count for _, count in run)) in _NO_DIGITS:
        run = run[:-1]
    from_zero = bool(run) and run[0][0] == "0"
    shortest = SHORTEST_NAMED if named else SHORTEST_FROM_ZERO if from_zero else SHORTEST
    if len(run) < shortest or (not named and _is_counting([text for text, _ in run])):
        return None
    return _grouped(place, plus, run)


def _read_run(place: Place, offset: int, *, named: bool) -> list[tuple[str, int]]:
    """Return the digits from an offset on, each with the count of its words.

    Two-digit numbers may stand among them where a zero or a name tells that it is a number:
    "null acht fünfzehn".
    """
    run: list[tuple[str, int]] = []
    pairs = named or place.word(offset) == "null"
    while len(run) < LONGEST:
        word = place.word(offset)
        value = cardinal(word)
        if value is None or not (word in SINGLE or (pairs and value in _PAIRS)):
            break
        found = read_cardinal(place, offset)
        if found is None or (found[1] > 1 and not (pairs and found[0] in _PAIRS)):
            break
        if run and not place.joins(offset) and not (named or len(run) >= SHORTEST):
            break
        run.append((str(found[0]), found[1]))
        offset += found[1]
    return run


def _is_named(place: Place) -> bool:
    """Tell whether the words before say that a number of digits comes."""
    for offset in range(-1, -CONTEXT, -1):
        word = place.word(offset)
        if word in _NAMES or word.endswith(_NAME_ENDS):
            return True
        if word not in _FILLERS and word not in SINGLE and len(word) > _LETTER_NAMES:
            return False
    return False


def _is_counting(run: list[str]) -> bool:
    """Tell whether somebody counts or lists: "eins zwei drei", "zwei vier fünf sieben".

    Of numbers that mean nothing, one in fifty rises so from digit to digit.
    """
    rises = {int(after) > int(before) for before, after in pairwise(run)}
    return rises == {True} and run[0] != "0"


def _grouped(place: Place, plus: int, run: list[tuple[str, int]]) -> list[Piece]:
    """Return one piece for each group of digits between two pauses."""
    pieces = [Piece(plus + run[0][1], "+" * plus + run[0][0], "digits")]
    offset = plus + run[0][1]
    for text, count in run[1:]:
        if place.gap(offset) < GROUP_GAP:
            last = pieces.pop()
            pieces.append(Piece(last.count + count, f"{last.text}{text}", "digits"))
        else:
            pieces.append(Piece(count, text, "digits"))
        offset += count
    return pieces
