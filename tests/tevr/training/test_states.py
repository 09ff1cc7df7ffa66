"""States of a frozen encoder: kept once, and worth the same as computing them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tevr.errors import OutputError, UsageError
from tevr.training.batches import plan_epoch
from tevr.training.data_settings import BatchSettings, DataSettings, JoinSettings, SourceSettings
from tevr.training.examples import Batch, Examples, Place
from tevr.training.learning_settings import ModelSettings, OptimiserSettings, SpectrumSettings
from tevr.training.preparation import Prepared, prepare
from tevr.training.settings import RunSettings, TrainSettings
from tevr.training.states import keep_states, read_states

SIZES = {"width": 16, "heads": 2, "inner": 32, "encoder_blocks": 2, "taps": [0], "head_blocks": 1}


@pytest.fixture
def settings(tmp_path: Path, data: Path) -> TrainSettings:
    """A small network with a frozen encoder that hears every clip in two versions."""
    return TrainSettings(
        DataSettings((SourceSettings(data / "kerstin"),), cache=tmp_path / "sounds"),
        RunSettings(steps=1),
        ModelSettings(sizes=SIZES, states=tmp_path / "states"),
        batches=BatchSettings(seconds=20.0, versions=2, join=JoinSettings(0.5)),
        spectrum=SpectrumSettings(frequency_masks=2, time_masks=5.0, mel_warp=(0.8, 1.2)),
        optimiser=OptimiserSettings(frozen=("encoder",)),
    )


@pytest.fixture
def prepared(settings: TrainSettings, tmp_path: Path) -> Prepared:
    """Its network, ready for use, and the clips."""
    ready = prepare(settings, tmp_path / "cache", lambda _share: None)
    ready.network.eval()
    return ready


def examples(prepared: Prepared) -> Examples:
    return Examples(
        prepared.settings,
        prepared.clips.train,
        prepared.tokens,
        None,
        1,
        prepared.network.frames,
        prepared.network.longest,
    )


def hear(prepared: Prepared, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        log_probs, frames, _ = prepared.network(batch.waveforms, batch.samples, batch.seeds)
    mask = torch.arange(log_probs.shape[1])[None] < frames[:, None]
    return torch.cat([log_probs[mask], frames[:, None].float().expand(-1, log_probs.shape[2])])


def keep(prepared: Prepared, batch: Batch) -> None:
    states = prepared.network.states(batch.waveforms, batch.samples, batch.seeds)
    for path, row, count in zip(batch.keep, states, batch.samples.tolist(), strict=True):
        keep_states(path, row[: prepared.network.frames(count)].numpy())


def test_states_kept_are_heard_as_the_sound_itself(prepared: Prepared) -> None:
    made = examples(prepared)
    for number in range(len(made.steps(0))):
        sound = made[Place(0, number, 0)]
        assert sound.keep
        keep(prepared, sound)
        kept = made[Place(0, number, 0)]
        assert not kept.keep
        assert kept.waveforms.dtype == torch.float16
        assert kept.labels == sound.labels
        torch.testing.assert_close(hear(prepared, kept), hear(prepared, sound), atol=2e-2, rtol=0)


def test_a_version_comes_again_in_other_batches(prepared: Prepared) -> None:
    settings = prepared.settings

    def utterances(epoch: int) -> list[object]:
        clips, sources = prepared.clips.train, settings.data.sources
        plan = plan_epoch(clips, sources, settings.batches, settings.seed, epoch, 1)
        return [utterance for step in plan for utterance in step.pieces[0]]

    first, other, again = (utterances(epoch) for epoch in (0, 1, 2))
    assert sorted(map(repr, first)) == sorted(map(repr, again)) != sorted(map(repr, other))
    orders = [[repr(each) for each in utterances(epoch)] for epoch in range(0, 12, 2)]
    assert any(order != orders[0] for order in orders)


def test_what_changes_states_tells_them_apart(prepared: Prepared, settings: TrainSettings) -> None:
    def paths(changed: TrainSettings) -> set[Path]:
        made = examples(replace(prepared, settings=changed))
        return {
            path for number in range(len(made.steps(0))) for path in made[Place(0, number, 0)].keep
        }

    before = paths(settings)
    assert paths(replace(settings, seed=1)).isdisjoint(before)
    assert paths(replace(settings, spectrum=SpectrumSettings())).isdisjoint(before)
    rates = replace(settings, optimiser=OptimiserSettings(rate=1.0, frozen=("encoder",)))
    assert paths(rates) == before


def test_states_that_are_not_whole_count_as_missing(tmp_path: Path) -> None:
    states = np.arange(12, dtype=np.float16).reshape(3, 4)
    path = tmp_path / "ab" / "abc.npy"
    assert read_states(path) is None
    keep_states(path, states)
    np.testing.assert_array_equal(read_states(path), states)
    whole = path.read_bytes()
    for length in (0, 7, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert read_states(path) is None
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "states").write_bytes(b"")
    with pytest.raises(OutputError, match="states"):
        keep_states(tmp_path / "states" / "ab" / "abc.npy", np.zeros((1, 1), np.float16))


def test_states_need_a_frozen_encoder_and_versions(settings: TrainSettings) -> None:
    with pytest.raises(UsageError, match="learning encoder"):
        replace(settings, optimiser=OptimiserSettings())
    with pytest.raises(UsageError, match="no sound comes again"):
        replace(settings, batches=BatchSettings())
