"""What was learnt, mixed, measured or explained → a few lines for people, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import isclose
from typing import TYPE_CHECKING, Any

from tevr.cli.console import printable

if TYPE_CHECKING:
    from tevr.lm.build import BuildReport
    from tevr.lm.explanation import ExplainedWord, Explanation
    from tevr.lm.folder import LanguageModelFolder
    from tevr.lm.ngram import Perplexity

SCHEMA = 1
_MEGABYTE = 1e6
_MOST_DIGITS = 1e9  # rarities below this are written in full


def print_lines(lines: Iterator[str]) -> None:
    """Print lines for people."""
    for line in lines:
        print(printable(line))


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object with the version of its form."""
    print(json.dumps({"schema": SCHEMA, **data}, ensure_ascii=False, indent=2))


def build_lines(report: BuildReport) -> Iterator[str]:
    """Say what a language model was built from and what became of it."""
    read = report.files - len(report.skipped)
    files = f"{read} of {report.files}" if report.skipped else f"{report.files}"
    yield f"read          {files} files: {_count(report.sentences, 'sentences')}, " + (
        f"{_count(report.words, 'words')}, {report.different:,} different"
    )
    dropped = {
        "repeated": report.repeated,
        "held-out": report.exact,
        "nearly held-out": report.near,
    }
    if any(dropped.values()):
        found = ", ".join(f"{number:,} {name}" for name, number in dropped.items() if number)
        yield f"left out      {found} sentences"
    if report.weight is not None:
        chosen = f", chosen on {report.chosen_on:,} sentences" if report.chosen_on else ""
        yield f"mixed         {_parents(report.folder)}{chosen}"
    yield f"vocabulary    {_count(_vocabulary(report.folder), 'words')}"
    yield f"n-grams       {_sizes(report.folder, report.full_sizes)}"
    if report.perplexity:
        yield f"perplexity    {_perplexity(report.perplexity)}"
    if report.base_perplexity:
        yield f"  base alone  {_perplexity(report.base_perplexity)}"
    yield f"written       {report.folder.path}, {_bytes(report.bytes)}, {report.seconds:.0f} s"


def build_data(report: BuildReport) -> dict[str, Any]:
    """Return a report of building as JSON takes it."""
    numbers = ("files", "sentences", "words", "different", "repeated", "exact", "near", "bytes")
    return {
        "path": str(report.folder.path),
        **{name: getattr(report, name) for name in numbers},
        "skipped": [{"path": str(each.path), "reason": each.reason} for each in report.skipped],
        "vocabulary": _vocabulary(report.folder),
        "sizes": _written(report.folder),
        "full_sizes": list(report.full_sizes),
        "weight": report.weight,
        "chosen_on": report.chosen_on,
        "perplexity": perplexity_data(report.perplexity),
        "base_perplexity": perplexity_data(report.base_perplexity),
        "seconds": round(report.seconds, 3),
    }


def mix_lines(folder: LanguageModelFolder) -> Iterator[str]:
    """Say what a mixture became."""
    size = sum(record.bytes for record in folder.records.values())
    yield f"mixed         {_parents(folder)}"
    yield f"vocabulary    {_count(_vocabulary(folder), 'words')}"
    yield f"n-grams       {_sizes(folder)}"
    yield f"written       {folder.path}, {_bytes(size)}"


def mix_data(folder: LanguageModelFolder) -> dict[str, Any]:
    """Return what a mixture became as JSON takes it."""
    parents = folder.origin.parents if folder.origin else ()
    return {
        "path": str(folder.path),
        "parents": [asdict(parent) for parent in parents],
        "vocabulary": _vocabulary(folder),
        "sizes": _written(folder),
        "bytes": sum(record.bytes for record in folder.records.values()),
    }


def perplexity_lines(found: Perplexity) -> Iterator[str]:
    """Say how well a text is foreseen."""
    yield f"words                  {found.words:,}"
    yield f"unknown words          {found.unknown:,} ({found.unknown_rate:.2%})"
    yield f"perplexity             {found.with_unknown:.1f}"
    yield f"  known words only     {found.known_only:.1f}"


def perplexity_data(found: Perplexity | None) -> dict[str, Any] | None:
    """Return how well a text is foreseen as JSON takes it."""
    return asdict(found) | {"unknown_rate": found.unknown_rate} if found else None


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """Show the score of every word as a table, and of the whole sentence."""
    rows = [("word", "n-gram", "log10", "back-off", "log10 sum", "1 in", "")]
    rows += [
        (
            word.word,
            str(word.ngram),
            f"{word.ngram_log10:.3f}",
            "-" if isclose(word.back_off, 0.0, abs_tol=5e-4) else f"{word.back_off:+.3f}",
            f"{word.log10:.3f}",
            _rarity(word.log10),
            _remark(word),
        )
        for word in explanation.words
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest[:-1], widths[1:], strict=False)]
        yield "  ".join([first.ljust(widths[0]), *cells, rest[-1]]).rstrip()
    yield f"sentence: log10 {explanation.log10:.3f}, perplexity {explanation.perplexity:.1f}"


def explanation_data(explanation: Explanation) -> dict[str, Any]:
    """Return the score of every word and of the whole sentence as JSON takes it."""
    return {
        "words": [asdict(word) | {"probability": 10.0**word.log10} for word in explanation.words],
        "log10": explanation.log10,
        "perplexity": explanation.perplexity,
    }


def _rarity(log10: float) -> str:
    """One word in how many is this one."""
    number = 10.0**-log10
    return f"{number:,.0f}" if number < _MOST_DIGITS else f"{number:.1e}"


def _remark(word: ExplainedWord) -> str:
    """What is special about a word."""
    if word.parts:
        return f"composed: {'+'.join(word.parts)} ({word.composing:+.3f})"
    return "" if word.known else "unknown"


def _parents(folder: LanguageModelFolder) -> str:
    parents = folder.origin.parents if folder.origin else ()
    return " + ".join(f"{parent.weight:.3g} {parent.name}" for parent in parents)


def _vocabulary(folder: LanguageModelFolder) -> int:
    return folder.origin.vocabulary if folder.origin else 0


def _written(folder: LanguageModelFolder) -> list[int]:
    return list(folder.origin.sizes) if folder.origin else []


def _sizes(folder: LanguageModelFolder, full: tuple[int, ...] = ()) -> str:
    """Numbers of n-grams by length, and before pruning if that was needed."""
    written = _written(folder)
    text = " + ".join(f"{size:,}" for size in written)
    pruned = sum(full) > sum(written)
    return f"{text}, pruned to fit from {' + '.join(f'{size:,}' for size in full)}" * pruned or text


def _perplexity(found: Perplexity) -> str:
    return (
        f"{found.with_unknown:.1f} on held-out text, {found.known_only:.1f} without"
        f" the {found.unknown_rate:.1%} unknown words"
    )


def _count(number: int, things: str) -> str:
    return f"{number:,} {things if number != 1 else things.removesuffix('s')}"


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= _MEGABYTE else f"{number / 1e3:.1f} kB"
