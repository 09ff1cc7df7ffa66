"""Whole numbers → German words, by the package num2words (extra `lm`), imported on first use."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module

from tevr.errors import UsageError


@lru_cache(maxsize=65536)
def cardinal(number: int, *, year: bool = False) -> str:
    """Return a number in words, or a year as one says it ("neunzehnhundertachtzig")."""
    words = _num2words(number, "year" if year else "cardinal")
    # One says "hundert" and "tausend", and "ein" only in a heap of thousands.
    return re.sub(r"^ein(?=hundert(?!.*tausend)|tausend)", "", words)


@lru_cache(maxsize=1024)
def ordinal(number: int) -> str:
    """Return an ordinal without the ending of its case ("dritte")."""
    return re.sub(r"^ein(?=hundert)", "", _num2words(number, "ordinal"))


def _num2words(number: int, form: str) -> str:
    try:
        package = import_module("num2words")
    except ImportError as error:
        raise UsageError(
            "The text holds numbers, and the package that reads them out, num2words, is missing",
            'Install it with: pip install "tevr[lm]".',
        ) from error
    return str(package.num2words(number, lang="de", to=form))
