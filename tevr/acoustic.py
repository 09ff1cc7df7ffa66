"""Waveforms → log-probabilities of labels: what acoustic models offer, and how to open one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from ctypes.util import find_library
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.store import WAV2VEC2, ModelFiles
from tevr.wav2vec2.folder import WEIGHTS

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
    """Open the acoustic model of a model folder, on a graphics card where it can run there.

    Args:
        files: the model.
        threads: processor threads that it may use at once.

    Raises:
        ModelError: no runtime here can open it.
        UsageError: the packages that run it are missing.
    """
    if files.network is not None and _may_have_cuda():
        from tevr.wav2vec2.torch_model import cuda_is_usable, open_network

        if cuda_is_usable():
            return open_network(files.folder, files.network, threads)
    if files.acoustic.endswith(".onnx"):
        from tevr.onnx_model import OnnxModel, Wav2Vec2Onnx

        if files.kind == WAV2VEC2:
            return Wav2Vec2Onnx(files.folder / files.acoustic, threads)
        # One thread a span, and spans side by side: two threads on one span take a third more
        # processor time and save no more than 20 ms of a sentence.
        return OnnxModel(files.folder / files.acoustic, 1)
    if files.acoustic in WEIGHTS:
        from tevr.wav2vec2.torch_model import open_network

        return open_network(files.folder, files.acoustic, threads)
    raise ModelError(
        f"{files.acoustic} is no kind of acoustic model known here",
        "Models are ONNX files, or weights of Wav2Vec2ForCTC.",
    )


def _may_have_cuda() -> bool:
    """Whether torch is worth a look: importing it takes seconds."""
    driver = "nvcuda" if sys.platform == "win32" else "cuda"
    return find_spec("torch") is not None and find_library(driver) is not None
