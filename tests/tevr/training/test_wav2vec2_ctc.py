"""wav2vec 2.0 in training: a tiny one of the published model's shape, through the same code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from tevr.errors import ModelError
from tevr.training.data_settings import BatchSettings, DataSettings, SourceSettings
from tevr.training.learning_settings import ModelSettings, OptimiserSettings
from tevr.training.settings import RunSettings, TrainSettings
from tevr.training.training import train
from tevr.training.wav2vec2_ctc import Wav2Vec2Ctc, open_wav2vec2_ctc

Samples = NDArray[np.float32]
#: XLS-R's shape with everything that has a size made small.
SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "conv_dim": [16] * 7,
    "conv_bias": True,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def settings(data: Path = Path("clips"), **model: Any) -> TrainSettings:
    model = {"sizes": SIZES} | model
    return TrainSettings(
        DataSettings((SourceSettings(data, repeat=3),)),
        RunSettings(steps=6, workers=0, threads=1, log_every=1),
        ModelSettings("wav2vec2", **model),
        batches=BatchSettings(seconds=12.0, pad_to=0.0, pause=0.0),
        optimiser=OptimiserSettings(rate=5e-3, warm_up=2, narrow=False, ema=0.0),
    )


def make(**model: Any) -> Wav2Vec2Ctc:
    return open_wav2vec2_ctc(settings(**model), labels=40, blank=0)


def batch(clip: Samples, *lengths: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.zeros(len(lengths), max(lengths))
    for row, length in zip(rows, lengths, strict=True):
        row[:length] = torch.from_numpy(clip[:length])
    return rows, torch.tensor(lengths)


@torch.no_grad()
def test_a_batch_gives_what_its_clips_give_alone(clip: Samples) -> None:
    network = make().eval()
    lengths = (48_000, 20_000, 33_333)
    together, frames, further = network(*batch(clip, *lengths), None)
    assert further == []
    for row, count, length in zip(together, frames.tolist(), lengths, strict=True):
        alone, (number,), _ = network(*batch(clip, length), None)
        assert number == count == network.frames(length)
        torch.testing.assert_close(row[:count], alone[0], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_loudness_and_offset_do_not_matter(clip: Samples) -> None:
    network = make().eval()
    sound, samples = batch(clip, 20_000)
    quiet = network(0.05 * sound + 0.01, samples, None)[0]
    torch.testing.assert_close(quiet, network(sound, samples, None)[0], atol=1e-2, rtol=1e-2)


def test_time_is_masked_by_seed_and_only_where_one_is_given(clip: Samples) -> None:
    network = make(time_masks=0.5, time_mask_length=5).train()
    sound = batch(clip, 48_000, 48_000)
    plain, one, again, other = (
        network(*sound, seeds)[0].detach()
        for seeds in ([None, None], [(1,), None], [(1,), None], [(2,), None])
    )
    torch.testing.assert_close(one, again)
    torch.testing.assert_close(one[1], plain[1])
    assert not torch.allclose(one[0], plain[0])
    assert not torch.allclose(one[0], other[0])


def test_the_feature_encoder_stays_and_all_else_learns(clip: Samples) -> None:
    network = make(checkpointing=True, time_masks=0.3).train()
    network(*batch(clip, 48_000), [(1,)])[0].sum().backward()
    for name, weight in network.named_parameters():
        assert (weight.grad is None) == name.startswith("network.wav2vec2.feature_extractor"), name


def test_depth_counts_layers_from_the_encoders_end() -> None:
    network = make()
    depths = {network.short_name(n): network.depth(n) for n, _ in network.named_parameters()}
    assert depths["lm_head.weight"] == 0
    assert depths["encoder.layers.1.feed_forward.output_dense.weight"] == 1
    assert depths["encoder.layers.0.feed_forward.output_dense.weight"] == 2
    assert depths["feature_projection.projection.weight"] == 3


def test_the_loss_falls_and_transformers_opens_what_is_kept(tmp_path: Path, data: Path) -> None:
    learnt = settings(data / "kerstin", checkpointing=True, dropout=0.1, time_masks=0.1)
    told: list[Any] = []
    assert train(learnt, tmp_path / "run", read=[].append, show=told.append, stop=lambda: False)
    assert told[-1].loss < 0.8 * told[0].loss
    with safe_open(tmp_path / "run" / "last.safetensors", "pt") as file:
        config = Wav2Vec2Config(**json.loads(file.metadata()["config"]))
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    Wav2Vec2ForCTC(config).load_state_dict(state)


def test_weights_of_a_folder_begin_a_training_with_a_head_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(5)
    Wav2Vec2ForCTC(Wav2Vec2Config(**SIZES, vocab_size=32)).save_pretrained(tmp_path)
    network = make(start=tmp_path, sizes={})
    first, second = make(start=tmp_path, sizes={}), network
    assert network.network.lm_head.weight.shape == (40, 32)
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    name = "wav2vec2.encoder.layers.0.attention.k_proj.weight"
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        torch.testing.assert_close(network.network.state_dict()[name], file.get_tensor(name))


def test_a_folder_without_a_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.start"):
        make(start=tmp_path)
