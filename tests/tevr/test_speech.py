"""Speech spans: nothing lost, nothing doubled, nothing invented."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.errors import UsageError
from tevr.speech import (
    FRAME,
    FRAME_SECONDS,
    Floats,
    Span,
    SpanCutter,
    SpanSettings,
    SpeechDetector,
    spans,
)

if TYPE_CHECKING:
    from tests.conftest import Recording

# Small enough that random tracks meet every rule.
TIGHT = SpanSettings(long_pause=0.5, comfortable=0.5, crowded=1.5, longest=3.0)


class Track:
    """A detector that plays given probabilities; silence after their end."""

    def __init__(self, probabilities: Floats) -> None:
        self.probabilities = probabilities
        self.reset()

    def push(self, samples: Floats) -> Floats:
        begin = self.heard // FRAME
        self.heard += len(samples)
        end = self.heard // FRAME
        known = self.probabilities[begin:end]
        return np.pad(known, (0, end - begin - len(known)))

    def reset(self) -> None:
        self.heard = 0


@pytest.fixture(scope="module")
def read(sentences: list[Recording]) -> list[Floats]:
    """Clean sentences, each float32 (samples,)."""
    return [read_audio(sentence.path) for sentence in sentences]


def place(span: Span) -> slice:
    """The samples of the source that the span holds."""
    begin = round(span.start * SAMPLE_RATE)
    return slice(begin, begin + len(span.samples))


def kept(found: list[Span], length: int) -> np.ndarray:
    """How many spans hold each sample, (length,)."""
    counts = np.zeros(length, int)
    for span in found:
        counts[place(span)] += 1
    return counts


def loud(samples: Floats) -> np.ndarray:
    """Which samples lie in 10 ms that reach -40 dB of the clip's maximum, (samples,)."""
    step = SAMPLE_RATE // 100
    peaks = np.abs(np.pad(samples, (0, -len(samples) % step))).reshape(-1, step).max(axis=1)
    return np.repeat(peaks > 0.01 * peaks.max(), step)[: len(samples)]


def in_blocks(samples: Floats, sizes: list[int]) -> Iterator[Floats]:
    begin = 0
    while begin < len(samples):
        for size in sizes:
            yield samples[begin : begin + size]
            begin += size


tracks = st.lists(
    st.tuples(st.floats(0, 1, width=32), st.integers(1, 30)), min_size=1, max_size=30
).map(
    lambda runs: np.repeat(np.array([p for p, _ in runs], np.float32), [count for _, count in runs])
)
sizes = st.lists(st.integers(1000, 3 * SAMPLE_RATE), min_size=1, max_size=5)


@pytest.mark.parametrize("number", range(4))
def test_a_sentence_is_one_span_with_all_that_is_loud_in_it(
    read: list[Floats], number: int
) -> None:
    samples = read[number]
    found = list(spans([samples]))
    assert len(found) == 1
    assert kept(found, len(samples))[loud(samples)].all()


def test_a_mouse_click_before_the_speech_is_left_out(clip: Floats) -> None:
    samples = clip
    click = slice(int(0.05 * SAMPLE_RATE), int(0.075 * SAMPLE_RATE))
    assert np.abs(samples[click]).max() > 0.5
    (span,) = spans([samples])
    rest = np.arange(len(samples)) > 0.5 * SAMPLE_RATE
    counts = kept([span], len(samples))
    assert not counts[click].any()
    assert counts[rest & loud(samples)].all()


def test_pauses_part_sentences_and_no_speech_is_lost_or_doubled(read: list[Floats]) -> None:
    pauses = [1.2, 0.3, 0.9, 1.5]
    parts, speech = [], []
    for samples, pause in zip(read, pauses, strict=True):
        silence = np.zeros(int(pause * SAMPLE_RATE), np.float32)
        parts += [samples, silence]
        speech += [loud(samples), silence > 0]
    whole = np.concatenate(parts * 3)
    found = list(spans([whole]))
    counts = kept(found, len(whole))
    assert counts.max() == 1
    assert counts[np.concatenate(speech * 3)].all()
    assert len(found) >= 3 * 3  # three of the four pauses are long
    assert max(span.end - span.start for span in found) <= SpanSettings().longest


def test_speech_without_a_pause_is_cut_where_it_is_quiet(read: list[Floats]) -> None:
    trimmed = [samples[loud(samples).nonzero()[0]] for samples in read]
    whole = np.concatenate(trimmed * 3)
    found = list(spans([whole]))
    assert len(found) > 1
    assert kept(found, len(whole)).tolist() == [1] * len(whole)
    for span in found[:-1]:
        end = place(span).stop
        assert np.abs(whole[end - 160 : end + 160]).mean() < 0.3 * np.abs(whole).mean()


@pytest.mark.parametrize("gain", [0.01, 0.1, 1.0])
def test_a_few_sounds_alone_in_a_file_are_found_at_any_level(
    read: list[Floats], gain: float
) -> None:
    for samples in read:
        begin = max(0, int(np.abs(samples).argmax()) - 2400)
        part = samples[begin : begin + 4800]  # 0.3 s
        part = (part * gain / np.abs(part).max()).astype(np.float32)
        (span,) = spans([part])
        assert span.start == 0
        assert len(span.samples) == len(part)


