"""Recordings with their text → raw word errors, capitals and marks counted, as said and as written.

    python -m benchmarks.readable_speech --data DIR --only NAMES --clips 100

DIR holds recordings and a `manifest.tsv` (path, text, seconds) with capitals and marks; `--only`
names a file with the clips to take, such as those that no training heard. Every clip is recognised
by the bundled model and compared as it was said, and as `ReadableWriter` writes it: whole, and
without numbers, marks, or capitals. "raw" is the normaliser of `tevr score` that compares texts as
they stand; ß counts. "plain" has neither capitals nor marks: it tells what was misheard.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common import interval, progress, read_names, table
from tevr.readable.writer import DEFAULTS, ReadableOptions, ReadableWriter, open_files
from tevr.recognizer import load
from tevr.scoring.alignment import word_errors
from tevr.scoring.normalisers import Normaliser, get_normaliser
from tevr.transcript import Segment

KINDS = {
    "written": DEFAULTS,
    "written, numbers in words": replace(DEFAULTS, numbers=False),
    "written, no marks": replace(DEFAULTS, punctuation=False),
    "written, no capitals": replace(DEFAULTS, capitals=False),
}


def rate(pairs: Sequence[tuple[str, str]], normaliser: Normaliser) -> str:
    """Word error rate of texts, in per cent with its interval."""
    words = [(normaliser.words(reference), normaliser.words(heard)) for reference, heard in pairs]
    return interval(np.array([(word_errors(said, got), len(said)) for said, got in words]))


def main() -> None:
    """Recognise, write and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", type=Path)
    parser.add_argument("--clips", type=int)
    arguments = parser.parse_args()

    with (arguments.data / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    only = read_names(arguments.only)
    chosen = [row for row in rows if not only or row["path"] in only][: arguments.clips]
    recognizer, files = load(), open_files()
    heard = [
        list(recognizer.transcribe(arguments.data / row["path"]).segments)
        for row in progress(chosen, arguments.data.name)
    ]
    references = [row["text"] for row in chosen]

    def written(segments: list[Segment], options: ReadableOptions) -> str:
        return " ".join(each.text for each in ReadableWriter(files, options).write(segments))

    texts = {"as said": [" ".join(each.text for each in segments) for segments in heard]}
    texts |= {
        name: [written(segments, options) for segments in heard] for name, options in KINDS.items()
    }
    kinds = get_normaliser("raw", eszett=True), get_normaliser("plain")
    cells = [
        (name, *(rate(list(zip(references, found, strict=True)), kind) for kind in kinds))
        for name, found in texts.items()
    ]
    table(["text", "raw WER % (95 %)", "plain WER % (95 %)"], cells)


if __name__ == "__main__":
    main()
