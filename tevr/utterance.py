"""Frames of sound and how likely each is speech → whether an utterance is open, and its sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, lcm

import numpy as np

from tevr.acoustic import FRAME_SECONDS as LABEL_SECONDS
from tevr.audio import SAMPLE_RATE
from tevr.errors import AudioError
from tevr.speech import FRAME, FRAME_SECONDS, Detector, Floats, SpanSettings

#: Frames by whose multiples alone sound is forgotten, 160 ms: the acoustic model's frames then lie
#: alike on the sound in every pass, and labels do not move because the beginning did.
_GRID = lcm(FRAME, round(LABEL_SECONDS * SAMPLE_RATE)) // FRAME

# Samples looked at in one go, 8 s: bounds memory when one block holds a whole recording.
_PIECE = 256 * FRAME


def frames_of(blocks: Iterable[Floats], detector: Detector) -> Iterator[tuple[Floats, float]]:
    """Cut blocks of any lengths into frames, each with the probability that it holds speech.

    Args:
        blocks: float32 (samples,) each, mono at 16 kHz.
        detector: tells speech from other sound.

    Yields:
        Frames (FRAME,) in order, the last one maybe shorter; each as soon as it is whole.

    Raises:
        AudioError: a block is no mono sound.
    """
    detector.reset()
    rest = np.zeros(0, np.float32)
    for piece in _pieces(blocks):
        rest = np.concatenate([rest, piece])
        for probability in detector.push(piece):
            yield rest[:FRAME].copy(), float(probability)  # a copy does not keep the block
            rest = rest[FRAME:]
    if len(rest):
        (probability,) = detector.push(np.zeros(FRAME - len(rest), np.float32))
        yield rest, float(probability)


def _pieces(blocks: Iterable[Floats]) -> Iterator[Floats]:
    for block in blocks:
        if block.ndim != 1 or not np.issubdtype(block.dtype, np.floating):
            raise AudioError(
                f"A block of {block.dtype.name} {block.shape} is no mono sound",
                "Pass float32 (samples,) at 16 kHz.",
            )
        for begin in range(0, len(block), _PIECE):
            # One sample that is no number would spoil every pass that hears it.
            piece = np.nan_to_num(block[begin : begin + _PIECE], posinf=0.0, neginf=0.0)
            yield piece.astype(np.float32, copy=False)


class Utterance:
    """The latest sound, and when somebody spoke in it.

    Args:
        cutting: from which probability on, and for how long, a frame has to be speech.

    Attributes:
        heard: seconds of the source heard so far.
        open: whether an utterance is going on.
        onset: seconds at which the speech of the latest utterance began.
        spoken: seconds at which the latest speech ended; −∞ before the first.
    """

    def __init__(self, cutting: SpanSettings) -> None:
        self._cutting = cutting
        self._least = max(1, round(cutting.min_speech / FRAME_SECONDS))
        self._kept: list[Floats] = []  # (FRAME,) each; the last one of a source may be shorter
        self._first = 0  # frames forgotten
        self._run = 0  # latest frames in a row that sound like speech
        self.heard = 0.0
        self.open = False
        self.onset = 0.0
        self.spoken = -inf

    @property
    def start(self) -> float:
        """Seconds at which the sound that is kept starts."""
        return self._first * FRAME_SECONDS

    @property
    def pause(self) -> float:
        """Seconds since somebody spoke."""
        return self.heard - self.spoken

    @property
    def quiet(self) -> bool:
        """Whether not even the latest frame sounds like speech, which takes a few to be sure."""
        return self._run == 0

    def samples(self) -> Floats:
        """The sound that is kept, float32 (samples,)."""
        return np.concatenate(self._kept)

    def push(self, samples: Floats, probability: float) -> bool:
        """Take the next frame; return whether an utterance begins with it.

        Args:
            samples: (FRAME,), fewer at the end of the source alone.
            probability: that it holds speech.
        """
        self._kept.append(samples)
        frames = self._first + len(self._kept)
        self.heard = ((frames - 1) * FRAME + len(samples)) / SAMPLE_RATE
        threshold = self._cutting.off if self._run else self._cutting.on
        self._run = self._run + 1 if probability >= threshold else 0
        if self._run < self._least:
            return False
        begins = not self.open
        if begins:
            self.open = True
            self.onset = (frames - self._run) * FRAME_SECONDS
        self.spoken = self.heard
        return begins

    def close(self) -> None:
        """End the utterance; its sound is kept until it is forgotten."""
        self.open = False

    def forget(self, until: float) -> None:
        """Drop the sound before that second of the source, or a little less of it."""
        frames = min(int(until / FRAME_SECONDS) - self._first, len(self._kept) - 1)
        count = max(0, frames) // _GRID * _GRID
        del self._kept[:count]
        self._first += count
