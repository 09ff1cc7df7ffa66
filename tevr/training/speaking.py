"""Sentences with their speakers → encoded clips in the same order, made by several processes."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context

import numpy as np

from tevr.audio import SAMPLE_RATE
from tevr.errors import TevrError
from tevr.lm.spoken import read_out
from tevr.lm.workers import in_order, serve
from tevr.training.encoder import encoded
from tevr.training.speakers import Speaker
from tevr.training.synthesisers import Samples, Synthesiser, Unspoken, open_voice
from tevr.training.voices import warp

#: Sentences that a process speaks at a time.
CHUNK = 8
#: Chunks a process that wait or run.
AHEAD = 2
#: Seconds that a letter takes at least, however fast: less was broken off.
SHORTEST_LETTER = 0.02
#: Highest sample of a clip; what a voice gives louder is turned down.
LOUDEST = 0.9

_GAP = re.compile(r" ([.,;:!?…])")


@dataclass(frozen=True, slots=True)
class Job:
    """One sentence to speak.

    Attributes:
        text: as written.
        speaker: with the pitch and tempo for this sentence.
        read_out: turn numbers and abbreviations into words first.
    """

    text: str
    speaker: Speaker
    read_out: bool = False


@dataclass(frozen=True, slots=True)
class Clip:
    """A spoken sentence.

    Attributes:
        sound: a FLAC file, 16 kHz, mono, 16 bits.
        text: as written.
        speaker: name of the speaker.
        seconds: of sound.
    """

    sound: bytes
    text: str
    speaker: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Missed:
    """A sentence that the voice could not say."""

    reason: str


def spoken(jobs: Iterable[Job], workers: int) -> Generator[Clip | Missed]:
    """Yield what becomes of the jobs, in their order.

    Speech comes from processes of their own even if it is one: what a foreign library breaks
    concerns nobody else.

    Args:
        jobs: taken as they are needed, a few for each worker ahead.
        workers: number of processes, at least 1.

    Raises:
        TevrError: a process was ended from outside.
    """
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=serve)
    try:
        for _, found in in_order(pool, _speak_all, _chunks(jobs), AHEAD * workers + 1):
            yield from found
    except BrokenProcessPool as error:
        raise TevrError(
            "A process that spoke was ended from outside, most often for want of memory",
            "Run the same command again: it goes on where it stopped.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def speak(job: Job) -> Clip | Missed:
    """Speak one sentence in this process."""
    speaker = job.speaker
    text = _words(job.text) if job.read_out else job.text
    try:
        sound = _voice(speaker.voice).say(text, pitch=speaker.pitch, pace=speaker.pace)
    except Unspoken as error:
        return Missed(str(error))
    letters = sum(map(str.isalpha, text))
    if not letters or len(sound) < letters * SHORTEST_LETTER * SAMPLE_RATE:
        return Missed("the voice left most of it out")
    sound = _levelled(warp(sound, speaker.tract))
    seconds = len(sound) / SAMPLE_RATE
    return Clip(encoded(sound, "flac", "flac"), job.text, speaker.name, seconds)


def _words(text: str) -> str:
    """The text with numbers and abbreviations as words, without the gaps they leave."""
    return _GAP.sub(r"\1", " ".join(read_out(text).split()))


def _levelled(samples: Samples) -> Samples:
    peak = float(np.abs(samples).max())
    return samples * np.float32(LOUDEST / peak) if peak > LOUDEST else samples


@lru_cache(maxsize=64)
def _voice(name: str) -> Synthesiser:
    return open_voice(name)


def _chunks(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    todo = iter(jobs)
    while chunk := list(islice(todo, CHUNK)):
        yield chunk


def _speak_all(jobs: list[Job]) -> list[Clip | Missed]:
    return [speak(job) for job in jobs]
