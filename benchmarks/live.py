"""Clips spoken into `Recognizer.listen` → errors, delays, stability, cost and memory: tables.

    python -m benchmarks.live --data DIR [--only NAMES] [--clips 100] [--fast] [--minutes 60]

DIR holds recordings and a `manifest.tsv` (path, text, seconds). They come one after the other with
pauses between, in blocks of 0.1 s. Speech starts and ends with the 10 ms that reach −40 dB of a
clip's maximum; delays are counted from there to the event.

Without `--fast` blocks come at the pace of sound. With it they come at once, and the clock is
simulated: it stands at the end of the block last taken, plus the processor time spent since; that
is what an idle machine would show, and where a pass takes longer than a block, the next waits.
`--minutes` repeats the clips to that length, and streams as much silence, noise and music after
them; memory is what this process holds (Linux only).

A tentative word is revised if the text that follows changes it or takes it back.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Clip, count_errors, read_manifest, read_names, table
from benchmarks.long_files import KINDS, align, differences
from benchmarks.silence import sounds
from tevr.audio import SAMPLE_RATE
from tevr.recognizer import Recognizer, load
from tevr.store import DEFAULT_MODEL
from tevr.stream import Event, Final, StreamSettings
from tevr.transcript import Word

Samples = NDArray[np.float32]

#: Samples of a block.
BLOCK = SAMPLE_RATE // 10
#: Seconds of sound after speech that still count as spoken: its last words are being recognised.
AFTERWARDS = 0.6
#: Seconds after which sound without speech repeats.
CYCLE = 20
#: Minutes at which memory is compared.
EARLY = 5.0


@dataclass(frozen=True)
class Spoken:
    """One clip in the stream; times in seconds of the stream.

    Attributes:
        clip: the recording.
        begin: where its first sample stands.
        start: where its speech starts.
        end: where its speech ends.
    """

    clip: Clip
    begin: float
    start: float
    end: float


@dataclass(frozen=True)
class Told:
    """An event and the second of the stream's clock at which it came."""

    at: float
    event: Event


def script(
    clips: Sequence[Clip], seconds: float | None, gaps: tuple[float, float]
) -> tuple[list[Spoken], Iterator[Samples]]:
    """When each clip is spoken, and the sound: clips in turn, pauses of faint noise between."""
    random = np.random.default_rng(0)
    parts: list[Spoken] = []
    pauses: list[int] = []
    at = 0.0
    while len(parts) < len(clips) if seconds is None else at < seconds:
        clip = clips[len(parts) % len(clips)]
        first, last = loud(clip.samples)
        parts.append(Spoken(clip, at, at + first, at + last))
        pauses.append(round(random.uniform(*gaps) * SAMPLE_RATE))
        at += (len(clip.samples) + pauses[-1]) / SAMPLE_RATE

    def sound() -> Iterator[Samples]:
        for part, pause in zip(parts, pauses, strict=True):
            yield part.clip.samples
            yield (1e-4 * random.normal(size=pause)).astype(np.float32)

    return parts, sound()


def loud(samples: Samples) -> tuple[float, float]:
    """Seconds at which a clip's speech starts and ends."""
    step = SAMPLE_RATE // 100
    peaks = np.abs(np.pad(samples, (0, -len(samples) % step))).reshape(-1, step).max(axis=1)
    found = np.flatnonzero(peaks > 0.01 * peaks.max())
    return found[0] * step / SAMPLE_RATE, (found[-1] + 1) * step / SAMPLE_RATE


