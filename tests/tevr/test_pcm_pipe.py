"""Sound from a pipe comes through at once, at any rate, however its bytes are cut."""

from __future__ import annotations

import io
import os
import struct
import wave
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tevr.errors import AudioError, UsageError
from tevr.pcm_pipe import LONGEST_HEAD, PcmPipe


def raw(samples: NDArray[np.float32]) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def wav(samples: NDArray[np.float32], rate: int, channels: int = 1) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(raw(samples))
    return target.getvalue()


def float_wav(samples: NDArray[np.float32], bits: int = 32) -> bytes:
    """As WAVE_FORMAT_EXTENSIBLE, with a chunk before the sound, of unknown length."""
    head = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 16_000, 64_000, 4, bits, 22, 32, 4, 3, b"")
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"LIST\x03\x00\x00\x00abc\0"
    body = samples.astype("<f4").tobytes()
    return b"RIFF\xff\xff\xff\xffWAVE" + chunks + b"data\xff\xff\xff\xff" + body


class Pieces(io.BytesIO):
    """Gives its bytes in pieces of these lengths, again and again."""

    def __init__(self, content: bytes, lengths: Iterable[int]) -> None:
        super().__init__(content)
        self.lengths = list(lengths)
        self.turn = 0

    def read(self, size: int | None = -1) -> bytes:
        self.turn += 1
        return super().read(min(size or 0, self.lengths[self.turn % len(self.lengths)]))


def heard(stream: BinaryIO, rate: int = 16_000) -> NDArray[np.float32]:
    return np.concatenate([*PcmPipe(stream, rate).blocks(), np.zeros(0, np.float32)])


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=5), st.sampled_from(["raw", "wav", "float"])
)
def test_however_bytes_are_cut_the_sound_is_the_same(lengths: list[int], kind: str) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 3000).astype(np.float32)
    lengths = [*lengths, 500]
    content = {"raw": raw(sound), "wav": wav(sound, 16_000), "float": float_wav(sound)}[kind]
    assert np.allclose(heard(Pieces(content, lengths)), sound, atol=1e-4)


@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_other_rates_are_resampled(rate: int) -> None:
    time = np.arange(rate) / rate
    tone = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    for sound in (heard(io.BytesIO(raw(tone)), rate), heard(io.BytesIO(wav(tone, rate)))):
        assert abs(len(sound) - 16_000) <= 2
        assert np.argmax(np.abs(np.fft.rfft(sound[:16_000]))) == pytest.approx(440, abs=1)


def test_channels_are_mixed_down() -> None:
    stereo = np.tile(np.array([0.5, 0.0], np.float32), 1000)
    assert np.allclose(heard(io.BytesIO(wav(stereo, 16_000, channels=2))), 0.25, atol=1e-4)


def test_sound_comes_before_the_pipe_ends() -> None:
    read, write = os.pipe()
    with open(read, "rb") as stream, open(write, "wb", buffering=0) as sender:  # noqa: PTH123
        pipe = PcmPipe(stream)
        blocks = pipe.blocks(wait=0.01)
        assert len(next(blocks)) == 0  # nothing yet, but whoever waits gets a turn
        sender.write(raw(np.ones(800, np.float32)))
        while not len(block := next(blocks)):
            pass
        assert len(block) == 800
        assert pipe.waiting == 0
    assert sum(len(block) for block in blocks) == 0


def test_a_pipe_that_is_closed_gives_no_more() -> None:
    read, write = os.pipe()
    with open(read, "rb") as stream:  # noqa: PTH123
        pipe = PcmPipe(stream)
        blocks = pipe.blocks(wait=0.01)
        next(blocks)
        pipe.close()
        assert list(blocks) == []
        os.close(write)
        pipe._thread.join(5)


def test_nothing_gives_nothing() -> None:
    assert len(heard(io.BytesIO())) == 0
    assert len(heard(io.BytesIO(b"x"))) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (float_wav(np.zeros(10, np.float32), bits=24), "kind 3 with 24 bits"),
        (wav(np.zeros(10, np.float32), 4000), "at 4000 Hz"),
        (b"RIFF" + bytes(LONGEST_HEAD + 10), "no sound"),
    ],
)
def test_what_cannot_be_read_is_told(content: bytes, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        heard(io.BytesIO(content))


def test_a_failing_pipe_is_told() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(AudioError, match="Input/output error"):
        heard(Broken())


def test_an_unusual_rate_is_refused() -> None:
    with pytest.raises(UsageError, match="100 Hz"):
        PcmPipe(io.BytesIO(), 100)
