"""Cases of words, told and applied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.readable.labels import (
    AS_LISTED,
    CAPITAL,
    LOWER,
    NUMBER,
    ORDINAL,
    UPPER,
    case_of,
    fold,
    in_case,
    key_of,
)

WORDS = st.text("abcäöüßABCÄÖÜ", min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("written", "case"),
    [
        ("haus", LOWER),
        ("Haus", CAPITAL),
        ("A", CAPITAL),
        ("SPD", UPPER),
        ("STRAßE", UPPER),
        ("GmbH", AS_LISTED),
        ("eBay", AS_LISTED),
        ("Straße", CAPITAL),
    ],
)
def test_a_case_is_told(written: str, case: int) -> None:
    assert case_of(written) == case


@given(WORDS)
def test_a_word_is_put_back_into_its_case(written: str) -> None:
    case = case_of(written)
    if case != UPPER or "ß" not in written:  # a large ß is written SS
        assert in_case(written.lower(), case, listed=written) == written


def test_without_a_form_of_its_own_a_word_gets_a_capital() -> None:
    assert in_case("gmbh", AS_LISTED) == "Gmbh"


@pytest.mark.parametrize(
    ("text", "spoken", "key"),
    [
        ("2020", ("zweitausendzwanzig",), NUMBER),
        ("3.", ("dritten",), ORDINAL),
        ("14:30 Uhr", ("vierzehn", "uhr", "dreissig"), NUMBER),
        ("Dr.", ("doktor",), "doktor"),
        ("Straße", ("Straße",), "strasse"),
    ],
)
def test_numbers_in_digits_are_read_as_such(text: str, spoken: tuple[str, ...], key: str) -> None:
    assert key_of(text, spoken) == key


@given(WORDS)
def test_folded_words_are_as_recognisers_spell_them(written: str) -> None:
    folded = fold(written)
    assert folded == folded.lower() == fold(folded)
    assert "ß" not in folded
