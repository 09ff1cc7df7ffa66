"""Measures of slices: equal to scikit-learn's, intervals wider where sources repeat themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics

from tevr.models.ct_measures import MEASURES, measure, measures, twins


def test_measures_equal_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    truth, said = draw.integers(2, size=(2, 50))
    found = measures(truth, said)
    assert tuple(found) == MEASURES
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    assert found["precision"] == pytest.approx(metrics.precision_score(truth, said))
    assert found["sensitivity"] == pytest.approx(metrics.recall_score(truth, said))
    assert found["specificity"] == pytest.approx(metrics.recall_score(1 - truth, 1 - said))
    assert found["F1"] == pytest.approx(metrics.f1_score(truth, said))


def test_the_published_figures_of_the_official_split_come_from_its_counts() -> None:
    truth = np.repeat([1, 0], [98, 105])
    said = np.concatenate([np.repeat([1, 0], [83, 15]), np.repeat([1, 0], [22, 83])])
    found = {name: round(100 * value, 2) for name, value in measures(truth, said).items()}
    assert found["accuracy"] == 81.77
    assert (found["precision"], found["sensitivity"], found["specificity"]) == (79.05, 84.69, 79.05)


def test_measures_that_are_undefined_are_0() -> None:
    zeros = np.zeros(4, np.int64)
    assert measures(zeros, zeros) == dict.fromkeys(MEASURES, 0.0) | {
        "accuracy": 1.0,
        "specificity": 1.0,
    }


def test_intervals_hold_the_value_and_count_sources_not_slices() -> None:
    draw = np.random.default_rng(1)
    truth = np.tile([0, 1], 60)
    said = np.where(draw.random(120) < 0.8, truth, 1 - truth)
    alone = np.arange(120).astype(str)
    many = measure(truth.repeat(9), said.repeat(9), alone.repeat(9))
    for name, value in measure(truth, said, alone).items():
        assert value.low < value.value < value.high
        assert many[name] == value  # nine slices of a source are no more evidence than one
    apart = measure(truth.repeat(9), said.repeat(9), np.arange(1080).astype(str))["accuracy"]
    assert apart.high - apart.low < 0.5 * (many["accuracy"].high - many["accuracy"].low)
    assert apart.show().startswith(f"{100 * apart.value:.1f} (")


def test_twins_are_slices_whose_nearest_is_of_their_source() -> None:
    generator = torch.Generator().manual_seed(0)
    looks = torch.randn(10, 30, generator=generator).repeat_interleave(2, 0)
    features = looks + 0.1 * torch.randn(20, 30, generator=generator)
    sources = np.repeat(np.arange(10), 2).astype(str)
    assert twins(features, sources) == 1.0
    assert twins(features, np.roll(sources, 1)) == 0.0
    assert twins(features, np.arange(20).astype(str)) == 0.0
