"""Wav2Vec2ForCTC of transformers on torch, on a processor or a graphics card: sound → log-probs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError, UsageError
from tevr.onnx_model import normalised
from tevr.wav2vec2.config import CONFIG, Config

#: Samples, padding counted, in a batch on a graphics card for each gigabyte that is free there:
#: a minute of sound. Measured need is not known before a card was tried, so this is cautious; a
#: batch that does not fit is halved.
_SAMPLES_A_GIGABYTE = 60 * 16_000
_GIGABYTE = 1 << 30
_UNUSED = {"wav2vec2.masked_spec_embed"}
"""Weights that matter in training only."""


class Wav2Vec2Torch:
    """A network that `open_network` has opened.

    Args:
        network: transformers' module, in evaluation mode, on its device.
        config: its sizes.
    """

    def __init__(self, network: Any, config: Config) -> None:  # noqa: ANN401 - transformers' class
        self._network = network
        self._config = config
        self._alone = Lock()
        self._torch = import_module("torch")

    def log_probs(self, waveforms: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Waveforms at 16 kHz, each (samples,) → one (frames, labels) array each.

        Similar lengths share a batch. Padding is masked, and what a network normalises over all
        time is run alone, so that no result depends on its neighbours.
        """
        sounds = [normalised(waveform, self._config.least_samples) for waveform in waveforms]
        found: dict[int, NDArray[np.float32]] = {}
        for batch in batches([len(sound) for sound in sounds], self._room()):
            found |= zip(batch, self._fitting([sounds[index] for index in batch]), strict=True)
        return [found[index] for index in range(len(sounds))]

    def _room(self) -> int:
        """Samples that a batch may have, padding counted; 0 for one sound at a time."""
        device = self._network.device
        # On a processor a batch is no faster than its parts.
        if device.type != "cuda" or self._config.feat_extract_norm != "layer":
            return 0
        free, _ = self._torch.cuda.mem_get_info(device)
        return int(free / _GIGABYTE * _SAMPLES_A_GIGABYTE)

    def _fitting(self, sounds: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Run a batch, in halves where memory does not suffice."""
        try:
            return self._run(sounds)
        except self._torch.OutOfMemoryError as error:
            half = len(sounds) // 2
            if not half:
                raise ModelError(
                    f"The graphics card has no room for {len(sounds[0]) / 16_000:.0f} s of sound",
                    "Close what else uses it, or hide it with CUDA_VISIBLE_DEVICES= (empty).",
                ) from error
        return [*self._fitting(sounds[:half]), *self._fitting(sounds[half:])]

    def _run(self, sounds: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        torch, network = self._torch, self._network
        lengths = [len(sound) for sound in sounds]
        padded = np.zeros((len(sounds), max(lengths)), np.float32)  # (batch, samples)
        for row, sound in zip(padded, sounds, strict=True):
            row[: len(sound)] = sound
        values = torch.from_numpy(padded).to(network.device, network.dtype)
        mask = None
        if min(lengths) < max(lengths):
            ends = torch.tensor(lengths, device=network.device)
            mask = (torch.arange(max(lengths), device=network.device) < ends[:, None]).long()
        with self._alone, torch.inference_mode():
            scores = network(values, attention_mask=mask).logits
            log_probs = torch.log_softmax(scores.float(), dim=-1).cpu().numpy()
        frames = [self._config.frames(length) for length in lengths]
        return [row[:count] for row, count in zip(log_probs, frames, strict=True)]


def batches(lengths: Sequence[int], room: int) -> Iterator[list[int]]:
    """Indices of sounds in batches: like lengths together, the longest first.

    Args:
        lengths: samples of each.
        room: samples that a batch may have, padding counted; one sound may have more.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batch and lengths[batch[0]] * (len(batch) + 1) > room:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def cuda_is_usable() -> bool:
    """Whether torch finds a graphics card that it can compute on."""
    torch = import_module("torch")
    return bool(torch.cuda.is_available())


def open_network(
    folder: Path, weights: str, threads: int, *, dtype: str | None = None
) -> Wav2Vec2Torch:
    """Open the network of a folder; on a graphics card if there is one.

    Args:
        folder: holds `config.json`.
        weights: name of the file of weights there.
        threads: processor threads.
        dtype: `float32`, `bfloat16` or `float16`; ``None`` for what the device is fastest with.

    Raises:
        ModelError: the network is missing, damaged or incomplete.
        UsageError: torch or transformers is not installed.
    """
    torch, transformers = _package("torch"), _package("transformers")
    from tevr.wav2vec2.weights import Checkpoint

    config = Config.read(folder)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(threads)
    kind = getattr(torch, dtype or _fastest(torch, device))
    described = transformers.Wav2Vec2Config.from_json_file(folder / CONFIG)
    with torch.device("meta"):
        network = transformers.Wav2Vec2ForCTC(described)
    wanted = network.state_dict()
    with Checkpoint(folder / weights) as checkpoint:
        _check(wanted, checkpoint)
        state = {
            name: checkpoint.tensor(name).to(device, kind)  # the file's own memory if it fits
            for name in wanted
            if name in checkpoint
        }
    for name in _UNUSED & (wanted.keys() - state.keys()):
        state[name] = torch.zeros(wanted[name].shape, device=device, dtype=kind)
    network.load_state_dict(state, assign=True)
    convolution = network.wav2vec2.encoder.pos_conv_embed.conv
    torch.nn.utils.parametrize.remove_parametrizations(convolution, "weight")
    return Wav2Vec2Torch(network.eval(), config)


def _fastest(torch: Any, device: str) -> str:  # noqa: ANN401 - a module
    """The type of numbers that a device computes fastest with, and exactly enough."""
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
    # Without such instructions a processor emulates bfloat16, several times slower.
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)
    return "bfloat16" if supported() else "float32"


def _check(wanted: dict[str, Any], checkpoint: Any) -> None:  # noqa: ANN401 - imported on use
    """Refuse weights that are missing or of another size."""
    for name, tensor in wanted.items():
        if name not in checkpoint:
            if name not in _UNUSED:
                raise ModelError(f"{checkpoint.path} lacks {name}", "Download it again.")
        elif checkpoint.tensor(name).shape != tensor.shape:
            cause = f"{name} of {checkpoint.path} does not fit {CONFIG}"
            raise ModelError(cause, "Take both from the same source.")


def _package(name: str) -> Any:  # noqa: ANN401 - a module
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(
            f"Networks of transformers need the package {name}, which is missing",
            'Install it with pip install "tevr[gpu]", or convert the folder: tevr models convert.',
        ) from error
