"""A wav2vec 2.0 network of transformers → a network to teach, with masked time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tevr.errors import ModelError, needed
from tevr.lm.whole_file import whole_file
from tevr.onnx_model import LEAST_VARIANCE
from tevr.training.ctc_network import CtcNetwork, Seeds
from tevr.training.settings import TrainSettings

KIND = "wav2vec2"
_BLOCK = re.compile(r"encoder\.layers\.(\d+)\.")
#: Fields of transformers' configuration that one rate of dropout stands for.
_DROPOUTS = ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout")


def frames_of(samples: int, layers: Sequence[tuple[int, int]]) -> int:
    """Frames that convolutions, each (kernel, stride), make of so many samples."""
    for kernel, stride in layers:
        samples = (samples - kernel) // stride + 1
    return samples


class Wav2Vec2Ctc(CtcNetwork):
    """`Wav2Vec2ForCTC` (Baevski et al. 2020, arXiv 2006.11477) as training needs it.

    Clips are brought to zero mean and unit variance, as the published model's are. Spans of time
    are masked as in its paper, here drawn by each utterance's own seed. The convolutions at its
    foot are frozen.

    Args:
        network: transformers' module.
        time_masks: share of frames masked, overlaps counted.
        mask_length: frames of one mask.
    """

    def __init__(self, network: Any, time_masks: float, mask_length: int) -> None:  # noqa: ANN401
        config = network.config
        layers = tuple(zip(config.conv_kernel, config.conv_stride, strict=True))
        super().__init__(partial(frames_of, layers=layers), None)
        self.network = network
        self._layers = layers
        self._time_masks, self._mask_length = time_masks, mask_length

    def forward(
        self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Hear a batch, see `CtcNetwork`."""
        counts = [frames_of(length, self._layers) for length in samples.tolist()]
        real = torch.arange(waveforms.shape[1], device=samples.device)[None] < samples[:, None]
        sound = _normalised(waveforms, real)
        masks = None
        if seeds is not None and self._time_masks:
            most = frames_of(waveforms.shape[1], self._layers)
            masks = torch.from_numpy(self._masks(counts, seeds, most)).to(waveforms.device)
        base = self.network.wav2vec2
        states = base(sound, attention_mask=real.long(), mask_time_indices=masks)[0]
        scores = self.network.lm_head(self.network.dropout(states))
        log_probs = functional.log_softmax(scores.float(), dim=-1)
        return log_probs, torch.tensor(counts, device=samples.device), []

    def _masks(
        self, counts: Sequence[int], seeds: Seeds, most: int
    ) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(batch, frames), true where a frame is hidden."""
        masks = np.zeros((len(counts), most), bool)
        for row, frames, seed in zip(masks, counts, seeds, strict=True):
            if seed is not None and frames > self._mask_length:
                rng = np.random.default_rng((*seed, 1))
                number = rng.poisson(self._time_masks * frames / self._mask_length)
                for start in rng.integers(0, frames - self._mask_length, number):
                    row[start : start + self._mask_length] = True
        return masks

    def depth(self, name: str) -> int:
        """Blocks between a parameter and the encoder's end; 0 for the head."""
        if ".lm_head." in f".{name}" or "encoder.layer_norm" in name:
            return 0
        found = _BLOCK.search(name)
        blocks = int(self.network.config.num_hidden_layers)
        return blocks - int(found[1]) if found else blocks + 1

    def short_name(self, name: str) -> str:
        """A parameter's name as settings have it."""
        return name.removeprefix("network.").removeprefix("wav2vec2.")

    def save(self, path: Path, state: Mapping[str, Tensor]) -> None:
        """Write the weights under transformers' names, its config.json in the metadata."""
        from safetensors.torch import save

        kept = {
            name.removeprefix("network."): value.detach().cpu().contiguous()
            for name, value in state.items()
        }
        with whole_file(path) as stream:
            stream.write(save(kept, {"kind": KIND, "config": self.network.config.to_json_string()}))


def _normalised(waveforms: Tensor, real: Tensor) -> Tensor:
    """Each clip at zero mean and unit variance, zeros behind it as before."""
    counts = real.sum(dim=1, keepdim=True)
    mean = (waveforms * real).sum(dim=1, keepdim=True) / counts
    centred = (waveforms - mean) * real
    variance = centred.square().sum(dim=1, keepdim=True) / counts
    return centred / (variance + LEAST_VARIANCE).sqrt()


def open_wav2vec2_ctc(settings: TrainSettings, labels: int, blank: int) -> Wav2Vec2Ctc:
    """The network with the weights of a folder, or of given sizes with weights drawn at random.

    Raises:
        UsageError: transformers is missing, or does not know a size.
        ModelError: the folder holds no such network.
    """
    model = settings.model
    package = _transformers()
    torch.manual_seed(settings.seed)
    changes = model.sizes | dict.fromkeys(_DROPOUTS, model.dropout)
    changes |= {"final_dropout": model.dropout, "layerdrop": 0.0, "vocab_size": labels}
    changes |= {"pad_token_id": blank, "apply_spec_augment": True, "mask_feature_prob": 0.0}
    changes |= {"mask_time_prob": model.time_masks}  # makes the vector that stands for hidden time
    try:
        if model.start is None:
            config = package.Wav2Vec2Config(**changes)
        else:
            config = package.Wav2Vec2Config.from_pretrained(
                model.start, local_files_only=True, **changes
            )
        network = _open(package, model.start, config)
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        reason = " ".join(str(error).split())
        cause = f"No wav2vec2 network can be made of model.start and model.sizes ({reason})"
        raise ModelError(cause, "Name a folder of transformers with its weights.") from error
    # What was learnt from hundreds of thousands of hours hears better than what a corpus teaches.
    network.freeze_feature_encoder()
    if model.checkpointing:
        name = "activation_checkpointing_enable"  # the older one ends with transformers 6
        enable = getattr(network, name, None) or network.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    return Wav2Vec2Ctc(network, model.time_masks, model.time_mask_length)


def _open(package: Any, start: Path | None, config: Any) -> Any:  # noqa: ANN401
    if start is None:
        return package.Wav2Vec2ForCTC(config)
    return package.Wav2Vec2ForCTC.from_pretrained(
        start,
        config=config,
        local_files_only=True,
        dtype=torch.float32,
        ignore_mismatched_sizes=True,  # a head for other labels begins anew
    )


def _transformers() -> Any:  # noqa: ANN401 - imported on use, it takes seconds
    with needed("Training wav2vec2", "wav2vec2"):
        package = import_module("transformers")
    # It would tell of a new head and show bars of its own; what matters is raised.
    package.utils.logging.set_verbosity_error()
    package.utils.logging.disable_progress_bar()
    return package
