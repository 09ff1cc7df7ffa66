"""Damaged, cut and odd files: what can be read is read at its time, the rest is said."""

from __future__ import annotations

import io
import logging
import os
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.errors import AudioError

Write = Callable[..., None]
Sound = NDArray[np.float32]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages logged so far."""
    return [record.getMessage() for record in caplog.records if record.name == "tevr.audio"]


@pytest.mark.parametrize("name", ["text.wav", "text.mp3", "text.m4a", "text"])
def test_text_under_any_name_is_no_sound(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Das ist ein Text.\n" * 500, encoding="utf-8")
    with pytest.raises(AudioError, match=f"{name} is not a sound or video file"):
        read_audio(tmp_path / name)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.ogg", "a.mp4"])
def test_random_bytes_are_no_sound(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(100_000))
    with pytest.raises(AudioError, match=f"{name} .*(not a sound|no sound)"):
        read_audio(tmp_path / name)


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:10,\nhttp://localhost:1/a.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '%s'\n",
        b"\x89PNG\r\n\x1a\n" + bytes(300),
        b"1\n00:00:01,000 --> 00:00:02,000\nHallo\n\n" * 50,
    ],
)
def test_lists_pictures_and_subtitles_open_nothing(
    tmp_path: Path, data: Path, content: bytes
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content.replace(b"%s", os.fsencode(data / "clip.wav")))
    with pytest.raises(AudioError, match="is not a sound or video file"):
        read_audio(path)


@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac")])
def test_a_header_alone_holds_no_sound(
    tmp_path: Path, write: Write, clip: Sound, name: str, codec: str
) -> None:
    write(tmp_path / name, codec, clip)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:78])
    with pytest.raises(AudioError, match=r"breaks off before its sound begins|holds no sound"):
        read_audio(tmp_path / name)


def test_a_recording_of_no_samples_holds_no_sound(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
    with pytest.raises(AudioError, match=r"breaks off before its sound begins|holds no sound"):
        read_audio(tmp_path / "a.wav")


def test_a_video_without_sound_is_told_apart(tmp_path: Path, write: Write, clip: Sound) -> None:
    write(tmp_path / "both.mp4", "aac", clip, video="mpeg4")
    with av.open(str(tmp_path / "both.mp4")) as both, av.open(str(tmp_path / "v.mp4"), "w") as mute:
        picture = mute.add_stream_from_template(both.streams.video[0])
        for packet in both.demux(both.streams.video[0]):
            if packet.size:
                packet.stream = picture
                mute.mux(packet)
    with pytest.raises(AudioError, match=r"v\.mp4 has no sound track"):
        read_audio(tmp_path / "v.mp4")


def test_an_mp4_without_its_index_says_so(tmp_path: Path, write: Write, clip: Sound) -> None:
    write(tmp_path / "a.m4a", "aac", clip)
    content = (tmp_path / "a.m4a").read_bytes()
    (tmp_path / "a.m4a").write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioError, match="is an MP4 without its index"):
        read_audio(tmp_path / "a.m4a")


def test_a_codec_that_pyav_lacks_is_said(tmp_path: Path, data: Path) -> None:
    content = bytearray((data / "clip.wav").read_bytes())
    content[20:22] = struct.pack("<H", 0x1234)
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioError, match="the installed PyAV cannot decode"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [3, 2**31 - 1])
def test_rates_of_damaged_headers_are_refused(tmp_path: Path, data: Path, rate: int) -> None:
    content = bytearray((data / "clip.wav").read_bytes())
    content[24:28] = struct.pack("<I", rate)
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(AudioError, match=f"declares {rate} samples a second"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 16_000),
        ("a.wav", "pcm_f32le", 44_100),
        ("a.aiff", "pcm_s16be", 16_000),
        ("a.flac", "flac", 44_100),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.webm", "libopus", 48_000),
    ],
)
def test_a_cut_file_is_read_as_far_as_it_goes(
    tmp_path: Path,
    write: Write,
    clip: Sound,
    caplog: pytest.LogCaptureFixture,
    name: str,
    codec: str,
    rate: int,
) -> None:
    path = tmp_path / name
    write(path, codec, clip, rate=rate)
    assert len(read_audio(path)) == len(clip)
    assert said(caplog) == []
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    heard = read_audio(path)
    assert 0.4 * len(clip) < len(heard) < 0.7 * len(clip)
    np.testing.assert_allclose(heard[:16_000], clip[:16_000], atol=0.1)
    sentence = f"only {len(heard) / SAMPLE_RATE:.1f} s of the 3.2 s it declares could be read"
    assert sentence in said(caplog)[-1]


def test_a_cut_ogg_is_said_though_it_declares_nothing(
    tmp_path: Path, write: Write, clip: Sound, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.ogg"
    write(path, "libopus", np.tile(clip, 3), rate=48_000)
    read_audio(path)
    assert said(caplog) == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard = read_audio(path)
    assert said(caplog) == [f"a.ogg: ends abruptly after {len(heard) / SAMPLE_RATE:.1f} s"]


def test_a_span_before_the_cut_says_nothing(
    tmp_path: Path, data: Path, caplog: pytest.LogCaptureFixture, clip: Sound
) -> None:
    (tmp_path / "a.wav").write_bytes((data / "clip.wav").read_bytes()[:60_000])
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", end=1.0), clip[:SAMPLE_RATE])
    assert said(caplog) == []


def test_a_wav_written_to_a_pipe_is_whole(
    write: Write, clip: Sound, caplog: pytest.LogCaptureFixture
) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    for codec in ("pcm_s16le", "pcm_f32le"):
        sink = Pipe()
        write(sink, codec, clip, muxer="wav")
        np.testing.assert_allclose(read_audio(io.BytesIO(sink.getvalue())), clip, atol=1e-4)
    assert said(caplog) == []


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.amr", "libopencore_amrnb")])
def test_damaged_packets_are_left_out_and_counted(
    tmp_path: Path,
    write: Write,
    clip: Sound,
    caplog: pytest.LogCaptureFixture,
    name: str,
    codec: str,
) -> None:
    path = tmp_path / name
    write(path, codec, np.tile(clip, 3), rate=8_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1_000] = np.random.default_rng(1).bytes(1_000)
    path.write_bytes(content)
    assert np.isfinite(read_audio(path)).all()
    assert any("packets of sound that could not be decoded" in message for message in said(caplog))


def test_lost_packets_become_silence_so_that_times_stay_right(
    tmp_path: Path, write: Write, clip: Sound, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.mka"
    write(path, "flac", np.tile(clip, 2), lost=(2.0, 3.0))
    heard = read_audio(path)
    assert abs(len(heard) - 2 * len(clip)) <= 0.001 * SAMPLE_RATE
    assert not heard[round(2.3 * SAMPLE_RATE) : round(2.9 * SAMPLE_RATE)].any()
    after = slice(round(3.5 * SAMPLE_RATE), None)
    both = min(len(heard), 2 * len(clip))
    assert (
        np.corrcoef(heard[after][: both - 56_000], np.tile(clip, 2)[after][: both - 56_000])[0, 1]
        > 0.9
    )
    assert "s of sound are missing within it and are read as silence" in said(caplog)[0]


@pytest.mark.parametrize(("name", "codec"), [("v.mkv", "flac"), ("v.mp4", "alac")])
def test_sound_that_begins_after_the_picture_keeps_its_time(
    tmp_path: Path,
    write: Write,
    clip: Sound,
    caplog: pytest.LogCaptureFixture,
    name: str,
    codec: str,
) -> None:
    path = tmp_path / name
    write(path, codec, np.tile(clip, 3), rate=48_000, video="mpeg4", late=1.5)
    whole = read_audio(path)
    assert np.abs(whole[: round(1.49 * SAMPLE_RATE)]).max() < 1e-6
    heard = whole[round(1.5 * SAMPLE_RATE) :]
    assert heard.shape == (3 * len(clip),)
    assert np.corrcoef(heard, np.tile(clip, 3))[0, 1] > 0.999
    for start in (1.0, 2.25, 6.5):
        np.testing.assert_allclose(
            read_audio(path, start=start), whole[round(start * SAMPLE_RATE) :], atol=1e-5
        )
    assert said(caplog) == []


def test_rate_and_layout_may_change_on_the_way(tmp_path: Path, write: Write, clip: Sound) -> None:
    write(tmp_path / "a.aac", "aac", clip, rate=44_100)
    write(tmp_path / "b.aac", "aac", np.stack([clip, clip]), rate=16_000)
    joined = (tmp_path / "a.aac").read_bytes() + (tmp_path / "b.aac").read_bytes()
    (tmp_path / "c.aac").write_bytes(joined)
    heard = read_audio(tmp_path / "c.aac")
    parts = [read_audio(tmp_path / "a.aac"), read_audio(tmp_path / "b.aac")]
    assert abs(len(heard) - sum(map(len, parts))) <= 0.2 * SAMPLE_RATE
    np.testing.assert_allclose(heard[:40_000], parts[0][:40_000], atol=1e-2)
    assert np.corrcoef(heard[-30_000:], parts[1][-30_000:])[0, 1] > 0.99


def test_odd_metadata_does_no_harm(tmp_path: Path, write: Write, clip: Sound) -> None:
    write(tmp_path / "a.mp3", "libmp3lame", clip, rate=44_100)
    content = (tmp_path / "a.mp3").read_bytes()
    tag = b"TIT2" + struct.pack(">I", 5) + b"\0\0" + b"\x03\xff\xfe\xfc\xfb"
    header = b"ID3\x03\0\0" + struct.pack(">I", len(tag))
    (tmp_path / "b.mp3").write_bytes(header + tag + content)
    assert abs(len(read_audio(tmp_path / "b.mp3")) - len(clip)) <= 1


def test_ffmpeg_prints_nothing(tmp_path: Path, write: Write, clip: Sound) -> None:
    write(tmp_path / "a.m4a", "aac", clip)
    content = bytearray((tmp_path / "a.m4a").read_bytes())
    content[5_000:8_000] = bytes(3_000)
    (tmp_path / "a.m4a").write_bytes(content)
    code = f"from tevr.audio import read_audio; read_audio({os.fspath(tmp_path / 'a.m4a')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert all(line.startswith("a.m4a: ") for line in done.stderr.splitlines())


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory, write: Write, clip: Sound) -> list[bytes]:
    """Small valid files of several kinds."""
    folder = tmp_path_factory.mktemp("valid")
    kinds = [
        ("a.wav", "pcm_s16le", 8_000),
        ("b.wav", "pcm_f32le", 8_000),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.ogg", "libopus", 48_000),
        ("a.m4a", "aac", 16_000),
        ("a.flac", "flac", 8_000),
        ("a.webm", "libopus", 48_000),
        ("a.aac", "aac", 16_000),
        ("a.ts", "aac", 16_000),
    ]
    for name, codec, rate in kinds:
        write(folder / name, codec, clip[16_000:32_000], rate=rate)
    return [(folder / name).read_bytes() for name, _, _ in kinds]


def reads_or_refuses(content: bytes, start: float = 0.0) -> None:
    """Finite samples or an `AudioError`, nothing else."""
    logging.getLogger("tevr.audio").setLevel(logging.ERROR)
    try:
        heard = read_audio(io.BytesIO(content), start=start)
    except AudioError:
        return
    finally:
        logging.getLogger("tevr.audio").setLevel(logging.NOTSET)
    assert heard.dtype == np.float32
    assert heard.ndim == 1
    assert np.isfinite(heard).all()


@given(st.binary(max_size=3_000))
@settings(deadline=None)
def test_arbitrary_bytes_are_read_or_refused(content: bytes) -> None:
    reads_or_refuses(content)


@given(
    kind=st.integers(0, 8),
    length=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=12)), max_size=8),
    in_header=st.booleans(),
    start=st.sampled_from([0.0, 0.3]),
)
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_mutilated_files_are_read_or_refused(
    valid: list[bytes],
    kind: int,
    length: float,
    changes: list[tuple[float, bytes]],
    in_header: bool,
    start: float,
) -> None:
    content = bytearray(valid[kind])
    for place, patch in changes:
        at = int(place * (min(200, len(content)) if in_header else len(content)))
        content[at : at + len(patch)] = patch
    reads_or_refuses(bytes(content[: round((1 - length / 2) * len(content))]), start)
