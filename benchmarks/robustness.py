"""The same clips under noise, on the telephone, in a room, joined → error rates of all systems.

    python -m benchmarks.robustness --data DIR [--model DIR DIR] [--whisper DIR] [--sets mp3 room]

Sets are made by `tevr.training.effects` and follow from the clips alone: pink noise at 10 dB, a
telephone line, mp3 of 32 kbit/s and back, a room of 0.5 s reverberation heard from 1 m away.
`joined` has the clips one after the other to at most 20 s, 0.3 s of silence between them, and
`uncut` the same, heard in one piece rather than in the spans that tevr cuts sound into; below the
table stands how their word error rates compare with that of the clean clips. Flags, normaliser and
intervals are those of `benchmarks/accuracy.py`; for joined clips they are over the joined ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import (
    Clip,
    Errors,
    count_errors,
    progress,
    read_manifest,
    read_names,
    table,
)
from benchmarks.systems import System, add_flags, make_systems
from tevr.audio import SAMPLE_RATE
from tevr.training import effects

Samples = NDArray[np.float32]
Effect = Callable[[Samples, np.random.Generator], Samples]

#: What is done to each clip, by the name of the set.
EFFECTS: dict[str, Effect] = {
    "clean": lambda samples, _: samples,
    "noise": lambda samples, rng: effects.noise(samples, 10.0, "pink", rng),
    "telephone": lambda samples, _: effects.telephone(samples),
    "mp3": lambda samples, _: effects.codec(samples, "mp3", 32_000),
    "room": lambda samples, rng: effects.room(samples, 0.5, 1.0, rng),
}
CLEAN, JOINED, UNCUT = "clean", "joined", "uncut"
SETS = (*EFFECTS, JOINED, UNCUT)
#: Seconds of joined clips at most, and of silence between two.
LONGEST, PAUSE = 20.0, 0.3


@dataclass(frozen=True)
class Utterance:
    """Sound to recognise, (samples,) at 16 kHz, and what is said in it, normalised."""

    samples: Samples
    text: str


def changed(clips: Sequence[Clip], effect: Effect) -> Iterator[Utterance]:
    """Each clip under an effect; what is drawn follows from its place alone."""
    for number, clip in enumerate(clips):
        yield Utterance(effect(clip.samples, np.random.default_rng(number)), clip.text)


def joined(clips: Sequence[Clip]) -> Iterator[Utterance]:
    """Successive clips as one, as many as fit; a clip that is longer stands alone."""
    group: list[Clip] = []
    length = 0.0
    for clip in clips:
        added = PAUSE + len(clip.samples) / SAMPLE_RATE
        if group and length + added > LONGEST:
            yield _one(group)
            group, length = [], 0.0
        length += added if group else added - PAUSE
        group.append(clip)
    if group:
        yield _one(group)


def _one(clips: Sequence[Clip]) -> Utterance:
    silence = np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)
    sounds = [part for clip in clips for part in (silence, clip.samples)][1:]
    return Utterance(np.concatenate(sounds), " ".join(clip.text for clip in clips))


def make(name: str, clips: Sequence[Clip]) -> list[Utterance]:
    """One of `SETS`."""
    return list(joined(clips) if name in (JOINED, UNCUT) else changed(clips, EFFECTS[name]))


def measure(name: str, utterances: Sequence[Utterance], system: System) -> Errors | None:
    """Errors of one system on one set; none where it would hear the same as in another set."""
    read = system.read_uncut if name == UNCUT else system.read
    if read is None:
        return None
    heard = progress(utterances, f"{name}, {system.name}")
    texts = [read(utterance.samples) for utterance in heard]
    return count_errors([utterance.text for utterance in utterances], texts)


def main() -> None:
    """Recognise all sets with all systems and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    add_flags(parser)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, metavar="SET")
    arguments = parser.parse_args()

    systems = make_systems(arguments)
    only = read_names(arguments.only)
    rows, ratios = [], []
    for folder in arguments.data:
        clips = read_manifest(folder, arguments.clips, only=only)
        rates: dict[tuple[str, str], float] = {}
        for name in arguments.sets:
            utterances = make(name, clips)
            for system in systems:
                errors = measure(name, utterances, system)
                if errors is None:
                    continue
                wrong, words = errors.words.sum(axis=0)
                rates[name, system.name] = wrong / words
                counts = (folder.name, name, len(utterances), words)
                rows.append((*counts, system.name, *errors.cells()))
        ratios += [
            f"{folder.name}, {system}: {name} {rate / clean:.2f} × clean"
            for (name, system), rate in rates.items()
            if name in (JOINED, UNCUT) and (clean := rates.get((CLEAN, system)))
        ]
    head = ["recordings", "set", "clips", "words", "system", "WER % (95 %)", "CER % (95 %)"]
    table(head, rows)
    print("", *ratios, sep="\n")


if __name__ == "__main__":
    main()
