"""Models on ONNX Runtime, the bundled one and converted ones: waveforms → log-probabilities.

Clips are run one by one: on a processor a batch is no faster than its clips in turn, and without
padding to the longest, and with int8 scales taken from one clip alone, no result can depend on the
clips beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

#: No clip gives fewer frames than this many samples, 0.1 s.
SHORTEST = 1_600
#: Each clip is heard with silence after it: at least `PAUSE` samples (0.2 s), and so much that it
#: lasts `LEAST` samples (6 s) with it. The encoder is Whisper's, which learned from windows of
#: 30 s that mostly end in silence. With it a fifth fewer lone words are wrong, and a twelfth fewer
#: words of sentences cut off right at their end; where a pause follows anyway nothing changes.
#: 3 s are too few for sentences, 15 s bring no more; 6 s cost a lone word 25 ms of processor time.
PAUSE = 3_200
LEAST = 96_000
#: Key of a graph's metadata: samples of the shortest sound that it takes.
LEAST_SAMPLES = "least_samples"
#: What the published model's pipeline adds to a span's variance before it divides by its root.
LEAST_VARIANCE = 1e-7


class OnnxModel:
    """An acoustic model exported by `tevr.training.export`.

    Args:
        path: the ONNX file; input `waveform` (samples,), output `log_probs` (frames, labels).
        threads: threads for one clip.

    Raises:
        ModelError: the file cannot be opened.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_session(path, threads)

    def log_probs(self, waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Waveforms at 16 kHz, each (samples,) → one (frames, labels) array each."""
        return [self._run(waveform) for waveform in waveforms]

    def _run(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        padded = np.pad(waveform, (0, max(PAUSE, LEAST - len(waveform))))
        (log_probs,) = self._session.run(["log_probs"], {"waveform": padded})
        frames = (max(len(waveform), SHORTEST) // 160 + 1) // 2  # those of the silence are left out
        return np.asarray(log_probs[:frames])


class Wav2Vec2Onnx:
    """A network made by `tevr.wav2vec2.network`: `sound` (samples,) → `log_probs` (frames, labels).

    One span after the other has all threads. Side by side they would gain nothing, for a layer's
    products are large enough for all of them, and each would take some hundred megabytes.

    Args:
        path: the ONNX file; its weights lie beside it.
        threads: processor threads.

    Raises:
        ModelError: a file cannot be opened.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_session(path, threads)
        self._least = int(self._session.get_modelmeta().custom_metadata_map[LEAST_SAMPLES])
        self._alone = Lock()

    def log_probs(self, waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Waveforms at 16 kHz, each (samples,) → one (frames, labels) array each."""
        return [self._run(normalised(waveform, self._least)) for waveform in waveforms]

    def _run(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._alone:
            (log_probs,) = self._session.run(["log_probs"], {"sound": sound})
        return np.asarray(log_probs)


def normalised(waveform: NDArray[np.float32], least: int) -> NDArray[np.float32]:
    """Bring a span to zero mean and unit variance, as the published model was taught.

    Args:
        waveform: (samples,)
        least: samples to fill up to with silence.
    """
    sound = np.zeros(max(len(waveform), least), np.float32)
    if len(waveform):
        centred = waveform - waveform.mean(dtype=np.float64)
        spread = np.sqrt(np.square(centred).mean() + LEAST_VARIANCE)
        sound[: len(waveform)] = centred / spread
    return sound


def open_session(path: Path, threads: int) -> InferenceSession:
    """Open any ONNX file for the processor.

    Raises:
        ModelError: the file is missing, damaged, or not ONNX.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait take up to half as much processor time again, and slow down
    # everything beside them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # its own words on stderr are for developers
    # Spans have hundreds of lengths; the pattern cache would keep memory for each.
    options.enable_mem_pattern = False
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's error classes are undocumented
        raise ModelError(f"The model {path} cannot be opened", "Install it again.") from error
