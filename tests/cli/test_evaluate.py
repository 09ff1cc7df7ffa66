"""`tevr evaluate`: results that survive a kill, exit codes, comparisons, leaks, the report."""

from __future__ import annotations

import json
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tevr.cli.main import run

Command = Callable[..., Any]
FAST = ("--workers", "1", "--beam", "10", "--worst", "2")


@pytest.fixture(scope="module")
def release(make_release: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with a broken and a missing clip, an empty sentence and a clip listed twice."""
    return make_release(tmp_path_factory.mktemp("cv"), flawed=True)


@pytest.fixture(scope="module")
def results(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `tevr evaluate` writes of it."""
    folder = tmp_path_factory.mktemp("results")
    assert run(["evaluate", str(release), "-o", str(folder), *FAST]) == 1
    return folder


def untimed(folder: Path) -> str:
    """The summary as it stands in the file, without the part on times."""
    text = (folder / "summary.json").read_text(encoding="utf-8")
    assert text.count('\n  "run": {') == 1
    return text.split('\n  "run": {')[0]


def test_a_release_is_scored_and_failures_are_named(
    release: Path, tmp_path: Path, tevr: Command
) -> None:
    done = tevr("evaluate", release, "-o", tmp_path, *FAST)
    assert done.code == 1  # two clips failed, the others are done
    assert "scored      4 utterances" in done.out
    assert "plain       WER" in done.out
    told = done.err.splitlines()
    assert len(told) == 4
    for name in ("broken.mp3", "lost.mp3", "empty.mp3", "common_voice_de_0.mp3 (row 8)"):
        assert sum(name in line for line in told) == 1
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert {kind: len(found) for kind, found in summary["problems"].items()} == {
        "missing": 1,
        "empty": 1,
        "duplicate": 1,
        "broken": 1,
    }
    assert summary["rates"]["plain"]["words"]["length"] == 52
    assert summary["rates"]["raw"]["words"]["rate"] > summary["rates"]["plain"]["words"]["rate"]
    assert sum(summary["classes"].values()) == summary["rates"]["plain"]["words"]["errors"]
    assert set(summary["model"]["files"]) > {"model.onnx"}
    assert len(next(iter(summary["language_model"].values()))) == 64
    assert summary["run"]["hardware"]["cores"] >= 1
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert report.count("<audio") == 2
    assert report.count("data:audio/mpeg;base64,") == 2
    assert "Probability of each label over time" in report
    again = tevr("evaluate", release, "-o", tmp_path, *FAST)  # nothing is left to do
    assert again.out.splitlines()[:-2] == done.out.splitlines()[:-2]


def test_a_killed_run_ends_with_the_same_summary(
    release: Path, results: Path, tmp_path: Path, command: list[str], tevr: Command
) -> None:
    folder = tmp_path / "killed"
    arguments = ["evaluate", str(release), "-o", str(folder), *FAST]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE)
    records = folder / "utterances.jsonl"
    while process.poll() is None and not (records.is_file() and records.stat().st_size):
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert not (folder / "summary.json").exists()
    assert tevr(*arguments).code == 1
    assert untimed(folder) == untimed(results)


def test_processes_and_archives_change_nothing(
    release: Path, results: Path, tmp_path: Path, tevr: Command
) -> None:
    archive = tmp_path / "cv.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(release.parent, "cv-corpus")
    code = tevr("evaluate", archive, "-o", tmp_path / "two", *FAST, "--workers", "2").code
    assert code == 1
    one, two = (
        json.loads((each / "summary.json").read_text()) for each in (results, tmp_path / "two")
    )
    for name in ("rates", "problems", "classes", "pairs", "groups", "sources", "scored"):
        assert one[name] == two[name], name


def test_learnt_references_are_found_and_left_out(
    release: Path, tmp_path: Path, tevr: Command
) -> None:
    text = tmp_path / "learnt.txt"
    text.write_text(
        "Danach studierte er ein Jahr lang an der Akademie der Bildenden Künste in München.\n",
        encoding="utf-8",
    )
    done = tevr("evaluate", release, "-o", tmp_path / "out", *FAST, "--learnt", text, "--json")
    leaks = json.loads(done.out)["leaks"]
    assert leaks["exact"] == ["common_voice_de_3.mp3"]
    assert leaks["clean"]["utterances"] == 3


def test_results_are_compared_with_each_other(
    release: Path, results: Path, tmp_path: Path, tevr: Command
) -> None:
    greedy = tmp_path / "greedy"
    tevr("evaluate", release, "-o", greedy, "--decoder", "greedy", "--workers", "1", "--worst", "0")
    done = tevr("evaluate", "--compare", results, greedy)
    assert done.code == 0
    assert "paired bootstrap" in done.out
    assert "matched pairs" in done.out
    found = json.loads(tevr("evaluate", "--compare", results, greedy, "--json").out)
    (comparison,) = found["comparisons"]
    assert comparison["utterances"] == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere", "-o", "out"], "neither a folder nor an archive"),
        (["nowhere"], "folder for the results"),
        (["--compare", "a"], "One folder cannot be compared"),
        (["--compare", "a", "b"], "holds no results"),
        (["nowhere", "-o", "out", "--normaliser", "mine"], "no normaliser 'mine'"),
        (["nowhere", "-o", "out", "--workers", "0"], "less than 1"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], sentence: str, tevr: Command, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    done = tevr("evaluate", *arguments)
    assert done.code == 2
    assert sentence in done.sentence
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_results_is_not_touched(
    release: Path, results: Path, tevr: Command
) -> None:
    before = untimed(results)
    done = tevr("evaluate", release, "-o", results, *FAST, "--alpha", "0.1")
    assert done.code == 2
    assert untimed(results) == before
