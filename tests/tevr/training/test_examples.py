"""Examples: what a place holds, whoever asks; changes that would not fit are left out."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from tevr.audio import SAMPLE_RATE
from tevr.training.augment import Augmentation
from tevr.training.data_settings import BatchSettings, DataSettings, JoinSettings, SourceSettings
from tevr.training.examples import Batch, Examples, Place
from tevr.training.feeding import feed
from tevr.training.learning_settings import ModelSettings
from tevr.training.preparation import open_tokens, prepare
from tevr.training.settings import RunSettings, TrainSettings
from tevr.training.sounds import read_sound
from tevr.training.whisper_ctc import frames_of

Make = Callable[..., Examples]
CHARACTERS = open_tokens("characters")
NOISY = Augmentation(speed=1.0, noise=1.0, babble=1.0)
SIZES = {"width": 8, "heads": 1, "inner": 8, "encoder_blocks": 1, "taps": [0], "head_inner": 8}


@pytest.fixture(scope="module")
def make(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Builds examples of Kerstin's clips; keywords replace sections of the settings."""
    cache = tmp_path_factory.mktemp("cache")

    def build(
        processes: int = 1, longest: int | None = None, source: SourceSettings | None = None,
        frames: Callable[[int], int] = frames_of, **sections: Any,
    ) -> Examples:  # fmt: skip
        source = source or SourceSettings(data / "kerstin", repeat=2)
        settings = TrainSettings(
            DataSettings((source,), cache=cache), RunSettings(steps=1), ModelSettings(sizes=SIZES)
        )
        settings = replace(settings, **({"batches": BatchSettings(seconds=20.0)} | sections))
        prepared = prepare(settings, cache, [].append)
        return Examples(
            settings, prepared.clips.train, prepared.tokens, None, processes, frames, longest
        )

    return build


def batches(examples: Examples, count: int = 4, process: int = 0) -> list[Batch]:
    return [examples[place] for place in islice(examples.places(0, 0, process), count)]


def same(one: Batch, other: Batch) -> bool:
    return one.labels == other.labels and torch.equal(one.waveforms, other.waveforms)


def test_a_clip_is_followed_by_silence_and_its_labels(make: Make) -> None:
    examples = make()
    for batch in batches(examples):
        assert batch.waveforms.shape == (len(batch.labels), int(batch.samples.max()))
        for row, samples, labels in zip(batch.waveforms, batch.samples, batch.labels, strict=True):
            (clip,) = (each for each in examples._clips if list(each.labels) == labels)
            sound = torch.from_numpy(read_sound(clip.sound))
            assert samples >= max(6 * SAMPLE_RATE, len(sound) + 3_200)
            torch.testing.assert_close(row[: len(sound)], sound, atol=0, rtol=0)
            assert (row[len(sound) :] == 0).all()


def test_joined_clips_have_their_pauses_and_spaces(make: Make) -> None:
    join = JoinSettings(1.0, longest=25.0, pause=(0.5, 0.5))
    examples = make(batches=BatchSettings(seconds=60.0, join=join))
    (step,) = examples.steps(0)
    (batch,) = batches(examples, 1)
    for utterance, labels, samples in zip(
        step.pieces[0], batch.labels, batch.samples.tolist(), strict=True
    ):
        clips = [examples._clips[number] for number in utterance.clips]
        texts = " ".join(clip.text for clip in clips)
        assert labels == CHARACTERS.segment(texts)
        sound = sum(clip.samples for clip in clips) + 8_000 * (len(clips) - 1)
        assert samples == utterance.samples == max(6 * SAMPLE_RATE, sound + 3_200)
    assert batch.divisor == sum(map(len, batch.labels))
    assert max(len(utterance.clips) for utterance in step.pieces[0]) > 2


def test_what_is_heard_follows_from_the_place_alone(make: Make) -> None:
    first, second = (batches(make(augment=NOISY)) for _ in range(2))
    assert all(map(same, first, second))
    examples = make(augment=NOISY)
    assert same(examples[Place(0, 1, 0)], first[1])  # in any order
    assert not same(examples[Place(1, 0, 0)], first[0])
    source = replace(examples._settings.data.sources[0], augment=False)
    plain = batches(make(augment=NOISY, source=source))
    assert plain[0].seeds == [None] * len(plain[0].labels)


def test_processes_share_a_step_and_an_idle_one_learns_nothing(make: Make) -> None:
    small = BatchSettings(seconds=3.0)
    shares = [batches(make(processes=4, batches=small), 2, process) for process in range(4)]
    for step in zip(*shares, strict=True):
        assert len({batch.divisor for batch in step}) == 1
        labels = sum(sum(map(len, batch.labels)) for batch in step if batch.weight)
        assert labels == step[0].divisor
        assert {batch.weight for batch in step} == {0.0, 1.0}  # one clip of 6 s for four of 3 s


def test_processes_beside_this_one_make_the_same(make: Make) -> None:
    examples = make(augment=NOISY)
    assert len(pickle.dumps(examples)) < 100_000  # clips are named, not carried
    made = list(islice(feed(examples, examples.places(0, 0, 0), workers=1), 3))
    assert all(map(same, made, batches(examples, 3)))


@pytest.mark.parametrize(
    "limits", [{"longest": 6 * SAMPLE_RATE}, {"frames": lambda samples: samples // 2_000}]
)
def test_changes_that_the_network_could_not_follow_are_left_out(
    make: Make, limits: dict[str, Any]
) -> None:
    factor = 3.0 if "frames" in limits else 0.5
    slow = Augmentation(1.0, (factor, factor), voice=0, pauses=0, room=0, noise=0, gain=0)
    for batch in batches(make(augment=slow, **limits)):
        assert batch.samples.max() <= 6 * SAMPLE_RATE
    changed, plain = make(augment=slow, **limits), make(**limits)
    assert all(map(same, batches(changed), batches(plain)))
