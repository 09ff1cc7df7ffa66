"""`tevr tokens` derives, parts, explains and compares; pictures are drawn, bad input is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tevr.lm.corpus import ALPHABET
from tevr.store import bundled
from tevr.tokens import TokenTable

Tevr = Callable[..., Any]

SENTENCES = Path(__file__).parents[1] / "data" / "kneser_ney" / "sentences.txt"
TEXT = "Die Bundesregierung tagt nicht."
PNG = b"\x89PNG\r\n\x1a\n"


def test_deriving_writes_a_table_and_says_how_it_compares(tevr: Tevr, tmp_path: Path) -> None:
    path = tmp_path / "new" / "tokens.json"
    result = tevr("tokens", "derive", SENTENCES, "-o", path, "--counts", "4,8,16")
    assert (result.code, result.err) == (0, "")
    table = TokenTable.load(path)
    lengths = [len(label) for label in table.labels]
    assert [lengths.count(length) for length in (4, 3, 2, 1)] == [4, 8, 16, len(ALPHABET) + 2]
    for name in ("characters", "BPE 256", "published labels", "these labels"):
        assert any(line.startswith(name) for line in result.out.splitlines())
    assert str(path) in result.out


def test_deriving_tells_machines_what_it_tells_people(tevr: Tevr, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    flags = ("--counts", "4,8,16", "--sentences", "1100", "--json")
    data = json.loads(tevr("tokens", "derive", SENTENCES, "-o", path, *flags).out)
    assert data["labels"] == list(TokenTable.load(path).labels)
    assert data["sentences"] == 1100
    assert data["measured"] == 11
    assert data["tables"]["these labels"]["tokens_per_word"] > 1
    again = tevr("tokens", "derive", SENTENCES, "-o", path, *flags, "--force")
    assert json.loads(again.out)["labels"] == data["labels"]


def test_another_judge_derives_other_labels(tevr: Tevr, tmp_path: Path) -> None:
    flags = ("--counts", "4,8,16", "--sentences", "1000", "--json")

    def derived(*judge: str | Path) -> Any:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        return json.loads(tevr("tokens", "derive", SENTENCES, "-o", path, *flags, *judge).out)

    learnt, network = derived(), derived("--judge", "de-chars")
    assert network["labels"] != learnt["labels"]
    # A model that has read far more German finds the same text cheaper.
    means = [found["tables"]["characters"]["mean"] for found in (network, learnt)]
    assert means[0] < means[1]


def test_the_published_predictor_judges_from_its_folder(
    tevr: Tevr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    ids = torch.arange(384)

    class Network:
        def eval(self) -> None: ...

        def __call__(self, **given: Any) -> Any:  # the next byte is most likely e
            steps = given["decoder_input_ids"].shape[1]
            return SimpleNamespace(logits=-(ids - ord("e")).abs().float().repeat(1, steps, 1))

    kind = SimpleNamespace(from_pretrained=lambda *_names, **_flags: Network())
    fake = SimpleNamespace(T5ForConditionalGeneration=kind)
    monkeypatch.setitem(sys.modules, "transformers", fake)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    text = tmp_path / "text.txt"

    def mean(said: str) -> float:
        text.write_text(said, encoding="utf-8")
        flags = ("--text", text, "--judge", tmp_path, "--json")
        data = json.loads(tevr("tokens", "compare", "characters", *flags).out)
        return float(data["tables"]["characters"]["mean"])

    assert mean("eeeee") < 2 < mean("ddddd")


def test_judges_are_found_by_name_folder_and_file(tevr: Tevr, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT, encoding="utf-8")

    def mean(judge: str | Path) -> float:
        result = tevr("tokens", "compare", "bpe", "--text", text, "--judge", judge, "--json")
        return float(json.loads(result.out)["tables"]["bpe"]["mean"])

    network, ngrams = bundled("de-chars"), bundled("de-tokens")
    assert mean("de-chars") == mean(network) != mean(ngrams)
    assert mean("de-tokens") == mean(ngrams) == mean(ngrams / "characters.bin")
    bars = {tevr("tokens", "explain", TEXT, "--judge", judge).out for judge in (network, ngrams)}
    assert len(bars) == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--counts", "40,80"), "40,80 are no numbers"),
        (("--judge", "nobody"), "There is no character model nobody"),
        (("--counts", "a,b,c"), "'a,b,c' are no numbers"),
        (("--sentences", "20"), "20 sentences are too few"),
        (("--brevity", "0"), "brevity of 0"),
        (("--brevity", "much"), "no number"),
    ],
)
def test_wrong_flags_are_told_in_one_sentence(
    tevr: Tevr, tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "tokens.json"
    result = tevr("tokens", "derive", SENTENCES, "-o", path, *flags)
    assert (result.code, path.exists()) == (2, False)
    assert words in result.sentence


def test_deriving_needs_text_and_spares_older_files(tevr: Tevr, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    few = tmp_path / "few.txt"
    few.write_text("Ein Satz.\nNoch ein Satz.\n", encoding="utf-8")
    result = tevr("tokens", "derive", few, "-o", path)
    assert result.code == 1
    assert "2 sentences, too few" in result.sentence
    path.write_text("older", encoding="utf-8")
    result = tevr("tokens", "derive", SENTENCES, "-o", path)
    assert result.code == 1
    assert "exists already" in result.sentence
    assert path.read_text(encoding="utf-8") == "older"


def test_words_are_parted_as_the_published_network_was_taught(tevr: Tevr) -> None:
    result = tevr("tokens", "segment", "Wissenschaftlich, man nicht!")
    assert result.out == "wi+ssen+sc+haft+lich m+an n+icht\n"


def test_segments_have_ids_for_machines(tevr: Tevr) -> None:
    data = json.loads(tevr("tokens", "segment", TEXT, "--tokens", "de-tokens", "--json").out)
    table = TokenTable.load(bundled("de-tokens") / "tokens.json")
    assert data["text"] == "die bundesregierung tagt nicht"
    assert table.join(data["ids"]) == "".join(data["labels"]) == data["text"]


def test_tables_are_found_by_file_folder_and_name(tevr: Tevr) -> None:
    folder = bundled("de-tokens")
    found = {
        tevr("tokens", "segment", TEXT, "--tokens", table).out
        for table in ("de-tokens", folder, folder / "tokens.json")
    }
    assert len(found) == 1
    assert found.pop().replace("+", "") == "die bundesregierung tagt nicht\n"


def test_explaining_shows_three_ways_to_part_a_sentence(tevr: Tevr) -> None:
    result = tevr("tokens", "explain", TEXT)
    assert (result.code, result.err) == (0, "")
    titles = ("characters", "byte pairs", "TEVR labels")
    heads = [line for line in result.out.splitlines() if line.startswith(titles)]
    assert [line.split(":")[0] for line in heads] == list(titles)
    lines = result.out.splitlines()
    bars, names = (lines[lines.index(heads[0]) + step] for step in (1, 2))
    assert names.replace(" ", "").replace("␣", " ") == "die bundesregierung tagt nicht"
    assert len(bars) == len(names)
    assert "\x1b" not in result.out


def test_explaining_is_coloured_on_a_terminal(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[3" in tevr("tokens", "explain", TEXT).out


def test_explaining_draws_a_picture_that_is_not_empty(tevr: Tevr, tmp_path: Path) -> None:
    from matplotlib.image import imread

    path = tmp_path / "out.png"
    result = tevr("tokens", "explain", TEXT, "--png", path)
    assert (result.code, result.out, result.err) == (0, "", "")
    assert path.read_bytes().startswith(PNG)
    picture = imread(path)  # (height, width, colours)
    shades = {tuple(colour) for colour in picture[:, :, :3].reshape(-1, 3)[::7].round(1).tolist()}
    assert min(picture.shape[:2]) > 300
    assert len(shades) > 5


def test_pictures_need_matplotlib_and_a_text_that_fits(
    tevr: Tevr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.png"
    result = tevr("tokens", "explain", TEXT * 20, "--png", path)
    assert result.code == 2
    assert "cannot show 619 characters" in result.sentence
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = tevr("tokens", "explain", TEXT, "--png", path)
    assert result.code == 2
    assert "pip install 'tevr[plots]'" in result.sentence
    assert not path.exists()


def test_comparing_shows_every_table(tevr: Tevr) -> None:
    names = ("characters", "bpe", "de-tevr", "de-tokens")
    text = ("--text", SENTENCES)
    data = json.loads(tevr("tokens", "compare", *names, *text, "--json").out)["tables"]
    assert tuple(data) == names
    for found in data.values():
        assert found["tokens_per_second"] == pytest.approx(
            found["tokens"] / data["characters"]["tokens"] * 15
        )
    assert data["de-tokens"]["variation"] < data["de-tevr"]["variation"]
    assert data["de-tokens"]["variation"] < data["bpe"]["variation"]
    assert data["de-tevr"]["variation"] < data["characters"]["variation"]
    shown = tevr("tokens", "compare", *names, *text, "--rate", "30").out.splitlines()
    assert [line.split()[0] for line in shown[1:5]] == list(names)
    assert shown[1].split()[-1] == "30.0"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("segment", "..."), 2, "holds no word"),
        (("segment", "ja", "--tokens", "nowhere.json"), 2, "There is no table nowhere.json"),
        (("segment", "ja", "--tokens", SENTENCES), 1, "is no label table"),
        (("explain", ""), 2, "holds no word"),
        (("explain", "ja", "--judge", "nobody"), 2, "There is no character model nobody"),
        (("explain", "ja", "--judge", SENTENCES), 1, "is no KenLM"),
        (("compare", "characters", "--text", "nowhere.txt"), 2, "nowhere.txt does not exist"),
        (("compare", "nothing", "--text", SENTENCES), 2, "There is no table nothing"),
        (("compare", SENTENCES, "--text", SENTENCES), 1, "is no label table"),
        (("compare", "characters", "--text", SENTENCES, "--rate", "0"), 2, "0 characters"),
        (("compare", "characters"), 2, "--text"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    tevr: Tevr, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = tevr("tokens", *arguments)
    assert (result.code, result.out) == (code, "")
    assert words in result.sentence


def test_the_group_alone_shows_its_commands(tevr: Tevr) -> None:
    result = tevr("tokens")
    assert result.code == 0
    for command in ("derive", "segment", "explain", "compare"):
        assert command in result.out
