"""Any source gives the same 16 kHz mono samples, whole or in part."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.audio import (
    AUDIO_SUFFIXES,
    BLOCK_SAMPLES,
    SAMPLE_RATE,
    is_audio_name,
    open_audio,
    read_audio,
)
from tevr.errors import AudioError, UsageError

Write = Callable[..., None]
Sound = NDArray[np.float32]

LOSSLESS = [
    ("a.wav", "pcm_s16le"),
    ("a.wav", "pcm_s24le"),
    ("a.wav", "pcm_s32le"),
    ("a.wav", "pcm_s64le"),
    ("a.wav", "pcm_f32le"),
    ("a.wav", "pcm_f64le"),
    ("a.flac", "flac"),
    ("a.aiff", "pcm_s16be"),
    ("a.au", "pcm_s16be"),
    ("a.caf", "pcm_s16le"),
    ("a.w64", "pcm_s16le"),
    ("a.mov", "pcm_s16le"),
    ("a.oga", "flac"),
    ("a.mka", "flac"),
    ("a.m4a", "alac"),
]
#: File, codec, rate, seconds of padding that the format keeps at its end.
LOSSY = [
    ("a.wav", "pcm_mulaw", 8_000, 0.0),
    ("a.mp3", "libmp3lame", 44_100, 0.0),
    ("a.ogg", "libopus", 48_000, 0.0),
    ("a.ogg", "vorbis", 44_100, 0.001),
    ("a.webm", "libopus", 48_000, 0.0),
    ("a.m4a", "aac", 44_100, 0.03),
    ("a.mka", "aac", 48_000, 0.03),
]
#: Formats that do not say how far their encoder delays the sound; seconds that this may be.
DELAYED = [
    ("a.amr", "libopencore_amrnb", 8_000),
    ("a.3gp", "libopencore_amrnb", 8_000),
    ("a.wma", "wmav2", 44_100),
    ("a.ac3", "ac3", 48_000),
    ("a.aac", "aac", 44_100),
    ("a.ts", "aac", 44_100),
    ("a.avi", "libmp3lame", 44_100),
]
VIDEOS = [("v.mp4", "mpeg4", "aac"), ("v.mkv", "mpeg4", "flac"), ("v.webm", "vp8", "libopus")]


def likeness(heard: Sound, original: Sound) -> float:
    """Correlation over what both have."""
    common = min(len(heard), len(original))
    return float(np.corrcoef(heard[:common], original[:common])[0, 1])


@pytest.mark.parametrize(("name", "codec"), LOSSLESS)
def test_lossless_files_give_the_same_samples(
    tmp_path: Path, write: Write, clip: Sound, name: str, codec: str
) -> None:
    write(tmp_path / name, codec, clip)
    heard = read_audio(tmp_path / name)
    assert heard.dtype == np.float32
    assert heard.shape == clip.shape
    np.testing.assert_allclose(heard, clip, atol=2e-5)


@pytest.mark.parametrize(("name", "codec", "rate", "padding"), LOSSY)
def test_lossy_files_sound_alike_and_begin_at_the_same_sample(
    tmp_path: Path, write: Write, clip: Sound, name: str, codec: str, rate: int, padding: float
) -> None:
    write(tmp_path / name, codec, clip, rate=rate)
    heard = read_audio(tmp_path / name)
    assert 0 <= len(heard) - len(clip) <= padding * SAMPLE_RATE
    assert likeness(heard, clip) > 0.99


@pytest.mark.parametrize(("name", "codec", "rate"), DELAYED)
def test_formats_that_hide_their_delay_are_read_whole(
    tmp_path: Path, write: Write, clip: Sound, name: str, codec: str, rate: int
) -> None:
    write(tmp_path / name, codec, clip, rate=rate)
    heard = read_audio(tmp_path / name)
    assert abs(len(heard) - len(clip)) < 0.15 * SAMPLE_RATE
    size = len(heard) + len(clip)
    matches = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(clip, size)), size)
    assert abs((np.argmax(np.abs(matches)) + size // 2) % size - size // 2) < 0.06 * SAMPLE_RATE


@pytest.mark.parametrize(("name", "picture", "codec"), VIDEOS)
def test_the_sound_of_a_video_is_read(
    tmp_path: Path, write: Write, clip: Sound, name: str, picture: str, codec: str
) -> None:
    write(tmp_path / name, codec, clip, rate=48_000, video=picture)
    heard = read_audio(tmp_path / name)
    assert abs(len(heard) - len(clip)) < 0.03 * SAMPLE_RATE
    assert likeness(heard, clip) > 0.99


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_keeps_length_and_sound(
    tmp_path: Path, write: Write, clip: Sound, rate: int
) -> None:
    write(tmp_path / "a.wav", "pcm_f32le", clip, rate=rate)
    heard = read_audio(tmp_path / "a.wav")
    assert abs(len(heard) - len(clip)) <= 1
    assert likeness(heard, clip) > 0.99


@pytest.mark.parametrize("codec", ["pcm_s16le", "flac"])
@pytest.mark.parametrize("count", range(1, 9))
def test_channels_are_averaged_or_picked(
    tmp_path: Path, write: Write, clip: Sound, count: int, codec: str
) -> None:
    path = tmp_path / "a.mka"
    channels = np.stack([clip * (0.9 - 0.1 * number) for number in range(count)])
    write(path, codec, channels)
    np.testing.assert_allclose(read_audio(path), channels.mean(axis=0), atol=5e-5)
    for number in range(count):
        np.testing.assert_allclose(read_audio(path, channel=number), channels[number], atol=5e-5)
    with pytest.raises(AudioError, match=rf"has {count} channel.*no channel {count}\. "):
        read_audio(path, channel=count)


@pytest.mark.parametrize("codec", ["aac", "libopus"])
def test_eight_channels_in_separate_planes_are_read(
    tmp_path: Path, write: Write, clip: Sound, codec: str
) -> None:
    channels = np.stack([clip, *[np.zeros_like(clip)] * 7])
    write(tmp_path / "a.mka", codec, channels, rate=48_000)
    assert likeness(read_audio(tmp_path / "a.mka", channel=0), clip) > 0.95
    np.testing.assert_allclose(
        read_audio(tmp_path / "a.mka"), read_audio(tmp_path / "a.mka", channel=0) / 8, atol=0.01
    )


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 16_000),
        ("a.wav", "pcm_f32le", 44_100),
        ("a.wav", "adpcm_ms", 22_050),
        ("a.aiff", "pcm_s16be", 11_025),
        ("a.flac", "flac", 48_000),
        ("a.oga", "flac", 44_100),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.ogg", "libopus", 48_000),
        ("a.ogg", "vorbis", 44_100),
        ("a.m4a", "alac", 44_100),
        ("a.mka", "libopus", 48_000),
        ("a.amr", "libopencore_amrnb", 8_000),
    ],
)
def test_a_span_is_that_slice_of_the_whole(
    tmp_path: Path, write: Write, clip: Sound, name: str, codec: str, rate: int
) -> None:
    path = tmp_path / name
    write(path, codec, np.tile(clip, 3), rate=rate)
    whole = read_audio(path)
    for start, end in [(0.0, 0.5), (0.31, 2.0), (2.0, None), (4.7321, 6.01), (7.25, None)]:
        span = whole[round(start * SAMPLE_RATE) :]
        span = (
            span if end is None else span[: round(end * SAMPLE_RATE) - round(start * SAMPLE_RATE)]
        )
        part = read_audio(path, start=start, end=end)
        assert part.shape == span.shape
        np.testing.assert_allclose(part, span, atol=1e-3)


def test_a_span_of_aac_is_that_slice_but_for_its_noise_substitution(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    path = tmp_path / "a.m4a"
    write(path, "aac", np.tile(clip, 3), rate=44_100)
    whole = read_audio(path)
    part = read_audio(path, start=5.4321, end=7.0)
    assert len(part) == round(7.0 * SAMPLE_RATE) - round(5.4321 * SAMPLE_RATE)
    assert likeness(part, whole[round(5.4321 * SAMPLE_RATE) :]) > 0.9999


def test_a_span_deep_in_a_file_is_read_without_what_lies_before(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    write(tmp_path / "a.wav", "pcm_s16le", np.tile(clip, 20))
    raw = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(raw[:200_000] + bytes(1_000_000) + raw[1_200_000:])
    part = read_audio(tmp_path / "a.wav", start=45.0, end=46.0)
    np.testing.assert_allclose(part, np.tile(clip, 20)[45 * SAMPLE_RATE : 46 * SAMPLE_RATE])


def test_blocks_are_half_a_second_and_join_to_the_whole(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    write(tmp_path / "a.flac", "flac", clip, rate=44_100)
    with open_audio(tmp_path / "a.flac") as audio:
        blocks = list(audio.blocks())
    assert {len(block) for block in blocks[:-1]} == {BLOCK_SAMPLES}
    assert 0 < len(blocks[-1]) <= BLOCK_SAMPLES
    assert all(block.dtype == np.float32 and block.ndim == 1 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(tmp_path / "a.flac"))


def test_blocks_are_given_once(clip: Sound) -> None:
    with open_audio(clip, rate=SAMPLE_RATE) as audio:
        list(audio.blocks())
        with pytest.raises(UsageError, match="has been read before"):
            list(audio.blocks())


def test_name_and_duration_are_those_of_the_file_and_span(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    write(tmp_path / "rede.mp3", "libmp3lame", clip, rate=44_100)
    seconds = len(clip) / SAMPLE_RATE
    with open_audio(str(tmp_path / "rede.mp3")) as audio:
        assert (audio.name, audio.duration) == ("rede.mp3", pytest.approx(seconds, abs=0.01))
    with open_audio(tmp_path / "rede.mp3", start=1.0, end=99.0) as audio:
        assert audio.duration == pytest.approx(seconds - 1, abs=0.01)
    with open_audio(tmp_path / "rede.mp3", start=1.0, end=1.5) as audio:
        assert audio.duration == pytest.approx(0.5)


def test_a_start_behind_the_end_says_how_long_the_file_is(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    for name, codec in [("a.wav", "pcm_s16le"), ("a.mka", "flac")]:
        write(tmp_path / name, codec, clip)
        for start in (len(clip) / SAMPLE_RATE, 5.0, 1e9):
            with pytest.raises(AudioError, match=r"ends after 3\.17 s, before the start at"):
                read_audio(tmp_path / name, start=start)


@pytest.mark.parametrize(
    "span",
    [
        {"start": -1.0},
        {"start": 2.0, "end": 1.0},
        {"start": 1.0, "end": 1.00001},
        {"start": math.nan},
        {"start": math.inf},
        {"end": math.nan},
        {"channel": -1},
        {"rate": 0},
    ],
)
def test_impossible_spans_are_refused(clip: Sound, span: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        read_audio(clip, **{"rate": SAMPLE_RATE, **span})  # type: ignore[arg-type]


def test_an_end_of_infinity_reads_all(clip: Sound) -> None:
    np.testing.assert_array_equal(read_audio(clip, rate=SAMPLE_RATE, end=math.inf), clip)


@given(
    start=st.floats(0, 3), length=st.floats(0.001, 4), rate=st.sampled_from([8000, 16000, 44100])
)
def test_a_span_of_an_array_is_that_slice_of_the_whole(
    start: float, length: float, rate: int
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, round(3.1 * rate)).astype(np.float32)
    whole = read_audio(noise, rate=rate)
    first, last = round(start * SAMPLE_RATE), round((start + length) * SAMPLE_RATE)
    part = read_audio(noise, rate=rate, start=start, end=start + length)
    np.testing.assert_allclose(part, whole[first:last], atol=1e-5)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float16", "float32", "float64"])
def test_arrays_of_every_type_have_the_same_scale(clip: Sound, kind: str) -> None:
    dtype = np.dtype(kind)
    if dtype.kind == "f":
        values = clip.astype(dtype)
    else:
        full = 2.0 ** (8 * dtype.itemsize - 1)
        values = np.clip(clip * full + (full if dtype.kind == "u" else 0), None, 2 * full - 1)
    stereo = np.stack([values.astype(dtype)] * 2, axis=1)
    np.testing.assert_allclose(read_audio(stereo, rate=SAMPLE_RATE), clip, atol=0.01)


@pytest.mark.parametrize(
    ("values", "rate", "advice"),
    [
        (np.zeros(100, np.float32), None, "rate="),
        (np.zeros((2, 100), np.float32), 16_000, r"\(samples, channels\)"),
        (np.zeros((1, 1, 1), np.float32), 16_000, r"\(samples, channels\)"),
        (np.zeros(100, np.int64), 16_000, "float32"),
        (np.zeros(100, np.complex64), 16_000, "float32"),
    ],
)
def test_arrays_that_are_no_sound_are_refused(
    values: NDArray[np.generic], rate: int | None, advice: str
) -> None:
    with pytest.raises(UsageError, match=advice):
        open_audio(values, rate=rate)


def test_an_empty_array_holds_no_sound() -> None:
    with pytest.raises(AudioError, match="holds no sound"):
        open_audio(np.zeros(0, np.float32), rate=SAMPLE_RATE)


def test_a_rate_for_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="only arrays need one"):
        open_audio(tmp_path / "a.wav", rate=SAMPLE_RATE)


def test_a_twentieth_of_a_second_is_enough(
    tmp_path: Path, write: Write, clip: Sound, caplog: pytest.LogCaptureFixture
) -> None:
    short = clip[20_000:20_800]
    for name, codec, rate in [("a.wav", "pcm_s16le", 16_000), ("a.mp3", "libmp3lame", 44_100)]:
        write(tmp_path / name, codec, short, rate=rate)
        with caplog.at_level(logging.WARNING):
            assert abs(len(read_audio(tmp_path / name)) - len(short)) <= 1
    assert not caplog.records


def test_folder_walks_take_sound_and_video_only() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
    assert all(map(is_audio_name, ["a.wav", "b.MP3", Path("c/d.e.Opus"), "f.mkv", "g.m4a"]))
    assert not any(map(is_audio_name, ["a.txt", "wav", ".wav", "b.srt", "c.jpg", "d.json", "e"]))


def test_importing_loads_no_decoder() -> None:
    code = "import tevr.audio, sys; sys.exit(bool({'av', 'soxr'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
