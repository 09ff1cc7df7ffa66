"""Export: the ONNX file gives what the network gives, rounding keeps it close."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from tevr.onnx_model import OnnxModel, open_session
from tevr.training.export import FOURIER, export_float, quantise
from tevr.training.network import AcousticNetwork, NetworkConfig

# Wide enough for blocks of 128 inputs, small enough to export in seconds.
CONFIG = NetworkConfig(
    width=128, heads=4, inner=256, encoder_blocks=2, positions=400, taps=(0,), head_blocks=1,
    head_inner=128, labels=32,
)  # fmt: skip


@pytest.fixture(scope="module")
def network() -> AcousticNetwork:
    torch.manual_seed(3)
    return AcousticNetwork(CONFIG, torch.rand(CONFIG.mel_bins, 201)).eval()


@pytest.fixture(scope="module")
def exported(network: AcousticNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "float.onnx"
    export_float(network, path)
    return path


def test_float_export_equals_the_network_at_any_length(
    network: AcousticNetwork, exported: Path, clip: NDArray[np.float32]
) -> None:
    session = open_session(exported, threads=1)
    for samples in (1_600, 16_077, 50_704):
        (ours,) = session.run(["log_probs"], {"waveform": clip[:samples]})
        with torch.no_grad():
            theirs = network(torch.from_numpy(clip[:samples])).numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_the_graph_tells_nothing_of_the_machine_it_was_made_on(exported: Path) -> None:
    assert str(Path(__file__).parents[3]).encode() not in exported.read_bytes()
    assert not [node.name for node in onnx.load(str(exported)).graph.node if node.metadata_props]


def test_rounding_shrinks_the_file_and_keeps_the_posteriors(
    exported: Path, tmp_path: Path, clip: NDArray[np.float32]
) -> None:
    target = tmp_path / "int8.onnx"
    careful = quantise(exported, target, [clip[:16_000]], careful=2)
    assert len(careful) == 2
    operators = {node.op_type for node in onnx.load(str(target)).graph.node}
    assert {"MatMulNBits", "MatMulInteger"} <= operators
    assert target.stat().st_size < 0.6 * exported.stat().st_size
    (exact,) = OnnxModel(exported, threads=1).log_probs([clip])
    (rounded,) = OnnxModel(target, threads=1).log_probs([clip])
    assert np.abs(np.exp(exact) - np.exp(rounded)).sum(axis=1).mean() < 0.1
    fourier = [node.input for node in onnx.load(str(target)).graph.node if FOURIER in node.input]
    assert len(fourier) == 1  # by its own name: it is not rounded


def test_all_products_may_be_rounded_with_care(
    exported: Path, tmp_path: Path, clip: NDArray[np.float32]
) -> None:
    shares: list[float] = []
    careful = quantise(exported, tmp_path / "int8.onnx", [clip[:8_000]], 99, shares.append)
    assert len(careful) == len(shares)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    operators = {node.op_type for node in onnx.load(str(tmp_path / "int8.onnx")).graph.node}
    assert "MatMulNBits" in operators
    assert "MatMulInteger" not in operators


def test_rounding_is_not_heard(
    exported: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = list(logging.getLogger().handlers)
    quantise(exported, tmp_path / "int8.onnx", [np.zeros(8_000, np.float32)])
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers == before
