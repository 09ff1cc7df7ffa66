"""Text of flags, variables and settings → numbers; what is none is refused in one phrase."""

from __future__ import annotations

import math
import re

import typer

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:([kmgt])b?|b)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def seconds(value: str | float) -> float:
    """``90``, ``1:30`` or ``0:01:30.5`` → seconds, at least 0.

    Raises:
        typer.BadParameter: it is no time.
    """
    try:
        parts = [float(part) for part in str(value).split(":")]
    except ValueError:
        parts = []
    if len(parts) not in (1, 2, 3) or not all(math.isfinite(part) and part >= 0 for part in parts):
        raise typer.BadParameter(f"{value!r} is no time; write 90, 1:30 or 0:01:30.5.")
    return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))


def number(value: str | float) -> float:
    """``0.5`` → 0.5; neither infinite nor undefined.

    Raises:
        typer.BadParameter: it is no such number.
    """
    try:
        result = float(str(value))
    except ValueError:
        result = math.nan
    if not math.isfinite(result):
        raise typer.BadParameter(f"{value!r} is no number.")
    return result


def count(value: str | int) -> int:
    """``2`` → 2; at least 1.

    Raises:
        typer.BadParameter: it is no whole number, or smaller.
    """
    result = whole(value)
    if result < 1:
        raise typer.BadParameter(f"{value!r} is less than 1.")
    return result


def whole(value: str | int) -> int:
    """``-2`` → -2.

    Raises:
        typer.BadParameter: it is no whole number.
    """
    try:
        return int(str(value))  # by way of text, so that 1.5 and true from a settings file fail
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no whole number.") from None


def size(value: str | int) -> int:
    """``40MB``, ``1.5 GB`` or ``500000`` → bytes; the letters are powers of 1000.

    Raises:
        typer.BadParameter: it is no size, or less than one byte.
    """
    found = _SIZE.fullmatch(str(value).strip())
    result = float(found[1]) * 1000 ** _POWERS[(found[2] or "").lower()] if found else 0.0
    if result < 1:
        raise typer.BadParameter(f"{value!r} is no size; write 40MB, 1.5GB or a number of bytes.")
    return int(result)
