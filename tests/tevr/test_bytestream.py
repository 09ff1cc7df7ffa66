"""Paths, pipes and file objects all end as bytes, or as one clear sentence."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import default_signals
from tevr.audio import open_audio, read_audio
from tevr.bytestream import ByteStream
from tevr.errors import AudioError, UsageError

Write = Callable[..., None]
Sound = NDArray[np.float32]

READ_STANDARD_INPUT = """
import sys, numpy as np
from tevr.audio import open_audio
with open_audio(sys.stdin.buffer) as audio:
    print(audio.name, audio.duration, sum(map(len, audio.blocks())))
"""
READ_AND_WAIT = """
import sys
from tevr.audio import open_audio
with open_audio(sys.stdin.buffer) as audio:
    for block in audio.blocks():
        print(len(block), flush=True)
"""


@contextmanager
def pipe_with(content: bytes) -> Iterator[BinaryIO]:
    """The reading end of a pipe that a thread writes to."""
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(content)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        yield file
        file.read()
    thread.join()


@pytest.mark.parametrize(
    ("name", "codec", "rate", "options"),
    [
        ("a.wav", "pcm_s16le", 16_000, {}),
        ("a.flac", "flac", 44_100, {}),
        ("a.ogg", "libopus", 48_000, {}),
        ("a.webm", "libopus", 48_000, {}),
        ("a.aiff", "pcm_s16be", 22_050, {}),
        ("a.m4a", "aac", 44_100, {}),
        ("a.m4a", "aac", 44_100, {"movflags": "faststart"}),
        ("a.m4a", "aac", 44_100, {"movflags": "frag_keyframe+empty_moov"}),
    ],
)
def test_a_pipe_gives_the_samples_of_the_file(
    tmp_path: Path,
    write: Write,
    clip: Sound,
    name: str,
    codec: str,
    rate: int,
    options: dict[str, str],
) -> None:
    write(tmp_path / name, codec, np.tile(clip, 8), rate=rate, options=options)
    whole = read_audio(tmp_path / name)
    with pipe_with((tmp_path / name).read_bytes()) as pipe:
        np.testing.assert_array_equal(read_audio(pipe), whole)
    with pipe_with((tmp_path / name).read_bytes()) as pipe:
        part = read_audio(pipe, start=5.3, end=7.1)
    np.testing.assert_allclose(part, whole[round(5.3 * 16_000) : round(7.1 * 16_000)], atol=1e-2)


def test_an_mp3_from_a_pipe_may_keep_its_padding_only(
    tmp_path: Path, write: Write, clip: Sound
) -> None:
    write(tmp_path / "a.mp3", "libmp3lame", clip, rate=44_100)
    whole = read_audio(tmp_path / "a.mp3")
    with pipe_with((tmp_path / "a.mp3").read_bytes()) as pipe:
        heard = read_audio(pipe)
    assert 0 <= len(heard) - len(whole) < 0.03 * 16_000
    np.testing.assert_allclose(heard[: len(whole) - 16], whole[:-16], atol=1e-3)


def test_standard_input_is_read_and_named(data: Path, clip: Sound) -> None:
    with (
        (data / "clip.wav").open("rb") as file,
        subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"],
            stdin=file,
            stdout=subprocess.PIPE,
        ) as source,
    ):
        done = subprocess.run(
            [sys.executable, "-c", READ_STANDARD_INPUT],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=True,
        )
    assert done.stdout.split("\n")[0] == f"standard input None {len(clip)}"
    assert done.stderr == ""


def test_an_interrupt_while_waiting_for_a_pipe_is_not_swallowed(data: Path) -> None:
    command, pipe = [sys.executable, "-c", READ_AND_WAIT], subprocess.PIPE
    with (
        default_signals(),
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write((data / "clip.wav").read_bytes()[:44])
        process.stdin.write(bytes(200_000))
        process.stdin.flush()
        assert process.stdout.readline() == b"8000\n"
        # One that falls into FFmpeg's own code is dropped by PyAV; the next one is not.
        for _ in range(50):
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.5)
                break
        ended = process.poll()
        process.kill()
        assert ended not in (None, 0)
        assert b"KeyboardInterrupt" in process.stderr.read()


def test_a_borrowed_file_stays_open_and_an_own_one_is_closed(data: Path, clip: Sound) -> None:
    with (data / "clip.wav").open("rb") as file:
        np.testing.assert_array_equal(read_audio(file), clip)
        assert not file.closed
    audio = open_audio(data / "clip.wav")
    audio.close()
    audio.close()
    (data / "clip.wav").open("rb").close()


def test_a_file_object_is_read_from_memory(data: Path, clip: Sound) -> None:
    np.testing.assert_array_equal(read_audio(io.BytesIO((data / "clip.wav").read_bytes())), clip)


def test_a_missing_file_is_named_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"There is no file .*weg.wav\. ") as caught:
        open_audio(tmp_path / "weg.wav")
    assert str(tmp_path) in caught.value.cause


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"is a folder|may not be read"):
        open_audio(tmp_path)


def test_a_forbidden_file_is_told_apart(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    def refuse(*_: object) -> BinaryIO:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioError, match=r"clip\.wav may not be read by this user"):
        open_audio(data / "clip.wav")


@pytest.mark.parametrize("name", ["a\0b.wav", "x" * 5000 + ".wav"])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(AudioError, match=r"Reading .* failed: "):
        open_audio(name)


def test_nothing_at_all_is_called_empty(tmp_path: Path) -> None:
    (tmp_path / "leer.wav").write_bytes(b"")
    with pytest.raises(AudioError, match=r"leer\.wav is empty \(0 bytes\)"):
        open_audio(tmp_path / "leer.wav")
    with pipe_with(b"") as pipe, pytest.raises(AudioError, match="is empty"):
        open_audio(pipe)


def test_text_mode_is_refused(data: Path) -> None:
    with (
        (data / "clip.wav").open(encoding="latin-1") as file,
        pytest.raises(UsageError, match="binary mode"),
    ):
        open_audio(file)  # type: ignore[arg-type]


class Failing(io.RawIOBase):
    """A pipe that breaks after some bytes."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        count = self._rest.readinto(buffer)
        if not count:
            raise BrokenPipeError(32, "Broken pipe")
        return count


@pytest.mark.parametrize("size", [0, 100, 50_000, 150_000])
@pytest.mark.parametrize(("name", "codec"), [("a.wav", "pcm_s16le"), ("a.m4a", "alac")])
def test_a_broken_pipe_is_an_error_wherever_it_breaks(
    tmp_path: Path, write: Write, clip: Sound, size: int, name: str, codec: str
) -> None:
    write(tmp_path / name, codec, np.tile(clip, 5))
    source = io.BufferedReader(Failing((tmp_path / name).read_bytes()[:size]))
    with pytest.raises(AudioError, match="Reading the stream failed: Broken pipe"):
        read_audio(source)


def test_an_error_is_kept_until_it_can_be_raised() -> None:
    stream = ByteStream(io.BufferedReader(Failing(b"x" * 5_000)))  # type: ignore[arg-type]
    assert b"".join(iter(lambda: stream.read(1_000), b"")) == b"x" * 5_000
    assert stream.read(1_000) == b""
    with pytest.raises(AudioError, match="Broken pipe"):
        stream.raise_failure()
