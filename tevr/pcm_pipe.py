"""Raw PCM or wav from a pipe → blocks of 16 kHz mono float32, as they come in.

Raw PCM is 16 bit, little-endian, mono. A wav of 16 bit or of floats tells its own rate and
channels; its length counts for nothing, for whoever writes into a pipe cannot know it.
"""

from __future__ import annotations

import io
import os
import queue
import struct
import threading
from collections.abc import Generator, Iterator
from typing import BinaryIO

import numpy as np
import soxr

from tevr.audio import SAMPLE_RATE
from tevr.errors import AudioError, UsageError
from tevr.microphone import RATES
from tevr.mixdown import MixDown, Samples

#: Bytes read at most in one go: a second of 16 kHz.
PIECE = 32_000
#: Pieces that may wait; whoever writes waits too when there are so many.
PIECES = 8
#: A wav whose sound has not begun within so many bytes is none.
LONGEST_HEAD = 65_536

_FLOAT, _EXTENSIBLE = 3, 0xFFFE  # codes of wav formats, from mmreg.h
_KINDS = {(1, 16): "<i2", (_FLOAT, 32): "<f4"}


class PcmPipe:
    """Sound that somebody writes into a pipe.

    Args:
        stream: where it is read from, in a thread of its own.
        rate: of raw PCM, Hz.

    Raises:
        UsageError: the rate is none.
    """

    def __init__(self, stream: BinaryIO, rate: int = SAMPLE_RATE) -> None:
        if not RATES[0] <= rate <= RATES[1]:
            raise UsageError(f"No sound has {rate} Hz", f"Choose from {RATES[0]} to {RATES[1]} Hz.")
        self.name = "standard input"
        self._kind = "<i2"
        self._channels = 1
        self._set_rate(rate)
        self._mix = MixDown(self.name, None)
        self._pieces: queue.Queue[bytes | OSError] = queue.Queue(PIECES)
        self._closed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(
            target=_move, args=(stream, self._pieces), name="pipe", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Read no more; `blocks` ends."""
        self._closed.set()

    @property
    def waiting(self) -> float:
        """Seconds of sound that were read and not given yet, about."""
        bytes_a_second = self._rate * self._channels * np.dtype(self._kind).itemsize
        return self._pieces.qsize() * PIECE / bytes_a_second

    def blocks(self, *, wait: float = 0.1) -> Iterator[Samples]:
        """The sound as float32 (samples,) at 16 kHz, as it comes.

        Args:
            wait: seconds after which an empty block is given where nothing came.

        Raises:
            AudioError: reading fails, or the wav is of a kind that cannot be read live.
        """
        held = yield from self._begun(wait)
        while held is not None:
            whole = len(held) - len(held) % (self._channels * np.dtype(self._kind).itemsize)
            yield self._samples(held[:whole])
            piece = yield from self._next(wait)
            held = None if piece is None else held[whole:] + piece
        if not self._closed.is_set():
            yield self._resampled(np.zeros(0, np.float32), last=True)

    def _begun(self, wait: float) -> Generator[Samples, None, bytes | None]:
        """Read the head of a wav, if there is one; returns the first bytes of sound."""
        head = b""
        while (piece := (yield from self._next(wait))) is not None:
            head += piece
            if len(head) < 4:  # noqa: PLR2004 - the letters RIFF
                continue
            if not head.startswith(b"RIFF"):
                return head
            if (start := self._parsed(head)) is not None:
                return head[start:]
            if len(head) > LONGEST_HEAD:
                raise AudioError("The wav has no sound", "Send raw PCM, or another wav.")
        return head or None

    def _parsed(self, head: bytes) -> int | None:
        """Take rate and kind from a wav's head; returns where sound begins, or ``None`` so far."""
        at = 12
        while at + 8 <= len(head):
            name, size = struct.unpack_from("<4sI", head, at)
            if name == b"data":
                return at + 8
            if name == b"fmt " and at + 8 + size <= len(head):
                code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
                if code == _EXTENSIBLE:
                    (code,) = struct.unpack_from("<H", head, at + 8 + 24)
                self._set_format(code, bits, channels, rate)
            at += 8 + size + size % 2
        return None

    def _set_format(self, code: int, bits: int, channels: int, rate: int) -> None:
        kind = _KINDS.get((code, bits))
        if kind is None or not channels or not RATES[0] <= rate <= RATES[1]:
            raise AudioError(
                f"A wav of kind {code} with {bits} bits at {rate} Hz cannot be read live",
                "Send 16 bit PCM: ffmpeg -i … -f s16le -ac 1 -ar 16000 -.",
            )
        self._kind, self._channels = kind, channels
        self._set_rate(rate)

    def _set_rate(self, rate: int) -> None:
        self._rate = rate
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def _samples(self, data: bytes) -> Samples:
        sound = np.frombuffer(data, self._kind).reshape(-1, self._channels)
        return self._resampled(self._mix(sound.T))

    def _resampled(self, mono: Samples, *, last: bool = False) -> Samples:
        resampled: Samples = self._resampler.resample_chunk(mono, last=last)
        return resampled

    def _next(self, wait: float) -> Generator[Samples, None, bytes | None]:
        """Give empty blocks until bytes come; returns them, or ``None`` at the end."""
        while not self._ended and not self._closed.is_set():
            try:
                piece = self._pieces.get(timeout=wait)
            except queue.Empty:
                yield np.zeros(0, np.float32)
                continue
            if isinstance(piece, OSError):
                raise AudioError(
                    f"Standard input cannot be read ({piece.strerror or piece})",
                    "Check the program that writes into it.",
                ) from piece
            self._ended = not piece
            return piece or None
        return None


def _move(stream: BinaryIO, pieces: queue.Queue[bytes | OSError]) -> None:
    """Move pieces from a stream to a queue, until its end or failure."""
    piece: bytes | OSError = b"begin"
    while piece and not isinstance(piece, OSError):
        try:
            piece = _some(stream)
        except OSError as error:
            piece = error
        pieces.put(piece)


def _some(stream: BinaryIO) -> bytes:
    """What is there, once something is; without the stream's lock, which would outlive a thread."""
    try:
        number = stream.fileno()
    except io.UnsupportedOperation:
        return stream.read(PIECE)
    return os.read(number, PIECE)
