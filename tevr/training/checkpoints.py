"""Published weight files → a state dict of `AcousticNetwork`.

Two kinds are read: Whisper's encoder from a CTranslate2 model file (layout read off
OpenNMT/CTranslate2 `python/ctranslate2/specs/model_spec.py`, binary version 6), and a CTC head
from safetensors under the short names of its first training script.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tevr.errors import ModelError
from tevr.training.network import AcousticNetwork

_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
_BINARY_VERSION = 6

# Ours ← CTranslate2's, below one encoder block.
_ENCODER_BLOCK = {
    "attention_norm.weight": "self_attention/layer_norm/gamma",
    "attention_norm.bias": "self_attention/layer_norm/beta",
    "attention.qkv.weight": "self_attention/linear_0/weight",
    "attention.qkv.bias": "self_attention/linear_0/bias",
    "attention.out.weight": "self_attention/linear_1/weight",
    "attention.out.bias": "self_attention/linear_1/bias",
    "feed_norm.weight": "ffn/layer_norm/gamma",
    "feed_norm.bias": "ffn/layer_norm/beta",
    "feed_in.weight": "ffn/linear_0/weight",
    "feed_in.bias": "ffn/linear_0/bias",
    "feed_out.weight": "ffn/linear_1/weight",
    "feed_out.bias": "ffn/linear_1/bias",
}
_ENCODER = {
    "conv_in.weight": "conv1/weight",
    "conv_in.bias": "conv1/bias",
    "conv_half.weight": "conv2/weight",
    "conv_half.bias": "conv2/bias",
    "positions": "position_encodings/encodings",
    "norm.weight": "layer_norm/gamma",
    "norm.bias": "layer_norm/beta",
}
# Ours ← the head file's; each stands for a weight and a bias.
_HEAD_BLOCK = {
    "attention_norm": "n1",
    "attention.qkv": "qkv",
    "attention.out": "o",
    "convolution_norm": "nc",
    "convolution.pointwise_in": "c1",
    "convolution.depthwise": "dw",
    "convolution.pointwise_out": "c2",
    "feed_norm": "n2",
    "feed_in": "f1",
    "feed_out": "f2",
}
_HEAD = {"mix": "inp", "norm": "no", "labels": "out"}


def read_ctranslate2(parts: Iterable[Path]) -> dict[str, NDArray[np.generic]]:
    """The variables of a CTranslate2 model file, given whole or in parts to be joined.

    Raises:
        ModelError: the file is not of the version this reader knows, or ends too early.
    """
    import io

    stream = io.BytesIO(b"".join(part.read_bytes() for part in parts))
    try:
        (version,) = struct.unpack("<I", stream.read(4))
        if version != _BINARY_VERSION:
            raise ModelError(
                f"The encoder file is of binary version {version}",
                f"Only version {_BINARY_VERSION} of CTranslate2's format is read.",
            )
        _read_string(stream)  # the model's class
        _revision, count = struct.unpack("<II", stream.read(8))
        return dict(_read_variable(stream) for _ in range(count))
    except (struct.error, ValueError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(
            "The encoder file is damaged or incomplete", "Join all of its parts in their order."
        ) from error


def _read_string(stream: BinaryIO) -> str:
    (length,) = struct.unpack("<H", stream.read(2))
    return stream.read(length)[:-1].decode()


def _read_variable(stream: BinaryIO) -> tuple[str, NDArray[np.generic]]:
    name = _read_string(stream)
    (rank,) = struct.unpack("<B", stream.read(1))
    shape = struct.unpack(f"<{rank}I", stream.read(4 * rank))
    kind, size = struct.unpack("<BI", stream.read(5))
    return name, np.frombuffer(stream.read(size), dtype=_TYPES[kind]).reshape(shape)


def assemble(
    encoder: Mapping[str, NDArray[np.generic]], head: Mapping[str, Tensor]
) -> AcousticNetwork:
    """The bundled model's network from both files, in float32, ready to run.

    Raises:
        ModelError: a weight is missing or has another shape.
    """
    network = AcousticNetwork()
    try:
        state = dict(encoder_state(encoder, network.config.encoder_blocks))
        state.update(head_state(head, network.config.head_blocks))
        network.load_state_dict(state)
    except (KeyError, RuntimeError) as error:
        raise ModelError(
            f"The weights do not fit the network ({error})",
            "Use Whisper base's encoder and the head made for it.",
        ) from error
    return network.eval()


def encoder_state(
    variables: Mapping[str, NDArray[np.generic]], blocks: int
) -> Iterator[tuple[str, Tensor]]:
    """Yield Whisper's encoder under the names of `AcousticNetwork`, in float32.

    Raises:
        KeyError: a weight is missing.
    """

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(variables[f"encoder/{name}"].astype(np.float32))

    for ours, theirs in _ENCODER.items():
        yield f"encoder.{ours}", tensor(theirs)
    for block in range(blocks):
        for ours, theirs in _ENCODER_BLOCK.items():
            yield f"encoder.blocks.{block}.{ours}", tensor(f"layer_{block}/{theirs}")


def head_state(tensors: Mapping[str, Tensor], blocks: int) -> Iterator[tuple[str, Tensor]]:
    """Yield a head and the mel filters under the names of `AcousticNetwork`, in float32.

    Raises:
        KeyError: a weight is missing.
    """
    names = {f"head.{ours}": theirs for ours, theirs in _HEAD.items()}
    names.update({f"head.tap_norms.{tap}": f"ln.{tap}" for tap in range(3)})
    for block in range(blocks):
        for ours, theirs in _HEAD_BLOCK.items():
            names[f"head.blocks.{block}.{ours}"] = f"blk.{block}.{theirs}"
    yield "log_mel.filters", tensors["mel_filters"].float()
    for ours, theirs in names.items():
        for kind in ("weight", "bias"):
            yield f"{ours}.{kind}", tensors[f"{theirs}.{kind}"].float()
