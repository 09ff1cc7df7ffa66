"""Waveforms → log-probabilities of labels: what acoustic models offer, and how to open one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.store import ModelFiles

#: Every acoustic model here emits one frame for each 20 ms of sound (wav2vec2's stride product is
#: 320 samples; Whisper's encoder halves 10 ms mel frames).
FRAME_SECONDS = 0.02


class AcousticModel(Protocol):
    """One acoustic model, open and ready."""

    def log_probs(self, waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Waveforms at 16 kHz, each (samples,) → one (frames, labels) array each.

        Natural logarithms, normalised per frame. The result for a waveform does not depend on the
        others beside it.
        """
        ...


def open_model(files: ModelFiles, threads: int) -> AcousticModel:
    """Open the acoustic model of a model folder.

    Raises:
        ModelError: no runtime here can open it.
    """
    if files.acoustic.endswith(".onnx"):
        from tevr.onnx_model import OnnxModel

        return OnnxModel(files.folder / files.acoustic, threads)
    raise ModelError(
        f"{files.acoustic} is no kind of acoustic model known here",
        "Models are ONNX files so far.",
    )
