"""Blocks of sound → spans of speech, cut at pauses; memory bounded by the longest span.

    for span in spans(blocks):
        recognise(span.samples, offset=span.start)

A small neural detector says how likely each frame of 32 ms holds speech; a state machine turns
these probabilities into spans. Neither cares where blocks end: file and microphone go the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tevr.audio import SAMPLE_RATE
from tevr.errors import UsageError
from tevr.onnx_model import open_session
from tevr.store import bundled

Floats = npt.NDArray[np.float32]

#: New samples in each frame of the detector; fixed by the Silero model.
FRAME = 512
FRAME_SECONDS = FRAME / SAMPLE_RATE

# Samples of the frame before that the Silero model sees in front of each frame.
_CONTEXT = 64
_MODEL_FILE = "silero_vad_16k_sequence.onnx"
# Samples looked at in one go, 8 s: bounds memory when one block holds a whole file.
_PIECE = 256 * FRAME

# The detector's own level control. Silero misses every fifth single word 40 dB below its recorded
# level, and one in a hundred once the peak of the last second or so is lifted to 0.3 of full scale.
# Noise, hum and music are no more often taken for speech at this level than at others.
_LEVEL = 0.3
_LARGEST_GAIN = 30.0  # speech that peaks 40 dB below full scale still reaches the level
_DECAY = float(np.exp(-FRAME_SECONDS / 1.0))  # the remembered peak falls to 1/e in a second

# Where no pause is left to cut at: this many dB count as much as certain speech against certain
# silence. Within speech all probabilities are near 1, and the level has to decide.
_DB_PER_PROBABILITY = 60.0
_SILENCE_POWER = 1e-10  # -100 dB below full scale
# Frames whose mean decides, 128 ms: a pause between words outlasts the closure of a p, t or k.
_CUT_WIDTH = 4


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of sound with speech in it.

    Attributes:
        start: seconds from the start of the source.
        samples: float32 (samples,), mono at 16 kHz.
    """

    start: float
    samples: Floats

    @property
    def end(self) -> float:
        """Seconds from the start of the source to the end of the span."""
        return (round(self.start * SAMPLE_RATE) + len(self.samples)) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class SpanSettings:
    """Where spans begin and end; times in seconds, rounded to frames of 32 ms.

    Attributes:
        on: probability from which a frame begins speech. Lower than Silero's usual 0.5: a lone
            "Z" reaches 0.42, and a lost word is worse than a stray sound.
        off: probability below which a frame ends speech; lower than ``on``, so that speech does
            not flicker within a word.
        min_speech: speech shorter than this is a click or a plucked string. Three frames: the
            shortest letter's name found has as many.
        padding: sound kept on each side of speech. Soft ends ("-t", "-ch") reach this far beyond
            the last frame found.
        long_pause: a pause that closes every span.
        short_pause: a pause that closes a span of ``crowded`` seconds or more.
        comfortable: up to this length only a ``long_pause`` closes a span; from here to
            ``crowded`` the pause needed shrinks evenly.
        crowded: length from which a ``short_pause`` is enough.
        longest: no span is longer, padding included. Bounds the acoustic model's memory.
    """

    on: float = 0.4
    off: float = 0.2
    min_speech: float = 0.096
    padding: float = 0.32
    long_pause: float = 0.8
    short_pause: float = 0.2
    comfortable: float = 6.0
    crowded: float = 12.0
    longest: float = 20.0

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if not 0 < self.off <= self.on <= 1:
            raise UsageError(
                f"Speech cannot begin at {self.on:g} and end at {self.off:g}",
                "Choose probabilities with 0 < off <= on <= 1.",
            )
        times = (self.min_speech, self.padding, self.short_pause, self.comfortable)
        if min(times) < 0 or self.short_pause > self.long_pause or self.comfortable > self.crowded:
            raise UsageError(
                "The times of pauses and spans contradict each other",
                "Choose 0 <= short_pause <= long_pause and 0 <= comfortable <= crowded.",
            )
        least = 2 * max(self.long_pause, 2 * self.padding) + self.padding + 4 * self.min_speech
        if self.longest < least:
            raise UsageError(
                f"Spans of {self.longest:g} s leave no room for pauses and padding",
                f"Choose {least:.2f} s or more.",
            )


class Detector(Protocol):
    """Tells speech from other sound, frame by frame."""

    def push(self, samples: Floats) -> Floats:
        """Return the probability of speech (frames,) for each frame that ``samples`` complete."""

    def reset(self) -> None:
        """Forget all sound heard so far; the next sample is the first of a new source."""


