"""Records → the files of a results folder: `summary.json` and `report.html`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from tevr.errors import AudioError, OutputError
from tevr.evaluation.embedded_sound import embedded_sound
from tevr.evaluation.findings import Findings
from tevr.evaluation.label_picture import label_picture
from tevr.evaluation.listening import Listener
from tevr.evaluation.report import REPORT, write_page
from tevr.evaluation.running import write_json
from tevr.evaluation.summary import SUMMARY
from tevr.lm.whole_file import whole_file


def write_results(
    folder: Path,
    findings: Findings,
    summary: Mapping[str, Any],
    worst: int,
    make_listener: Callable[[], Listener] | None,
) -> None:
    """Write both files.

    Args:
        folder: the results folder.
        findings: what was found out.
        summary: what `summary.json` shall tell.
        worst: utterances that the report shows with sound and picture.
        make_listener: opens the recogniser that draws pictures; None where only texts are known.

    Raises:
        OutputError: a file cannot be written.
    """
    write_json(folder / SUMMARY, dict(summary))
    shown = findings.worst(worst)
    listener = make_listener() if make_listener and shown else None
    paths = {findings.records[place].name: Path(findings.records[place].path) for place in shown}

    def media(name: str) -> str:
        return _media(f"utterance-{list(paths).index(name)}", paths[name], listener)

    page = write_page(findings, summary, worst, media if listener else lambda _: "")
    try:
        with whole_file(folder / REPORT) as file:
            file.write(page.encode())
    except OSError as error:
        cause = f"{folder / REPORT} cannot be written ({error.strerror or error})"
        raise OutputError(cause, "Free some space there, or choose another folder.") from error


def _media(name: str, path: Path, listener: Listener | None) -> str:
    """Sound and picture of one utterance; a recording that is gone is told."""
    if listener is None:
        return ""
    try:
        spans, _ = listener.log_probs(path)
        sound = embedded_sound(path)
    except (AudioError, OSError) as error:
        reason = error.cause if isinstance(error, AudioError) else str(error)
        return f"<p>The recording cannot be shown: {escape(reason)}.</p>"
    return (
        f'<audio controls preload="none" src="{sound}" aria-label="The recording"></audio>'
        f"<details><summary>What the network hears</summary>"
        f"{label_picture(name, spans, listener.labels)}</details>"
    )
