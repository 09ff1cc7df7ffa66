"""`tevr zoo` lists, describes, trains, asks and checks; bad input is told in one sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tevr.models import PAPERS

Tevr = Callable[..., Any]
SMALL = [text for value in ("size=8", "blocks=1", "epochs=1") for text in ("--set", value)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 128)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for at in range(6):
            array = draw.integers(low, low + 128, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(array).save(tmp_path / "pictures" / name / f"{at}.png")
    return tmp_path / "pictures"


def test_all_papers_are_listed(tevr: Tevr) -> None:
    lines = tevr("zoo", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == [paper.name for paper in PAPERS]
    data = json.loads(tevr("zoo", "list", "--json").out)
    assert [paper["name"] for paper in data["papers"]] == [paper.name for paper in PAPERS]


def test_a_paper_is_described_with_settings_claims_and_demonstration(tevr: Tevr) -> None:
    result = tevr("zoo", "info", "min-net", "--demo")
    assert (result.code, result.err) == (0, "")
    assert "arXiv 2201.02149" in result.out
    assert "  minimum = True" in result.out
    assert "  jpeg: They suffer less from JPEG" in result.out
    assert "0 and 0 to straight edges and 2 to a corner" in result.out
    assert "Settings" not in tevr("zoo", "info", "recurrent_dropout").out


def test_a_paper_is_trained_and_asked(tevr: Tevr, tmp_path: Path, pictures: Path) -> None:
    run = tmp_path / "run"
    trained = tevr("zoo", "train", "fp_net", "--data", pictures, "-o", run, *SMALL)
    assert (trained.code, trained.err) == (0, "")
    assert trained.out.splitlines()[1:] == ["images learnt: 10", "images held out: 2"]
    again = tevr("zoo", "train", "fp_net", "--data", pictures, "-o", run, *SMALL, "--json")
    assert json.loads(again.out)["images learnt"] == 10
    file = pictures / "dark" / "0.png"
    (line,) = tevr("zoo", "predict", run, file).out.splitlines()
    assert line.split("  ")[0] == str(file)
    answers = json.loads(tevr("zoo", "predict", run, file, "--json").out)["answers"]
    assert answers[0]["class"] in ("dark", "light")


def test_claims_are_checked_kept_and_written_down(tevr: Tevr, tmp_path: Path) -> None:
    flags = ("--quick", "--work", tmp_path / "work", "-o", tmp_path / "docs")
    kept = tmp_path / "work" / "quick" / "recurrent_dropout" / "order"
    kept.mkdir(parents=True)
    result = {
        "paper": "recurrent_dropout",
        "claim": "order",
        "says": "S",
        "published": "P",
        "quick": True,
        "minutes": 1.0,
        "command": "C",
        "finding": {"ours": "O", "holds": False, "data": "D", "pictures": []},
    }
    (kept / "result.json").write_text(json.dumps(result))
    checked = tevr("zoo", "check", "recurrent_dropout", *flags)
    assert (checked.code, checked.err) == (1, "")
    memory, order = checked.out.splitlines()
    assert memory.startswith("recurrent_dropout memory: holds. ")
    assert order == "recurrent_dropout order: does not hold. S: O"
    page = (tmp_path / "docs" / "zoo.md").read_text(encoding="utf-8")
    assert "1.0000 with updates dropped, 0.0563 with the memory" in page
    data = json.loads(tevr("zoo", "check", "recurrent_dropout", *flags, "--json").out)
    assert [each["finding"]["holds"] for each in data["claims"]] == [True, False]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("info", "nothing"), "The zoo has no 'nothing'"),
        (("check", "nothing"), "The zoo has no 'nothing'"),
        (("check", "min_net", "--data", "nowhere"), "There is no folder nowhere"),
        (("predict", "nowhere", "x.png"), "nowhere holds no run of the zoo"),
        (("train", "fp_net", "--data", "nowhere.npz", "-o", "R"), "There is no nowhere.npz"),
        (("train", "fp_net", "--data", "digits", "-o", "R", "--set", "x=1"), "no setting x"),
        (("train", "recurrent_dropout", "--data", "digits", "-o", "R"), "is not trained alone"),
    ],
)
def test_wrong_calls_are_told_in_one_sentence(
    tevr: Tevr,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = tevr("zoo", *flags)
    assert (result.code, result.out) == (2, "")
    assert words in result.sentence


def test_one_class_is_told(tevr: Tevr, tmp_path: Path, pictures: Path) -> None:
    for path in (pictures / "light").iterdir():
        path.unlink()
    result = tevr("zoo", "train", "min_net", "--data", pictures, "-o", tmp_path / "run")
    assert "one class only, dark; telling apart needs two" in result.sentence


def test_a_missing_package_is_told(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("tevr.models.proxy"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    result = tevr("zoo", "info", "proxy_grad")
    assert (
        'needs the package torch, which is missing. Install it with: pip install "tevr[zoo]"'
        in (result.sentence)
    )
