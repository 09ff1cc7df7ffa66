"""Summaries and comparisons of evaluations → a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tevr.evaluation.comparing import Comparison

_NAMED = 3
"""Utterances with a problem that are named; the rest stand in summary.json."""


def summary_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Tell the rates, the classes of errors and what was learnt before."""
    scored = summary["scored"]
    sound = f", {scored['seconds'] / 3600:.2f} hours" if scored["seconds"] else ""
    yield f"scored      {scored['utterances']:,} utterances{sound}"
    for name, rates in summary["rates"].items():
        mark = " *" if name == summary["normaliser"]["name"] else ""
        yield (
            f"{name:<11} WER {_rate(rates['words'])}, CER {_rate(rates['letters'])},"
            f" as sclite aligns {_percent(rates['sclite']['rate'])}{mark}"
        )
    words = summary["rates"][summary["normaliser"]["name"]]["words"]
    yield (
        f"errors      {words['errors']:,} in {words['length']:,} words:"
        f" {words['substitutions']:,} wrong, {words['deletions']:,} missing,"
        f" {words['insertions']:,} added (*)"
    )
    classes = [(number, kind) for kind, number in summary["classes"].items() if number]
    if classes:
        told = ", ".join(f"{kind} {number:,}" for number, kind in sorted(classes, reverse=True))
        yield f"classes     {told}"
    sources = {name: number for name, number in summary["sources"].items() if number}
    if sources:
        yield f"sources     {', '.join(f'{name} {n:,}' for name, n in sources.items())}"
    if leaks := summary["leaks"]:
        yield (
            f"learnt      {len(leaks['exact']):,} references exactly, {len(leaks['near']):,}"
            f" nearly; WER without them {_rate(leaks['clean'])}"
        )
    if speed := summary["run"]["real_time_factor"]:
        yield f"speed       {speed:.3f} s a second of sound and process"


def problem_lines(problems: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """One sentence for each kind of problem."""
    for kind, records in problems.items():
        if records:
            named = ", ".join(record["name"] for record in records[:_NAMED])
            more = ", …" if len(records) > _NAMED else ""
            count = "1 utterance is" if len(records) == 1 else f"{len(records):,} utterances are"
            reason = f": {records[0]['reason']}" if len(records) == 1 else ""
            yield f"{count} not scored ({kind}{reason}): {named}{more}."


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Tell which of two systems is better, how sure that is, and where it shows."""
    first, second = found.rates
    low, high = found.difference.interval
    left = f", {found.left_out:,} that only one has are left out" if found.left_out else ""
    yield f"first       {found.names[0]}: WER {_percent(first.value)}"
    yield f"second      {found.names[1]}: WER {_percent(second.value)}"
    yield f"utterances  {found.utterances:,}{left}"
    yield (
        f"difference  {found.difference.value:+.2%} (95 % interval {low:+.2%} to {high:+.2%}),"
        f" by chance with p = {found.difference.chance:.3g} (paired bootstrap)"
    )
    yield (
        f"segments    {found.matched.segments:,}, z = {found.matched.z:.2f},"
        f" by chance with p = {found.matched.chance:.3g} (matched pairs)"
    )
    ties = found.utterances - found.wins - found.losses
    yield (
        f"second has  fewer errors in {found.wins:,}, more in {found.losses:,}, as many in {ties:,}"
    )
    for example in found.examples:
        yield f"{-example.gain:+d} {example.name}: {example.reference}"
        yield f"   first   {example.first}"
        yield f"   second  {example.second}"


def _rate(rate: Mapping[str, Any]) -> str:
    low, high = rate["interval"]
    return f"{_percent(rate['rate'])} ({_percent(low)}–{_percent(high)})"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"
