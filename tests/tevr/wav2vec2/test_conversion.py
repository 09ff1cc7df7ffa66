"""Converted networks: what transformers' own gives, whole folders or none, and clear words."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

import tevr
from tests.conftest import import_script
from tevr.acoustic import open_model
from tevr.errors import ModelError, OutputError, UsageError
from tevr.onnx_model import Wav2Vec2Onnx
from tevr.registry import PUBLISHED_DECODING
from tevr.store import ModelFiles, Source
from tevr.wav2vec2.conversion import FLOAT32, ConvertOptions, convert
from tevr.wav2vec2.network import Precisions
from tevr.wav2vec2.rounding import PRECISIONS, Precision
from tevr.wav2vec2.torch_model import open_network

Samples = NDArray[np.float32]
LAYOUT = import_script("published_layout")


def silently(_step: str, _share: float) -> None:
    """No progress."""


def make(source: Path, target: Path, **options: Any) -> ModelFiles:
    return convert(ConvertOptions(source, target, **options), silently)


def of_transformers(folder: Path, clip: Samples) -> Samples:
    """What transformers' own code makes of a clip in float32, (frames, labels)."""
    network = Wav2Vec2ForCTC.from_pretrained(folder, dtype=torch.float32).eval()
    extract = Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
    values = extract(clip, sampling_rate=16_000, return_tensors="pt").input_values
    with torch.inference_mode():
        return torch.log_softmax(network(values).logits[0], dim=-1).numpy()


