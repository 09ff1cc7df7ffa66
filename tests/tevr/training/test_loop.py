"""Training: it learns, goes on after any end as if nothing had been, and says what went wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tests.conftest import default_signals
from tevr.errors import ModelError, OutputError, UsageError
from tevr.training import loop
from tevr.training.settings import TrainSettings, read_settings
from tevr.training.training import train
from tevr.training.whisper_ctc import read_network

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "tevr.cli.main", "train"]
SIZES = {"width": 16, "heads": 2, "inner": 32, "encoder_blocks": 1, "taps": [0]}
SIZES |= {"head_blocks": 2, "head_inner": 32, "positions": 1500}
Curve = list[tuple[int, float]]


@pytest.fixture
def config(tmp_path: Path, data: Path) -> Callable[..., Path]:
    """Writes a settings file; keywords replace its sections' values."""

    def write(**sections: dict[str, Any]) -> Path:
        values: dict[str, Any] = {
            "model": {"sizes": SIZES},
            "data": {
                "sources": [{"path": str(data / "kerstin"), "repeat": 3, "dev": {"first": 1}}],
                "cache": str(tmp_path / "cache"),
            },
            "batches": {"seconds": 16},
            "optimiser": {"rate": 5e-3, "warm_up": 3, "narrow": False},
            "run": {"steps": 8, "workers": 0, "threads": 1, "log_every": 1, "save_every": 2},
        }
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        values["run"] = {"dev_every": 4} | values["run"]
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        return path

    return write


def run(settings: Path | TrainSettings, folder: Path, stop: Sequence[bool] = ()) -> bool:
    if isinstance(settings, Path):
        settings = read_settings(settings)
    asked = iter(stop)
    told: list[object] = []
    return train(
        settings, folder, read=told.append, show=told.append, stop=lambda: next(asked, False)
    )


