"""Results of checks → a page in Markdown with tables and pictures, kept so that it can grow.

`write_report` leaves `zoo.md`, and beside it `zoo/` with the pictures and `results.json`; a claim
that is tried again replaces what stood there, all else stays.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tevr.models import PAPERS, Paper
from tevr.models.checks import Picture, Result

PAGE, SIDE, RESULTS = "zoo.md", "zoo", "results.json"
VERDICTS = {True: "holds", False: "does not hold", None: "cannot be told"}
HEAD = """# The model zoo: what papers say, and what we find

Each line is a claim of a paper, tried at small scale. Intervals are of 95 % by Student's t over
seeds, folds or units, as the data tell; where an interval holds no difference too, the verdict is
"cannot be told". Published figures come from larger trainings and other data unless it says so.
This page is written by `tevr zoo check`; `DATA` is a folder with the data sets named. Minutes are
those of the clock, on two cores that others used too.
"""


def write_report(folder: Path, results: Iterable[tuple[Result, Path]]) -> Path:
    """Write or renew the page.

    Args:
        folder: of the page.
        results: each with the folder in which its pictures lie.

    Returns:
        The page's path.

    Raises:
        ValueError: what stood there cannot be read.
    """
    side = folder / SIDE
    side.mkdir(parents=True, exist_ok=True)
    kept = {(each.paper, each.claim): each for each in read_results(folder)}
    for result, place in results:
        kept[result.paper, result.claim] = _with_pictures(result, place, side)
    ordered = _ordered(kept.values())
    text = json.dumps(
        [json.loads(each.to_json()) for each in ordered], ensure_ascii=False, indent=1
    )
    _write(side / RESULTS, text + "\n")
    _write(folder / PAGE, render(ordered))
    return folder / PAGE


def read_results(folder: Path) -> list[Result]:
    """Return the results of an earlier page, none if there is none."""
    path = folder / SIDE / RESULTS
    if not path.exists():
        return []
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [Result.from_json(json.dumps(each)) for each in found]
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is damaged; remove it to begin anew.") from error


def render(results: Sequence[Result]) -> str:
    """Return the page."""
    parts = [HEAD]
    for paper in PAPERS:
        own = [each for each in results if each.paper == paper.name]
        if own:
            parts.append(_section(paper, own))
    hours = sum(each.minutes for each in results) / 60
    quick = sum(each.quick for each in results)
    parts.append(
        f"## In all\n\n{len(results)} claims, {hours:.1f} hours; "
        f"{quick} of them tried by `--quick` only.\n"
    )
    return "\n".join(parts)


def table(results: Sequence[Result]) -> str:
    """Return the claims as a table in Markdown."""
    lines = [
        "| claim | ours | published | verdict | data | minutes | command |",
        "| --- | --- | --- | --- | --- | ---: | --- |",
    ]
    for each in results:
        found = each.finding
        cells = (
            each.says,
            found.ours,
            each.published,
            VERDICTS[found.holds],
            found.data,
            f"{each.minutes:.1f}",
            f"`{each.command}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def _section(paper: Paper, results: Sequence[Result]) -> str:
    parts = [
        f"## `{paper.name}`: {paper.task}",
        f"{paper.authors}, *{paper.title}*, {paper.source}. "
        f"[models/{paper.name}.py](../models/{paper.name}.py)",
        table(results),
    ]
    remarks = [(each.says, each.finding.remark) for each in results if each.finding.remark]
    if remarks:
        parts.append("\n".join(f"- {says.rstrip('.')}: {remark}" for says, remark in remarks))
    for each in results:
        if each.finding.table:
            parts += [f"**{each.says}**", each.finding.table]
        parts += [f"![{shown.caption}]({SIDE}/{shown.file})" for shown in each.finding.pictures]
    return "\n\n".join(parts) + "\n"


def _with_pictures(result: Result, place: Path, side: Path) -> Result:
    """Copy pictures beside the page, under names of their own."""
    shown = []
    for picture in result.finding.pictures:
        file = f"{result.paper}_{result.claim}_{Path(picture.file).name}"
        shutil.copyfile(place / picture.file, side / file)
        shown.append(Picture(file, picture.caption))
    return replace(result, finding=replace(result.finding, pictures=tuple(shown)))


def _ordered(results: Iterable[Result]) -> list[Result]:
    """In the order of the papers; claims of each as they came."""
    found = list(results)
    names = [paper.name for paper in PAPERS]
    known = [each for each in found if each.paper in names]
    return sorted(known, key=lambda each: names.index(each.paper))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