@pytest.fixture(scope="module")
def exact(published: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    target = tmp_path_factory.mktemp("exact") / "model"
    return make(published, target, form="both", precisions=FLOAT32, decoding=PUBLISHED_DECODING)


@pytest.fixture(scope="module")
def int8(published: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return make(published, tmp_path_factory.mktemp("int8") / "model")


def other_network(folder: Path, **sizes: Any) -> Path:
    """A random network of another build, saved by transformers itself."""
    torch.manual_seed(1)
    config = Wav2Vec2Config(**(LAYOUT.TINY | {"vocab_size": 30} | sizes))
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    letters = {letter: 1 + index for index, letter in enumerate("|abcdefghijklmnopqrstuvwxyzäö")}
    (folder / "vocab.json").write_text(json.dumps({"<pad>": 0} | letters), encoding="utf-8")
    return folder


@pytest.mark.parametrize("share", [1.0, 0.6, 0.1])
def test_the_exact_graph_gives_what_transformers_gives(
    exact: ModelFiles, published: Path, clip: Samples, share: float
) -> None:
    sound = clip[: round(share * len(clip))]
    (log_probs,) = Wav2Vec2Onnx(exact.folder / exact.acoustic, 1).log_probs([sound])
    np.testing.assert_allclose(log_probs, of_transformers(published, sound), atol=1e-3)


@pytest.mark.parametrize(
    "sizes",
    [
        {"feat_extract_norm": "group", "do_stable_layer_norm": False, "conv_bias": False},
        {"do_stable_layer_norm": False},
        {"conv_bias": False, "num_conv_pos_embeddings": 15},
        {"conv_kernel": [10, 3, 3, 4, 3, 2, 3], "conv_stride": [5, 2, 2, 2, 2, 2, 2]},
    ],
)
def test_networks_of_other_builds_give_what_transformers_gives(
    tmp_path: Path, clip: Samples, sizes: dict[str, Any]
) -> None:
    folder = other_network(tmp_path / "network", **sizes)
    wanted = of_transformers(folder, clip)
    files = make(folder, tmp_path / "model", precisions=FLOAT32)
    for model in (open_model(files, 1), open_network(folder, "model.safetensors", 1)):
        (log_probs,) = model.log_probs([clip])
        tolerance = 1e-3 if isinstance(model, Wav2Vec2Onnx) else 0.1
        np.testing.assert_allclose(log_probs, wanted, atol=tolerance)


def test_rounding_changes_hardly_anything(int8: ModelFiles, published: Path, clip: Samples) -> None:
    wanted = of_transformers(published, clip)
    (log_probs,) = open_model(int8, 1).log_probs([clip])
    assert (log_probs.argmax(axis=1) == wanted.argmax(axis=1)).mean() >= 0.97
    assert np.abs(np.exp(log_probs) - np.exp(wanted)).sum(axis=1).mean() < 0.05


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_stays_close(
    published: Path, tmp_path: Path, clip: Samples, precision: Precision
) -> None:
    precisions = Precisions(**dict.fromkeys(asdict(FLOAT32), precision))
    files = make(published, tmp_path / "model", precisions=precisions)
    (log_probs,) = open_model(files, 1).log_probs([clip])
    wanted = of_transformers(published, clip)
    # One scale for a whole product is coarse, and this network is tiny.
    assert (log_probs.argmax(axis=1) == wanted.argmax(axis=1)).mean() >= 0.95


def test_loudness_and_offset_do_not_matter(int8: ModelFiles, clip: Samples) -> None:
    model = open_model(int8, 1)
    plain, soft, moved = model.log_probs([clip, 0.1 * clip, clip + np.float32(0.1)])
    for other in (soft, moved):
        assert (other.argmax(axis=1) == plain.argmax(axis=1)).mean() >= 0.97
        assert np.abs(np.exp(other) - np.exp(plain)).sum(axis=1).mean() < 0.05


@pytest.mark.parametrize("count", [0, 1, 399, 400, 401, 720])
def test_any_length_gives_normalised_frames(int8: ModelFiles, count: int) -> None:
    noise = np.random.default_rng(count).normal(0, 0.1, count).astype(np.float32)
    (log_probs,) = open_model(int8, 1).log_probs([noise])
    assert log_probs.shape == (max(1, (count - 400) // 320 + 1), 256)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1, atol=1e-4)


def test_neighbours_change_nothing(int8: ModelFiles, clip: Samples) -> None:
    model, clips = open_model(int8, 1), [clip, clip[:20_000], clip[5_000:]]
    for alone, beside in zip(clips, model.log_probs(clips), strict=True):
        np.testing.assert_array_equal(model.log_probs([alone])[0], beside)


def test_a_converted_model_transcribes(int8: ModelFiles, data: Path) -> None:
    int8.verify()
    transcript = tevr.load(str(int8.folder), threads=1).transcribe(data / "clip.wav")
    assert "sollte man nicht" in transcript.text
    assert transcript.model == "model"


def test_all_forms_and_their_origin_are_in_the_folder(exact: ModelFiles) -> None:
    assert {path.name for path in exact.folder.iterdir()} == {*exact.names, "model.json"}
    assert exact.network == "model.safetensors"
    assert exact.decoding == PUBLISHED_DECODING
    assert exact.source == Source("xls-r-tiny")


def test_only_the_torch_form_is_made_if_only_that_is_wanted(
    published: Path, tmp_path: Path, clip: Samples
) -> None:
    files = make(published, tmp_path / "model", form="torch")
    assert files.acoustic == files.network == "model.safetensors"
    (log_probs,) = open_model(files, 1).log_probs([clip])
    wanted = of_transformers(published, clip)
    assert (log_probs.argmax(axis=1) == wanted.argmax(axis=1)).mean() >= 0.97


def test_a_model_is_replaced_only_if_that_is_wanted(published: Path, tmp_path: Path) -> None:
    target = tmp_path / "model"
    make(published, target)
    with pytest.raises(UsageError, match="there already"):
        make(published, target)
    make(published, target, force=True).verify()
    (target / "mine.txt").write_text("kept")
    with pytest.raises(UsageError, match=r"also holds mine\.txt"):
        make(published, target, force=True)
    assert (target / "mine.txt").read_text() == "kept"


@pytest.mark.parametrize(
    "lost", ["lm_head.weight", "wav2vec2.encoder.layers.1.attention.q_proj.bias"]
)
def test_weights_that_lack_a_part_leave_nothing(published: Path, tmp_path: Path, lost: str) -> None:
    folder = shutil.copytree(published, tmp_path / "copy")
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    del state[lost]
    torch.save(state, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=lost):
        make(folder, tmp_path / "models" / "model")
    assert list((tmp_path / "models").iterdir()) == []
    with pytest.raises(ModelError, match=lost):
        open_network(folder, "pytorch_model.bin", 1)


def test_weights_of_another_size_are_told(published: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(published, tmp_path / "copy")
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    state["lm_head.bias"] = torch.zeros(7)
    torch.save(state, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"lm_head\.bias .*does not fit"):
        open_network(folder, "pytorch_model.bin", 1)


def test_a_full_disk_leaves_nothing(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tevr.wav2vec2.conversion.write_network", full)
    with pytest.raises(OutputError, match="no room"):
        make(published, tmp_path / "models" / "model")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(published: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        make(published, tmp_path / "file" / "model")


def test_a_file_of_weights_that_is_gone_is_told(int8: ModelFiles, tmp_path: Path) -> None:
    folder = shutil.copytree(int8.folder, tmp_path / "model")
    (folder / "model.data").unlink()
    with pytest.raises(ModelError, match=r"model\.data"):
        tevr.load(str(folder))


def test_no_torch_is_needed_to_run_it(int8: ModelFiles, data: Path) -> None:
    code = (
        "import sys; import tevr;"
        f"text = tevr.load({str(int8.folder)!r}, threads=1).transcribe({str(data / 'clip.wav')!r});"
        "print(len(text.text) > 0, [n for n in ('torch', 'onnx', 'transformers', 'safetensors')"
        " if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120,
        env=os.environ | {"PYTHONPATH": str(data.parents[1])},
    )  # fmt: skip
    assert done.stdout == "True []\n"
