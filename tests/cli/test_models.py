"""`tevr models export` makes a model of a run that `tevr transcribe` reads with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result

Tevr = Callable[..., Result]


@pytest.fixture
def run(tevr: Tevr, tmp_path: Path, data: Path) -> Path:
    """The folder of a training of a moment."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "model: {sizes: {width: 16, heads: 2, inner: 16, encoder_blocks: 1, taps: [],"
        " head_blocks: 0}}\n"
        f"data: {{sources: [{{path: {data / 'kerstin'}, dev: {{first: 1}}}}]}}\n"
        "run: {steps: 1, dev_every: 1, workers: 0, threads: 1}\n",
        encoding="utf-8",
    )
    assert tevr("train", config, "-o", tmp_path / "run").code == 0
    return tmp_path / "run"


def test_a_run_becomes_a_model_to_transcribe_with(
    tevr: Tevr, run: Path, data: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    result = tevr(
        "models", "export", run, "-o", folder, "--name", "first", "--licence", "kerstin=CC0"
    )
    assert (result.code, result.err) == (0, "")
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert lines.keys() == {"float32", "int8", "greedy", "written"}
    assert lines["float32"].endswith("100.00% same best label")
    assert f"written    {folder}, network 0" in lines["written"]
    assert json.loads((folder / "model.json").read_text(encoding="utf-8"))["name"] == "first"
    assert "| CC0 |" in (folder / "README.md").read_text(encoding="utf-8")
    heard = tevr("transcribe", "--model", folder, "--format", "json", data / "clip.wav")
    assert (heard.code, heard.err) == (0, "")
    assert json.loads(heard.out)["model"] == "first"


def test_weights_of_one_file_are_told_of_in_json(
    tevr: Tevr, run: Path, data: Path, tmp_path: Path
) -> None:
    folder, exact = tmp_path / "mine", tmp_path / "float.onnx"
    flags = ("--clips", data / "kerstin", "--test", data / "kerstin", "--keep-float", exact)
    result = tevr("models", "export", run / "last.safetensors", "-o", folder, *flags, "--json")
    assert (result.code, result.err) == (0, "")
    told = json.loads(result.out)
    assert (told["name"], told["folder"]) == ("mine", str(folder))
    assert told["bytes"]["model.onnx"] == (folder / "model.onnx").stat().st_size
    assert told["greedy"]["int8"]["clips"] == 4
    assert told["parity"]["float32"]["agreement"] == 1.0
    decoders = [(each["recordings"], each["decoder"]) for each in told["tests"]]
    assert decoders == [("kerstin", "greedy"), ("kerstin", "with language model")]
    assert exact.is_file()
    assert "`last.safetensors`" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["none"], 1, "There are no weights none. Name the folder of a run"),
        ([".", "--licence", "kerstin"], 2, "'kerstin' states no licence"),
        ([".", "--lm", "none"], 1, "There are no weights best.safetensors"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence(
    tevr: Tevr,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tevr("models", "export", "-o", "model", *flags)
    assert result.code == code
    assert said in result.sentence
    assert list(tmp_path.iterdir()) == []


def test_the_language_model_is_looked_for_first(tevr: Tevr, run: Path, tmp_path: Path) -> None:
    result = tevr("models", "export", run, "-o", tmp_path / "mine", "--lm", tmp_path / "none")
    assert result.code == 1
    assert "none does not exist. Give a language-model folder." in result.sentence
    assert not (tmp_path / "mine").exists()


def test_missing_packages_are_told(tevr: Tevr, hide: Callable[[str, str], None]) -> None:
    hide("tevr.training.model_folder", "onnx")
    result = tevr("models", "export", "run", "-o", "model")
    assert result.code == 2
    assert "Export needs the package onnx," in result.sentence
    assert result.sentence.endswith('Install it with: pip install "tevr[train,export]".')


def test_the_group_shows_its_commands(tevr: Tevr) -> None:
    result = tevr("models")
    assert (result.code, result.err) == (0, "")
    assert "export" in result.out
