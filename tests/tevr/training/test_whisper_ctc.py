"""The network in training: the same numbers as in use, masks only where asked, weights that fit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from tevr.errors import ModelError
from tevr.training.data_settings import DataSettings, SourceSettings
from tevr.training.learning_settings import (
    CHARACTERS,
    AuxiliarySettings,
    LossSettings,
    ModelSettings,
    SpectrumSettings,
)
from tevr.training.preparation import open_tokens
from tevr.training.settings import RunSettings, TrainSettings, read_settings
from tevr.training.whisper_ctc import WhisperCtc, open_whisper_ctc, read_network

Samples = NDArray[np.float32]
SIZES = {"width": 16, "heads": 2, "inner": 32, "encoder_blocks": 2, "taps": [0]}
SIZES |= {"head_blocks": 2, "head_inner": 32}


def make(labels: int = 40, auxiliary: int = 0, **sections: Any) -> WhisperCtc:
    data = DataSettings((SourceSettings(Path("clips")),))
    sections = {"model": ModelSettings(sizes=SIZES)} | sections
    settings = TrainSettings(data, RunSettings(steps=1), **sections)
    return open_whisper_ctc(settings, labels, auxiliary)


def batch(clip: Samples, lengths: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.zeros(len(lengths), max(lengths))
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = torch.from_numpy(clip[:length])
    return rows, torch.tensor(lengths)


@torch.no_grad()
def test_it_hears_what_the_network_in_use_hears(clip: Samples) -> None:
    network = make().eval()
    lengths = [48_000, 20_000, 33_333]
    log_probs, frames, further = network(*batch(clip, lengths), None)
    expected, expected_frames = network.network.batch(
        [torch.from_numpy(clip[:length]) for length in lengths]
    )
    assert further == []
    assert frames.tolist() == expected_frames.tolist() == [network.frames(n) for n in lengths]
    for row, other, count in zip(log_probs, expected, frames, strict=True):
        torch.testing.assert_close(row[:count], other[:count], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_masks_follow_from_seeds_and_spare_clips_without_one(clip: Samples) -> None:
    spectrum = SpectrumSettings(2, 20, 10.0, 0.4, (0.8, 1.25))
    network = make(spectrum=spectrum).eval()
    sound = batch(clip, [48_000, 48_000])
    plain, one, again, other = (
        network(*sound, seeds)[0] for seeds in (None, [(1,), None], [(1,), None], [(2,), None])
    )
    torch.testing.assert_close(one, again)
    torch.testing.assert_close(one[1], plain[1])
    assert not torch.allclose(one[0], plain[0])
    assert not torch.allclose(one[0], other[0])


def test_frozen_parts_below_keep_nothing_for_gradients(clip: Samples) -> None:
    network = make()
    for weight in network.network.encoder.parameters():
        weight.requires_grad = False
    kept: list[torch.Size] = []

    def note(value: torch.Tensor) -> torch.Tensor:
        kept.append(value.shape)
        return value

    with torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
        tapped = network.network.encoder(torch.randn(1, 80, 100), None)
        assert kept == []
        assert not any(state.requires_grad for state in tapped)
        network(*batch(clip, [16_000]), None)[0].sum().backward()
    assert kept
    assert all(weight.grad is not None for weight in network.network.head.parameters())


def test_dropout_is_for_learning_alone(clip: Samples) -> None:
    network = make(model=ModelSettings(sizes=SIZES, dropout=0.5))
    sound = batch(clip, [16_000])
    torch.manual_seed(0)
    first, second = network(*sound, None)[0], network(*sound, None)[0]
    assert not torch.allclose(first, second)
    network.eval()
    torch.testing.assert_close(network(*sound, None)[0], network(*sound, None)[0])


def test_further_losses_have_weights_that_are_not_kept(tmp_path: Path, clip: Samples) -> None:
    loss = LossSettings({"0": 0.3}, AuxiliarySettings(block=1))
    network = make(auxiliary=7, loss=loss)
    _, _, further = network(*batch(clip, [16_000]), None)
    assert [each.shape for each in further] == [(1, 50, 40), (1, 50, 7)]
    assert [each.weight for each in network.further] == [0.3, 0.3]
    network.save(tmp_path / "a.safetensors", network.state_dict())
    kept = read_network(tmp_path / "a.safetensors")
    for name, value in network.network.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], value)


def test_depth_counts_blocks_from_the_encoders_end() -> None:
    network = make()
    depths = {
        network.short_name(name): network.depth(name) for name, _ in network.named_parameters()
    }
    assert depths["head.labels.weight"] == depths["encoder.norm.weight"] == 0
    assert depths["encoder.blocks.1.feed_in.weight"] == 1
    assert depths["encoder.blocks.0.feed_in.weight"] == 2
    assert depths["encoder.conv_in.weight"] == depths["encoder.positions"] == 3


def test_weights_of_a_run_begin_another_one(tmp_path: Path) -> None:
    network = make()
    network.save(tmp_path / "a.safetensors", network.state_dict())
    same = make(model=ModelSettings(sizes=SIZES, start=tmp_path / "a.safetensors"))
    for name, value in network.state_dict().items():
        torch.testing.assert_close(same.state_dict()[name], value)
    with pytest.raises(ModelError, match="2 weights of"):
        make(labels=9, model=ModelSettings(sizes=SIZES, start=tmp_path / "a.safetensors"))
    partial = ModelSettings(sizes=SIZES, start=tmp_path / "a.safetensors", partial=True)
    other = make(labels=9, model=partial).state_dict()
    assert other["network.head.labels.weight"].shape == (9, 16)
    torch.testing.assert_close(
        other["network.encoder.conv_in.weight"],
        network.state_dict()["network.encoder.conv_in.weight"],
    )


def test_a_head_grows_from_what_it_is(tmp_path: Path, clip: Samples) -> None:
    small = make()
    small.save(tmp_path / "a.safetensors", small.state_dict())
    start = tmp_path / "a.safetensors"
    grown = make(model=ModelSettings(sizes=SIZES | {"head_blocks": 4}, start=start))
    heard = torch.from_numpy(clip[:16_000])
    with torch.no_grad():
        before, after = small.network(heard), grown.network(heard)
    torch.testing.assert_close(after, before)
    assert len(grown.network.head.blocks) == 4
    grown.network(heard).exp().std().backward()  # its new blocks can learn
    assert grown.network.head.blocks[3].feed_out.weight.grad.abs().sum() > 0


def test_files_that_are_no_networks_are_refused(tmp_path: Path) -> None:
    save_file({"x": torch.ones(2)}, tmp_path / "x.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="holds no network"):
        read_network(tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        read_network(tmp_path / "torn.safetensors")
    with pytest.raises(ModelError, match="do not fit"):
        make(model=ModelSettings(sizes=SIZES, start=tmp_path / "x.safetensors"))
    with pytest.raises(ModelError, match="No weights of"):
        make(model=ModelSettings(sizes=SIZES, start=tmp_path / "x.safetensors", partial=True))
    with pytest.raises(ModelError, match="The head lacks 'mel_filters'"):
        make(model=ModelSettings(sizes=SIZES, head=tmp_path / "x.safetensors"))


def test_a_recipe_goes_on_from_the_bundled_models_weights() -> None:
    recipes = Path(__file__).parents[3] / "models" / "recipes"
    weights = recipes / "de-small.safetensors"
    sizes = read_settings(recipes / "de-small-open.yaml").model.sizes
    labels = len(open_tokens(CHARACTERS).labels)
    network = make(labels, model=ModelSettings(start=weights, sizes=sizes)).network
    for name, weight in load_file(weights).items():
        torch.testing.assert_close(network.get_parameter(name), weight.float(), atol=0, rtol=0)
