"""Reading weights: a CTranslate2 file written here to the published layout, in parts or broken."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from tevr.errors import ModelError
from tevr.training.checkpoints import assemble, read_ctranslate2


def string(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def variable(name: str, values: np.ndarray, kind: int) -> bytes:
    head = string(name) + struct.pack("<B", values.ndim)
    shape = struct.pack(f"<{values.ndim}I", *values.shape)
    return head + shape + struct.pack("<BI", kind, values.nbytes) + values.tobytes()


WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)
BIAS = np.array([0.5, -1.5], dtype=np.float16)
FILE = (
    struct.pack("<I", 6)
    + string("WhisperSpec")
    + struct.pack("<II", 3, 2)
    + variable("encoder/conv1/weight", WEIGHT, 0)
    + variable("encoder/conv1/bias", BIAS, 4)
)


def test_a_file_in_parts_is_read_as_one(tmp_path: Path) -> None:
    parts = [tmp_path / "part1", tmp_path / "part2"]
    parts[0].write_bytes(FILE[:50])
    parts[1].write_bytes(FILE[50:])
    variables = read_ctranslate2(parts)
    np.testing.assert_array_equal(variables["encoder/conv1/weight"], WEIGHT)
    np.testing.assert_array_equal(variables["encoder/conv1/bias"], BIAS)


@pytest.mark.parametrize("length", [0, 3, 20, 40, len(FILE) - 1])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "model.bin").write_bytes(FILE[:length])
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_ctranslate2([tmp_path / "model.bin"])


def test_another_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(struct.pack("<I", 5) + FILE[4:])
    with pytest.raises(ModelError, match="binary version 5"):
        read_ctranslate2([tmp_path / "model.bin"])


def test_missing_weights_are_named() -> None:
    with pytest.raises(ModelError, match="encoder/conv1/bias"):
        assemble({"encoder/conv1/weight": np.zeros((512, 80, 3), np.float32)}, {"x": torch.ones(1)})
