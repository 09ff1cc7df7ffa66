"""`tevr score`: references and hypotheses of any system → error rates, errors and a report."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from tevr.cli.console import complain
from tevr.cli.groups import Json
from tevr.cli.values import whole

if TYPE_CHECKING:
    from tevr.evaluation.text_files import Matched

NormaliserName = Annotated[
    str,
    Option("--normaliser", metavar="NAME", help="raw, plain or leaderboard; all rates are told."),
]
Eszett = Annotated[
    bool | None,
    Option("--eszett/--no-eszett", help="Tell ß from ss; else only raw does."),
]
Worst = Annotated[
    int, Option("--worst", parser=whole, metavar="N", help="Utterances shown in the report.")
]


def score(
    reference: Annotated[Path, typer.Argument(metavar="REF", help="What was said.")],
    hypothesis: Annotated[Path, typer.Argument(metavar="HYP", help="What was heard.")],
    output_dir: Annotated[
        Path | None,
        Option("--output-dir", "-o", metavar="DIR", help="Write summary and report here, too."),
    ] = None,
    normaliser: NormaliserName = "plain",
    eszett: Eszett = None,
    worst: Worst = 20,
    json: Json = False,
) -> int:
    """Count the errors of any recogniser's text.

    Both files hold one utterance a line: plain text, .tsv, .jsonl or .trn. Named utterances are
    matched by name, others by line.
    """
    from tevr.cli.evaluation_report import problem_lines, summary_lines
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.evaluation.findings import find_out
    from tevr.evaluation.results import write_results
    from tevr.evaluation.summary import RunFacts, summarise
    from tevr.evaluation.text_files import read_matched
    from tevr.scoring.normalisers import get_normaliser

    start = time.perf_counter()
    chosen = get_normaliser(normaliser, eszett=eszett)
    matched = read_matched(reference, hypothesis)
    identity = _identity(reference, hypothesis, matched)
    findings = find_out(matched.records, chosen)
    command = ["tevr", "score", str(reference), str(hypothesis)]
    facts = RunFacts(command, 1, time.perf_counter() - start)
    summary = summarise(findings, identity, facts)
    if output_dir is not None:
        _keep(output_dir, identity, matched)
        write_results(output_dir, findings, summary, worst, None)
    if json:
        print_json(summary)
    else:
        print_lines(summary_lines(summary))
    for line in (*problem_lines(summary["problems"]), *_unmatched(matched)):
        complain(line)
    return 0


def _unmatched(matched: Matched) -> list[str]:
    lines = []
    if matched.unheard:
        number, first = len(matched.unheard), matched.unheard[0]
        lines.append(f"{number} references have no hypothesis and count as unheard, first {first}.")
    if matched.unasked:
        number, first = len(matched.unasked), matched.unasked[0]
        lines.append(f"{number} hypotheses have no reference and do not count, first {first}.")
    return lines


def _identity(reference: Path, hypothesis: Path, matched: Matched) -> dict[str, Any]:
    from tevr.lm.manifest import FileRecord

    return {
        "schema": 1,
        "dataset": {
            "name": reference.name,
            "split": "",
            "utterances": len(matched.records),
            "sha256": FileRecord.of(reference).sha256,
        },
        "model": {
            "name": hypothesis.name,
            "files": {hypothesis.name: FileRecord.of(hypothesis).sha256},
        },
    }


def _keep(folder: Path, identity: dict[str, Any], matched: Matched) -> None:
    """Write the records, so that the folder can be compared with others."""
    from tevr.evaluation.records import UTTERANCES, RecordFile
    from tevr.evaluation.running import claim

    claim(folder, identity)
    file = RecordFile(folder / UTTERANCES)
    for record in matched.records[len(file.records) :]:
        file.append(record)
    file.close()
