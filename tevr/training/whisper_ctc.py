"""Whisper's encoder with a CTC head → a network to teach: masks, dropout and further losses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional

from tevr.errors import ModelError, UsageError
from tevr.lm.whole_file import whole_file
from tevr.training.checkpoints import encoder_state, head_state, read_ctranslate2
from tevr.training.ctc_network import CtcNetwork, Further, Seeds
from tevr.training.network import HOP, AcousticNetwork, NetworkConfig
from tevr.training.settings import TrainSettings
from tevr.training.spectrum import SpectrumChange, mel_filters
from tevr.training.typed_yaml import build

KIND = "whisper-ctc"
#: Dimensions of a batch of states; one of waveforms has two.
STATES = 3
#: Parts of a head whose results dropout is for: the mixture, and what its blocks add to it.
_DROPPED = ("mix", "attention", "convolution", "feed_out")
#: The layers that these end with.
_LAST_LAYERS = ("attention.out", "convolution.pointwise_out", "feed_out")
_BLOCK = re.compile(r"encoder\.blocks\.(\d+)\.")


def frames_of(samples: int) -> int:
    """Frames that the network makes of so many samples."""
    return (samples // HOP + 1) // 2


def _frames(samples: Tensor) -> tuple[Tensor, Tensor]:
    """Frames of each clip (batch,), and which frames of the batch are real (batch, frames)."""
    frames = (samples // HOP + 1) // 2
    return frames, torch.arange(int(frames.max()), device=frames.device)[None] < frames[:, None]


class WhisperCtc(CtcNetwork):
    """`AcousticNetwork` as training needs it, see `tevr.training.ctc_network.CtcNetwork`.

    Frozen parameters below all others cost no gradient: torch keeps nothing for them.

    Args:
        network: to teach.
        settings: masks, dropout and losses.
        auxiliary: number of other labels.
    """

    def __init__(self, network: AcousticNetwork, settings: TrainSettings, auxiliary: int) -> None:
        super().__init__(frames_of, network.config.longest, list(_further(settings)))
        self.network = network
        if any(each.block >= network.config.head_blocks for each in self.further):
            raise UsageError("A loss is on a block that the head lacks", "Blocks count from 0.")
        width = network.config.head_width or network.config.width
        self.ways = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, auxiliary if each.auxiliary else network.config.labels),
            )
            for each in self.further
        )
        self.dropout = nn.Dropout(settings.model.dropout)
        for name, part in network.head.named_modules():
            if name.endswith(_DROPPED):
                part.register_forward_hook(lambda _module, _given, result: self.dropout(result))
        self._change = SpectrumChange(settings.spectrum, network.log_mel.filters)

    def forward(
        self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Hear a batch, see `CtcNetwork`."""
        frames, mask = _frames(samples)
        if waveforms.dim() == STATES:
            tapped = list(
                waveforms.float().chunk(waveforms.shape[2] // self.network.config.width, dim=-1)
            )
        else:
            tapped = self._tapped(waveforms, samples, seeds, mask)
        head = self.network.head
        mixture, *states = head.states(tapped, mask)
        with torch.autocast(waveforms.device.type, enabled=False):
            last = self.dropout(head.norm((states or [mixture])[-1].float()))
            scores = [head.labels(last)]
            scores += [
                way(states[each.block].float())
                for way, each in zip(self.ways, self.further, strict=True)
            ]
            log_probs, *further = (functional.log_softmax(each, dim=-1) for each in scores)
        return log_probs, frames, further

    @torch.no_grad()
    def states(self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None) -> Tensor:
        """The tapped depths side by side, each with mean 0 and deviation 1 over its width.

        The head's norms begin with that, too; it keeps the few large values of inner depths within
        what float16 resolves.
        """
        _, mask = _frames(samples)
        tapped = self._tapped(waveforms, samples, seeds, mask)
        scaled = [functional.layer_norm(each.float(), each.shape[-1:]) for each in tapped]
        return torch.cat(scaled, dim=-1).half()

    def _tapped(
        self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None, mask: Tensor
    ) -> list[Tensor]:
        """The encoder's depths that the head listens to, each (batch, frames, width)."""
        longest = mask.shape[1]
        # The dynamic range of power is beyond what bfloat16 can tell apart.
        with torch.no_grad(), torch.autocast(waveforms.device.type, enabled=False):
            mels = torch.stack(
                [
                    functional.pad(mel, (0, 2 * longest - mel.shape[1]))
                    for mel in self._mels(waveforms, samples, seeds)
                ]
            )  # (batch, mel_bins, 2 × frames)
        tapped: list[Tensor] = self.network.encoder(mels, mask)
        return tapped

    def _mels(self, waveforms: Tensor, samples: Tensor, seeds: Seeds | None) -> list[Tensor]:
        mels = []
        for number, (row, length) in enumerate(zip(waveforms, samples.tolist(), strict=True)):
            mel = self.network.log_mel(row[:length])
            seed = None if seeds is None else seeds[number]
            if seed is not None:
                # Apart from what was drawn for the sound of the same utterance.
                mel = self._change(mel, np.random.default_rng((*seed, 1)))
            mels.append(mel)
        return mels

    def depth(self, name: str) -> int:
        """Blocks between a parameter and the encoder's end; 0 for the head."""
        if "encoder." not in name or "encoder.norm." in name:
            return 0
        found = _BLOCK.search(name)
        blocks = self.network.config.encoder_blocks
        return blocks - int(found[1]) if found else blocks + 1

    def short_name(self, name: str) -> str:
        """A parameter's name as settings have it."""
        return name.removeprefix("network.")

    def save(self, path: Path, state: Mapping[str, Tensor]) -> None:
        """Write the weights of `AcousticNetwork`; `read_network` opens them."""
        kept = {
            self.short_name(name): value.detach().cpu().contiguous()
            for name, value in state.items()
            if name.startswith("network.")
        }
        about = {"kind": KIND, "config": json.dumps(asdict(self.network.config))}
        with whole_file(path) as stream:
            stream.write(save(kept, about))


def _further(settings: TrainSettings) -> Iterator[Further]:
    for block, weight in settings.loss.intermediate.items():
        yield Further(int(block), weight, auxiliary=False)
    other = settings.loss.auxiliary
    if other is not None:
        yield Further(other.block, other.weight, auxiliary=True)


def read_network(path: Path) -> AcousticNetwork:
    """Open the weights of a run, such as best.safetensors, ready to run.

    Raises:
        ModelError: the file is missing, damaged or of another kind.
    """
    state, about = _read_weights(path)
    if about.get("kind") != KIND:
        raise ModelError(f"{path} holds no network of tevr train", "Name a run's best.safetensors.")
    config = build(NetworkConfig, json.loads(about["config"]), str(path))
    network = AcousticNetwork(config)
    network.load_state_dict(state)
    return network.eval()


def _read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
        return load_file(path), about
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The weights {path} cannot be read", "Name a safetensors file."
        ) from error


