"""Sound files → decoded samples on disk, each file decoded once and read in a moment afterwards."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.audio import read_audio
from tevr.errors import OutputError
from tevr.lm.whole_file import whole_file, why_unwritten

FULL_SCALE = 32_767


class SoundCache:
    """Decoded clips in a folder: 16-bit samples, 16 kHz, mono.

    A clip is known by its path, size and time of change, so that a file that was replaced is
    decoded anew. Several processes may use the folder at once.

    Args:
        folder: made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, path: Path) -> tuple[Path, int]:
        """Decode a file unless that was done.

        Returns:
            the file of its samples, and their number.

        Raises:
            AudioError: it cannot be read as sound.
            OutputError: the samples cannot be kept.
        """
        state = path.stat()
        identity = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        kept = self._folder / name[:2] / f"{name}.i16"
        if kept.is_file():
            return kept, kept.stat().st_size // 2
        samples = read_audio(path)
        whole = np.round(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype("<i2")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(kept) as stream:
                stream.write(whole.tobytes())
        except OSError as error:
            cause = f"Decoded sound cannot be kept in {self._folder} ({why_unwritten(error)})"
            raise OutputError(cause, "Free some space, or name another folder.") from error
        return kept, len(whole)


def read_sound(kept: Path) -> NDArray[np.float32]:
    """Samples that a `SoundCache` kept, float32 (samples,) within ±1."""
    return np.fromfile(kept, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
