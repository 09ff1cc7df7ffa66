"""Machines on streamed features: equal to scikit-learn's on the features themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.svm import SVC, LinearSVC
from torch import Tensor

from tevr.models import svm
from tevr.models.svm import Span, SVMConfig, fit_svm

LINEAR = SVMConfig(costs=(0.01,), biases=(0.0,))


def samples(count: int, features: int, classes: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(count + features)
    labels = torch.arange(count) % classes
    centres = torch.randn(classes, features, generator=generator)
    noise = torch.randn(count, features, generator=generator) * features**0.5 / 4
    return centres[labels] + noise, labels


def streamed(features: Tensor) -> Iterator[Tensor]:
    return iter(features.split(7))


@pytest.mark.parametrize("features", [500, 20])  # more, and fewer, than samples
@pytest.mark.parametrize("bias", [0.0, 3.0])
def test_a_linear_machine_equals_one_on_the_features(features: int, bias: float) -> None:
    x, y = samples(60, features)
    config = SVMConfig(costs=(0.01,), biases=(bias,))
    head = fit_svm(streamed(x), tuple(x.shape), y, config)
    theirs = LinearSVC(C=0.01, fit_intercept=bias > 0, intercept_scaling=bias or 1, max_iter=20000)
    expected = theirs.fit(x.numpy(), y.numpy()).decision_function(x.numpy())
    np.testing.assert_allclose(head.scores(x).numpy(), expected, atol=0.05)


def test_the_span_keeps_all_inner_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svm, "BLOCK", 64)
    x = samples(30, 300)[0].numpy()
    space = Span.of(x)
    np.testing.assert_allclose(space.coordinates @ space.coordinates.T, x @ x.T, atol=1e-2)
    weight = np.random.default_rng(0).normal(size=(space.coordinates.shape[1], 2))
    back = space.to_features(x, weight).numpy()
    np.testing.assert_allclose(x @ back, space.coordinates @ weight, atol=1e-2)


def test_features_in_a_file_give_the_same_machine_and_leave_no_file(tmp_path: Path) -> None:
    x, y = samples(50, 400)
    shape = (50, 400)
    memory = fit_svm(streamed(x), shape, y, LINEAR).scores(x)
    file = fit_svm(streamed(x), shape, y, LINEAR, tmp_path).scores(x)
    torch.testing.assert_close(file, memory, atol=0.02, rtol=0)
    assert list(tmp_path.iterdir()) == []


def test_more_than_600_thousand_features_are_learned_from(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(24) % 2
    hint = (y * 2 - 1)[:, None] * 0.2

    def stream() -> Iterator[Tensor]:
        for rows in hint.split(4):
            yield torch.randn(len(rows), 671_744, generator=generator) + rows

    head = fit_svm(stream(), (24, 671_744), y, SVMConfig(costs=(1e-4,), biases=(0.0,)), tmp_path)
    found = torch.cat([head.scores(batch) for batch in stream()])
    assert torch.equal(found.argmax(1), y)


def test_a_gaussian_machine_equals_one_on_whitened_components() -> None:
    x, y = samples(60, 200)
    head = fit_svm(streamed(x), (60, 200), y, SVMConfig("rbf", (16.0,), components=10))
    centred = x.double().numpy() - x.double().numpy().mean(0)
    left, _, _ = np.linalg.svd(centred, full_matrices=False)
    white = left[:, :10] * 60**0.5
    expected = SVC(C=16.0, gamma=0.1).fit(white, y.numpy() == 1).decision_function(white)
    np.testing.assert_allclose(head.scores(x)[:, 1].numpy(), expected, atol=0.02)


def test_two_classes_have_two_opposite_scores() -> None:
    x, y = samples(40, 100, classes=2)
    scores = fit_svm(streamed(x), (40, 100), y, LINEAR).scores(x)
    torch.testing.assert_close(scores[:, 0], -scores[:, 1])
    assert torch.equal(scores.argmax(1), y)


def test_a_class_without_samples_is_never_chosen() -> None:
    x, y = samples(40, 100)
    y[y == 1] = 2
    for config in (LINEAR, SVMConfig("rbf", (16.0,))):
        scores = fit_svm(streamed(x), (40, 100), y, config).scores(x)
        assert scores.shape == (40, 3)
        assert set(scores.argmax(1).tolist()) == {0, 2}


def test_cross_validation_chooses_the_better_cost() -> None:
    x, y = samples(60, 30)
    x[:, 0] += 40.0 * y  # a strong hint that tiny costs cannot use
    choice = SVMConfig(costs=(1e-9, 1e-2), biases=(3.0,), folds=3)
    right = (fit_svm(streamed(x), (60, 30), y, choice).scores(x).argmax(1) == y).float().mean()
    assert right > 0.9


@pytest.mark.parametrize(
    ("labels", "count", "words"),
    [([0] * 9, 9, "one class"), ([0, 1] * 4, 9, "9 samples have 8"), ([0, 1] * 5, 10, "announced")],
)
def test_samples_that_do_not_fit_are_refused(labels: list[int], count: int, words: str) -> None:
    x = samples(9, 5)[0]
    with pytest.raises(ValueError, match=words):
        fit_svm(streamed(x), (count, 5), torch.tensor(labels), LINEAR)


def test_settings_out_of_range_are_refused() -> None:
    for settings in ({"kernel": "cubic"}, {"costs": (0.0,)}, {"folds": 1}):
        with pytest.raises(ValueError, match=r"choose|above 0|at least"):
            SVMConfig(**settings)  # type: ignore[arg-type]
