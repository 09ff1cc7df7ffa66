"""The pipeline on real sound: right words at the right times, lazily, in order, on any threads."""

from __future__ import annotations

import io
import threading
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.errors import AudioError, ModelError
from tevr.lm.decoder import GreedyDecoder
from tevr.lm.workers import in_order
from tevr.recognizer import (
    Recognizer,
    load,
    part_at_pauses,
    usable_cores,
)
from tevr.speech import FRAME, SpanSettings
from tevr.transcript import Options, Transcript, Word

if TYPE_CHECKING:
    from tests.conftest import Recording

Samples = NDArray[np.float32]

#: Words of the clip that stand far above their rivals.
SURE = "sollte man nicht"


def silence(seconds: float) -> Samples:
    """Zeros, a whole number of the speech detector's frames long."""
    return np.zeros(round(seconds * SAMPLE_RATE / FRAME) * FRAME, np.float32)


def whole_frames(samples: Samples) -> Samples:
    return np.pad(samples, (0, -len(samples) % FRAME))


def wav(samples: Samples) -> bytes:
    """(samples,) or (samples, channels) at 16 kHz as the bytes of a wav file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return target.getvalue()


def assert_in_order(words: Sequence[Word], start: float, end: float) -> None:
    """Within start and end, each with a length, none before its neighbour is over."""
    assert words[0].start >= start
    assert words[-1].end <= end
    assert all(word.start < word.end for word in words)
    assert all(left.end <= right.start for left, right in pairwise(words))


class CountingStream(io.BytesIO):
    """A pipe: no seeking, and one can see how far it was read."""

    def seekable(self) -> bool:
        return False


@pytest.fixture(scope="module")
def of_clip(recognizer: Recognizer, data: Path) -> Transcript:
    return recognizer.transcribe(data / "clip.wav")


@pytest.fixture(scope="module")
def long_sound(clip: Samples) -> Samples:
    """Twelve readings of the clip with pauses, one minute."""
    return np.concatenate([whole_frames(clip), silence(1.6)] * 12)


def test_a_clip_is_read_with_times_inside_it(of_clip: Transcript, clip: Samples) -> None:
    assert SURE in of_clip.text
    seconds = len(clip) / SAMPLE_RATE
    assert of_clip.duration == pytest.approx(seconds)
    assert of_clip.source == "clip.wav"
    assert of_clip.model == "de-small"
    assert_in_order(list(of_clip.words), 0, seconds)
    assert all(0 <= word.confidence <= 1 for word in of_clip.words)


def test_words_lie_where_they_are_loud(of_clip: Transcript, clip: Samples) -> None:
    power = np.convolve(clip**2, np.full(320, 1 / 320), "same")
    inside = np.zeros(len(clip), bool)
    for word in of_clip.words:
        inside[round(word.start * SAMPLE_RATE) : round(word.end * SAMPLE_RATE)] = True
    inside[: int(0.1 * SAMPLE_RATE)] = True  # the click of the mouse
    assert power[inside].mean() > 100 * power[~inside].mean()


def test_an_array_and_a_stream_give_what_the_file_gives(
    recognizer: Recognizer, of_clip: Transcript, clip: Samples, data: Path
) -> None:
    array = recognizer.transcribe(clip, rate=SAMPLE_RATE)
    stream = recognizer.transcribe(io.BytesIO((data / "clip.wav").read_bytes()))
    assert array.segments == stream.segments == of_clip.segments


def test_start_and_end_leave_the_times_those_of_the_source(
    recognizer: Recognizer, clip: Samples
) -> None:
    sound = np.concatenate([silence(2), whole_frames(clip), silence(2), clip])
    first, second = recognizer.transcribe(sound, rate=SAMPLE_RATE).segments
    start, end = 3 + len(clip) / SAMPLE_RATE, len(sound) / SAMPLE_RATE - 0.2
    part = with_options(recognizer, Options(start=start, end=end))
    transcript = part.transcribe(sound, rate=SAMPLE_RATE)
    (found,) = transcript.segments
    assert SURE in first.text
    assert SURE in found.text
    assert found.start == pytest.approx(second.start, abs=0.06)
    assert transcript.duration == pytest.approx(end - start, abs=1e-4)
    assert_in_order(found.words, start, end)


def test_a_channel_is_read_alone(recognizer: Recognizer, clip: Samples) -> None:
    stereo = np.stack([np.zeros_like(clip), clip], axis=1)
    left, right = (
        with_options(recognizer, Options(channel=channel)).transcribe(io.BytesIO(wav(stereo)))
        for channel in (0, 1)
    )
    assert left.segments == ()
    assert SURE in right.text


def test_a_channel_that_is_not_there_is_refused(recognizer: Recognizer, data: Path) -> None:
    with pytest.raises(AudioError, match="channel"):
        with_options(recognizer, Options(channel=7)).transcribe(data / "clip.wav")


def test_silence_has_no_segments_but_a_duration(recognizer: Recognizer) -> None:
    transcript = recognizer.transcribe(np.zeros(30 * SAMPLE_RATE, np.float32), rate=SAMPLE_RATE)
    assert transcript.segments == ()
    assert transcript.duration == pytest.approx(30)


def test_a_clip_reads_the_same_alone_and_among_others(
    recognizer: Recognizer, of_clip: Transcript, clip: Samples, sentences: list[Recording]
) -> None:
    before, after = (read_audio(sentences[number].path) for number in (0, 1))
    pause = np.zeros(round(1.5 * SAMPLE_RATE), np.float32)
    joined = np.concatenate([before, pause, clip, pause, after])
    _, found, _ = recognizer.transcribe(joined, rate=SAMPLE_RATE).segments
    alone = of_clip.segments[0]
    # A shift of milliseconds may choose another word where the model wavers.
    assert SequenceMatcher(None, found.text, alone.text, autojunk=False).ratio() > 0.9
    shift = (len(before) + len(pause)) / SAMPLE_RATE
    # Frames of detector and model need not lie alike on both: 32 ms and 20 ms.
    assert [word.start - shift for word in found.words] == pytest.approx(
        [word.start for word in alone.words], abs=0.06
    )


def test_joined_sentences_lose_and_double_no_word(
    recognizer: Recognizer, sentences: list[Recording]
) -> None:
    read = [read_audio(sentence.path) for sentence in sentences]
    pause = np.zeros(round(1.5 * SAMPLE_RATE), np.float32)
    joined = np.concatenate([part for samples in read for part in (samples, pause)])
    segments = recognizer.transcribe(joined, rate=SAMPLE_RATE).segments
    assert len(segments) == len(read)
    for samples, segment in zip(read, segments, strict=True):
        alone = recognizer.transcribe(samples, rate=SAMPLE_RATE).text
        # Letter by letter: where the model wavers, a shift of milliseconds chooses another word.
        likeness = SequenceMatcher(None, alone, segment.text, autojunk=False).ratio()
        assert likeness > 0.8
        assert abs(len(segment.words) - len(alone.split())) <= 2


def test_one_thread_and_two_give_the_same(recognizer: Recognizer, long_sound: Samples) -> None:
    single = load(threads=1).transcribe(long_sound, rate=SAMPLE_RATE)
    double = recognizer.transcribe(long_sound, rate=SAMPLE_RATE)
    assert [segment.text for segment in single.segments] == [
        segment.text for segment in double.segments
    ]
    assert_in_order(list(double.words), 0, double.duration)
    assert double.text.count(SURE) == 12


def test_segments_come_before_the_source_is_read(
    recognizer: Recognizer, long_sound: Samples
) -> None:
    content = wav(long_sound)
    source = CountingStream(content)
    segments = recognizer.segments(source)
    assert SURE in next(segments).text
    assert source.tell() < len(content) / 2
    segments.close()  # type: ignore[attr-defined]
    assert source.tell() < len(content) / 2  # giving up early does not read on
    assert not source.closed


def test_progress_follows_the_segments(recognizer: Recognizer, long_sound: Samples) -> None:
    with recognizer.open(long_sound, rate=SAMPLE_RATE) as listening:
        assert listening.expected == pytest.approx(len(long_sound) / SAMPLE_RATE)
        assert listening.done == listening.duration == 0
        last = 0.0
        for segment in listening:
            assert last < listening.done
            assert segment.end <= listening.done <= listening.duration
            last = listening.done
        assert listening.done == listening.duration == pytest.approx(listening.expected)


@dataclass
class Gauge:
    """A function that notes how many items were handed out and not yet given back."""

    handed: int = 0
    given: int = 0
    most: int = 0

    def items(self, count: int) -> Iterator[int]:
        for item in range(count):
            self.handed += 1
            self.most = max(self.most, self.handed - self.given)
            yield item


@given(st.integers(0, 30), st.integers(1, 6), st.integers(1, 4))
def test_results_keep_the_order_and_few_are_under_way(count: int, ahead: int, threads: int) -> None:
    gauge = Gauge()
    results = []
    with ThreadPoolExecutor(threads) as pool:
        for item, square in in_order(pool, lambda n: n * n, gauge.items(count), ahead):
            gauge.given += 1
            results.append((item, square))
    assert results == [(n, n * n) for n in range(count)]
    assert gauge.most <= ahead


def test_an_error_comes_at_its_place_and_ends_the_work() -> None:
    def fail_at_three(item: int) -> int:
        if item == 3:
            raise ModelError("It broke", "Mend it.")
        return item

    gauge = Gauge()
    with ThreadPoolExecutor(2) as pool:
        results = in_order(pool, fail_at_three, gauge.items(100), 3)
        assert [next(results) for _ in range(3)] == [(0, 0), (1, 1), (2, 2)]
        with pytest.raises(ModelError, match="It broke"):
            next(results)
    assert gauge.handed <= 6


def test_a_result_that_is_ready_does_not_wait_for_more_items() -> None:
    given: list[int] = []
    with ThreadPoolExecutor(1) as pool:

        def slow_items() -> Iterator[int]:
            for item in range(3):
                given.append(item)
                yield item
                pool.submit(int).result()  # one worker: by now all before it is done

        results = in_order(pool, abs, slow_items(), 10)
        assert next(results) == (0, 0)
        assert len(given) < 3
        assert list(results) == [(1, 1), (2, 2)]


def test_an_error_of_the_source_comes_through() -> None:
    def broken() -> Iterator[int]:
        yield 0
        raise ModelError("It ran dry", "Fill it.")

    with ThreadPoolExecutor(1) as pool, pytest.raises(ModelError, match="It ran dry"):
        list(in_order(pool, abs, broken(), 5))


def test_what_nobody_waits_for_is_not_begun() -> None:
    """One worker is held up, so that the rest can still be called off."""
    begun: list[int] = []
    gate = threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item:
            gate.wait(10)
        return item

    with ThreadPoolExecutor(1) as pool:
        results = in_order(pool, work, iter(range(100)), 4)
        assert next(results) == (0, 0)
        results.close()  # type: ignore[attr-defined]
        gate.set()
    assert set(begun) <= {0, 1}


@pytest.mark.parametrize(("pause", "text"), [(24, "auf"), (25, "a uf")])
def test_no_word_outlasts_half_a_second_of_silence(pause: int, text: str) -> None:
    best = [0] * 40 + [2] * 3 + [0] * pause + [3] * 2 + [0] * 30  # labels, frame by frame
    log_probs = np.full((len(best), 4), np.log(0.01), np.float32)
    log_probs[range(len(best)), best] = np.log(0.97)
    decoder = GreedyDecoder(("", " ", "a", "uf"))
    parted = part_at_pauses(log_probs, blank=0, space=1)
    assert decoder.decode(parted).text == text
    assert (parted != log_probs).any(axis=1).sum() == len(text.split()) - 1  # none at the edges
    assert decoder.decode(log_probs).text == "auf"


@given(st.lists(st.integers(0, 3), max_size=200), st.integers(0, 9))
def test_only_frames_within_pauses_change(labels: list[int], seed: int) -> None:
    labels = list(np.repeat(labels, np.random.default_rng(seed).integers(1, 40, len(labels))))
    raw = np.random.default_rng(seed).normal(0, 0.1, (len(labels), 4)).astype(np.float32)
    raw[range(len(labels)), labels] += 5
    before = raw.copy()
    parted = part_at_pauses(raw, blank=0, space=1)
    np.testing.assert_array_equal(raw, before)
    changed = np.flatnonzero((parted != raw).any(axis=1))
    assert all(label < 2 for at in changed for label in labels[at - 12 : at + 12])
    assert (parted[changed, 1] == 0).all()


def test_a_models_longest_input_bounds_its_spans(
    recognizer: Recognizer, sentences: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    short = with_options(recognizer, recognizer.options, SpanSettings(longest=3.0))
    heard: list[float] = []
    ordinary = recognizer._acoustic.log_probs

    def listening(waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        heard.extend(len(waveform) / SAMPLE_RATE for waveform in waveforms)
        return ordinary(waveforms)

    monkeypatch.setattr(recognizer._acoustic, "log_probs", listening)
    short.transcribe(sentences[0].path)
    assert len(heard) > 1
    assert max(heard) <= 3.0


def test_at_least_one_core_is_usable() -> None:
    assert usable_cores() >= 1


def with_options(
    recognizer: Recognizer, options: Options, cutting: SpanSettings | None = None
) -> Recognizer:
    """The same model with other options."""
    return Recognizer(
        recognizer._acoustic,
        recognizer._tokens,
        recognizer._decoder,
        options,
        name=recognizer.name,
        cutting=cutting or recognizer._cutting,
        timing=recognizer._timing,
        threads=2,
    )
