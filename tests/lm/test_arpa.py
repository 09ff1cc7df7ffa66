"""ARPA text: written and read back, read from any tool, and refused with the line when wrong."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, OutputError
from tevr.lm.arpa import MISSING_UNKNOWN, read_arpa, write_arpa
from tevr.lm.backoff import NEVER, START, UNKNOWN, BackoffModel, scores
from tevr.lm.ngram import LanguageModel

WORDS = ["ab", "über", "große", "7", "no\u00a0break", "🙂", "-1.5", "\\data\\", "\\2-grams:"]
texts = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join), min_size=1, max_size=8
)
SMALL = """\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.5\t<unk>\t0
0\t<s>\t-0.25
-0.5\t</s>
-0.75\ta\t-0.5
-1\tb\t-0.125

\\2-grams:
-0.25\t<s> a\t-0.5
-0.5\ta b\t-0.125
-0.75\tb </s>

\\3-grams:
-0.125\t<s> a b

\\end\\
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arpa")


def read_text(text: str | bytes, folder: Path) -> BackoffModel:
    path = folder / "given.arpa"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_arpa(path)


def assert_same(model: BackoffModel, other: BackoffModel) -> None:
    assert list(model.words) == list(other.words)
    assert model.sizes == other.sizes
    for level, found in zip(model.levels, other.levels, strict=True):
        np.testing.assert_array_equal(level.history, found.history)
        np.testing.assert_array_equal(level.word, found.word)
        np.testing.assert_allclose(level.log10, found.log10, atol=1e-6)
        np.testing.assert_allclose(level.back_off, found.back_off, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(lines=texts, order=st.integers(1, 4), suffix=st.sampled_from(["arpa", "arpa.gz"]))
def test_what_is_written_is_read_back(
    lines: list[str], order: int, suffix: str, small: Any, folder: Path
) -> None:
    lines = [line.replace("no\u00a0break", "no_break") for line in lines]
    model = small.train(lines, order).model
    write_arpa(model, folder / f"lm.{suffix}")
    assert_same(model, read_arpa(folder / f"lm.{suffix}"))
    assert len(list(folder.glob(".*"))) == 0


def test_only_ascii_space_parts_words(small: Any, tmp_path: Path) -> None:
    model = small.train(["a b"], 2).model
    model = replace(model, words=[*model.words[:-1], "no\u00a0break"])
    write_arpa(model, tmp_path / "lm.arpa")
    assert_same(model, read_arpa(tmp_path / "lm.arpa"))


@settings(deadline=None, max_examples=25)
@given(lines=texts, order=st.integers(2, 4), heard=texts)
def test_kenlm_reads_the_same_scores(
    lines: list[str], order: int, heard: list[str], small: Any, folder: Path
) -> None:
    lines, heard = ([t.replace("\u00a0", "_") for t in part] for part in (lines, heard))
    model = small.train(lines, order).model
    write_arpa(model, folder / "kenlm.arpa")
    theirs = LanguageModel(folder / "kenlm.arpa")
    ids = {word: index for index, word in enumerate(model.words)}
    ours = scores(model, [[ids.get(word, UNKNOWN) for word in line.split()] for line in heard])
    expected = [score.log10 for line in heard for score in theirs.words(line)]
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_the_text_of_lmplz_scores_as_in_kenlm(data: Path) -> None:
    path = data / "decoder" / "lm.arpa"
    model, theirs = read_arpa(path), LanguageModel(path)
    ids = {word: index for index, word in enumerate(model.words)}
    lines = (data / "decoder" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    lines += [" ".join(line.split()[::-1]) for line in lines] + ["ganz fremde worte", ""]
    ours = scores(model, [[ids.get(word, UNKNOWN) for word in line.split()] for line in lines])
    expected = [score.log10 for line in lines for score in theirs.words(line)]
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_the_text_is_the_one_of_the_format(folder: Path) -> None:
    write_arpa(read_text(SMALL, folder), folder / "lm.arpa")
    assert (folder / "lm.arpa").read_text(encoding="utf-8").splitlines() == [
        *("\\data\\", "ngram 1=5", "ngram 2=3", "ngram 3=1", ""),
        *("\\1-grams:", "-1.500000\t<unk>\t0.000000", "-99.000000\t<s>\t-0.250000"),
        *("-0.500000\t</s>\t0.000000", "-0.750000\ta\t-0.500000", "-1.000000\tb\t-0.125000", ""),
        *("\\2-grams:", "-0.250000\t<s> a\t-0.500000", "-0.500000\ta b\t-0.125000"),
        *("-0.750000\tb </s>\t0.000000", ""),
        *("\\3-grams:", "-0.125000\t<s> a b", "", "\\end\\"),
    ]


def test_the_same_model_compresses_to_the_same_bytes(folder: Path) -> None:
    model = read_text(SMALL, folder)
    write_arpa(model, folder / "one.gz")
    write_arpa(model, folder / "two.gz")
    assert (folder / "one.gz").read_bytes() == (folder / "two.gz").read_bytes()
    assert_same(model, read_text(gzip.decompress((folder / "one.gz").read_bytes()), folder))


def spaced(text: str) -> str:
    return text.replace("\t", "   ")


def windows(text: str) -> str:
    return text.replace("\n", "\r\n")


def remarked(text: str) -> str:
    return f"# made by hand\nby somebody\n\n{text}"


def crowded(text: str) -> str:
    """As SRILM writes the head, and no blank line that the format does not need."""
    return text.replace("=", "=      ").replace("\n\n", "\n").replace("-0.5\ta b", "-5.0e-1\ta b")


def reordered(text: str) -> str:
    parts = text.split("\n\n")
    for index in (1, 2):
        heading, *rows = parts[index].split("\n")
        parts[index] = "\n".join([heading, *rows[::-1]])
    # Ids follow the file's order, so the two words are turned back.
    words = ["-1\tb\t-0.125", "-0.75\ta\t-0.5"]
    return "\n\n".join(parts).replace("\n".join(words), "\n".join(words[::-1]))


@pytest.mark.parametrize("written", [spaced, windows, remarked, crowded, reordered])
def test_any_tools_way_of_writing_is_read(written: Callable[[str], str], folder: Path) -> None:
    other = written(SMALL)
    assert other != SMALL
    assert_same(read_text(SMALL, folder), read_text(other, folder))


def test_the_start_of_a_sentence_is_never_foretold(folder: Path) -> None:
    assert read_text(SMALL, folder).levels[0].log10[START] == NEVER


@pytest.mark.parametrize("name", ["<UNK>", "<unk>"])
def test_the_unknown_word_may_be_spelt_large(name: str, folder: Path) -> None:
    text = SMALL.replace("<unk>", name).replace("a b\t-0.125", f"a {name}\t-0.125")
    text = text.replace("<s> a b", f"<s> a {name}")
    model = read_text(text, folder)
    assert model.words[UNKNOWN] == "<unk>"
    assert model.levels[0].log10[UNKNOWN] == -1.5
    assert model.levels[2].word[0] == UNKNOWN


def test_a_missing_unknown_word_is_added_as_kenlm_does(folder: Path) -> None:
    text = SMALL.replace("-1.5\t<unk>\t0\n", "").replace("1=5", "1=4")
    with_it = read_text(SMALL, folder)
    model = read_text(text, folder)
    assert model.levels[0].log10[UNKNOWN] == MISSING_UNKNOWN
    assert_same(
        replace(model, levels=model.levels[1:]), replace(with_it, levels=with_it.levels[1:])
    )
    theirs = LanguageModel(folder / "given.arpa")
    assert theirs.score("fremd", end=False) == pytest.approx(MISSING_UNKNOWN - 0.25)


def test_minus_infinity_is_a_probability_of_zero(folder: Path) -> None:
    model = read_text(SMALL.replace("-0.75\tb </s>", "-inf\tb </s>"), folder)
    assert model.levels[1].log10.min() == NEVER


def test_an_empty_longest_section_shortens_the_model(folder: Path) -> None:
    text = SMALL.replace("3=1", "3=0").replace("-0.125\t<s> a b\n", "")
    model = read_text(text, folder)
    assert model.sizes == [5, 3]
    assert not model.levels[-1].back_off.any()


@settings(deadline=None, max_examples=60)
@given(lines=texts, order=st.integers(3, 5), seed=st.integers(0, 999), heard=texts)
def test_pruned_histories_and_suffixes_come_back_as_backed_off(
    lines: list[str], order: int, seed: int, heard: list[str], small: Any, folder: Path
) -> None:
    model = small.train([line.replace("\u00a0", "_") for line in lines], order).model
    write_arpa(model, folder / "whole.arpa")
    whole = small.spell(read_arpa(folder / "whole.arpa"))
    rng = np.random.default_rng(seed)
    gone = {ngram for ngram in whole.log10 if 1 < len(ngram) < model.order and rng.random() < 0.4}
    rows = (folder / "whole.arpa").read_text(encoding="utf-8").split("\n")
    rows = [row for row in rows if tuple(row.split("\t")[-2:][0].split(" ")) not in gone]
    for length, size in enumerate(model.sizes, 1):
        fewer = size - sum(len(ngram) == length for ngram in gone)
        rows[length] = f"ngram {length}={fewer}"
    left = replace(
        whole,
        log10={ngram: p for ngram, p in whole.log10.items() if ngram not in gone},
        back_off={ngram: p for ngram, p in whole.back_off.items() if ngram not in gone},
    )
    found = small.spell(read_text("\n".join(rows), folder))
    tested = {*whole.log10, *(tuple(line.split()[:order]) for line in heard)}
    for ngram in tested:
        assert found.probability(ngram) == pytest.approx(left.probability(ngram), rel=1e-5)
    assert {ngram[:-1] for ngram in found.log10 if len(ngram) > 1} <= set(found.log10)
    assert {ngram[1:] for ngram in found.log10 if len(ngram) > 1} <= set(found.log10)


def without(line: str) -> str:
    assert f"{line}\n" in SMALL
    return SMALL.replace(f"{line}\n", "", 1)


def instead(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no line \\\\data"),
        ("some text\n" * 1000, "no line \\\\data"),
        (b"\x00\xff" * 1_000_000, "no line \\\\data"),
        (b"mmap lm http://kheafield.com/code format version 5\n\0", "no line \\\\data"),
        (SMALL.encode("utf-16"), "no line \\\\data"),
        (instead("ngram 1=5", "ngram 1=five"), "line 2: expected .* 'ngram 1="),
        (instead("ngram 2=3", "ngram 3=3"), "line 3: expected 'ngram 2=' .* found 'ngram 3=3'"),
        (instead("ngram 1=5", "ngram 1=0"), "expected the numbers of n-grams"),
        ("\\data\\\n", "ends where the numbers of n-grams"),
        (without("\\1-grams:"), "line 6: expected '?.1-grams:"),
        (without("-1\tb\t-0.125"), "line 11: expected as many n-grams of length 1 as the head"),
        (without("-0.5\ta b\t-0.125"), "line 16: expected as many n-grams of length 2 as"),
        (without("-0.125\t<s> a b"), "line 19: expected as many n-grams of length 3 as"),
        (instead("ngram 1=5", "ngram 1=4"), "line 11: expected .2-grams:"),
        (instead("ngram 3=1", "ngram 3=2"), "line 20: expected as many n-grams of length 3"),
        (instead("ngram 3=1", "ngram 3=3000000000"), "line 20: expected as many n-grams of len"),
        (instead("-0.5\ta b", "half\ta b"), "line 15: expected log10 .* found 'half"),
        (instead("-0.5\ta b", "0.5\ta b"), "line 15: expected log10 of a probability, 0 at most"),
        (instead("-0.5\ta b", "nan\ta b"), "line 15: expected log10 of a probability"),
        (instead("-0.5\ta b", "-0.5\ta b c d"), "line 15: expected log10, 2 words and perhaps"),
        (instead("-0.5\ta b\t-0.125", "-0.5\ta"), "line 15: expected log10, 2 words"),
        (instead("<s> a b", "<s> a b\t0 b"), "line 19: expected log10, 3 words"),
        (instead("a b\t-0.125", "a b\tinf"), "line 15: expected a finite back-off"),
        (instead("a b\t-0.125", "a b\tx"), "line 15: expected a finite back-off"),
        (instead("\ta b", "\ta c"), "line 15: expected only words of the section of single"),
        (instead("b </s>", "a b"), "line 16: the n-gram 'a b' is there twice"),
        (instead("-1\tb", "-1\ta"), "line 11: expected every word once, found 'a'"),
        (instead("-1\tb", "-1\t<UNK>"), "line 11: expected every word once, found '<UNK>'"),
        (instead("<s> a b", "<s> a b\t-0.5"), "line 19: the longest n-grams can have no back-off"),
        (instead("</s>", "</S>"), "has no </s> among its single words"),
        (SMALL.replace("\\end\\\n", ""), "ends where .end. "),
        (SMALL[: SMALL.index("<s> a b")], "line 19: expected log10, 3 words"),
        (SMALL[: SMALL.index("\\3-grams")], "ends where .3-grams: must come"),
        (SMALL[: SMALL.index("-0.125\t<s> a b")], "ends where 1 more n-grams of length 3"),
        (
            SMALL.replace("\tb", "\tbär").replace(" b", " bär").encode("latin-1"),
            "line 11: expected UTF",
        ),
        (gzip.compress(SMALL.encode())[:-20], "compressed .* truncated or damaged"),
        (gzip.compress(SMALL.encode())[:-8] + b"\0" * 8, "compressed .* truncated or damaged"),
        (b"\x1f\x8bno gzip", "compressed .* truncated or damaged"),
    ],
)
def test_a_broken_text_is_refused_with_the_reason(
    text: str | bytes, message: str, folder: Path
) -> None:
    with pytest.raises(ModelError, match=message):
        read_text(text, folder)


def test_every_cut_off_text_is_refused(folder: Path) -> None:
    for size in range(len(SMALL) - len("\\end\\\n") + 1):
        with pytest.raises(ModelError):
            read_text(SMALL[:size], folder)


@pytest.mark.parametrize("name", ["missing.arpa", ""])
def test_a_file_that_cannot_be_opened_is_a_model_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_arpa(tmp_path / name)


@pytest.mark.parametrize("word", ["", "zwei worte", "a\tb", "a\nb", "a\0b", "\ud800"])
def test_words_that_no_text_can_hold_are_not_written(
    word: str, folder: Path, tmp_path: Path
) -> None:
    model = read_text(SMALL, folder)
    with pytest.raises(ModelError, match="cannot stand in an ARPA text"):
        write_arpa(replace(model, words=[*model.words[:-1], word]), tmp_path / "lm.arpa")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model = read_text(SMALL, folder)
    (tmp_path / "lm.arpa").write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="cannot be written: No space left"):
        write_arpa(model, tmp_path / "lm.arpa")
    assert [path.name for path in tmp_path.iterdir()] == ["lm.arpa"]
    assert (tmp_path / "lm.arpa").read_text(encoding="utf-8") == "old"


def test_a_missing_folder_is_an_output_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_arpa(read_text(SMALL, folder), tmp_path / "none" / "lm.arpa")