def open_whisper_ctc(settings: TrainSettings, labels: int, auxiliary: int) -> WhisperCtc:
    """The network with the weights that the settings name, the rest drawn at random.

    Raises:
        ModelError: weights are missing, damaged or of another size.
    """
    model = settings.model
    config = build(NetworkConfig, {**model.sizes, "labels": labels}, "model.sizes")
    torch.manual_seed(settings.seed)
    network = AcousticNetwork(config, mel_filters(config.mel_bins))
    if model.encoder:
        variables = read_ctranslate2(model.encoder)
        try:
            state = dict(encoder_state(variables, config.encoder_blocks))
        except KeyError as error:
            cause = f"The encoder lacks {error}"
            raise ModelError(cause, "Use one of as many blocks as sizes say.") from error
        _take(network, state, model.encoder[0], partial=False)
    if model.head is not None:
        tensors, _ = _read_weights(model.head)
        state = _head(tensors, config.head_blocks)
        _take(network, state, model.head, partial=model.partial)
    if model.start is not None:
        state, _ = _read_weights(model.start)
        _take(network, state, model.start, partial=model.partial)
        _silence_new_blocks(network, state)
    return WhisperCtc(network, settings, auxiliary)


def _silence_new_blocks(network: AcousticNetwork, state: Mapping[str, Tensor]) -> None:
    """Let head blocks that the weights lack add nothing at first: so a head grows."""
    for number, block in enumerate(network.head.blocks):
        if any(name.startswith(f"head.blocks.{number}.") for name in state):
            continue
        for part in _LAST_LAYERS:
            layer = block.get_submodule(part)
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)


def _head(tensors: Mapping[str, Tensor], blocks: int) -> dict[str, Tensor]:
    """A head's weights under our names; of fewer blocks if the file has no more."""
    for count in range(blocks, -1, -1):
        try:
            return dict(head_state(tensors, count))
        except KeyError as error:
            if count == 0:
                raise ModelError(f"The head lacks {error}", "Name a head's file.") from error
    raise AssertionError("a loop ends")


def _take(network: AcousticNetwork, state: dict[str, Tensor], path: Path, *, partial: bool) -> None:
    """Put weights into the network; all that are given must fit unless `partial`."""
    own = network.state_dict()
    fitting = {
        name: value for name, value in state.items()
        if name in own and own[name].shape == value.shape
    }  # fmt: skip
    if not partial and (strange := sorted(state.keys() - fitting.keys())):
        cause = f"{len(strange)} weights of {path} do not fit the network, such as {strange[0]}"
        raise ModelError(cause, "Correct model.sizes, or set model.partial.")
    if not fitting:
        raise ModelError(f"No weights of {path} fit the network", "Name another file.")
    network.load_state_dict(own | fitting)
