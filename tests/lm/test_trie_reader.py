"""Tries read: KenLM's files, whole and damaged; the bundled model as KenLM scores it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tevr.errors import ModelError
from tevr.lm.arpa import read_arpa
from tevr.lm.backoff import MARKERS, START, UNKNOWN, BackoffModel
from tevr.lm.ngram import LanguageModel
from tevr.lm.trie import check_trie, read_trie, write_trie

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "models" / "pretrained" / "de-small"
NAMES = ["quantised.bin", "wordless.bin", "floats.bin", "whole_pointers.bin"]

#: Opens and scores whatever `check_trie` lets pass; a crash ends it with a signal.
SCORE = """
import sys
from pathlib import Path
from tevr.errors import ModelError
from tevr.lm.ngram import LanguageModel
from tevr.lm.trie import check_trie

whole = Path(sys.argv[1]).read_bytes()
target = Path(sys.argv[2])
passed = 0
for at in [*range(160), *range(160, len(whole), 9)]:
    damaged = bytearray(whole)
    damaged[at] ^= 1 << at % 8
    target.write_bytes(damaged)
    try:
        check_trie(target)
        model = LanguageModel(target)
    except ModelError:
        continue
    model.score("der hund hat die katze nicht gesehen")
    passed += 1
print(passed)
"""


@pytest.fixture(scope="module")
def words() -> list[str]:
    path = Path(__file__).parents[1] / "data" / "decoder" / "unigrams.txt"
    return path.read_text(encoding="utf-8").split()


def log10_of(model: BackoffModel, sentence: str) -> float:
    """Score a sentence by finding n-grams and backing off, with nothing of KenLM."""
    ids = {word: index for index, word in enumerate(model.words)}
    before, total = [START], 0.0
    for word in [*sentence.split(), "</s>"]:
        history = before[-(model.order - 1) :]
        before.append(ids.get(word, UNKNOWN))
        while (level := find(model, [*history, before[-1]])) is None:
            backed = find(model, history)
            total += backed[1] if backed else 0.0
            history = history[1:]
        total += level[0]
    return total


def find(model: BackoffModel, gram: list[int]) -> tuple[float, float] | None:
    """log10 and back-off of an n-gram."""
    at = np.array(gram[:1])
    for index, word in enumerate(gram[1:], 1):
        at = model.find(index, at, np.array([word]))
    level = model.levels[len(gram) - 1]
    return None if at[0] < 0 else (float(level.log10[at[0]]), float(level.back_off[at[0]]))


def is_valid(model: BackoffModel) -> bool:
    """Whether a model is sorted, closed and finite."""
    return all((suffix >= 0).all() for suffix in model.suffixes()) and all(
        (np.diff(level.history * len(model.words) + level.word) > 0).all()
        and np.isfinite(level.log10 + level.back_off).all()
        for level in model.levels
    )


def test_kenlms_floats_are_those_of_the_text(data: Path) -> None:
    text = read_arpa(data / "decoder" / "lm.arpa")
    model = read_trie(data / "trie" / "floats.bin", text.words)
    assert list(model.words) == list(text.words)
    for level, expected in zip(model.levels, text.levels, strict=True):
        np.testing.assert_array_equal(level.history, expected.history)
        np.testing.assert_array_equal(level.word, expected.word)
        np.testing.assert_array_equal(level.back_off, expected.back_off)
    for level, expected in zip(model.levels[1:], text.levels[1:], strict=True):
        np.testing.assert_array_equal(level.log10, expected.log10)


@pytest.mark.parametrize("name", NAMES)
def test_models_read_score_as_kenlm_scores_the_file(
    data: Path, words: list[str], name: str
) -> None:
    path = data / "trie" / name
    model, kenlm = read_trie(path, words), LanguageModel(path)
    assert is_valid(model)
    assert list(model.words) == [*MARKERS, *words]
    for sentence in (data / "decoder" / "sentences.txt").read_text(encoding="utf-8").splitlines():
        backwards = " ".join(sentence.split()[::-1])
        for line in (sentence, f"fremdes {sentence} unbekannt", backwards):
            assert log10_of(model, line) == pytest.approx(kenlm.score(line), abs=1e-4)


def test_the_bundled_model_scores_as_kenlm_scores_it() -> None:
    names = (BUNDLED / "unigrams.txt").read_text(encoding="utf-8").split()
    model, kenlm = read_trie(BUNDLED / "lm.bin", names), LanguageModel(BUNDLED / "lm.bin")
    assert list(model.words) == [*MARKERS, *names]
    for sentence in (
        "das ist ein guter tag",
        "die mückenstiche sollte man nicht aufkratzen",
        "der deutsche bundestag hat am donnerstag über das gesetz beraten",
        "wir xyzen den qwert und gehen",
        "",
    ):
        assert log10_of(model, sentence) == pytest.approx(kenlm.score(sentence), abs=1e-4)


def test_the_bundled_model_passes_the_check() -> None:
    check_trie(BUNDLED / "lm.bin")


def test_the_bundled_model_written_and_read_is_the_same(tmp_path: Path) -> None:
    names = (BUNDLED / "unigrams.txt").read_text(encoding="utf-8").split()
    model = read_trie(BUNDLED / "lm.bin", names)
    write_trie(model, tmp_path / "lm.bin", bits=None, words=False)
    again = read_trie(tmp_path / "lm.bin", names)
    for level, other in zip(model.levels, again.levels, strict=True):
        for name in ("history", "word", "log10", "back_off"):
            np.testing.assert_array_equal(getattr(level, name), getattr(other, name))


def test_words_in_the_file_stand_in_the_order_of_characters(data: Path, words: list[str]) -> None:
    model = read_trie(data / "trie" / "quantised.bin")
    assert list(model.words) == [*MARKERS, *sorted(words)]


def test_a_file_without_words_needs_their_list(data: Path, words: list[str]) -> None:
    path = data / "trie" / "wordless.bin"
    with pytest.raises(ModelError, match=r"unigrams\.txt"):
        read_trie(path)
    with pytest.raises(ModelError, match="other words: 0 of the list not, and 1 beside"):
        read_trie(path, words[1:])
    with pytest.raises(ModelError, match="other words: 1 of the list not, and 0 beside"):
        read_trie(path, [*words, "fremd"])


def test_what_is_no_trie_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        read_trie(tmp_path / "none.bin")
    with pytest.raises(ModelError, match="no KenLM binary"):
        read_trie(data / "decoder" / "lm.arpa")
    (tmp_path / "empty.bin").touch()
    with pytest.raises(ModelError, match="no KenLM binary"):
        check_trie(tmp_path / "empty.bin")
    hashed = bytearray((data / "trie" / "floats.bin").read_bytes())
    hashed[96] = 0
    (tmp_path / "hashed.bin").write_bytes(hashed)
    with pytest.raises(ModelError, match="hash tables"):
        check_trie(tmp_path / "hashed.bin")


@pytest.mark.parametrize("name", NAMES)
def test_no_truncated_file_is_read(data: Path, words: list[str], tmp_path: Path, name: str) -> None:
    whole, path = (data / "trie" / name).read_bytes(), tmp_path / name
    for size in [*range(0, len(whole), 41), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError):
            read_trie(path)
        with pytest.raises(ModelError):
            read_trie(path, words if "wordless" in name else None)


@pytest.mark.parametrize("name", NAMES)
def test_damage_gives_an_error_or_a_valid_model(
    data: Path, words: list[str], tmp_path: Path, name: str
) -> None:
    whole, path = (data / "trie" / name).read_bytes(), tmp_path / name
    refused = 0
    for at in [*range(160), *range(160, len(whole), 11)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8 if at % 2 else 0xFF
        path.write_bytes(damaged)
        try:
            model = read_trie(path, words)
        except ModelError:
            refused += 1
        else:
            assert is_valid(model)
    assert refused > 160


@pytest.mark.parametrize("name", NAMES)
def test_kenlm_scores_whatever_passes_the_check(data: Path, tmp_path: Path, name: str) -> None:
    command = [sys.executable, "-c", SCORE, str(data / "trie" / name), str(tmp_path / name)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100
