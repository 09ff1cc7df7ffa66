"""A language-model folder appears whole, tells what it holds, and is never taken for another."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.arpa import read_arpa
from tevr.lm.compounds import learn
from tevr.lm.fitting import FitOptions, unigram_scores, write_fitting
from tevr.lm.folder import (
    LEXICON,
    NGRAMS,
    UNIGRAMS,
    LanguageModelFolder,
    check_target,
    read_language_model,
    with_decoding,
    write_folder,
)
from tevr.lm.kneser_ney import EstimateOptions, estimate
from tevr.lm.lexicon import Lexicon
from tevr.lm.manifest import MANIFEST, Origin, Parent
from tevr.lm.ngram import LanguageModel
from tevr.store import bundled

SENTENCES = ["der hund bellt", "die katze schläft", "der hund schläft", "größe über alles"]
ORIGIN = Origin("tiere", (), 4, 12, ("briefe",), (Parent("tiere", 0.25), Parent("basis", 0.75)))


def write(target: Path, *, force: bool = False, arpa: bool = False) -> LanguageModelFolder:
    model = estimate(SENTENCES, EstimateOptions(order=3)).model
    words = unigram_scores(model)
    made = learn(dict.fromkeys(words, 1), words)
    return write_fitting(model, words, made, ORIGIN, FitOptions(target, force=force, arpa=arpa))


@pytest.fixture
def folder(tmp_path: Path) -> LanguageModelFolder:
    return write(tmp_path / "tiere")


def test_what_is_written_is_read(folder: LanguageModelFolder, tmp_path: Path) -> None:
    read = read_language_model(tmp_path / "tiere")
    assert read == folder
    assert read.origin is not None
    assert (read.name, read.origin.texts, read.origin.parents) == (
        "tiere",
        ("briefe",),
        ORIGIN.parents,
    )
    assert (read.origin.order, read.origin.vocabulary) == (3, 9)
    assert read.origin.sizes == tuple(read.model().sizes)
    assert sorted(read.records) == [LEXICON, NGRAMS, UNIGRAMS]
    read.verify()


def test_all_files_hold_the_same_words(folder: LanguageModelFolder) -> None:
    words = folder.files.unigrams.read_text(encoding="utf-8").split()
    assert sorted(words) == sorted({word for line in SENTENCES for word in line.split()})
    scores = unigram_scores(folder.model())
    assert words == sorted(words, key=lambda word: (-scores[word], word))
    assert folder.files.lexicon is not None
    assert sorted(words) == [word for word, _ in Lexicon.open(folder.files.lexicon).words()]
    model = LanguageModel(folder.files.ngrams)
    assert all(word in model for word in words)


def test_writing_twice_gives_the_same_bytes(folder: LanguageModelFolder, tmp_path: Path) -> None:
    again = write(tmp_path / "nochmal")
    assert again.records == folder.records


def test_nothing_else_is_left_beside(folder: LanguageModelFolder, tmp_path: Path) -> None:
    assert folder.path in tmp_path.iterdir()
    assert len(list(tmp_path.iterdir())) == 1


def test_the_arpa_text_is_the_same_model(tmp_path: Path) -> None:
    folder = write(tmp_path / "neu" / "tiere", arpa=True)
    model = read_arpa(folder.path / "lm.arpa.gz")
    assert model.sizes == folder.model().sizes
    assert (folder.path / "lm.arpa.gz").name in folder.records


# Other folders


def test_a_folder_of_another_tool_is_read(tmp_path: Path, data: Path) -> None:
    shutil.copy(data / "decoder" / "lm.arpa", tmp_path / "mein.arpa")
    shutil.copy(data / "decoder" / "unigrams.txt", tmp_path)
    folder = read_language_model(tmp_path)
    assert (folder.origin, folder.files.lexicon, dict(folder.decoding)) == (None, None, {})
    assert folder.name == tmp_path.name
    assert folder.model().words == read_arpa(data / "decoder" / "lm.arpa").words


def test_a_binary_beside_its_words_is_read(folder: LanguageModelFolder, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(folder.files.ngrams, bare / "lm.binary")
    shutil.copy(folder.files.unigrams, bare)
    assert read_language_model(bare).model().sizes == folder.model().sizes


def test_the_bundled_model_is_read() -> None:
    folder = read_language_model(bundled("de-small"))
    assert folder.files.ngrams.name == "lm.bin"
    assert set(folder.decoding) >= {"alpha", "beta", "unknown_offset"}
    assert "haus" in LanguageModel(folder.files.ngrams)


def make_file(folder: Path) -> None:
    folder.write_text("x")


def make_empty(folder: Path) -> None:
    folder.mkdir()


def make_two(folder: Path) -> None:
    folder.mkdir()
    for name in ("a.arpa", "b.bin", UNIGRAMS):
        (folder / name).write_text("x")


def make_without_words(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.arpa").write_text("x")


def make_acoustic(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.json").write_text('{"language_model": null}')


def make_broken_model(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.json").write_text('{"language_model": "a", "unigrams": "b", "files": {}}')


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "does not exist"),
        (make_file, "is no folder"),
        (make_empty, "holds no files of n-grams"),
        (make_two, "holds 2 files of n-grams"),
        (make_without_words, "no unigrams.txt"),
        (make_acoustic, "has no language model"),
        (make_broken_model, "cannot be used"),
    ],
)
def test_what_is_no_language_model_is_refused(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path / "x")
    with pytest.raises(ModelError, match=words):
        read_language_model(tmp_path / "x")


# Damage


@pytest.mark.parametrize("name", [NGRAMS, UNIGRAMS, LEXICON])
def test_a_missing_file_is_told(folder: LanguageModelFolder, name: str) -> None:
    (folder.path / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}"):
        read_language_model(folder.path)


@pytest.mark.parametrize("name", [NGRAMS, UNIGRAMS, LEXICON])
def test_a_file_cut_short_is_told(folder: LanguageModelFolder, name: str) -> None:
    path = folder.path / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=f"{name} is damaged"):
        read_language_model(folder.path)


def test_a_changed_file_is_found_by_its_checksum(folder: LanguageModelFolder) -> None:
    path = folder.files.unigrams
    path.write_bytes(path.read_bytes().replace(b"hund", b"rund"))
    with pytest.raises(ModelError, match=r"unigrams\.txt is damaged"):
        read_language_model(folder.path).verify()


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"name": None, "sizes": "many"},
        {"sizes": ["x"]},
        {"parents": [{"name": "x"}]},
        {"files": {}},
        {"files": {"lm.bin": 3}},
        {"decoding": {"beem": 3}},
        {"decoding": {"alpha": "much"}},
        {"decoding": 3},
    ],
)
def test_a_wrong_manifest_is_one_sentence(
    folder: LanguageModelFolder, change: dict[str, object]
) -> None:
    path = folder.path / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(ModelError, match=r"lm\.json"):
        read_language_model(folder.path)


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_a_manifest_that_is_none_is_one_sentence(folder: LanguageModelFolder, text: str) -> None:
    (folder.path / MANIFEST).write_text(text)
    with pytest.raises(ModelError, match=r"lm\.json"):
        read_language_model(folder.path)


# Targets


def test_a_model_is_replaced_only_by_force(folder: LanguageModelFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is there already"):
        write(folder.path)
    with_decoding(folder, {"alpha": 0.3})
    assert write(folder.path, force=True).decoding == {}
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "tiere").mkdir()
    assert write(tmp_path / "tiere").name == "tiere"


def test_a_folder_of_other_things_is_never_replaced(
    folder: LanguageModelFolder, tmp_path: Path
) -> None:
    (tmp_path / "briefe").mkdir()
    (tmp_path / "briefe" / "brief.txt").write_text("Sehr geehrte Frau")
    (tmp_path / "datei").write_text("x")
    (tmp_path / "link").symlink_to(folder.path)
    for name in ("briefe", "datei", "link"):
        with pytest.raises(UsageError, match="no language-model folder"):
            check_target(tmp_path / name, force=True)
    (folder.path / "notizen.txt").write_text("x")
    with pytest.raises(UsageError, match="also holds notizen"):
        check_target(folder.path, force=True)


def test_what_fails_leaves_the_old_model(
    folder: LanguageModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path) -> None:
        (part / NGRAMS).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        write_folder(folder.path, ORIGIN, full, force=True)
    assert read_language_model(folder.path) == folder
    assert len(list(tmp_path.iterdir())) == 1

    def interrupted(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    rename = Path.rename
    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(folder.path, force=True)
    assert read_language_model(folder.path) == folder
    assert len(list(tmp_path.iterdir())) == 1


# Settings


def test_settings_are_kept(folder: LanguageModelFolder) -> None:
    tuned = with_decoding(folder, {"alpha": 0.4, "compound_offset": None})
    assert read_language_model(folder.path) == tuned
    assert tuned.decoding == {"alpha": 0.4, "compound_offset": None}
    assert with_decoding(tuned, {"beta": 1.0}).decoding == {"beta": 1.0}
    assert read_language_model(folder.path).origin == folder.origin


@pytest.mark.parametrize("decoding", [{"beam": 3}, {"alpha": None}, {"beta": "1"}])
def test_unknown_settings_are_refused(
    folder: LanguageModelFolder, decoding: dict[str, float | None]
) -> None:
    with pytest.raises(UsageError, match="has no setting"):
        with_decoding(folder, decoding)


def test_settings_need_a_manifest() -> None:
    folder = read_language_model(bundled("de-small"))
    with pytest.raises(UsageError, match=r"no lm\.json"):
        with_decoding(folder, {"alpha": 0.4})