class Feed:
    """Sound → blocks at their time; notes what each costs.

    Attributes:
        heard: seconds given so far.
        cost: processor seconds that each block took.
        memory: megabytes held, by the minute.
    """

    def __init__(self, pieces: Iterator[Samples], *, pace: bool) -> None:
        self.heard = 0.0
        self.cost: list[float] = []
        self.memory: list[float] = []
        self._pieces = pieces
        self._pace = pace
        self._began = time.perf_counter()
        self._simulated = 0.0
        self._mark = time.process_time()

    def __iter__(self) -> Iterator[Samples]:
        rest = np.zeros(0, np.float32)
        for piece in self._pieces:
            rest = np.concatenate([rest, piece])
            for begin in range(0, len(rest) - BLOCK + 1, BLOCK):
                yield self._next(rest[begin : begin + BLOCK])
                self._note()
            rest = rest[len(rest) // BLOCK * BLOCK :]

    def now(self) -> float:
        """Seconds on the clock."""
        if self._pace:
            return time.perf_counter() - self._began
        return self._simulated + time.process_time() - self._mark

    def _next(self, block: Samples) -> Samples:
        self.heard += len(block) / SAMPLE_RATE
        if self._pace:
            time.sleep(max(0.0, self._began + self.heard - time.perf_counter()))
        self._simulated = max(self._simulated, self.heard)
        self._mark = time.process_time()
        return block

    def _note(self) -> None:
        self.cost.append(time.process_time() - self._mark)
        self._simulated += self.cost[-1]
        self._mark = time.process_time()
        if self.heard >= 60 * len(self.memory):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.memory.append(pages * 4096 / 2**20)
            told = f"\r{self.heard / 60:.0f} min, {self.memory[-1]:.0f} MB "
            print(told, end="", file=sys.stderr, flush=True)


def listen(recognizer: Recognizer, feed: Feed, settings: StreamSettings) -> Iterator[Told]:
    """The events of a feed with their times."""
    clock = time.perf_counter if feed._pace else time.process_time
    for event in recognizer.listen(feed, settings, clock=clock):
        yield Told(feed.now(), event)


def share_out(words: Sequence[Word], parts: Sequence[Spoken]) -> list[list[Word]]:
    """The words of each clip: those that begin after its speech did, more or less."""
    limits = np.array([part.start for part in parts]) - 0.15
    owners = np.searchsorted(limits, [word.start for word in words], "right") - 1
    shared: list[list[Word]] = [[] for _ in parts]
    for word, owner in zip(words, owners, strict=True):
        shared[max(0, owner)].append(word)
    return shared


def delays(told: Sequence[Told], parts: Sequence[Spoken]) -> tuple[list[float], list[float]]:
    """Seconds from speech to its first shown word, and from its end until all of it is final."""
    first: list[float] = []
    last: list[float] = []
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        until = np.inf if after is None else after.start
        own = [each for each in told if part.start <= each.event.heard < until]
        shown = [each.at for each in own if any(w.end > part.start for w in each.event.words)]
        closed = [each.at for each in own if isinstance(each.event, Final)]
        first += [shown[0] - part.start] if shown else []
        last += [closed[-1] - part.end] if closed else []
    return first, last


def revisions(told: Sequence[Told]) -> int:
    """Tentative words that were changed or taken back."""
    revised = 0
    shown: list[str] = []  # tentative
    fixed: list[str] = []  # final, of those
    for each in told:
        words = [word.text for word in each.event.words]
        if isinstance(each.event, Final) and not each.event.closes:
            fixed += words
            continue
        pairs = align(shown, fixed + words)
        revised += sum(
            1 for i, j in pairs if i is not None and (j is None or shown[i] != (fixed + words)[j])
        )
        shown, fixed = ([] if isinstance(each.event, Final) else words), []
    return revised


def quantiles(values: Sequence[float]) -> str:
    """Median and 90 %."""
    return " / ".join(f"{value:.2f}" for value in np.quantile(values, [0.5, 0.9]))


def busy(feed: Feed, parts: Sequence[Spoken]) -> tuple[float, float]:
    """Per cent of one core while somebody speaks, and while nobody does."""
    middles = (np.arange(len(feed.cost)) + 0.5) * BLOCK / SAMPLE_RATE
    owners = np.searchsorted([part.start for part in parts], middles, "right") - 1
    ends = np.array([part.end for part in parts])[np.maximum(owners, 0)]
    speaking = (owners >= 0) & (middles < ends + AFTERWARDS)
    cost = np.array(feed.cost) * SAMPLE_RATE / BLOCK * 100
    return float(cost[speaking].mean()), float(cost[~speaking].mean())


def growth(feed: Feed) -> str:
    """Memory in minute five and at the end, and what it grew by."""
    early, late = feed.memory[min(int(EARLY), len(feed.memory) - 1)], feed.memory[-1]
    return f"{early:.0f} → {late:.0f} MB ({100 * (late - early) / early:+.1f} %)"


def speech(recognizer: Recognizer, clips: Sequence[Clip], given: argparse.Namespace) -> None:
    """Stream clips and print what came of them."""
    seconds = given.minutes * 60 if given.minutes else None
    parts, sound = script(clips, seconds, tuple(given.gaps))
    feed = Feed(sound, pace=not given.fast)
    told = list(listen(recognizer, feed, chosen(given)))
    print(file=sys.stderr)
    finals = [each.event for each in told if isinstance(each.event, Final)]
    words = [word for final in finals for word in final.words]
    first, last = delays(told, parts)
    speaking, silent = busy(feed, parts)
    early = sum(len(final.words) for final in finals if not final.closes)
    rows = [
        ("first partial after speech starts, s: median / 90 %", quantiles(first)),
        ("final after speech ends, s: median / 90 %", quantiles(last)),
        ("clips without an event", len(parts) - len(last)),
        ("revised words per final word", f"{revisions(told) / len(words):.2f}"),
        ("words final before the pause, %", f"{100 * early / len(words):.0f}"),
        ("one core while someone speaks / in silence, %", f"{speaking:.1f} / {silent:.1f}"),
        ("memory", growth(feed)),
    ]
    table(["live", f"{len(parts)} clips, {feed.heard / 60:.1f} min"], rows)
    print()
    compare(recognizer, parts, words, [f.words[-1].end for f in finals if f.words])


def compare(
    recognizer: Recognizer, parts: Sequence[Spoken], words: list[Word], borders: list[float]
) -> None:
    """Print errors beside those of the file path, and words that differ from its words."""
    alone = {
        part.clip.name: list(recognizer.transcribe(part.clip.samples, rate=SAMPLE_RATE).words)
        for part in {part.clip.name: part for part in parts}.values()
    }
    live = share_out(words, parts)
    references = [part.clip.text for part in parts]
    rows = []
    for name, texts in (
        ("live", live),
        ("file path, each clip alone", [alone[part.clip.name] for part in parts]),
    ):
        errors = count_errors(references, [" ".join(w.text for w in each) for each in texts])
        rows.append((name, *errors.cells()))
    table(["path", "WER % (95 %)", "CER % (95 %)"], rows)
    limits = np.array(borders)
    found = [
        each
        for part, part_words in zip(parts, live, strict=True)
        for each in differences(
            placed(alone[part.clip.name], part.begin), placed(part_words, 0.0), limits
        )
    ]
    print(f"\nAgainst the file path, of {len(words)} words; in brackets those at a border:\n")
    cells = []
    for kind in KINDS:
        ours = [each for each in found if each.kind == kind]
        cells.append(f"{len(ours)} ({sum(each.near for each in ours)})")
    table(KINDS, [cells])


def placed(words: Sequence[Word], begin: float) -> list[tuple[float, str]]:
    """Words with their middles, seconds of the stream."""
    return [(begin + (word.start + word.end) / 2, word.text) for word in words]


def nothing(recognizer: Recognizer, given: argparse.Namespace) -> None:
    """Stream silence, noise and music and print what came of them."""
    made = list(sounds(CYCLE * SAMPLE_RATE))  # before the clock: memory is to be the stream's
    times = round(given.minutes * 60 / len(made) / CYCLE) or 1

    feed = Feed((samples for _, samples in made for _ in range(times)), pace=False)
    told = list(listen(recognizer, feed, chosen(given)))
    print(file=sys.stderr)
    finals = [t.event for t in told if isinstance(t.event, Final)]
    words = list(chain.from_iterable(final.words for final in finals))
    rows = [
        ("events", len(told)),
        ("words invented", f"{len(words)} {' '.join(word.text for word in words[:8])}"),
        ("one core, %", f"{100 * sum(feed.cost) / feed.heard:.1f}"),
        ("memory", growth(feed)),
    ]
    table([f"no speech: {len(made)} sounds", f"{feed.heard / 60:.1f} min"], rows)


def chosen(given: argparse.Namespace) -> StreamSettings:
    """The settings that the command line names."""
    values = {each.name: getattr(given, each.name) for each in fields(StreamSettings)}
    return replace(StreamSettings(), **{k: v for k, v in values.items() if v is not None})


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--only", type=Path, help="names of the clips to take, one a line")
    parser.add_argument("--clips", type=int, help="take so many")
    parser.add_argument("--gaps", type=float, nargs=2, default=(1.0, 2.0), help="seconds between")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    parser.add_argument("--fast", action="store_true", help="no pacing; simulated clock")
    parser.add_argument("--minutes", type=float, help="repeat the clips; then no speech as long")
    for each in fields(StreamSettings):
        kind = int if each.type == "int" else float
        parser.add_argument(f"--{each.name}", type=kind, help=f"setting, {each.default} by default")
    given = parser.parse_args()
    clips = read_manifest(given.data, given.clips, only=read_names(given.only))
    recognizer = load(given.model, threads=1)
    if given.minutes:
        nothing(recognizer, given)
        print()
    speech(recognizer, clips, given)


if __name__ == "__main__":
    main()
