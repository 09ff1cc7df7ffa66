"""`config.json` of a Wav2Vec2ForCTC network → the sizes that it is built of."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from tevr.audio import SAMPLE_RATE
from tevr.errors import ModelError

CONFIG = "config.json"
_PREPROCESSOR = "preprocessor_config.json"
_ARCHITECTURE = "Wav2Vec2ForCTC"
_ADVICE = "Give the folder of a Wav2Vec2ForCTC network, complete as it was published."


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes and kinds of layers; names and defaults are those of transformers.

    Attributes:
        hidden_size: numbers of a frame within the encoder.
        num_hidden_layers: layers of the encoder.
        num_attention_heads: parts that attention is split into.
        intermediate_size: numbers of a frame within a feed-forward block.
        hidden_act: function within feed-forward blocks.
        feat_extract_activation: function after each convolution.
        feat_extract_norm: `layer`: each frame is normalised after every convolution; `group`: each
            channel over all time, after the first one alone.
        do_stable_layer_norm: whether layers normalise what they take in, or what they give.
        conv_dim: channels of each convolution.
        conv_kernel: frames that each looks at.
        conv_stride: frames that each steps.
        conv_bias: whether they add a constant.
        num_conv_pos_embeddings: frames that the positional convolution looks at.
        num_conv_pos_embedding_groups: groups of its channels.
        layer_norm_eps: what is added to variances within the encoder.
        vocab_size: labels.
        pad_token_id: id of the CTC blank.
        add_adapter: whether convolutions follow the encoder.
        adapter_attn_dim: width of adapters within its layers, or ``None``.
    """

    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    feat_extract_activation: str = "gelu"
    feat_extract_norm: str = "group"
    do_stable_layer_norm: bool = False
    conv_dim: tuple[int, ...] = (512,) * 7
    conv_kernel: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_stride: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    conv_bias: bool = False
    num_conv_pos_embeddings: int = 128
    num_conv_pos_embedding_groups: int = 16
    layer_norm_eps: float = 1e-5
    vocab_size: int = 32
    pad_token_id: int = 0
    add_adapter: bool = False
    adapter_attn_dim: int | None = None

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read `config.json` of a folder, and that nothing else there asks for the unknown.

        Raises:
            ModelError: it is missing, damaged, or of another kind of network.
        """
        path = folder / CONFIG
        data = read_object(path)
        if _ARCHITECTURE not in (data.get("architectures") or [_ARCHITECTURE]) or (
            data.get("model_type", "wav2vec2") != "wav2vec2"
        ):
            found = ", ".join(map(str, data.get("architectures") or [data.get("model_type")]))
            raise ModelError(f"{path} describes {found}, not {_ARCHITECTURE}", _ADVICE)
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            name: _frozen(value) for name, value in data.items() if name in known
        }
        try:
            config = cls(**values)
            config.check()
        except (TypeError, ValueError) as error:
            raise ModelError(f"{path} cannot be used ({error})", _ADVICE) from error
        _check_sound(folder)
        return config

    def check(self) -> None:
        """Refuse what is built otherwise than networks here are.

        Raises:
            ValueError: something is unknown or contradicts the rest.
        """
        if {self.hidden_act, self.feat_extract_activation} != {"gelu"}:
            raise ValueError("only gelu is known as activation")
        if self.feat_extract_norm not in ("layer", "group"):
            raise ValueError(f"{self.feat_extract_norm!r} is no known normalisation")
        if self.add_adapter or self.adapter_attn_dim is not None:
            raise ValueError("adapters are not known here")
        if not len(self.conv_dim) == len(self.conv_kernel) == len(self.conv_stride):
            raise ValueError("the convolutions' lists differ in length")
        if self.hidden_size % self.num_attention_heads:
            raise ValueError("the heads do not share the width evenly")
        if not 0 <= self.pad_token_id < self.vocab_size:
            raise ValueError("the blank lies outside the labels")

    @property
    def least_samples(self) -> int:
        """Samples that give a single frame."""
        samples = 1
        for kernel, stride in zip(self.conv_kernel[::-1], self.conv_stride[::-1], strict=True):
            samples = (samples - 1) * stride + kernel
        return samples

    def frames(self, samples: int) -> int:
        """Frames that come of so many samples."""
        for kernel, stride in zip(self.conv_kernel, self.conv_stride, strict=True):
            samples = (samples - kernel) // stride + 1
        return samples


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ModelError: the file is missing, or holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path} cannot be read ({reason})", _ADVICE) from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} holds no object", _ADVICE)
    return data


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _check_sound(folder: Path) -> None:
    """Refuse networks that hear something else than normalised sound at 16 kHz."""
    path = folder / _PREPROCESSOR
    if not path.is_file():
        return
    data = read_object(path)
    if data.get("sampling_rate", SAMPLE_RATE) != SAMPLE_RATE or not data.get("do_normalize", True):
        cause = f"{path} asks for sound at another rate, or not normalised"
        raise ModelError(cause, "Such networks cannot be run here.")
