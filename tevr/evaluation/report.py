"""Findings and a summary → `report.html`, one page that needs no other file and asks for none.

The page's policy forbids requests, so that it can be sent to anyone: style, script, pictures and
sound are within it. It is written for the keyboard and for screen readers, too: headings and
landmarks in order, a table behind every chart, captions, and names that do not rest on colour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from tevr.evaluation.charts import Bar, bar_chart, told
from tevr.evaluation.datasets import PROBLEMS
from tevr.evaluation.findings import Findings
from tevr.evaluation.report_utterances import utterances
from tevr.evaluation.sentence_scores import SOURCES
from tevr.scoring.error_classes import CLASSES
from tevr.scoring.normalisers import NORMALISERS

REPORT = "report.html"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
)
_MOST_NAMED = 200
"""Utterances with a problem, or learnt ones, that are named on the page."""
_RULES = {
    "raw": "as written, parted at spaces",
    "plain": "as in the TEVR paper: letters only, lower case",
    "leaderboard": "plain, numbers read out, compounds joined as in the reference",
}

Picture = Callable[[str], str]
"""Name of an utterance → what is drawn and played of it, as HTML."""


def write_page(findings: Findings, summary: Mapping[str, Any], worst: int, media: Picture) -> str:
    """The whole page.

    Args:
        findings: what was found out.
        summary: what `summary.json` tells.
        worst: utterances that are shown with what was taken for what.
        media: asked for each of these.
    """
    sections = {
        "Rates": _rates(summary),
        "Problems": _problems(summary),
        "Errors": _errors(summary),
        "Groups": _groups(findings),
        "Sources of error": _sources(summary),
        "Texts learnt": _leaks(summary),
        "Worst utterances": utterances(findings, worst, media),
        "How this was made": _facts(summary),
    }
    kept = {name: content for name, content in sections.items() if content}
    links = "".join(f'<li><a href="#{_id(name)}">{name}</a></li>' for name in kept)
    body = "".join(
        f'<section aria-labelledby="{_id(name)}"><h2 id="{_id(name)}">{name}</h2>'
        f"{content}</section>"
        for name, content in kept.items()
    )
    title = escape(f"Word errors of {_system(summary)} on {_data(summary)}")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="data:,"><style>{_part("css")}</style></head>'
        f'<body><a class="skip" href="#main">Skip to the results</a>'
        f"<header><h1>{title}</h1></header>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav><main id="main">{body}</main>'
        f"<script>{_part('js')}</script></body></html>\n"
    )


def _part(kind: str) -> str:
    return files("tevr.evaluation").joinpath(f"page.{kind}").read_text(encoding="utf-8")


def _id(name: str) -> str:
    return name.lower().replace(" ", "-")


def _system(summary: Mapping[str, Any]) -> str:
    return str(summary.get("model", {}).get("name") or "a recogniser")


def _data(summary: Mapping[str, Any]) -> str:
    data = summary["dataset"]
    return f"{data['name']}, {data['split']}" if data["split"] else str(data["name"])


def _rates(summary: Mapping[str, Any]) -> str:
    chosen = summary["normaliser"]["name"]
    words = summary["rates"][chosen]["words"]
    eszett = "" if summary["normaliser"]["eszett"] else " (ß counts as ss)"
    rows = "".join(_normalised(name, summary["rates"][name]) for name in NORMALISERS)
    rules = "".join(f"<li>{name}: {_RULES[name]}</li>" for name in NORMALISERS)
    heads = ("normaliser", "WER", "CER", "WER, sclite", "wrong", "missing", "added", "words")
    scored, speakers = summary["scored"], summary["scored"]["speakers"]
    return (
        f'<p class="key">{_percent(words["rate"])} word errors</p>'
        f"<p>95 % interval {_interval(words)}, by the normaliser {chosen}{eszett}:"
        f" {words['errors']:,} errors in {words['length']:,} words,"
        f" {scored['utterances']:,} utterances of {speakers:,}"
        f" {'speaker' if speakers == 1 else 'speakers'}, {scored['seconds'] / 3600:.2f} hours.</p>"
        f"{_scrolled('Rates by normaliser', 'The same results by each normaliser', heads, rows)}"
        f'<ul class="note">{rules}</ul>'
        '<p class="note">Rates are those of all words together. Intervals hold 95 % of bootstrap'
        " resamples over utterances. The column sclite aligns with the costs of NIST's tool, 4 for"
        " a wrong word and 3 for a missing or additional one; the others take the fewest errors."
        "</p>"
    )


def _normalised(name: str, rates: Mapping[str, Any]) -> str:
    """A row with the rates by one normaliser."""
    words = rates["words"]
    cells = [
        f'{_percent(rates[kind]["rate"])}<br><span class="note">{_interval(rates[kind])}</span>'
        for kind in ("words", "letters")
    ]
    cells.append(_percent(rates["sclite"]["rate"]))
    kinds = ("substitutions", "deletions", "insertions", "length")
    cells += [f"{words[kind]:,}" for kind in kinds]
    return f'<tr><th scope="row">{name}</th>{"".join(map(_cell, cells))}</tr>'


def _problems(summary: Mapping[str, Any]) -> str:
    found = summary["problems"]
    total = sum(map(len, found.values()))
    if not total:
        return "<p>Every utterance was scored.</p>"
    parts = [f"<p>{total:,} of {summary['dataset']['utterances']:,} utterances are not scored.</p>"]
    for kind, records in found.items():
        if records:
            names = "".join(
                f"<li>{escape(each['name'])}: {escape(each['reason'])}</li>"
                for each in records[:_MOST_NAMED]
            )
            parts.append(
                f"<details open><summary>{PROBLEMS[kind]}: {len(records):,}</summary>"
                f"<ul>{names}</ul>{_more(len(records))}</details>"
            )
    return "".join(parts)


def _more(number: int) -> str:
    rest = number - _MOST_NAMED
    return f"<p>{rest:,} more are named in summary.json.</p>" if rest > 0 else ""


def _errors(summary: Mapping[str, Any]) -> str:
    total = sum(summary["classes"].values())
    if not total:
        return "<p>There is no error.</p>"
    bars = [
        Bar(kind, float(number), note=f"{CLASSES[kind]}; {number / total:.1%} of all errors")
        for kind, number in summary["classes"].items()
    ]
    rows = "".join(
        f'<tr><td lang="de">{escape(each["reference"]) or "–"}</td>'
        f'<td lang="de">{escape(each["hypothesis"]) or "–"}</td><td>{each["class"]}</td>'
        f"{_cell(each['times'])}{_cell(each['errors'])}</tr>"
        for each in summary["pairs"]
    )
    heads = ("said", "heard", "class", "times", "errors")
    return (
        bar_chart("classes", "Errors by class", bars, "")
        + _scrolled("Costliest mistakes", "The costliest mistakes", heads, rows)
        + '<p class="note">Classes are told from spelling; names and foreign words are guesses.</p>'
    )


def _groups(findings: Findings) -> str:
    charts = []
    for number, (name, groups) in enumerate(findings.groups.items()):
        bars = [
            Bar(each.label, each.rate.value, each.rate.interval, f"{each.utterances:,} utterances")
            for each in groups
        ]
        charts.append(bar_chart(f"group-{number}", f"Word errors by {name}", bars, "%"))
    return "".join(charts)


def _sources(summary: Mapping[str, Any]) -> str:
    found = summary["sources"]
    total = sum(found.values())
    if not total:
        return ""
    bars = [
        Bar(name, float(number), note=f"{SOURCES[name]}; {number / total:.1%}")
        for name, number in found.items()
    ]
    chart = bar_chart("sources", "Utterances with errors, by source", bars, "")
    meanings = "".join(f"<li>{name}: {SOURCES[name]}</li>" for name in SOURCES)
    return (
        f"{chart}<p>Both models were asked what they think of the reference:</p><ul>{meanings}</ul>"
    )


def _leaks(summary: Mapping[str, Any]) -> str:
    leaks = summary["leaks"]
    if leaks is None:
        return ""
    clean, chosen = leaks["clean"], summary["normaliser"]["name"]
    names = [*leaks["exact"], *leaks["near"]]
    listed = "".join(f"<li>{escape(name)}</li>" for name in names[:_MOST_NAMED])
    named = f"<details><summary>Which</summary><ul>{listed}</ul>{_more(len(names))}</details>"
    return (
        f"<p>References that were learnt word for word: {len(leaks['exact']):,}; nearly so:"
        f" {len(leaks['near']):,} (sentences of the texts: {leaks['sentences']:,}). Word errors"
        f" without them: {_with_interval(clean)}, by the normaliser {chosen}, in"
        f" {clean['utterances']:,} utterances.</p>" + (named if names else "")
    )


def _facts(summary: Mapping[str, Any]) -> str:
    run, hardware = summary["run"], summary["run"]["hardware"]
    speed = run["real_time_factor"]
    facts: dict[str, str] = {
        "Command": " ".join(run["command"]),
        "Data": f"{_data(summary)}, {summary['dataset']['utterances']:,} utterances",
        "Model": _checksums(summary.get("model", {}).get("files", {})),
        "Language model": _checksums(summary.get("language_model", {})),
        "Search": ", ".join(f"{k} {v}" for k, v in summary.get("decoding", {}).items()),
        "Versions": ", ".join(f"{name} {told}" for name, told in summary["versions"].items()),
        "Hardware": f"{hardware['processor']}, {hardware['cores']} cores, {hardware['system']}",
        "Speed": ""
        if speed is None
        else f"{speed:.3f} seconds a second of sound and process, {run['workers']} processes",
    }
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>'
        for name, value in facts.items()
        if value
    )
    return _scrolled("Model, data and machine", "Model, data and machine", (), rows)


def _checksums(records: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {checksum[:16]}" for name, checksum in records.items())


def _scrolled(name: str, caption: str, heads: Sequence[str], rows: str) -> str:
    """A table that scrolls sideways in a narrow window, by keys as well."""
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{name}"><table>'
        f"<caption>{caption}</caption>"
        + (f"<thead><tr>{cells}</tr></thead>" if heads else "")
        + f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(value: object) -> str:
    return f'<td class="number">{value}</td>'


def _percent(value: float | None) -> str:
    return "–" if value is None else told(value, "%")


def _interval(rate: Mapping[str, Any]) -> str:
    low, high = rate["interval"]
    return f"{_percent(low)} to {_percent(high)}"


def _with_interval(rate: Mapping[str, Any]) -> str:
    return f"{_percent(rate['rate'])} ({_interval(rate)})"
