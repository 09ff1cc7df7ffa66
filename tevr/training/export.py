"""A trained network → one int8 ONNX file that takes a waveform and gives log-probabilities."""

from __future__ import annotations

import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

from tevr.onnx_model import SHORTEST
from tevr.training.network import SAMPLE_RATE, AcousticNetwork

log = logging.getLogger(__name__)

OPSET = 20  # the first with Gelu as one operator
# Products of at most this many input values a row get one scale each block in careful rounding.
BLOCK = 128
#: Name that the Fourier matrices get in the graph.
FOURIER = "log_mel.basis"


def export_float(network: AcousticNetwork, path: Path) -> None:
    """Write the network as a float32 graph, waveform (samples,) → log_probs (frames, labels)."""
    longest = network.config.longest
    samples = torch.export.Dim("samples", min=SHORTEST, max=longest)
    example = torch.zeros(3 * SAMPLE_RATE)
    with _hushed():
        program = torch.onnx.export(
            network,
            (example,),
            input_names=["waveform"],
            output_names=["log_probs"],
            dynamic_shapes=({0: samples},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch gave no ONNX program")
    program.save(str(path))
    graph = onnx.load(str(path))
    forget_origin(graph)
    onnx.save(graph, str(path))


def forget_origin(graph: onnx.ModelProto) -> None:
    """Leave out what torch notes of each operator: lines of code, and paths of this machine."""
    for part in (graph, graph.graph, *graph.graph.node, *graph.graph.value_info):
        part.ClearField("metadata_props")


def quantise(
    source: Path,
    target: Path,
    clips: Sequence[NDArray[np.float32]],
    careful: int = 8,
    show: Callable[[float], None] = lambda _share: None,
) -> list[str]:
    """Round the weights of the graph's matrix products to 8 bits.

    Convolutions, products of two activations and the Fourier matrices stay float32. Most products
    use ONNX Runtime's dynamic int8 with one scale per output; weights keep to 7 bits, since
    processors without VNNI add pairs of products in 16 bits, which 8-bit weights overflow. The
    `careful` products whose rounding alone moves the posteriors of `clips` most (they have outlier
    activations) get a scale for each block of 128 inputs and each frame instead.

    Args:
        source: the float32 graph.
        target: to write.
        clips: each (samples,) at 16 kHz.
        careful: number of products rounded with care.
        show: told how many products were tried, 0 to 1.

    Returns:
        Names of the carefully rounded products, worst first.
    """
    weights, others = _products(onnx.load(str(source)))
    with tempfile.TemporaryDirectory() as scratch, _hushed():
        trial = Path(scratch) / "trial.onnx"
        exact = _posteriors(source, clips)
        harm = {}
        for done, name in enumerate(weights, 1):
            _round_dynamic(source, trial, [name])
            rounded = _posteriors(trial, clips)
            harm[name] = _distance(exact, rounded)
            log.info("%s alone moves the posteriors by %.4f", name, harm[name])
            show(done / len(weights))
        worst = sorted(weights, key=harm.__getitem__, reverse=True)[:careful]
        plain = [name for name in weights if name not in worst]
        _round_blocks(source, trial, [*others, *plain])
        if plain:
            _round_dynamic(trial, target, plain)
        else:  # told no names, ONNX Runtime would round whatever is left
            shutil.copyfile(trial, target)
    return worst


def _products(model: onnx.ModelProto) -> tuple[list[str], list[str]]:
    """Names of the matrix products with learned weights, and of all others."""
    learned = {tensor.name for tensor in model.graph.initializer} - {FOURIER}
    products = [node for node in model.graph.node if node.op_type == "MatMul"]
    weights = [node.name for node in products if node.input[1] in learned]
    return weights, [node.name for node in products if node.name not in weights]


def _round_blocks(source: Path, target: Path, exact: list[str]) -> None:
    """Give all products but some a scale for each block."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    blocks = MatMulNBitsQuantizer(
        onnx.load(str(source)),
        bits=8,
        block_size=BLOCK,
        is_symmetric=True,
        accuracy_level=4,  # products in int8
        nodes_to_exclude=exact,
    )
    blocks.process()
    blocks.model.save_model_to_file(str(target))


def _round_dynamic(source: Path, target: Path, names: list[str]) -> None:
    quantize_dynamic(
        str(source),
        str(target),
        op_types_to_quantize=["MatMul"],
        nodes_to_quantize=names,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
    )


def _posteriors(
    path: Path, clips: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:  # each (frames, labels)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [np.exp(session.run(None, {"waveform": clip})[0]) for clip in clips]


def _distance(one: list[NDArray[np.float32]], two: list[NDArray[np.float32]]) -> float:
    """Mean over frames of the summed absolute differences, 0…2."""
    return float(np.mean([np.abs(a - b).sum(axis=1).mean() for a, b in zip(one, two, strict=True)]))


@contextmanager
def _hushed() -> Iterator[None]:
    """Let what the exporters tell their developers reach nobody who set up no logging for it.

    One of them sets up the root logger when it is imported, unless that has a handler by then.
    """
    root, exporter = logging.getLogger(), logging.getLogger("torch.onnx")
    silent, level = logging.NullHandler(), exporter.level
    root.addHandler(silent)
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            yield
    finally:
        exporter.setLevel(level)
        root.removeHandler(silent)
