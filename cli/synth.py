"""`tevr synth`: flags → one call that speaks sentences into a folder to train on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from tevr.cli.console import complain, progress
from tevr.cli.groups import Json, Quiet, Texts
from tevr.cli.values import count, number, whole

if TYPE_CHECKING:
    from tevr.training.synth import SynthOptions, SynthReport


def synth(
    texts: Texts,
    output_dir: Annotated[
        Path, Option("--output-dir", "-o", metavar="DIR", help="Where clips and manifest.tsv go.")
    ],
    sentences: Annotated[
        int | None, Option(parser=count, metavar="N", help="Clips to make; else all sentences.")
    ] = None,
    hours: Annotated[
        float | None, Option(parser=number, metavar="H", help="Hours of sound to make.")
    ] = None,
    seed: Annotated[
        int, Option(parser=whole, metavar="N", help="All choices follow from it; 0 or more.")
    ] = 0,
    voice: Annotated[
        list[str],
        Option(metavar="NAME", help="pico, espeak (all its variants), espeak:f2; repeat for more."),
    ] = [],  # noqa: B006 - read only
    piper: Annotated[
        list[Path], Option(metavar="FILE", help="A Piper voice, FILE.onnx; repeat for more.")
    ] = [],  # noqa: B006 - read only
    speakers: Annotated[
        int, Option(parser=count, metavar="N", help="Different speakers to make of the voices.")
    ] = 100,
    read_out: Annotated[
        bool, Option("--read-out", help="Speak numbers as tevr reads them, not as the voice does.")
    ] = False,
    jobs: Annotated[
        int | None, Option(parser=count, metavar="N", help="Processes, one a core if left out.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Speak sentences, for training.

    Texts become clips of many speakers and a manifest.tsv. The same command goes on where it was
    stopped, and the same seed gives the same clips. Without --voice or --piper, pico speaks.
    """
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.training.synth import SynthOptions, synthesise

    options = SynthOptions(
        texts=texts,
        folder=output_dir,
        sentences=sentences,
        hours=hours,
        seed=seed,
        voices=[*voice, *(f"piper:{file}" for file in piper)] or ["pico"],
        speakers=speakers,
        read_out=read_out,
        jobs=jobs or os.cpu_count() or 1,
    )
    try:
        with progress(_total(options), quiet=quiet) as bar:
            shown = 0.0

            def show(clips: int, seconds: float) -> None:
                nonlocal shown
                done = float(clips) if hours is None else seconds
                bar.file(f"{clips} clips, {seconds / 3600:.2f} hours", done - shown, None)
                shown = done

            report = synthesise(options, show)
    except KeyboardInterrupt as stop:
        stop.add_note("The same command goes on from here.")
        raise
    for skipped in report.unread:
        complain(f"Left out: {skipped.reason}")
    if report.missed:
        complain(f"Sentences that no voice could say were left out: {report.missed}.")
    if json:
        print_json(_data(report))
    else:
        print_lines(iter(_lines(report, output_dir)))
    return 0


def _total(options: SynthOptions) -> float | None:
    """The weight of all progress: seconds of sound, or clips."""
    if options.hours is not None:
        return options.hours * 3600
    return options.sentences


def _lines(report: SynthReport, folder: Path) -> list[str]:
    return [
        f"clips      {report.clips:,} with {report.seconds / 3600:.2f} hours, {report.made:,} of"
        " them new",
        f"sentences  {report.sentences:,} in the texts",
        f"written    {folder}",
    ]


def _data(report: SynthReport) -> dict[str, object]:
    return {
        "clips": report.clips,
        "made": report.made,
        "seconds": report.seconds,
        "missed": report.missed,
        "sentences": report.sentences,
        "unread": [skipped.reason for skipped in report.unread],
    }
