"""`tevr score`: the rates of any system's text, and a folder that can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import pytest

Command = Callable[..., Any]
SAID = ["Die Straßenbahn kam um 12 Uhr.", "Alles gut?", "Ja!"]
HEARD = ["die straßen bahn kam um zwölf uhr", "alles gut", ""]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """References and hypotheses, a line each."""
    paths = tmp_path / "ref.txt", tmp_path / "hyp.txt"
    for path, lines in zip(paths, (SAID, HEARD), strict=True):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return paths


def test_all_rates_are_told(files: tuple[Path, Path], tevr: Command) -> None:
    done = tevr("score", *files)
    assert (done.code, done.err) == (0, "")
    assert "plain       WER 44.44%" in done.out
    assert "leaderboard WER 11.11%" in done.out  # the compound and the number are forgiven
    summary = json.loads(tevr("score", *files, "--json").out)
    plain = summary["rates"]["plain"]["words"]
    said = ["die strassenbahn kam um 12 uhr", "alles gut", "ja"]
    heard = [line.replace("ß", "ss") for line in HEARD]
    assert plain["rate"] == jiwer.wer(said, heard)
    assert summary["rates"]["raw"]["words"]["rate"] == jiwer.wer(SAID, HEARD)


def test_the_normaliser_is_chosen(files: tuple[Path, Path], tevr: Command) -> None:
    summary = json.loads(tevr("score", *files, "--normaliser", "leaderboard", "--json").out)
    assert sum(summary["classes"].values()) == 1
    assert "*" in tevr("score", *files, "--normaliser", "raw").out.splitlines()[1]


def test_results_are_kept_and_compared(files: tuple[Path, Path], tevr: Command) -> None:
    reference, hypothesis = files
    first, second = (reference.parent / name for name in ("first", "second"))
    assert tevr("score", reference, hypothesis, "-o", first).code == 0
    assert tevr("score", reference, reference, "-o", second).code == 0
    assert "<audio" not in (first / "report.html").read_text(encoding="utf-8")
    assert "Worst utterances" in (first / "report.html").read_text(encoding="utf-8")
    done = tevr("evaluate", "--compare", first, second)
    assert "fewer errors in 2" in done.out
    assert tevr("score", reference, reference, "-o", first).code == 2  # other results lie there


def test_what_is_unmatched_is_told(tmp_path: Path, tevr: Command) -> None:
    (tmp_path / "ref.tsv").write_text("a\tGut.\nb\tSchlecht.\n")
    (tmp_path / "hyp.tsv").write_text("a\tgut\nc\tanders\n")
    done = tevr("score", tmp_path / "ref.tsv", tmp_path / "hyp.tsv")
    assert done.code == 0
    assert "WER 50.00%" in done.out
    assert "1 references have no hypothesis" in done.err
    assert "1 hypotheses have no reference" in done.err


def test_wrong_usage_exits_with_2(files: tuple[Path, Path], tevr: Command) -> None:
    assert tevr("score", files[0]).code == 2
    assert "cannot be read" in tevr("score", files[0], "none.txt").sentence
    assert tevr("score", *files, "--normaliser", "x").code == 2
