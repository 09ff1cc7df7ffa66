"""Utterances with their errors → the error rate by length, speaking rate, age, gender, accent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tevr.evaluation.records import Record
from tevr.scoring.rates import Ints, Rate, rate

_LENGTHS = (5, 10, 15)
"""Most words of each class of lengths but the last."""
_SPEEDS = (10.0, 13.0, 16.0)
"""Letters a second at which the next class of speaking rates begins."""
_MOST = 15
"""Values of a trait that are told apart; the rest are one."""
_REST = "all others"
UNKNOWN = "not told"


@dataclass(frozen=True, slots=True)
class Group:
    """Utterances that have something in common.

    Attributes:
        label: what.
        utterances: how many.
        rate: their word error rate.
    """

    label: str
    utterances: int
    rate: Rate


def by_groups(records: Sequence[Record], counts: Ints) -> dict[str, list[Group]]:
    """The word error rates of groups, by what they are told apart by.

    Args:
        records: scored utterances.
        counts: (utterances, 4) words, see `tevr.scoring.alignment.Counts`.

    Returns:
        Name of the trait → groups in a sensible order; traits of which nothing is told are left
        out.
    """
    words = counts[:, :3].sum(axis=1).tolist()
    found = {"words": [_length(number) for number in words]}
    if all(record.seconds for record in records):
        found["letters a second"] = [_speed(record) for record in records]
    for trait in ("age", "gender", "accent", "variant"):
        values = [record.traits.get(trait, UNKNOWN) for record in records]
        if set(values) != {UNKNOWN}:
            found[trait] = _commonest(values)
    return {name: _groups(labels, counts) for name, labels in found.items()}


def _groups(labels: Sequence[str], counts: Ints) -> list[Group]:
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    last = (UNKNOWN, _REST)
    ordered = sorted(rows, key=lambda label: (label in last, _leading_number(label), label))
    return [Group(each, len(rows[each]), rate(counts[np.array(rows[each])])) for each in ordered]


def _length(words: int) -> str:
    low = 1
    for most in _LENGTHS:
        if words <= most:
            return f"{low}–{most}"
        low = most + 1
    return f"{low} or more"


def _speed(record: Record) -> str:
    letters = sum(char.isalnum() for char in record.reference) / record.seconds
    if letters < _SPEEDS[0]:
        return f"below {_SPEEDS[0]:g}"
    bounds = (*_SPEEDS, None)
    place = sum(letters >= bound for bound in _SPEEDS) - 1
    high = bounds[place + 1]
    return f"{bounds[place]:g} or more" if high is None else f"{bounds[place]:g}–{high:g}"


def _commonest(values: Sequence[str]) -> list[str]:
    times: Mapping[str, int] = {value: values.count(value) for value in set(values)}
    kept = set(sorted(times, key=lambda value: (-times[value], value))[:_MOST])
    return [value if value in kept else _REST for value in values]


def _leading_number(label: str) -> float:
    """What groups named by numbers are ordered by: "below 10" comes before "10–13"."""
    first = label.removeprefix("below ").split("–")[0].split()[0] if label.strip() else ""
    try:
        return float(first) - label.startswith("below")
    except ValueError:
        return 0.0
