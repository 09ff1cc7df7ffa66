"""Clips repeated to files of hours → memory, speed, and words lost or doubled, as a table.

    python -m benchmarks.long_files --data DIR [--hours 1 3] [--clips 60]

DIR holds recordings and a `manifest.tsv` (path, text, seconds). Each file is transcribed in a
process of its own, and its words are compared with those of each clip transcribed alone. As a
measure of what chance does, the first row compares with each clip begun 10 ms later.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Clip, read_manifest, table
from tevr.audio import SAMPLE_RATE, open_audio
from tevr.recognizer import load
from tevr.speech import spans
from tevr.transcript import Word

#: Seconds from a border of a span within which a difference is laid to that border.
NEAR = 0.5
#: Seconds of silence between clips.
GAPS = (0.2, 1.5)
KINDS = ("lost", "doubled", "added", "changed")
HEAD = ("file", "peak MB", "RTF wall", "RTF CPU", "words", "wrong %", *KINDS)

Placed = tuple[float, str]  # seconds at which a word's middle lies, the word
Parts = list[list[Placed]]  # the words of each clip in turn


@dataclass(frozen=True)
class Difference:
    """One word that came out otherwise than from its clip alone."""

    kind: str  # of KINDS
    alone: str
    joined: str
    near: bool  # a border of a span


def write(path: Path, clips: Sequence[Clip], seconds: float) -> list[float]:
    """Write the clips in a cycle with gaps as flac; return the seconds at which each starts."""
    random = np.random.default_rng(0)
    starts: list[float] = []
    written = 0
    with av.open(str(path), "w") as file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        while written < seconds * SAMPLE_RATE:
            samples = clips[len(starts) % len(clips)].samples
            starts.append(written / SAMPLE_RATE)
            whole = np.pad(samples, (0, round(random.uniform(*GAPS) * SAMPLE_RATE)))
            values = np.clip(np.rint(whole * 32768), -32768, 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(values[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, written
            file.mux(stream.encode(frame))
            written += len(whole)
        file.mux(stream.encode(None))
    return starts


def child(path: Path, model: str, threads: int) -> None:
    """Transcribe one file and print what it took and gave as JSON."""
    recognizer = load(model, threads=threads)
    wall, work = time.perf_counter(), time.process_time()
    words = placed(word for segment in recognizer.segments(path) for word in segment.words)
    wall, work = time.perf_counter() - wall, time.process_time() - work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"wall": wall, "cpu": work, "peak": peak, "words": words}, sys.stdout)


def placed(words: Iterable[Word]) -> list[Placed]:
    """Words with their middles."""
    return [((word.start + word.end) / 2, word.text) for word in words]


def align(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of indices by the fewest edits, last first; ``None`` where one has no partner."""
    cost = np.add.outer(np.arange(len(old) + 1), np.arange(len(new) + 1))
    for i, j in product(range(1, len(old) + 1), range(1, len(new) + 1)):
        swap = cost[i - 1, j - 1] + (old[i - 1] != new[j - 1])
        cost[i, j] = min(swap, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    i, j = len(old), len(new)
    while i or j:
        both = i and j and cost[i, j] == cost[i - 1, j - 1] + (old[i - 1] != new[j - 1])
        down = bool(both or (i and cost[i, j] == cost[i - 1, j] + 1))
        right = bool(both or not down)
        i, j = i - down, j - right
        yield (i if down else None), (j if right else None)


def differences(
    alone: list[Placed], joined: list[Placed], limits: NDArray[np.float64]
) -> Iterator[Difference]:
    """What became of the words of one clip; times of both in the long file."""
    texts = [text for _, text in joined]
    for i, j in align([text for _, text in alone], texts):
        at, old = (0.0, "") if i is None else alone[i]
        at, new = (at, "") if j is None else joined[j]
        if old == new:
            continue
        kind = "changed" if old and new else "lost" if old else "added"
        beside = [] if j is None else texts[max(0, j - 1) : j] + texts[j + 1 : j + 2]
        if kind == "added" and new in beside:
            kind = "doubled"
        yield Difference(kind, old, new, bool(np.abs(limits - at).min(initial=np.inf) <= NEAR))


def by_clip(words: list[Placed], starts: Sequence[float]) -> Parts:
    """Share out the words of a long file; those in the first half of the last gap go forward."""
    limits = np.searchsorted([at for at, _ in words], [start - GAPS[0] / 2 for start in starts])
    return [words[a:b] for a, b in zip(limits, [*limits[1:], len(words)], strict=True)]


def row(head: list[str], clips: list[Clip], parts: Parts, found: list[Difference]) -> list[str]:
    """A line of the table: `head`, and how the words of each clip in turn differ."""
    references = [clips[number % len(clips)].text.split() for number in range(len(parts))]
    wrong = sum(
        i is None or j is None or reference[i] != part[j][1]
        for reference, part in zip(references, parts, strict=True)
        for i, j in align(reference, [text for _, text in part])
    )
    rate = 100 * wrong / sum(map(len, references))
    count = Counter((each.kind, each.near) for each in found)
    cells = [f"{count[kind, False] + count[kind, True]} ({count[kind, True]})" for kind in KINDS]
    return [*head, str(sum(map(len, parts))), f"{rate:.1f}", *cells]


def measure(
    hours: float, clips: list[Clip], alone: Parts, given: argparse.Namespace
) -> tuple[list[str], list[Difference]]:
    """Make one file and transcribe it in a fresh process → its row, and what differs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.flac"
        starts = write(path, clips, hours * 3600)
        command = [sys.executable, "-m", "benchmarks.long_files", "--data", str(given.data)]
        command += ["--model", given.model, "--threads", str(given.threads), "--child", str(path)]
        result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        with open_audio(path) as audio:
            limits = np.array([(span.start, span.end) for span in spans(audio.blocks())])
    parts = by_clip([(at, text) for at, text in result["words"]], starts)
    found: list[Difference] = []
    for number, (start, part) in enumerate(zip(starts, parts, strict=True)):
        expected = [(at + start, text) for at, text in alone[number % len(clips)]]
        found += differences(expected, part, limits)
    cost = [f"{result[key] / hours / 3600:.4f}" for key in ("wall", "cpu")]
    return row([f"{hours:g} h", f"{result['peak']:.0f}", *cost], clips, parts, found), found


def main() -> None:
    """Print a row a file, and the commonest differences below."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--hours", type=float, nargs="+", default=[1, 3])
    parser.add_argument("--clips", type=int, default=60, help="recordings to repeat")
    parser.add_argument("--model", default="de-small")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.model, given.threads)
        return
    clips = read_manifest(given.data, given.clips)
    recognizer = load(given.model, threads=given.threads)
    alone, later = (
        [
            placed(recognizer.transcribe(np.pad(clip.samples, (pad, 0)), rate=SAMPLE_RATE).words)
            for clip in clips
        ]
        for pad in (0, SAMPLE_RATE // 100)
    )
    pairs = zip(alone, later, strict=True)
    chance = [each for pair in pairs for each in differences(*pair, np.zeros(0))]
    rows = [row(["clips alone", "", "", ""], clips, alone, [])]
    rows.append(row(["10 ms later", "", "", ""], clips, later, chance))
    files = [measure(hours, clips, alone, given) for hours in given.hours]
    table(HEAD, rows + [line for line, _ in files])
    print(f"\nIn brackets: within {NEAR:g} s of a border of a span.\n")
    found = Counter(each for _, differing in files for each in differing)
    for each, count in found.most_common(20):
        place = " (at a border)" if each.near else ""
        print(f"{count} x {each.kind}: {each.alone or '-'} -> {each.joined or '-'}{place}")


if __name__ == "__main__":
    main()