@pytest.mark.parametrize("level", [-60, -40, -20])
@pytest.mark.parametrize("kind", ["silence", "white", "brown", "hum", "tones"])
def test_noise_and_tones_are_not_speech(kind: str, level: float) -> None:
    time = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    white = np.random.default_rng(1).standard_normal(len(time))
    sound = {
        "silence": np.zeros_like(time),
        "white": white,
        "brown": np.cumsum(white) - np.linspace(0, white.sum(), len(time)),
        "hum": sum((np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 21)), 0 * time),
        "tones": np.sin(2 * np.pi * (220 + 55 * np.floor(4 * time % 8)) * time),
    }[kind]
    scaled = sound / max(1e-9, float(np.abs(sound).max())) * 10 ** (level / 20)
    assert list(spans([scaled.astype(np.float32)])) == []


def test_nothing_gives_nothing() -> None:
    assert list(spans([])) == []
    assert list(spans([np.zeros(0, np.float32)])) == []


def test_a_damaged_sample_does_not_hide_the_speech_after_it(clip: Floats) -> None:
    damage = np.array([np.nan, np.inf, -np.inf], np.float32)
    (span,) = spans([np.concatenate([damage, clip])])
    assert span.end - span.start > 2


@settings(deadline=None, max_examples=15)
@given(sizes)
def test_block_sizes_do_not_change_probabilities_or_spans(clip: Floats, sizes: list[int]) -> None:
    whole, split = SpeechDetector(), SpeechDetector()
    expected = whole.push(clip)
    got = np.concatenate([split.push(block) for block in in_blocks(clip, sizes)])
    np.testing.assert_allclose(got, expected, atol=1e-5)
    together = [(span.start, span.end) for span in spans([clip])]
    assert [(span.start, span.end) for span in spans(in_blocks(clip, sizes))] == together


@settings(deadline=None, max_examples=60)
@given(tracks, sizes, st.integers(0, FRAME - 1), st.sampled_from([TIGHT, SpanSettings()]))
def test_any_track_keeps_order_length_and_samples(
    track: Floats, sizes: list[int], missing: int, chosen: SpanSettings
) -> None:
    source = np.arange(len(track) * FRAME - missing, dtype=np.float32)
    heard = 0

    def blocks() -> Iterator[Floats]:
        nonlocal heard
        for block in in_blocks(source, sizes):
            heard += len(block)
            yield block

    found = []
    for span in spans(blocks(), chosen, Track(track)):
        np.testing.assert_array_equal(span.samples, source[place(span)])
        assert 0 < span.end - span.start <= chosen.longest
        # Given away at once: nothing older than the longest span and a block is kept.
        assert heard / SAMPLE_RATE - span.start <= chosen.longest + max(sizes) / SAMPLE_RATE
        found.append(span)
    assert all(one.end <= other.start for one, other in pairwise(found))


@settings(deadline=None)
@given(tracks, st.sampled_from([TIGHT, SpanSettings(), replace(TIGHT, min_speech=0, padding=0)]))
def test_all_speech_is_kept_with_its_padding_and_long_pauses_part(
    track: Floats, chosen: SpanSettings
) -> None:
    found = list(spans([np.ones(len(track) * FRAME, np.float32)], chosen, Track(track)))
    counts = kept(found, len(track) * FRAME).reshape(-1, FRAME).min(axis=1)  # (frames,)
    least = max(1, round(chosen.min_speech / FRAME_SECONDS))
    padding = round(chosen.padding / FRAME_SECONDS)
    for number in range(len(track) - least + 1):
        if (track[number : number + least] >= chosen.on).all():
            assert counts[max(0, number - padding) : number + least + padding].all()
    longest_pause = max(round(chosen.long_pause / FRAME_SECONDS), 2 * padding)
    for span in found:
        first = round(span.start / FRAME_SECONDS)
        quiet = track[first : first + len(span.samples) // FRAME] < chosen.off
        text = "".join("#" if frame else "." for frame in quiet)
        assert max(map(len, text.split("."))) < longest_pause + least


@pytest.mark.parametrize("block", [1_000, 3_200_000])
def test_memory_does_not_grow_with_the_file(block: int) -> None:
    sound = np.zeros(block, np.float32)
    count = 300 * SAMPLE_RATE // block
    speech = Track(np.ones(20_000, np.float32))
    tracemalloc.start()
    try:
        found = spans((sound for _ in range(count)), None, speech)
        total = sum(len(span.samples) for span in found)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == count * block
    assert peak < 8e6  # the file has 19e6 bytes, a span 1.3e6


def test_short_pauses_close_long_spans_only() -> None:
    words = np.ones(60, np.float32)  # 1.9 s
    pause = np.zeros(10, np.float32)  # 0.32 s
    track = np.concatenate([words, pause] * 10)
    found = list(spans([np.ones(len(track) * FRAME, np.float32)], None, Track(track)))
    assert [round(span.end - span.start) for span in found] == [11, 11]


def test_probabilities_must_fit_the_samples() -> None:
    with pytest.raises(UsageError, match="3 probabilities for 2 frames"):
        SpanCutter().push(np.zeros(2 * FRAME, np.float32), np.zeros(3, np.float32))


@pytest.mark.parametrize(
    "wrong",
    [{"on": 0.1}, {"off": 0.0}, {"padding": -1.0}, {"short_pause": 2.0}, {"longest": 1.0}],
)
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        SpanSettings(**wrong)
