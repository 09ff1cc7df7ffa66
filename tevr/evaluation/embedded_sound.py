"""A sound file → a `data:` address that every browser plays, so that a page needs no other file."""

from __future__ import annotations

import io
import wave
from base64 import b64encode
from pathlib import Path

import numpy as np

from tevr.audio import SAMPLE_RATE, read_audio

_KINDS = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
}
_LARGEST = 500_000
"""Bytes of a file that is taken as it is."""
_LONGEST = 30.0
"""Seconds that are kept of a longer one."""


def embedded_sound(path: Path) -> str:
    """The address; files that browsers cannot play, or that are large, become short WAV.

    Raises:
        AudioError: the file cannot be read as sound.
        OSError: it cannot be read.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is not None and path.stat().st_size <= _LARGEST:
        content = path.read_bytes()
    else:
        kind, content = _KINDS[".wav"], _as_wav(path)
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _as_wav(path: Path) -> bytes:
    samples = read_audio(path, end=_LONGEST)
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return target.getvalue()
