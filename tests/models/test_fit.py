"""One trainer: the same steps however often it is broken off, by steps or by the clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tevr.models.batches import Shuffled, seeded
from tevr.models.fit import FitConfig, News, classify, fit
from tevr.models.run_files import CHECKPOINT, LOG, cut_log, read_state, same_training

ROOT = Path(__file__).parents[2]
CONFIG = FitConfig(steps=12, batch=8, rate=0.05, ema=0.8, schedule="cosine", warmup=0.2, clip=1.0)


class Broken(Exception):  # noqa: N818 (a pulled plug)
    """The training ends here."""


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 2)
    )


def examples() -> tuple[Tensor, Tensor]:
    x = torch.randn(30, 4, generator=torch.Generator().manual_seed(1))
    return x, (x.sum(1) > 0).long()


def run(model: nn.Module, config: FitConfig = CONFIG, **more: Any) -> News:
    batches = Shuffled(examples(), config.batch, config.seed, augment=jitter)
    return fit(model, batches, classify, config, news_every=2, save_every=0.0, **more)


def jitter(x: Tensor, generator: torch.Generator) -> Tensor:
    return x + 0.1 * torch.randn(x.shape, generator=generator)


def equal(left: nn.Module, right: nn.Module) -> bool:
    pairs = zip(left.state_dict().values(), right.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adamw"])
def test_a_training_broken_off_goes_on_as_if_it_had_not_been(
    tmp_path: Path, optimiser: str
) -> None:
    config = replace(CONFIG, optimiser=optimiser, rate=0.01)  # type: ignore[arg-type]
    whole, broken = network(), network()
    run(whole, config, folder=tmp_path / "whole")

    def stop(news: News) -> None:
        if news.step in (4, 8):
            raise Broken

    for _ in range(2):
        with pytest.raises(Broken):
            run(network(), config, folder=tmp_path / "broken", show=stop)
    for weight in broken.parameters():
        nn.init.zeros_(weight)
    run(broken, config, folder=tmp_path / "broken")
    assert equal(whole, broken)
    logs = [
        [
            {key: value for key, value in json.loads(line).items() if key != "seconds"}
            for line in (tmp_path / name / LOG).read_text().splitlines()
        ]
        for name in ("whole", "broken")
    ]
    assert logs[0] == logs[1]
    assert [line["step"] for line in logs[0]] == [2, 4, 6, 8, 10, 12]


def test_a_finished_training_is_not_made_again(tmp_path: Path) -> None:
    first, second = network(), network()
    told: list[News] = []
    news = run(first, folder=tmp_path)
    assert run(second, folder=tmp_path, show=told.append).values == news.values
    assert told == []
    assert equal(first, second)


def test_a_run_is_gone_on_with_by_its_own_settings_only(tmp_path: Path) -> None:
    run(network(), folder=tmp_path, about={"width": 3, "kind": ("a", 1)})
    words = r"begun with fit\.rate 0\.05, not 0\.1, width 3, not 4; go on so"
    with pytest.raises(ValueError, match=words):
        run(
            network(),
            replace(CONFIG, rate=0.1),
            folder=tmp_path,
            about={"width": 4, "kind": ("a", 1)},
        )
    same_training({"a": {"b": [1, 2]}}, {"a": {"b": (1, 2)}}, tmp_path)


@pytest.mark.parametrize("content", [b"", b"torn", b"PK\3\4"])
def test_a_torn_checkpoint_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read as a checkpoint"):
        run(network(), folder=tmp_path)


def test_a_file_of_tensors_that_is_no_training_is_told(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / CHECKPOINT)
    with pytest.raises(ValueError, match="holds no training"):
        read_state(tmp_path / CHECKPOINT)


def test_lines_after_the_checkpoint_and_torn_lines_go(tmp_path: Path) -> None:
    path = tmp_path / LOG
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    cut_log(path, 2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_it_learns_and_ends_in_evaluation_mode() -> None:
    model = network()
    news = run(model, replace(CONFIG, steps=100, ema=0.0))
    assert news.values["errors"] < 0.2
    assert not model.training
    assert (news.step, news.steps) == (100, 100)


def test_the_mean_of_the_weights_is_kept_besides() -> None:
    plain, mean = network(), network()
    seen: list[Tensor] = []

    def keep(model: nn.Module) -> dict[str, float]:
        seen.append(model[0].weight.detach().clone())
        assert not model.training
        return {"held": 1.0}

    run(plain, replace(CONFIG, ema=0.0))
    news = run(mean, replace(CONFIG, ema=0.5), measure=keep)
    assert news.values["held"] == 1.0
    assert not equal(plain, mean)
    assert torch.equal(seen[-1], mean[0].weight)


def test_the_clock_ends_a_training() -> None:
    news = run(network(), replace(CONFIG, steps=10**9, seconds=0.3))
    assert 0 < news.step < 10**9
    assert news.seconds >= 0.3


def test_a_loss_that_is_no_number_is_told() -> None:
    def loss(model: nn.Module, batch: tuple[Tensor, ...], step: int) -> dict[str, Tensor]:
        found = classify(model, batch, step)
        return {"loss": found["loss"] * (float("nan") if step == 3 else 1)}

    batches = Shuffled(examples(), 8)
    with pytest.raises(ValueError, match="no number any more at step 3; lower the rate"):
        fit(network(), batches, loss, CONFIG)


def test_frozen_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing to train"):
        run(network().requires_grad_(False))


@pytest.mark.parametrize(
    "changes", [{"steps": 0}, {"rate": 0.0}, {"ema": 1.0}, {"schedule": "up"}, {"optimiser": "x"}]
)
def test_impossible_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least|above 0|There is no"):
        FitConfig(**changes)


def test_rates_follow_their_schedule() -> None:
    steps = FitConfig(rate=1.0, schedule="steps", drops=(0.5, 0.75))
    assert [steps.rate_at(share) for share in (0.0, 0.49, 0.5, 0.8)] == pytest.approx(
        [1, 1, 0.1, 0.01]
    )
    cosine = FitConfig(rate=1.0, schedule="cosine", warmup=0.1)
    assert cosine.rate_at(0.05) == pytest.approx(0.5, abs=0.01)
    assert cosine.rate_at(0.5) == pytest.approx(0.5)
    assert cosine.rate_at(1.0) == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 5))
def test_each_round_brings_every_example_once(count: int, batch: int, seed: int) -> None:
    batches = Shuffled((torch.arange(count), torch.arange(count)), batch, seed)
    for turn in range(2):
        steps = range(turn * batches.per_round, (turn + 1) * batches.per_round)
        found = torch.cat([batches(step)[0] for step in steps])
        assert sorted(found.tolist()) == list(range(count))
    assert torch.equal(batches(1)[0], batches(1)[1])


def test_generators_differ_by_any_number() -> None:
    drawn = [
        int(torch.randint(2**40, (1,), generator=seeded(*numbers)))
        for numbers in ((0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 1))
    ]
    assert len(set(drawn)) == len(drawn)
    assert torch.equal(torch.rand(3, generator=seeded(4, 2)), torch.rand(3, generator=seeded(4, 2)))


def test_examples_without_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="not as many labels as examples"):
        Shuffled((torch.zeros(3), torch.zeros(2)), 2)
    with pytest.raises(ValueError, match="no examples"):
        Shuffled((torch.zeros(0),), 2)


SHARED = """
import torch, sys
from pathlib import Path
from torch import nn
from tevr.models.fit import FitConfig, Shuffled, classify, fit
torch.manual_seed(0)
x = torch.randn(32, 4, generator=torch.Generator().manual_seed(1))
model = nn.Linear(4, 2)
config = FitConfig(steps=4, batch=8, device="cpu")
fit(model, Shuffled((x, (x.sum(1) > 0).long()), 8), classify, config, folder=Path(sys.argv[1]))
"""


def test_two_processes_make_the_steps_of_one(tmp_path: Path) -> None:
    script = tmp_path / "shared.py"
    script.write_text(SHARED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    alone = [sys.executable, str(script), str(tmp_path / "one")]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for command in (alone, [*launch, str(script), str(tmp_path / "two")]):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, done.stderr
    one, two = (read_state(tmp_path / name / CHECKPOINT) for name in ("one", "two"))
    for name, weight in one["network"].items():
        torch.testing.assert_close(two["network"][name], weight)
