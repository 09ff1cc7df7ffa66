"""Embedded sound: browsers' own formats as they are, others as WAV that can be read again."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest

from tevr.audio import read_audio
from tevr.errors import AudioError
from tevr.evaluation.embedded_sound import embedded_sound


def test_a_small_file_is_taken_as_it_is(data: Path) -> None:
    path = data / "kerstin" / "de_rhasspy-0045.opus"
    kind, content = embedded_sound(path).split(";base64,")
    assert kind == "data:audio/ogg"
    assert b64decode(content) == path.read_bytes()


def test_a_format_browsers_lack_becomes_wav(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.sound"
    path.write_bytes((data / "clip.wav").read_bytes())
    kind, content = embedded_sound(path).split(";base64,")
    assert kind == "data:audio/wav"
    again = read_audio(io.BytesIO(b64decode(content)))
    assert np.abs(again - read_audio(path)).max() < 1e-4


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.sound").write_text("words")
    with pytest.raises(AudioError):
        embedded_sound(tmp_path / "x.sound")
