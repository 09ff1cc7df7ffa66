"""`tevr lm` from the command line: models of texts, mixtures, and what they say of a sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import default_signals
from tevr.lm.folder import read_language_model
from tevr.lm.ngram import LanguageModel

Tevr = Callable[..., Any]
TEXT = """Die Sonographie des Abdomens zeigte keine freie Flüssigkeit.
Wir danken für die freundliche Überweisung der Patientin.
Die Cholezystektomie verlief komplikationslos.
Die Patientin ist beschwerdefrei.
"""


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "brief.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def model(tevr: Tevr, text: Path, tmp_path: Path) -> Path:
    assert tevr("lm", "build", text, "-o", tmp_path / "befunde").code == 0
    return tmp_path / "befunde"


# Building


def test_a_model_is_built_and_reported(tevr: Tevr, text: Path, tmp_path: Path) -> None:
    target = tmp_path / "befunde"
    result = tevr("lm", "build", text, "-o", target, "--order", "4", "--held-out", text, "--force")
    assert (result.code, result.out) == (1, "")
    assert "held out" in result.sentence
    result = tevr("lm", "build", text, "-o", target, "--order", "4", "--arpa")
    assert (result.code, result.err) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert rows["read"] == "1 files: 4 sentences, 24 words, 20 different"
    assert rows["vocabulary"] == "20 words"
    assert rows["written"].startswith(str(target))
    assert rows["n-grams"].startswith("23 + ")
    assert rows["n-grams"].count("+") == 3
    assert "pruned" not in result.out
    assert sorted(path.name for path in target.iterdir()) == [
        "lexicon.bin", "lm.arpa.gz", "lm.bin", "lm.json", "unigrams.txt"
    ]  # fmt: skip


def test_the_report_comes_as_json(
    tevr: Tevr, text: Path, tmp_path: Path, sentences: list[Any]
) -> None:
    kerstin = tmp_path / "kerstin.txt"
    kerstin.write_text("\n".join(sentence.text for sentence in sentences), encoding="utf-8")
    (tmp_path / "bild.txt").write_bytes(bytes(range(256)) * 20)
    result = tevr(
        *("lm", "build", tmp_path, "-o", tmp_path / "lm", "--json"),
        *("--held-out", text, "--mix", "de-small", "--weight", "0.25"),
    )
    assert result.code == 0
    assert "Left out: " in result.err
    assert "bild.txt" in result.err
    report = json.loads(result.out)
    assert report["schema"] == 1
    assert (report["files"], report["exact"], report["sentences"]) == (3, 4, len(sentences))
    assert [Path(each["path"]).name for each in report["skipped"]] == ["bild.txt"]
    assert report["weight"] == 0.25
    assert report["perplexity"]["words"] == report["base_perplexity"]["words"] == 24
    assert report["bytes"] < 60_000_000
    model = LanguageModel(tmp_path / "lm" / "lm.bin")
    assert "siebenkampf" in model
    assert "katze" in model


def test_pruning_is_told(tevr: Tevr, text: Path, tmp_path: Path) -> None:
    full = json.loads(tevr("lm", "build", text, "-o", tmp_path / "a", "--json").out)["bytes"]
    result = tevr("lm", "build", text, "-o", tmp_path / "b", "--max-size", f"{full - 100}B")
    assert "pruned to fit from 23 + " in result.out


def test_settings_and_variables_reach_the_group(
    tevr: Tevr, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[lm.build]\norder = 2\nmax-size = "5MB"\nwords = 5\njson = true')
    monkeypatch.setenv("TEVR_SETTINGS", str(settings))
    monkeypatch.setenv("TEVR_LM_BUILD_WORDS", "7")
    report = json.loads(tevr("lm", "build", text, "-o", tmp_path / "lm").out)
    assert (len(report["sizes"]), report["vocabulary"]) == (2, 7)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["fehlt.txt"], 2, "fehlt.txt does not exist"),
        (["bild.jpg"], 2, "of a kind that is not read"),
        (["leer.txt"], 1, "no sentence of German letters"),
        (["bild.txt"], 1, "cannot be read"),
        (["brief.txt", "--max-size", "40XB"], 2, "'40XB' is no size"),
        (["brief.txt", "--max-size", "1kB"], 2, "words alone take"),
        (["brief.txt", "--order", "9"], 2, "order 9 cannot be built"),
        (["brief.txt", "--bits", "99"], 2, "99 bits"),
        (["brief.txt", "--weight", "0.5"], 2, "no language model to mix"),
        (["brief.txt", "--mix", "nichts"], 1, "nichts does not exist"),
        (["brief.txt", "--mix", "."], 1, "holds no files of n-grams"),
        (["brief.txt", "--mix", "de-small", "--weight", "2"], 2, "2 is no weight"),
        (["brief.txt", "--held-out", "fehlt.txt"], 2, "fehlt.txt"),
        (["brief.txt", "--memory", "1MB"], 2, "memory"),
        ([], 2, "Missing argument"),
    ],
)
def test_bad_input_is_one_sentence(
    tevr: Tevr,
    text: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(text.parent)
    for name, data in {"leer.txt": b"", "bild.txt": b"\0\1\2\3" * 999, "bild.jpg": b""}.items():
        Path(name).write_bytes(data)
    before = sorted(map(str, Path().iterdir()))
    result = tevr("lm", "build", *arguments, "-o", "lm")
    assert (result.code, result.out) == (code, "")
    assert words in result.err.splitlines()[-1]
    assert all(line.startswith("tevr: ") for line in result.err.splitlines())
    assert sorted(map(str, Path().iterdir())) == before


def test_what_is_there_is_not_overwritten(tevr: Tevr, text: Path, model: Path) -> None:
    result = tevr("lm", "build", text, "-o", model)
    assert result.code == 2
    assert "--force" in result.sentence
    assert "no language-model folder" in tevr("lm", "build", text, "-o", text).sentence
    assert tevr("lm", "build", text, "-o", model, "--force").code == 0


def test_an_interrupted_build_leaves_nothing(command: list[str], text: Path) -> None:
    text.write_text(TEXT * 20_000, encoding="utf-8")
    whole = [*command, "lm", "build", str(text), "-o", str(text.parent / "lm")]
    with (
        default_signals(),
        subprocess.Popen(whole, stderr=subprocess.PIPE, start_new_session=True) as process,
    ):
        while not list(text.parent.glob("tevr-scratch-*")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"tevr: Stopped.\n")
    assert [path.name for path in text.parent.iterdir()] == ["brief.txt"]


# Mixing


def test_models_are_mixed(tevr: Tevr, text: Path, model: Path, tmp_path: Path) -> None:
    text.write_text("Der Hund bellt. Die Katze schläft.", encoding="utf-8")
    assert tevr("lm", "build", text, "-o", tmp_path / "tiere").code == 0
    result = tevr("lm", "mix", model, tmp_path / "tiere", "-o", tmp_path / "lm", "--weight", "0.3")
    assert (result.code, result.err) == (0, "")
    assert "0.7 befunde + 0.3 tiere" in result.out
    words = LanguageModel(read_language_model(tmp_path / "lm").files.ngrams)
    assert all(word in words for word in ["cholezystektomie", "katze"])
    third = json.loads(tevr("lm", "mix", model, model, model, "-o", tmp_path / "3", "--json").out)
    assert [each["weight"] for each in third["parents"]] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (["--weight", "0.3", "--weight", "0.3"], "2 weights were given for 1 models"),
        (["--weight", "1.5"], "make no mixture"),
        (["--weight", "x"], "'x' is no number"),
    ],
)
def test_wrong_weights_are_refused(
    tevr: Tevr, model: Path, tmp_path: Path, weights: list[str], words: str
) -> None:
    result = tevr("lm", "mix", model, model, "-o", tmp_path / "lm", *weights)
    assert result.code == 2
    assert words in result.sentence


# Looking into models


def test_perplexity_of_a_text_is_told(tevr: Tevr, model: Path, text: Path) -> None:
    result = tevr("lm", "perplexity", text, "--lm", model)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:2] == [
        "words                  24",
        "unknown words          0 (0.00%)",
    ]
    own = json.loads(tevr("lm", "perplexity", text, "--lm", model, "--json").out)
    bundled = json.loads(tevr("lm", "perplexity", text, "--json").out)
    assert own["words"] == bundled["words"] == 24
    assert own["with_unknown"] < bundled["with_unknown"]
    text.write_text("")
    assert "no text to measure" in tevr("lm", "perplexity", text, "--lm", model).sentence


def test_the_explanation_adds_up(tevr: Tevr) -> None:
    sentence = "Die Schulausflugskatze bellt xyqz."
    data = json.loads(tevr("lm", "explain", sentence, "--json").out)
    words = data["words"]
    assert [word["word"] for word in words][0::3] == ["die", "xyqz"]
    for word in words:
        parts = word["ngram_log10"] + word["back_off"] + word["composing"]
        assert word["log10"] == pytest.approx(parts)
        assert word["probability"] == pytest.approx(10 ** word["log10"])
    assert data["log10"] == pytest.approx(sum(word["log10"] for word in words))
    assert data["perplexity"] == pytest.approx(10 ** (-data["log10"] / len(words)))
    assert "".join(words[1]["parts"]) == "schulausflugskatze"


def test_the_explanation_is_a_table(tevr: Tevr, model: Path) -> None:
    result = tevr("lm", "explain", "Die Patientin schläft", "--lm", model)
    assert (result.code, result.err) == (0, "")
    head, die, patientin, schlaeft, end, total = result.out.splitlines()
    assert head.split()[:4] == ["word", "n-gram", "log10", "back-off"]
    assert die.split()[:2] == ["die", "2"]
    assert patientin.split()[:2] == ["patientin", "3"]
    assert schlaeft.endswith("unknown")
    assert end.startswith("</s>")
    assert total.startswith("sentence: log10 -")


@pytest.mark.parametrize("sentence", ["", "?!"])
def test_a_sentence_without_words_is_refused(tevr: Tevr, sentence: str) -> None:
    result = tevr("lm", "explain", sentence)
    assert result.code == 2
    assert "holds no words" in result.sentence


def test_the_group_alone_shows_its_commands(tevr: Tevr) -> None:
    result = tevr("lm")
    assert (result.code, result.err) == (0, "")
    assert all(name in result.out for name in ["build", "mix", "perplexity", "explain"])
    assert "No such command" in tevr("lm", "nonsense").sentence
