"""Recordings with their text → error rates: greedy, with language model, and Whisper's.

    python -m benchmarks.accuracy --data DIR --data DIR --clips 100 [--whisper DIR]

Each DIR holds recordings and a `manifest.tsv` (path, text, seconds). References and results pass
the same normaliser (`tevr.lm.corpus.normalise`). The intervals hold 95 % of bootstrap resamples
over clips. `--whisper` names a CTranslate2 folder of a Whisper model (`benchmarks/transcribe.py`
says how to make one).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import Whisper, count_errors, progress, read_manifest, table
from tevr.recognizer import load
from tevr.store import DEFAULT_MODEL, find
from tevr.transcript import Options

System = Callable[[Path], str]


def ours(model: str, options: Options, threads: int) -> System:
    """A whole recogniser as a function from file to text."""
    recognizer = load(model, options, threads=threads)
    return lambda path: recognizer.transcribe(path).text


def make_systems(arguments: argparse.Namespace) -> dict[str, System]:
    """What is compared, by the name it has in the table."""
    model, threads = arguments.model, arguments.threads
    name = find(model).name
    systems = {
        f"{name}, greedy": ours(model, Options(decoder="greedy"), threads),
        name: ours(model, Options(), threads),
    }
    if arguments.whisper:
        systems["Whisper, beam 5"] = Whisper(arguments.whisper, threads)
    return systems


def main() -> None:
    """Recognise all clips with all systems and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--clips", type=int, metavar="N", help="first clips of each folder")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    parser.add_argument("--whisper", type=Path, metavar="DIR", help="a CTranslate2 Whisper model")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    rows = []
    systems = make_systems(arguments)
    for folder in arguments.data:
        clips = read_manifest(folder, arguments.clips)
        references = [clip.text for clip in clips]
        for name, system in systems.items():
            texts = [system(clip.path) for clip in progress(clips, f"{folder.name}, {name}")]
            errors = count_errors(references, texts)
            rows.append((folder.name, len(clips), errors.words[:, 1].sum(), name, *errors.cells()))
    table(["recordings", "clips", "words", "system", "WER % (95 %)", "CER % (95 %)"], rows)


if __name__ == "__main__":
    main()