class SpeechDetector:
    """Sound → probability of speech per frame, by the bundled Silero model (version 6.2).

    The same samples give the same probabilities however they are split into blocks.
    """

    def __init__(self) -> None:
        """Load the model; raises ModelError if it is missing or damaged."""
        # The network is too small to share out: more threads only wait for each other.
        self._session = open_session(bundled("silero-vad") / _MODEL_FILE, threads=1)
        self.reset()

    def reset(self) -> None:
        """Forget all sound heard so far; the next sample is the first of a new source."""
        self._rest = np.zeros(0, np.float32)  # (< FRAME,) samples of an incomplete frame
        self._context = np.zeros(_CONTEXT, np.float32)
        self._hidden = self._cell = np.zeros((1, 1, 128), np.float32)
        self._peak = 0.0

    def push(self, samples: Floats) -> Floats:
        """Return the probability of speech (frames,) for each frame that ``samples`` complete.

        Args:
            samples: float32 (samples,), mono at 16 kHz; what does not fill a frame waits for the
                next call.
        """
        frames, self._rest = _split(self._rest, samples)
        if not len(frames):
            return np.zeros(0, np.float32)
        # A single NaN would stay in the recurrent state and hide all speech after it.
        frames = np.nan_to_num(frames, nan=0.0, posinf=0.0, neginf=0.0)
        frames = frames * self._gains(frames)
        contexts = np.vstack([self._context, frames[:-1, -_CONTEXT:]])
        self._context = frames[-1, -_CONTEXT:]
        probabilities, self._hidden, self._cell = self._session.run(
            ["speech_probs", "hn", "cn"],
            {
                "input": np.hstack([contexts, frames]),  # (frames, context + frame)
                "h": self._hidden,
                "c": self._cell,
            },
        )
        return np.asarray(probabilities, np.float32).reshape(-1)

    def _gains(self, frames: Floats) -> Floats:
        """Return the gain (frames, 1) that brings each frame near the level Silero knows best."""
        gains = np.empty((len(frames), 1), np.float32)
        for index, peak in enumerate(np.abs(frames).max(axis=1)):
            self._peak = max(float(peak), self._peak * _DECAY)
            gains[index] = min(max(1.0, _LEVEL / max(self._peak, 1e-9)), _LARGEST_GAIN)
        return gains


@dataclass(slots=True)
class _Frame:
    samples: Floats  # (FRAME,), fewer at the end of the source
    cost: float  # of a cut here: high where speech is likely or loud
    speech: bool = False


