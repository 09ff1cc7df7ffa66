"""A Wav2Vec2ForCTC checkpoint → an ONNX graph: normalised sound → log-probabilities of labels.

Written operator by operator rather than traced. So convolutions over time become matrix products of
frames side by side, which is three times as fast as convolving here, attention is one operator, and
no more than one layer's weights are in memory. Frames come first everywhere: (frames, numbers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.onnx_model import LEAST_SAMPLES
from tevr.wav2vec2.config import Config
from tevr.wav2vec2.graph import MICROSOFT, Graph
from tevr.wav2vec2.rounding import Precision, add_product
from tevr.wav2vec2.weights import Checkpoint

Array = NDArray[np.float32]
_END = 1 << 62  # Slice takes it for the end, however long the input is
_CONV_EPS = 1e-5  # torch's own; `layer_norm_eps` is the encoder's


@dataclass(frozen=True, slots=True)
class Precisions:
    """How the weights of each kind of product are kept.

    Attributes:
        front: convolutions over the sound.
        attention_in: queries, keys and values.
        attention_out: what follows attention.
        expansion: the first product of a feed-forward block.
        contraction: the second, whose inputs have outliers.
    """

    front: Precision = "float32"
    attention_in: Precision = "float32"
    attention_out: Precision = "float32"
    expansion: Precision = "float32"
    contraction: Precision = "float32"


def write_network(
    checkpoint: Checkpoint,
    config: Config,
    path: Path,
    precisions: Precisions,
    progress: Callable[[float], None],
) -> Path:
    """Write a network as an ONNX file and, beside it, the file of its weights.

    Returns:
        The file of weights.

    Raises:
        ModelError: the checkpoint lacks a part.
        OSError: a file cannot be written.
    """
    data = path.with_suffix(".data")
    with data.open("wb") as file:
        graph = Graph(file, data.name)
        builder = _Builder(graph, checkpoint, config, precisions)
        frames = builder.front("sound")
        frames = builder.place(frames)
        for layer in range(config.num_hidden_layers):
            frames = builder.layer(frames, layer)
            progress((layer + 1) / config.num_hidden_layers)
        builder.head(frames)
    told = {LEAST_SAMPLES: str(config.least_samples)}
    graph.write(path, {"sound": ["samples"]}, {"log_probs": ["frames", "labels"]}, told)
    return data


class _Builder:
    """The parts of one network, each added to the graph with its weights."""

    def __init__(
        self, graph: Graph, checkpoint: Checkpoint, config: Config, precisions: Precisions
    ) -> None:
        self._graph = graph
        self._weights = checkpoint
        self._config = config
        self._precisions = precisions
        self._order: NDArray[np.intp] | None = None
        """Channels of the encoder in the order that the graph has them from `place` on."""

    def front(self, sound: str) -> str:
        """Sound (samples,) → frames (frames, hidden_size)."""
        graph, config = self._graph, self._config
        channels = 1
        frames = graph.one("Unsqueeze", sound, graph.integers(1))
        shapes = zip(config.conv_kernel, config.conv_stride, config.conv_dim, strict=True)
        for index, (kernel, stride, width) in enumerate(shapes):
            name = f"wav2vec2.feature_extractor.conv_layers.{index}"
            weight = self._weights.array(f"{name}.conv.weight")  # (width, channels, kernel)
            table = weight.transpose(2, 1, 0).reshape(kernel * channels, width)
            bias = self._weights.array(f"{name}.conv.bias") if config.conv_bias else None
            rows = self._windows(frames, kernel, stride, channels)
            precision = self._precisions.front if index else "float32"
            frames = add_product(graph, name, rows, table, bias, precision)
            frames = self._conv_norm(frames, name, index)
            frames = graph.one("Gelu", frames)
            channels = width
        name = "wav2vec2.feature_projection"
        frames = self._norm(frames, f"{name}.layer_norm", config.layer_norm_eps)
        return self._linear(frames, f"{name}.projection", "float32")

    def _windows(self, frames: str, kernel: int, stride: int, channels: int) -> str:
        """The frames that each step of a convolution sees, side by side."""
        graph = self._graph
        count = graph.one("Shape", frames, end=1)
        steps = graph.one("Div", graph.one("Sub", count, graph.integers(kernel)),
                          graph.integers(stride))  # fmt: skip
        if kernel == stride:
            rows = graph.one("Mul", graph.one("Add", steps, graph.integers(1)),
                             graph.integers(stride))  # fmt: skip
            whole = graph.one("Slice", frames, graph.integers(0), rows, graph.integers(0))
            return graph.one("Reshape", whole, graph.integers(-1, kernel * channels))
        last = graph.one("Mul", steps, graph.integers(stride))
        parts = [
            graph.one(
                *("Slice", frames, graph.integers(tap)),
                graph.one("Add", last, graph.integers(tap + 1)),
                *(graph.integers(0), graph.integers(stride)),
            )
            for tap in range(kernel)
        ]
        return graph.one("Concat", *parts, axis=1)

    def _conv_norm(self, frames: str, name: str, index: int) -> str:
        if self._config.feat_extract_norm == "layer":
            return self._norm(frames, f"{name}.layer_norm", _CONV_EPS)
        if index:
            return frames
        graph = self._graph  # each channel over all time
        channels_first = graph.one("Unsqueeze", graph.one("Transpose", frames, perm=[1, 0]),
                                   graph.integers(0))  # fmt: skip
        gain, bias = self._pair(f"{name}.layer_norm")
        normed = graph.one("InstanceNormalization", channels_first, gain, bias, epsilon=_CONV_EPS)
        return graph.one("Transpose", graph.one("Squeeze", normed, graph.integers(0)), perm=[1, 0])

    def place(self, frames: str) -> str:
        """Add what the positional convolution makes of each frame's neighbourhood."""
        graph, config = self._graph, self._config
        name = "wav2vec2.encoder.pos_conv_embed.conv"
        length = self._weights.array(f"{name}.parametrizations.weight.original0")
        direction = self._weights.array(f"{name}.parametrizations.weight.original1")
        norm = np.sqrt(np.square(direction).sum(axis=(0, 1), keepdims=True))
        kernel = config.num_conv_pos_embeddings
        convolved = graph.one(
            "Conv",
            graph.one("Unsqueeze", graph.one("Transpose", frames, perm=[1, 0]), graph.integers(0)),
            graph.constant(f"{name}.weight", length * direction / norm),
            graph.constant(f"{name}.bias", self._weights.array(f"{name}.bias")),
            group=config.num_conv_pos_embedding_groups,
            kernel_shape=[kernel],
            pads=[kernel // 2, kernel - 1 - kernel // 2],  # as many frames as before
        )
        convolved = graph.one("Squeeze", convolved, graph.integers(0))
        placed = graph.one("Gelu", graph.one("Transpose", convolved, perm=[1, 0]))
        total = graph.one("Add", frames, placed)
        if not config.do_stable_layer_norm:
            total = self._norm(total, "wav2vec2.encoder.layer_norm", config.layer_norm_eps)
        self._order = self._by_loudness()
        order = graph.constant("order", self._order.astype(np.int64))
        return graph.one("Gather", total, order, axis=1)

    def _by_loudness(self) -> NDArray[np.intp]:
        """Channels by how much the layers add to them.

        In trained networks a few are far louder than the others. Side by side they share the scale
        of one block when products are rounded, instead of spoiling that of many.
        """
        power = np.zeros(self._config.hidden_size)
        for index in range(self._config.num_hidden_layers):
            name = f"wav2vec2.encoder.layers.{index}"
            for part in (f"{name}.attention.out_proj", f"{name}.feed_forward.output_dense"):
                power += np.square(self._weights.array(f"{part}.weight")).sum(axis=1)
                power += np.square(self._weights.array(f"{part}.bias"))
        return np.argsort(-power)

    def _ordered(self, array: Array, axis: int) -> Array:
        """An array with its channels in the graph's order along an axis."""
        return array if self._order is None else np.take(array, self._order, axis)

    def layer(self, frames: str, index: int) -> str:
        """One layer of the encoder."""
        graph, eps = self._graph, self._config.layer_norm_eps
        name = f"wav2vec2.encoder.layers.{index}"
        first, second = f"{name}.layer_norm", f"{name}.final_layer_norm"
        if self._config.do_stable_layer_norm:
            heard = self._attention(self._norm(frames, first, eps), f"{name}.attention")
            normed, frames = self._sum_and_norm(frames, heard, second)
            return graph.one("Add", frames, self._feed_forward(normed, f"{name}.feed_forward"))
        heard = self._attention(frames, f"{name}.attention")
        frames, _ = self._sum_and_norm(frames, heard, first)
        thought = self._feed_forward(frames, f"{name}.feed_forward")
        frames, _ = self._sum_and_norm(frames, thought, second)
        return frames

    def head(self, frames: str) -> None:
        """Frames → log-probabilities; always in float32, for it is small and decides."""
        if self._config.do_stable_layer_norm:
            name = "wav2vec2.encoder.layer_norm"
            frames = self._norm(frames, name, self._config.layer_norm_eps)
        weight = self._ordered(self._weights.array("lm_head.weight"), 1)
        bias = self._weights.array("lm_head.bias")
        scores = add_product(self._graph, "lm_head", frames, weight.T, bias, "float32")
        log_probs = self._graph.one("LogSoftmax", scores, axis=-1)
        self._graph.rename(log_probs, "log_probs")

    def _attention(self, frames: str, name: str) -> str:
        graph, width = self._graph, self._config.hidden_size
        parts = [f"{name}.{part}_proj" for part in "qkv"]
        weight = np.concatenate([self._weights.array(f"{part}.weight") for part in parts])
        bias = np.concatenate([self._weights.array(f"{part}.bias") for part in parts])
        weight = self._ordered(weight, 1)
        precision = self._precisions.attention_in
        joint = add_product(graph, f"{name}.qkv", frames, weight.T, bias, precision)
        joint = graph.one("Unsqueeze", joint, graph.integers(0))
        split = graph.add("Split", joint, graph.integers(width, width, width), outputs=3, axis=2)
        heads = self._config.num_attention_heads
        heard = graph.one("MultiHeadAttention", *split, domain=MICROSOFT, num_heads=heads)
        heard = graph.one("Squeeze", heard, graph.integers(0))
        return self._linear(heard, f"{name}.out_proj", self._precisions.attention_out)

    def _feed_forward(self, frames: str, name: str) -> str:
        graph, inner = self._graph, f"{name}.intermediate_dense"
        weight = self._ordered(self._weights.array(f"{inner}.weight"), 1)
        bias = self._weights.array(f"{inner}.bias")
        loudest = np.argsort(-np.square(weight).sum(axis=1))  # as the channels, and for the same
        weight, bias = weight[loudest], bias[loudest]
        wide = add_product(graph, inner, frames, weight.T, bias, self._precisions.expansion)
        wide = graph.one("Gelu", wide)
        return self._linear(wide, f"{name}.output_dense", self._precisions.contraction, loudest)

    def _linear(
        self, frames: str, name: str, precision: Precision, inputs: NDArray[np.intp] | None = None
    ) -> str:
        """A product that gives channels of the encoder; its inputs may have another order."""
        weight = self._ordered(self._weights.array(f"{name}.weight"), 0)  # (outputs, inputs)
        bias = self._ordered(self._weights.array(f"{name}.bias"), 0)
        weight = weight if inputs is None else weight[:, inputs]
        return add_product(self._graph, name, frames, weight.T, bias, precision)

    def _norm(self, frames: str, name: str, eps: float) -> str:
        gain, bias = self._pair(name)
        return self._graph.one("LayerNormalization", frames, gain, bias, axis=-1, epsilon=eps)

    def _sum_and_norm(self, frames: str, added: str, name: str) -> tuple[str, str]:
        """The sum, normalised, and the sum."""
        gain, bias = self._pair(name)
        eps = self._config.layer_norm_eps
        names = self._graph.add(
            *("SkipLayerNormalization", frames, added, gain, bias),
            outputs=4,
            domain=MICROSOFT,
            epsilon=eps,
        )
        return names[0], names[3]

    def _pair(self, name: str) -> tuple[str, str]:
        gain, bias = f"{name}.weight", f"{name}.bias"
        for part in (gain, bias):
            self._graph.constant(part, self._ordered(self._weights.array(part), 0))
        return gain, bias
