"""Models of ours, and a folder of Whisper's → what is compared: functions from sound to text."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Whisper
from tevr.acoustic import open_model
from tevr.audio import SAMPLE_RATE
from tevr.recognizer import load, make_decoder
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.transcript import Options

Sound = Path | NDArray[np.float32]
"""A file, or samples (samples,) at 16 kHz."""
DECODERS = {"greedy": "greedy", "with language model": "beam"}
"""Decoders of ours by their titles."""


@dataclass(frozen=True)
class System:
    """Something that recognises speech.

    Attributes:
        name: for tables.
        read: turns any sound into text, as users have it.
        read_uncut: hears samples in one piece, whatever pauses are in them; ``None`` if that is
            what `read` does.
    """

    name: str
    read: Callable[[Sound], str]
    read_uncut: Callable[[NDArray[np.float32]], str] | None = None


def ours(model: str, title: str, decoder: str, threads: int) -> System:
    """A whole recogniser of ours."""
    files, options = find(model), Options(decoder=decoder)
    recognizer = load(model, options, threads=threads)
    tokens = TokenTable.load(files.folder / files.tokens)
    acoustic, search = open_model(files, threads), make_decoder(tokens, options, files)

    def read(sound: Sound) -> str:
        rate = None if isinstance(sound, Path) else SAMPLE_RATE
        return recognizer.transcribe(sound, rate=rate).text

    def read_uncut(samples: NDArray[np.float32]) -> str:
        return search.decode(tokens.fold(acoustic.log_probs([samples])[0])).text

    return System(title, read, read_uncut)


def make_systems(arguments: argparse.Namespace) -> list[System]:
    """What the flags of `add_flags` ask for."""
    systems = []
    names = [find(model).name for model in arguments.model]
    for model, name in zip(arguments.model, names, strict=True):
        shown = name if names.count(name) == 1 else model
        systems += [
            ours(model, f"{shown}, {title}", decoder, arguments.threads)
            for title, decoder in DECODERS.items()
        ]
    if arguments.whisper:
        whisper = Whisper(arguments.whisper, arguments.threads)
        systems.append(System(f"{arguments.whisper.name}, beam 5", whisper))
    return systems


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Flags that say what is compared on what."""
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--clips", type=int, metavar="N", help="first clips of each folder")
    parser.add_argument(
        "--only", type=Path, metavar="FILE", help="clips, one a line, of folders that have them"
    )
    parser.add_argument(
        "--model", nargs="+", default=[DEFAULT_MODEL], help="names or folders of models"
    )
    parser.add_argument("--whisper", type=Path, metavar="DIR", help="a CTranslate2 Whisper model")
    parser.add_argument("--threads", type=int, default=2)
