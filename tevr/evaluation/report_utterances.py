"""The utterances with the most errors → what was taken for what, with sound and picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

from tevr.evaluation.findings import Findings
from tevr.evaluation.records import Record, SentenceScore
from tevr.evaluation.sentence_scores import SOURCES, source
from tevr.scoring.error_classes import CLASSES


def utterances(findings: Findings, most: int, media: Callable[[str], str]) -> str:
    """The list of them, worst first, with a filter by class of error.

    Args:
        findings: what was found out.
        most: how many.
        media: what is drawn and played of an utterance, by its name.
    """
    places = findings.worst(most)
    if not places:
        return ""
    options = "".join(f'<option value="{kind}">{kind}</option>' for kind in CLASSES)
    listed = "".join(_utterance(findings, place, media) for place in places)
    return (
        '<div class="controls"><label for="filter">Show those with errors of the class </label>'
        f'<select id="filter"><option value="">any</option>{options}</select>'
        ' <span id="shown" role="status"></span>'
        '<p class="note">Keys: j next, k previous, p plays or pauses.</p></div>'
        f"{listed}"
    )


def _utterance(findings: Findings, place: int, media: Callable[[str], str]) -> str:
    record, errors = findings.records[place], findings.errors[place]
    wrong = sum(error.errors for error in errors)
    words = len(findings.pairs[place][0])
    kinds = dict.fromkeys(error.kind for error in errors)
    return (
        f'<details class="utterance" data-kinds="{"|".join(kinds)}">'
        f"<summary>{wrong} {'error' if wrong == 1 else 'errors'} in {words} words:"
        f' <span lang="de">{escape(record.reference)}</span></summary>'
        f"{media(record.name)}{_aligned(findings, place)}"
        f"<p>Classes: {', '.join(kinds)}.{_blame(record)}</p>"
        f'<p class="note">{_traits(record)}</p></details>'
    )


def _aligned(findings: Findings, place: int) -> str:
    """A table with what was said in one row and what was heard in the other."""
    reference, heard = findings.pairs[place]
    said, got, what = [], [], []
    for step in findings.steps[place]:
        kind, told = "", ""
        if not step.right:
            kind, told = "wrong", "wrong"
            if step.hypothesis is None:
                kind = told = "missing"
            elif step.reference is None:
                kind = told = "added"
        mark = f' class="{kind}"' if kind else ""
        said.append(f"<td>{_word(reference, step.reference)}</td>")
        got.append(f"<td{mark}>{_word(heard, step.hypothesis)}</td>")
        what.append(f"<td{mark}>{told}</td>")
    rows = "".join(
        f'<tr{lang}><th scope="row">{name}</th>{"".join(cells)}</tr>'
        for name, cells, lang in (
            ("said", said, ' lang="de"'),
            ("heard", got, ' lang="de"'),
            ("what", what, ""),
        )
    )
    return (
        '<div class="wide" tabindex="0" role="group" aria-label="Alignment">'
        f'<table class="aligned"><caption>What was taken for what</caption><tbody>{rows}</tbody>'
        "</table></div>"
    )


def _word(words: list[str], place: int | None) -> str:
    return "–" if place is None else escape(words[place])


def _blame(record: Record) -> str:
    """Which model made something else of the reference, with the numbers."""
    if record.said is None or record.heard is None:
        return ""
    kind = source(record.said, record.heard)
    unknown = record.said.unknown
    named = f' Unknown to the language model: <span lang="de">{", ".join(unknown)}</span>.'
    return (
        f" Source: {kind}, {SOURCES[kind]}. Log-scores of the reference"
        f" {_score(record.said)}, of what was heard {_score(record.heard)}."
        + (named if unknown else "")
    )


def _score(score: SentenceScore) -> str:
    acoustic = "very low" if score.acoustic is None else f"{score.acoustic:.1f}"
    return f"{acoustic} (acoustic) and {score.language:.1f} (language)"


def _traits(record: Record) -> str:
    return escape("; ".join(_told(record)))


def _told(record: Record) -> Iterator[str]:
    yield record.name
    if record.seconds:
        yield f"{record.seconds:.1f} s"
    for name, value in record.traits.items():
        if name != "speaker":
            yield f"{name} {value}"
