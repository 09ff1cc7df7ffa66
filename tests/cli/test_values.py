"""Numbers and times are read as written, and what is none of them is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from tevr.cli.values import count, number, seconds, size, whole


@given(st.floats(0, 1e6))
def test_a_plain_number_is_a_time_in_seconds(value: float) -> None:
    assert seconds(value) == seconds(str(value)) == value


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{hours}:{minutes:02}:{rest:02}.5") == hours * 3600 + minutes * 60 + rest + 0.5
    assert seconds(f"{minutes}:{rest:02}") == minutes * 60 + rest


@pytest.mark.parametrize("text", ["", "x", "-1", "1:-2", "1:2:3:4", "nan", "inf", "1:nan", "1::2"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time"):
        seconds(text)


@pytest.mark.parametrize("value", ["", "x", "nan", "-inf", "1,5", True])
def test_what_is_no_finite_number_is_refused(value: str | float) -> None:
    with pytest.raises(typer.BadParameter, match="is no number"):
        number(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_finite_number_is_itself(value: float) -> None:
    assert number(value) == number(repr(value)) == value
    assert math.isfinite(number(value))


@given(st.integers())
def test_a_whole_number_is_itself(value: int) -> None:
    assert whole(value) == whole(str(value)) == value


@pytest.mark.parametrize("read", [whole, count])
@pytest.mark.parametrize("value", ["", "x", "1.5", 1.5, True, "1e3"])
def test_what_is_no_whole_number_is_refused(
    read: Callable[[object], int], value: str | float
) -> None:
    with pytest.raises(typer.BadParameter, match="is no whole number"):
        read(value)


@pytest.mark.parametrize("value", ["0", "-3", 0])
def test_a_count_is_at_least_one(value: str | int) -> None:
    assert count("1") == 1
    with pytest.raises(typer.BadParameter, match="less than 1"):
        count(value)


@given(st.integers(1, 999), st.sampled_from(["k", "M", "g", "T"]))
def test_sizes_are_powers_of_a_thousand(value: int, letter: str) -> None:
    expected = value * 1000 ** (1 + "kmgt".index(letter.lower()))
    for text in (f"{value}{letter}", f"{value}{letter}B", f" {value} {letter}b "):
        assert size(text) == expected
    assert size(value) == size(str(value)) == size(f"{value} B") == value


def test_sizes_may_be_broken() -> None:
    assert size("1.5GB") == 1_500_000_000
    assert size("0.5 kB") == 500


@pytest.mark.parametrize(
    "text", ["", "MB", "x", "-1MB", "4XB", "1MiB", "1,5GB", "0", "0.0001kB", "nan", "1e6", True]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no size"):
        size(text)
