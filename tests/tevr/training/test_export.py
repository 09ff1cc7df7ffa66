"""Export: the ONNX file gives what the network gives, rounding keeps it close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from tevr.onnx_model import OnnxModel, open_session
from tevr.training.export import export_float, quantise
from tevr.training.network import AcousticNetwork, NetworkConfig

# torch's exporter warns of torch's own use of a function it deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")

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
