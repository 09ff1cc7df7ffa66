"""Options of forms: only what can part thousands may part them."""

from __future__ import annotations

import pytest

from tevr.errors import UsageError
from tevr.readable.forms_options import POINT, SPACE, USUAL, FormsOptions


@pytest.mark.parametrize("sign", ["", POINT, SPACE, " ", "’"])
def test_signs_between_thousands_are_taken(sign: str) -> None:
    assert FormsOptions(thousands=sign).thousands == sign


@pytest.mark.parametrize("sign", [",", "..", "x"])
def test_other_signs_are_refused(sign: str) -> None:
    with pytest.raises(UsageError, match="does not part thousands"):
        FormsOptions(thousands=sign)


def test_the_usual_is_what_newspapers_print() -> None:
    assert FormsOptions() == USUAL
    assert USUAL.small_numbers_as_words
    assert not USUAL.unit_symbols
