"""Recordings with their text → error rates: greedy, with language model, and Whisper's.

    python -m benchmarks.accuracy --data DIR --data DIR --clips 100 --model DIR DIR --whisper DIR

Each DIR of `--data` holds recordings and a `manifest.tsv` (path, text, seconds). References and
results pass the same normaliser (`tevr.lm.corpus.normalise`), which also reads numbers out. The
intervals hold 95 % of bootstrap resamples over clips. `--only` names a file with the clips to take,
such as those that a training kept out. `--whisper` names a CTranslate2 folder of a Whisper model
(`benchmarks/transcribe.py` says how to make one). `--texts` keeps what each system wrote, a .tsv of
path and text for each folder and system, which `tevr score` reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from benchmarks.common import count_errors, progress, read_manifest, read_names, table
from benchmarks.systems import add_flags, make_systems


def keep(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Write the names of clips and what was heard in them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [("path", "text"), *rows]
    tidy = ["\t".join(" ".join(cell.split()) for cell in line) for line in lines]
    path.write_text("\n".join(tidy) + "\n", encoding="utf-8")


def main() -> None:
    """Recognise all clips with all systems and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_flags(parser)
    parser.add_argument("--texts", type=Path, metavar="DIR", help="keep what was written here")
    arguments = parser.parse_args()

    rows = []
    systems = make_systems(arguments)
    only = read_names(arguments.only)
    for folder in arguments.data:
        clips = read_manifest(folder, arguments.clips, only=only)
        references = [clip.text for clip in clips]
        for system in systems:
            title = f"{folder.name}, {system.name}"
            texts = [system.read(clip.path) for clip in progress(clips, title)]
            if arguments.texts:
                rows_kept = zip((clip.path.name for clip in clips), texts, strict=True)
                keep(arguments.texts / f"{folder.name}, {system.name}.tsv", rows_kept)
            errors = count_errors(references, texts)
            words = errors.words[:, 1].sum()
            rows.append((folder.name, len(clips), words, system.name, *errors.cells()))
    table(["recordings", "clips", "words", "system", "WER % (95 %)", "CER % (95 %)"], rows)


if __name__ == "__main__":
    main()
