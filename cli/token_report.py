"""Tables derived or compared → a few lines for people, or JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tevr.lm.token_measure import RATE, Measure, measure, overlap

if TYPE_CHECKING:
    from tevr.lm.derivation import DeriveReport
    from tevr.tokens import TokenTable

OWN = "these labels"


def measures_lines(measures: Mapping[str, Measure], rate: float = RATE) -> Iterator[str]:
    """Show how tables part a text."""
    head = ("", "variance", "mean", "variation", "tokens/word", "tokens/s")
    rows = [
        (
            name,
            f"{found.moments.variance:.2f}",
            f"{found.moments.mean:.2f}",
            f"{found.moments.variation:.3f}",
            f"{found.per_word:.2f}",
            f"{found.per_second(rate):.1f}",
        )
        for name, found in measures.items()
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for first, *rest in (head, *rows):
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells])
    yield (
        f"Costs in bits a token, spaces are tokens; a second of speech has {rate:g} characters."
        " Variation is the standard deviation over the mean."
    )


def measures_data(measures: Mapping[str, Measure], rate: float = RATE) -> dict[str, Any]:
    """Return how tables part a text as JSON takes it."""
    return {
        "rate": rate,
        "tables": {
            name: {
                "variance": found.moments.variance,
                "mean": found.moments.mean,
                "variation": found.moments.variation,
                "tokens_per_word": found.per_word,
                "tokens_per_second": found.per_second(rate),
                "tokens": int(found.moments.tokens),
                "words": found.words,
            }
            for name, found in measures.items()
        },
    }


def derived_lines(
    report: DeriveReport, table: TokenTable, published: TokenTable, path: Path
) -> Iterator[str]:
    """Say what a table was derived from, and how it compares."""
    common = overlap(table.labels, published.labels)
    yield (
        f"read     {report.files} files, {report.sentences:,} sentences;"
        f" {len(report.text.sentences):,} of them measured:"
    )
    yield from measures_lines(_measures(report, table))
    yield (
        f"labels   {len(table.labels)}; {len(common.common)} of {common.own} with several letters"
        f" are among the {common.others} published ones"
    )
    yield f"written  {path}, {report.seconds:.0f} s"


def derived_data(report: DeriveReport, table: TokenTable, published: TokenTable) -> dict[str, Any]:
    """Return what a table was derived from as JSON takes it."""
    common = overlap(table.labels, published.labels)
    return {
        "files": report.files,
        "sentences": report.sentences,
        "measured": len(report.text.sentences),
        "skipped": [{"path": str(each.path), "reason": each.reason} for each in report.skipped],
        "labels": list(table.labels),
        "published": {"common": list(common.common), "of": common.others},
        "seconds": round(report.seconds, 3),
        **measures_data(_measures(report, table)),
    }


def _measures(report: DeriveReport, table: TokenTable) -> dict[str, Measure]:
    return {**report.measures, OWN: measure(report.text, table.split)}
