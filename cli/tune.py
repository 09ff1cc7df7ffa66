"""`tevr lm tune`: recordings with their words → the numbers with which a model reads them best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from tevr.cli.console import complain, progress
from tevr.cli.groups import Json, Quiet
from tevr.cli.values import count

if TYPE_CHECKING:
    from tevr.tuning import Tuning

_FEW_WORDS = 500


def tune(
    recordings: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Recordings with a manifest.tsv, or a .txt beside each."
        ),
    ],
    lm: Annotated[
        Path, Option("--lm", metavar="DIR", help="The language model; its numbers are replaced.")
    ],
    model: Annotated[
        str | None, Option(metavar="MODEL", help="Another model than the bundled: name or folder.")
    ] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Change nothing, only report.")] = False,
    json: Json = False,
    threads: Annotated[
        int | None, Option(parser=count, metavar="N", help="Processor threads, all if left out.")
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Find the numbers of the search that make the fewest errors.

    They are alpha (weight of the language model), beta (bonus for each word), compound_offset and
    unknown_offset, and are kept with the language model. A hundred sentences are enough.
    """
    from tevr import Options, load
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.labelled import read_labelled
    from tevr.lm.folder import read_language_model, with_decoding
    from tevr.store import DEFAULT_MODEL, find
    from tevr.tokens import TokenTable
    from tevr.tuning import listen
    from tevr.tuning import tune as tune_settings

    clips = read_labelled(recordings)
    folder = read_language_model(lm)
    if not dry_run:  # told before the work, not after it
        with_decoding(folder, folder.decoding)
    chosen = model or DEFAULT_MODEL
    files = find(chosen)
    labels = TokenTable.load(files.folder / files.tokens).decoder_labels
    recognizer = load(chosen, Options(language_model=lm), threads=threads)
    with progress(None, quiet=quiet) as bar:

        def show(number: int, what: str) -> None:
            bar.file(f"{number} {what}", 0.0, None)

        heard = listen(recognizer, clips, show)
        found = tune_settings(labels, heard, folder.files, folder.tuned(files.decoding), show)
    if not dry_run:
        with_decoding(folder, _numbers(found))
    if json:
        print_json(_data(found))
    else:
        print_lines(iter(_lines(found, None if dry_run else folder.path)))
    if sum(found.words) < _FEW_WORDS:
        complain(f"{sum(found.words)} words are few to tune on: other recordings may gain nothing.")
    return 0


def _numbers(found: Tuning) -> dict[str, float | None]:
    from tevr.tuning import STEPS

    return {name: getattr(found.settings, name) for name in STEPS}


def _lines(found: Tuning, written: Path | None) -> list[str]:
    before, after = found.word_error_rate
    low, high = found.gain_interval()
    told = [f"{name} {value:g}" for name, value in _numbers(found).items() if value is not None]
    lines = [
        f"recordings    {len(found.words):,} with {sum(found.words):,} words",
        f"tried         {found.tries} settings",
        f"best          {', '.join(told)}",
        f"word errors   {after:.1%}, before {before:.1%}"
        f" (fewer by {low:.1%} to {high:.1%}, 95 % interval)",
    ]
    return [*lines, f"written       {written}"] if written else lines


def _data(found: Tuning) -> dict[str, object]:
    before, after = found.word_error_rate
    return {
        "recordings": len(found.words),
        "words": sum(found.words),
        "tries": found.tries,
        "decoding": _numbers(found),
        "word_error_rate": {"before": before, "after": after},
        "gain_interval": found.gain_interval(),
    }