class SpanCutter:
    """Frames and their probabilities of speech → spans, as a state machine.

    The frames since the start of the open span (or of the padding before the next one) wait in
    order, and a span is made by taking frames off their front. So spans cannot overlap, and only
    frames farther than the padding from all speech are ever dropped.
    """

    def __init__(self, settings: SpanSettings | None = None) -> None:
        """Begin a source; a cutter serves one source."""
        self._settings = settings or SpanSettings()
        self._min_run = max(1, round(self._settings.min_speech / FRAME_SECONDS))
        self._padding = round(self._settings.padding / FRAME_SECONDS)
        self._longest = int(self._settings.longest / FRAME_SECONDS)
        self._rest = np.zeros(0, np.float32)  # (< FRAME,) samples of an incomplete frame
        self._frames: list[_Frame] = []
        self._first = 0  # number of frames before the waiting ones
        self._spoken = 0  # waiting frames up to the last one with speech
        self._run = 0  # latest frames in a row that sound like speech

    def push(self, samples: Floats, probabilities: Floats) -> list[Span]:
        """Take further samples; return the spans that they close.

        Args:
            samples: float32 (samples,), mono at 16 kHz.
            probabilities: float32 (frames,), one for each frame that the samples complete.

        Raises:
            UsageError: samples and probabilities do not belong together.
        """
        frames, self._rest = _split(self._rest, samples)
        _check(probabilities, len(frames))
        closed = (self._advance(*each) for each in zip(frames, probabilities, strict=True))
        return [span for span in closed if span]

    def finish(self, probabilities: Floats) -> list[Span]:
        """End the source; return the spans still open.

        Args:
            probabilities: float32 (1,) for the incomplete frame at the end, (0,) if there is none.
        """
        _check(probabilities, min(1, len(self._rest)))
        closed = [self._advance(self._rest, probability) for probability in probabilities]
        if self._spoken:
            closed.append(self._cut(min(self._spoken + self._padding, len(self._frames))))
        return [span for span in closed if span]

    def _advance(self, samples: Floats, probability: float) -> Span | None:
        power = float(np.mean(np.square(samples))) + _SILENCE_POWER
        cost = float(probability) + 10 * np.log10(power) / _DB_PER_PROBABILITY
        self._frames.append(_Frame(samples, cost))
        threshold = self._settings.off if self._run else self._settings.on
        self._run = self._run + 1 if probability >= threshold else 0
        return self._hear() if self._run >= self._min_run else self._pause()

    def _hear(self) -> Span | None:
        """Mark the latest frames as speech; close the span before them if the gap is enough."""
        confirmed = self._run > self._min_run
        begin = max(0, len(self._frames) - (1 if confirmed else self._run))
        span = None
        if self._spoken and begin - self._spoken >= self._pause_needed():
            middle = (self._spoken + begin) // 2  # too short for two paddings: each gets half
            span = self._cut(middle)
            begin -= middle
        for frame in self._frames[begin:]:
            frame.speech = True
        self._spoken = len(self._frames)
        full = self._spoken + self._padding >= self._longest
        return span or (self._force() if full else None)

    def _pause(self) -> Span | None:
        """Close the span once its pause is long enough for it and for both paddings."""
        if not self._spoken:
            self._drop(len(self._frames) - self._padding - self._run)
            return None
        pause = len(self._frames) - self._spoken
        enough = not self._run and pause >= max(self._pause_needed(), 2 * self._padding)
        full = len(self._frames) >= self._longest
        return self._cut(self._spoken + self._padding) if enough or full else None

    def _pause_needed(self) -> int:
        """Frames of pause that close the open span."""
        lengths = (self._settings.comfortable, self._settings.crowded)
        pauses = (self._settings.long_pause, self._settings.short_pause)
        seconds = float(np.interp(self._spoken * FRAME_SECONDS, lengths, pauses))
        return max(1, round(seconds / FRAME_SECONDS))

    def _force(self) -> Span:
        """Cut speech that goes on for too long, in its second half, where it does least harm."""
        earliest = len(self._frames) // 2
        costs = np.array([frame.cost for frame in self._frames[earliest - _CUT_WIDTH // 2 :]])
        around = np.convolve(costs, np.full(_CUT_WIDTH, 1 / _CUT_WIDTH), "valid")
        return self._cut(earliest + int(np.argmin(around)))

    def _cut(self, count: int) -> Span:
        """Take the first ``count`` waiting frames off as a span."""
        samples = np.concatenate([frame.samples for frame in self._frames[:count]])
        span = Span(self._first * FRAME / SAMPLE_RATE, samples)
        self._drop(count)
        speech = (number for number, frame in enumerate(self._frames, 1) if frame.speech)
        self._spoken = max(speech, default=0)
        return span

    def _drop(self, count: int) -> None:
        count = max(0, count)
        del self._frames[:count]
        self._first += count


def spans(
    blocks: Iterable[Floats],
    settings: SpanSettings | None = None,
    detector: Detector | None = None,
) -> Iterator[Span]:
    """Find the speech in a stream of sound, lazily.

    Args:
        blocks: float32 (samples,) each, of any lengths, mono at 16 kHz.
        settings: where spans begin and end.
        detector: tells speech from other sound; the bundled model by default.

    Yields:
        Spans in order of time. No sample is in two spans, and all speech with the padding around
        it is in one. At most one block and the longest span are kept in memory.

    Raises:
        ModelError: the bundled model is missing or damaged.
    """
    detector = detector or SpeechDetector()
    detector.reset()
    cutter = SpanCutter(settings)
    length = 0
    for block in blocks:
        length += len(block)
        for begin in range(0, len(block), _PIECE):
            piece = block[begin : begin + _PIECE]
            yield from cutter.push(piece, detector.push(piece))
    missing = np.zeros(-length % FRAME, np.float32)
    yield from cutter.finish(detector.push(missing))


def _split(rest: Floats, samples: Floats) -> tuple[Floats, Floats]:
    """Return whole frames (frames, FRAME) and the samples left over, (< FRAME,)."""
    # A copy, so that a frame kept for its span does not keep the whole block.
    joined = np.concatenate([rest, samples.astype(np.float32, copy=False)])
    whole = len(joined) // FRAME * FRAME
    return joined[:whole].reshape(-1, FRAME), joined[whole:]


def _check(probabilities: Floats, frames: int) -> None:
    if len(probabilities) != frames:
        raise UsageError(
            f"There are {len(probabilities)} probabilities for {frames} frames",
            f"Give one for each {FRAME} samples.",
        )