def metrics(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def curve(folder: Path) -> Curve:
    return [
        (line["step"], line[name])
        for line in metrics(folder)
        for name in ("loss", "dev_loss")
        if name in line
    ]


def assert_same(one: Curve, other: Curve) -> None:
    assert [step for step, _ in one] == [step for step, _ in other]
    losses = [torch.tensor([loss for _, loss in each]) for each in (one, other)]
    torch.testing.assert_close(*losses, atol=1e-4, rtol=1e-4)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def checkpoint_step(folder: Path) -> int:
    return max((int(path.name[11:]) for path in folder.glob("checkpoint-????????")), default=0)


def test_the_loss_falls_and_the_folder_tells_all(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    folder = tmp_path / "run"
    assert run(config(run={"steps": 14}), folder)
    losses = [loss for _, loss in curve(folder)]
    assert losses[-1] < 0.7 * losses[0]
    assert read_network(folder / "best.safetensors").config.width == 16
    assert (folder / "curve.svg").read_bytes().startswith(b"<?xml")
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["steps"] == 14
    assert summary["hours_heard"] == pytest.approx(metrics(folder)[-2]["heard"] / 3600, abs=1e-3)
    assert summary["sources"][0]["clips"] == 3
    assert summary["sources"][0]["dev_clips"] == 1
    assert read_settings(folder / "settings.yaml") == read_settings(tmp_path / "config.yaml")


def test_a_killed_run_goes_on_as_if_it_had_not_been_killed(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    settings = config(
        model={"dropout": 0.2},
        augment={"noise": 1.0},
        spectrum={"time_masks": 4, "frequency_masks": 2, "mel_warp": [0.9, 1.1]},
        batches={"join": {"probability": 0.4}, "accumulate": 2},
        loss={"intermediate": {0: 0.3}, "auxiliary": {"weight": 0.2}},
        run={"steps": 9, "log_every": 4},
    )
    run(settings, tmp_path / "whole")
    folder = tmp_path / "killed"
    command = [*COMMAND, str(settings), "-o", str(folder), "--set", "run.save_every=1"]
    command += ["--set", "run.workers=1"]
    with subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE) as process:
        limit = time.monotonic() + 60
        while checkpoint_step(folder) < 2 and process.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.005)
        process.kill()
    assert 2 <= checkpoint_step(folder) < 9
    (folder / "checkpoint-00000099.part").mkdir()  # as if killed within a checkpoint
    run(settings, folder)
    assert_same(curve(folder), curve(tmp_path / "whole"))
    assert not list(folder.glob("*.part"))


def test_two_processes_learn_what_one_does_with_twice_the_batch(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    settings = config(
        augment={"noise": 1.0},
        batches={"seconds": 8, "accumulate": 2},
        loss={"intermediate": {0: 0.3}},
        run={"steps": 6},
    )
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launch += ["--num_processes=2", "--num_machines=1", "--mixed_precision=no"]
    launch += ["--dynamo_backend=no", "--main_process_port=0", *COMMAND[1:]]
    launch += [str(settings), "-o", str(tmp_path / "two")]
    done = subprocess.run(launch, env=environment(), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    run(read_settings(settings, ("batches.seconds=16",)), tmp_path / "one")
    assert_same(curve(tmp_path / "two"), curve(tmp_path / "one"))
    heard = [json.loads((tmp_path / name / "summary.json").read_text()) for name in ("one", "two")]
    assert heard[0]["hours_heard"] == heard[1]["hours_heard"]


def test_a_stop_leaves_a_checkpoint_from_which_it_goes_on(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    settings = config(run={"save_every": 100})
    assert not run(settings, tmp_path / "stopped", stop=[False, False, True])
    assert checkpoint_step(tmp_path / "stopped") == 3
    assert run(settings, tmp_path / "stopped")
    run(settings, tmp_path / "whole")
    assert_same(curve(tmp_path / "stopped"), curve(tmp_path / "whole"))


def test_a_run_may_end_by_hours_of_sound(tmp_path: Path, config: Callable[..., Path]) -> None:
    assert run(config(run={"steps": None, "hours": 0.01}), tmp_path / "run")
    *_, before, last, _ = metrics(tmp_path / "run")
    assert before["heard"] < 36.0 <= last["heard"]


def test_a_longer_run_goes_on_and_a_finished_one_does_nothing(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    folder = tmp_path / "run"
    run(config(run={"steps": 3}), folder)
    before = (folder / "metrics.jsonl").read_bytes()
    run(config(run={"steps": 3}), folder)
    assert (folder / "metrics.jsonl").read_bytes() == before
    run(config(run={"steps": 5}), folder)
    assert checkpoint_step(folder) == 5


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"optimiser": {"rate": 1e-3}}, "has other settings: optimiser.rate"),
        ({"batches": {"seconds": 8}}, "has other settings: batches.seconds"),
    ],
)
def test_other_settings_are_refused_for_a_run_that_stands(
    tmp_path: Path, config: Callable[..., Path], change: dict[str, Any], cause: str
) -> None:
    run(config(run={"steps": 1}), tmp_path / "run")
    with pytest.raises(UsageError, match=cause):
        run(config(**change), tmp_path / "run")


def test_other_clips_are_refused_for_a_run_that_stands(
    tmp_path: Path, config: Callable[..., Path], data: Path
) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    lines = (data / "kerstin" / "manifest.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        name = line.split("\t")[0]
        (folder / name).symlink_to(data / "kerstin" / name)
    manifest = folder / "manifest.tsv"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    settings = config(data={"sources": [{"path": str(folder)}]}, run={"steps": 1})
    run(settings, tmp_path / "run")
    manifest.write_text("\n".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(UsageError, match="clips are not those"):
        run(settings, tmp_path / "run")


def test_a_second_run_on_the_folder_and_foreign_files_are_refused(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    from tevr.lm.lock import held

    with held(tmp_path / "run"), pytest.raises(UsageError, match="Another run is at work"):
        run(config(), tmp_path / "run")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("Dear …")
    with pytest.raises(UsageError, match="holds files, but no run"):
        run(config(), tmp_path / "other")


def test_a_step_without_a_finite_loss_is_left_out_and_counted(
    tmp_path: Path,
    config: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = []

    def sometimes(*arguments: Any) -> torch.Tensor:
        calls.append(1)
        factor = float("nan") if len(calls) == 3 else 1.0
        return ctc_sum(*arguments) * factor

    ctc_sum = loop.ctc_sum
    monkeypatch.setattr(loop, "ctc_sum", sometimes)
    run(config(run={"steps": 5}), tmp_path / "run")
    lines = [line for line in metrics(tmp_path / "run") if "bad" in line]
    assert [line["bad"] for line in lines] == [0, 0, 1, 1, 1]
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert caplog.messages == ["Step 3 has no finite loss and is left out."]


def test_training_that_never_gets_a_finite_loss_ends_and_keeps_its_checkpoint(
    tmp_path: Path, config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    run(config(run={"steps": 2, "bad_batches": 3}), folder)
    before = {path: path.read_bytes() for path in (folder / "checkpoint-00000002").iterdir()}
    monkeypatch.setattr(loop, "ctc_sum", lambda *given: given[0].sum() * float("nan"))
    with pytest.raises(ModelError, match="3 steps in a row had no finite loss"):
        run(config(run={"steps": 20, "bad_batches": 3, "save_every": 50}), folder)
    assert {path: path.read_bytes() for path in before} == before


def test_training_stops_when_dev_clips_are_heard_no_better(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    run(config(optimiser={"rate": 0.0}, run={"steps": 50, "dev_every": 2, "patience": 2}),
        tmp_path / "run")  # fmt: skip
    assert checkpoint_step(tmp_path / "run") == 6
    assert [line["step"] for line in metrics(tmp_path / "run") if "dev_wer" in line] == [2, 4, 6]


def test_a_full_disk_is_told_and_the_checkpoint_before_stays(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    import resource

    folder = tmp_path / "run"
    settings = config(run={"steps": 2})
    run(settings, folder)
    before = {path: path.read_bytes() for path in (folder / "checkpoint-00000002").iterdir()}
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # noqa: E731
    command = [*COMMAND, str(settings), "-o", str(folder), "--set", "run.steps=8"]
    done = subprocess.run(
        command, env=environment(), capture_output=True, timeout=120, check=False, preexec_fn=limit
    )
    assert done.returncode == 1
    sentence = done.stderr.decode()
    assert sentence.startswith(f"tevr: The run in {folder} cannot be written (")
    assert len(sentence.splitlines()) == 1
    assert {path: path.read_bytes() for path in before} == before
    run(config(run={"steps": 3}), folder)
    assert checkpoint_step(folder) == 3


def test_a_torn_checkpoint_is_named(tmp_path: Path, config: Callable[..., Path]) -> None:
    folder = tmp_path / "run"
    run(config(run={"steps": 1}), folder)
    (folder / "checkpoint-00000001" / "optimizer.bin").write_bytes(b"torn")
    with pytest.raises(ModelError, match="checkpoint-00000001 cannot be read"):
        run(config(run={"steps": 2}), folder)


def test_an_interrupted_command_ends_with_a_checkpoint_and_130(
    tmp_path: Path, config: Callable[..., Path]
) -> None:
    folder, settings = tmp_path / "run", config(run={"steps": 10_000, "workers": 1})
    command = [*COMMAND, str(settings), "-o", str(folder)]
    with (
        default_signals(),
        subprocess.Popen(
            command, env=environment(), stderr=subprocess.PIPE, start_new_session=True
        ) as process,
    ):
        limit = time.monotonic() + 60
        while not (folder / "metrics.jsonl").exists():
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, message = process.communicate(timeout=60)
    assert process.returncode == 130
    assert message.decode() == "tevr: Stopped. Start it again to go on.\n"
    assert checkpoint_step(folder) == metrics(folder)[-1]["step"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, config: Callable[..., Path]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        run(config(), tmp_path / "file" / "run")
