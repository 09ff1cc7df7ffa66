"""`tevr train`: flags reach the training, and what goes wrong is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result

Call = Callable[..., Result]


@pytest.fixture
def config(tmp_path: Path, data: Path) -> Path:
    """Settings of a training that takes a moment."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "model: {sizes: {width: 16, heads: 2, inner: 16, encoder_blocks: 1, taps: [0],"
        " head_blocks: 1, head_inner: 16}}\n"
        f"data: {{sources: [{{path: {data / 'kerstin'}}}]}}\n"
        "optimiser: {narrow: false}\n"
        "run: {steps: 2, workers: 0, threads: 1}\n",
        encoding="utf-8",
    )
    return path


def test_a_run_is_made_gone_on_with_and_drawn(tevr: Call, config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert tevr("train", config, "-o", folder) == Result(0, "", "")
    assert (folder / "checkpoint-00000002").is_dir()
    assert (folder / "last.safetensors").is_file()
    assert (folder / "skipped.tsv").read_text() == "source\tpath\treason\n"
    assert tevr("train", config, "-o", folder, "--set", "run.steps=3").code == 0
    assert (folder / "checkpoint-00000003").is_dir()
    (folder / "curve.svg").unlink()
    assert tevr("train", "--plot", folder) == Result(0, f"{folder / 'curve.svg'}\n", "")
    assert (folder / "curve.svg").is_file()


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        (["-o", "run", "--set", "run.stps=3"], "has an unknown key run.stps. Perhaps steps"),
        (["-o", "run", "--set", "data.sources=[{path: none}]"], "none has no manifest.tsv"),
        (["-o", "run", "--set", "tokens=none.json"], "none.json is no label table"),
        (["-o", "run", "--set", "model.start=none"], "The weights none cannot be read"),
        (["-o", "run", "--set", "optimiser.frozen=[encodr]"], "no part encodr. Perhaps encoder"),
        (["-o", "run", "--set", "optimiser.frozen=[encoder, head]"], "All of the network is"),
        (["-o", "run", "--set", "data.longest=40"], "hears 30 s at once, not 40.2 s"),
        (["-o", "run", "--set", "loss={intermediate: {1: 1}}"], "on a block that the head lacks"),
        ([], "Training needs a folder for what it makes. Name one with -o."),
    ],
)
def test_what_cannot_be_trained_is_told_in_one_sentence(
    tevr: Call,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    cause: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tevr("train", config, *flags)
    assert result.code in (1, 2)
    assert cause in result.sentence
    assert result.out == ""


def test_a_run_without_metrics_cannot_be_drawn(tevr: Call, tmp_path: Path) -> None:
    assert "has no metrics.jsonl" in tevr("train", "--plot", tmp_path).sentence


def test_a_missing_package_is_named_with_what_installs_it(
    tevr: Call, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins
    import sys
    from typing import Any

    usual = builtins.__import__

    def without_torch(name: str, *rest: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return usual(name, *rest)

    for name in list(sys.modules):
        if name.startswith("tevr.training"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without_torch)
    sentence = tevr("train", config, "-o", "run").sentence
    assert "needs the package torch, which is missing" in sentence
    assert 'pip install "tevr[train]"' in sentence
