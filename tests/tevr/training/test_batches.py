"""Batches: every clip once an epoch, none too long, the same for the same seed and any sharing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.audio import SAMPLE_RATE
from tevr.training.batches import Step, padded_samples, plan_epoch
from tevr.training.data_settings import BatchSettings, JoinSettings, SourceSettings
from tevr.training.manifest import Clip

SETTINGS = BatchSettings(seconds=20.0, bucket=16, pad_to=2.0, pause=0.2)
SOURCES = [SourceSettings(Path("a")), SourceSettings(Path("b"), repeat=2.5)]


def make(seconds: list[float], source: int = 0) -> list[Clip]:
    return [
        Clip(str(n), source, Path(), round(length * SAMPLE_RATE), "ab", (3,) * (1 + n % 4))
        for n, length in enumerate(seconds)
    ]


CLIPS = make([1 + n % 7 for n in range(50)]) + make([2.0] * 10, source=1)
lengths = st.lists(st.floats(0.1, 15), min_size=1, max_size=60)


def heard(steps: list[Step]) -> Counter[int]:
    return Counter(
        number
        for step in steps
        for piece in step.pieces
        for utterance in piece
        for number in utterance.clips
    )


@given(lengths, st.integers(0, 5), st.integers(1, 4), st.floats(0, 1))
def test_every_clip_is_heard_once_within_the_seconds_allowed(
    seconds: list[float], epoch: int, pieces: int, probability: float
) -> None:
    clips = make(seconds)
    settings = replace(SETTINGS, join=JoinSettings(probability, longest=16.0))
    steps = plan_epoch(clips, SOURCES[:1], settings, 7, epoch, pieces)
    assert heard(steps) == Counter(range(len(clips)))
    for step in steps:
        utterances = [each for piece in step.pieces for each in piece]
        longest = max(each.samples for each in utterances)
        assert (
            len(utterances) == 1
            or len(utterances) * longest <= settings.seconds * pieces * SAMPLE_RATE
        )
        assert step.labels == sum(
            sum(len(clips[n].labels) for n in each.clips) + len(each.clips) - 1
            for each in utterances
        )


def test_repeats_are_whole_copies_and_a_share() -> None:
    counts = heard(plan_epoch(CLIPS, SOURCES, SETTINGS, 1, 0, 1))
    assert [counts[n] for n in range(50)] == [1] * 50
    assert Counter(counts[n] for n in range(50, 60)) == {2: 5, 3: 5}


def test_copies_of_a_clip_are_changed_in_different_ways() -> None:
    steps = plan_epoch(CLIPS, SOURCES, SETTINGS, 1, 0, 1)
    seeds = [each.seed for step in steps for piece in step.pieces for each in piece]
    assert len(set(seeds)) == len(seeds)


def test_an_epoch_follows_from_seed_and_number() -> None:
    plans = {
        (seed, epoch): plan_epoch(CLIPS, SOURCES, SETTINGS, seed, epoch, 1)
        for seed in (1, 2)
        for epoch in (0, 1)
    }
    for (seed, epoch), plan in plans.items():
        assert plan == plan_epoch(CLIPS, SOURCES, SETTINGS, seed, epoch, 1)
    assert len({str(plan) for plan in plans.values()}) == 4


@given(st.integers(0, 3), st.sampled_from([2, 3, 4]))
def test_more_processes_with_smaller_batches_take_the_same_steps(epoch: int, pieces: int) -> None:
    whole = plan_epoch(CLIPS, SOURCES, SETTINGS, 3, epoch, 1)
    shared = replace(SETTINGS, seconds=SETTINGS.seconds / pieces)
    steps = plan_epoch(CLIPS, SOURCES, shared, 3, epoch, pieces)
    assert [step.labels for step in steps] == [step.labels for step in whole]
    for one, other in zip(whole, steps, strict=True):
        assert {each.seed for each in one.pieces[0]} == {
            each.seed for piece in other.pieces for each in piece
        }
        sizes = [len(piece) for piece in other.pieces]
        assert max(sizes) - min(sizes) <= 1


def test_joined_clips_are_of_one_source_with_pauses_in_range() -> None:
    join = JoinSettings(0.8, longest=9.0, pause=(0.3, 0.4))
    steps = plan_epoch(CLIPS, SOURCES, replace(SETTINGS, join=join), 5, 0, 1)
    utterances = [each for step in steps for piece in step.pieces for each in piece]
    joined = [each for each in utterances if each.pauses]
    assert len(joined) > 5
    for each in joined:
        assert len({CLIPS[n].source for n in each.clips}) == 1
        assert all(0.3 <= pause <= 0.4 for pause in each.pauses)
        assert sum(CLIPS[n].seconds for n in each.clips) + sum(each.pauses) <= 9.0


@pytest.mark.parametrize(("seconds", "expected"), [(0.5, 2.0), (1.9, 2.1), (4.0, 4.2)])
def test_silence_behind_an_utterance_is_what_the_recogniser_adds(
    seconds: float, expected: float
) -> None:
    samples = padded_samples(round(seconds * SAMPLE_RATE), SETTINGS)
    assert samples == round(expected * SAMPLE_RATE)


def test_clips_of_like_length_stand_together() -> None:
    rng = np.random.default_rng(0)
    clips = make(list(rng.uniform(1, 12, 400)))
    steps = plan_epoch(clips, SOURCES[:1], replace(SETTINGS, seconds=60.0, bucket=400), 0, 0, 1)
    real = sum(each.samples for step in steps for each in step.pieces[0])
    padded = sum(
        max(each.samples for each in step.pieces[0]) * len(step.pieces[0]) for step in steps
    )
    assert padded < 1.1 * real
