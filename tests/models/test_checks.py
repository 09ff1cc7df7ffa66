"""Claims: intervals by Student's t, results kept, minutes of broken-off trials counted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tevr.models import PAPERS, find
from tevr.models.checks import SPENT, Bench, Claim, Estimate, Finding, Picture, Result, check


def claim(found: list[int]) -> Claim:
    def measure(bench: Bench) -> Finding:
        found.append(1)
        (bench.folder / "p.png").write_bytes(b"picture")
        return Finding("1 ± 2", True, "none", figures={"a": 1.0}, pictures=(Picture("p.png", "P"),))

    return Claim("one", "It is so", "none found", measure)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40))
def test_intervals_are_those_of_students_t(values: list[float]) -> None:
    found = Estimate.of(values)
    error = stats.sem(values)
    half = stats.t.ppf(0.975, len(values) - 1) * error
    assert found.mean == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert found.high - found.mean == pytest.approx(half, rel=1e-6, abs=1e-9)
    assert found.mean - found.low == pytest.approx(half, rel=1e-6, abs=1e-9)


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    assert Estimate.of([3.0]) == Estimate(3.0, -math.inf, math.inf, 1)
    assert Estimate.of([3.0]).show(1, "%") == "3.0 %"
    with pytest.raises(ValueError, match="nothing to estimate"):
        Estimate.of([])


def test_differences_are_taken_in_pairs() -> None:
    assert Estimate.paired([1.0, 11.0], [0.0, 10.0]) == Estimate(1.0, 1.0, 1.0, 2)
    assert Estimate.of([1.0, 3.0]).show(1, "points", signed=True) == "+2.0 ± 12.7 points"
    with pytest.raises(ValueError, match="shorter"):
        Estimate.paired([1.0], [])


def test_results_are_kept_and_not_found_twice(tmp_path: Path) -> None:
    found: list[int] = []
    bench = Bench(tmp_path / "one", tmp_path, quick=True)
    first = check("paper", claim(found), bench)
    assert check("paper", claim(found), bench) == first
    assert found == [1]
    assert first.command == "tevr zoo check paper --quick --data DATA"
    assert Result.from_json(first.to_json()) == first
    check("paper", claim(found), bench, again=True)
    assert found == [1, 1]


def test_minutes_of_broken_off_trials_count(tmp_path: Path) -> None:
    def fail(_bench: Bench) -> Finding:
        raise ValueError("broken off")

    bench = Bench(tmp_path)
    with pytest.raises(ValueError, match="broken off"):
        check("paper", Claim("one", "", "", fail), bench)
    (tmp_path / SPENT).write_text("120.0\n")
    assert check("paper", claim([]), bench).minutes >= 2


def test_data_are_found_by_pattern(tmp_path: Path) -> None:
    (tmp_path / "cifar10_b.npz").touch()
    (tmp_path / "cifar10_a.npz").touch()
    bench = Bench(tmp_path, tmp_path)
    assert bench.find("cifar10*.npz") == tmp_path / "cifar10_a.npz"
    assert bench.find("mnist*") is None
    assert Bench(tmp_path).find("cifar10*.npz") is None
    assert bench.shared == tmp_path / "networks"


@pytest.mark.parametrize("name", [paper.name for paper in PAPERS])
def test_every_paper_has_a_module_and_claims_that_can_be_told_apart(name: str) -> None:
    paper = find(name.replace("_", "-"))
    assert paper.name == name
    assert paper.module().__doc__
    claims = paper.claims()
    assert claims
    assert len({each.name for each in claims}) == len(claims)
    for each in claims:
        assert each.name.isidentifier()
        assert each.says[0].isupper()
        assert each.published
    if hasattr(paper.module(), "TrainConfig"):
        paper.trainable().TrainConfig()
        assert callable(paper.trainable().train)
        assert callable(paper.trainable().predict)
        assert callable(paper.module().demo)
    else:
        with pytest.raises(ValueError, match="is not trained alone"):
            paper.trainable()


def test_unknown_papers_are_told() -> None:
    with pytest.raises(ValueError, match="no 'nothing'; it has proxy_grad"):
        find("nothing")
