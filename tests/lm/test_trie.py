"""Written tries: KenLM's own bytes, KenLM's own scores, and a size known beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import kenlm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.arpa import read_arpa, write_arpa
from tevr.lm.backoff import MARKERS, START, BackoffModel, Level
from tevr.lm.ngram import LanguageModel
from tevr.lm.trie import check_trie, read_trie, trie_bytes, write_trie

WORDS = ["aber", "dass", "große", "häuser", "x" * 17]
Gram = tuple[int, ...]


def closed_model(grams: Sequence[Gram], order: int, seed: int) -> BackoffModel:
    """All parts of these n-grams; weights are 64ths, which ARPA text holds exactly."""
    parts: set[Gram] = {(word,) for word in range(len(MARKERS) + len(WORDS))}
    for gram in grams:
        spans = [(a, b) for a in range(len(gram)) for b in range(a + 1, len(gram) + 1)]
        parts |= {gram[a:b] for a, b in spans if b - a <= order}
    rng = np.random.default_rng(seed)
    levels, below = [], {(): 0}
    for length in range(1, order + 1):
        level = sorted(gram for gram in parts if len(gram) == length)
        log10 = rng.integers(-400, -1, len(level)) / 64
        back_off = rng.integers(-60, 5, len(level)) * rng.integers(0, 2, len(level)) / 64
        if length == order:
            back_off[:] = 0
        history = np.array([below[gram[:-1]] for gram in level], np.int64)
        word = np.array([gram[-1] for gram in level], np.int64)
        levels.append(Level(history, word, log10.astype("f4"), back_off.astype("f4")))
        below = {gram: index for index, gram in enumerate(level)}
    levels[0].log10[START] = -99
    return BackoffModel([*MARKERS, *WORDS], levels)


IDS = st.integers(0, len(MARKERS) + len(WORDS) - 1)
MODELS = st.integers(2, 6).flatmap(
    lambda order: st.builds(
        closed_model,
        st.lists(st.lists(IDS, min_size=2, max_size=order + 2).map(tuple), max_size=12),
        st.just(order),
        st.integers(0, 2**32),
    )
)
SENTENCES = st.lists(st.sampled_from([*WORDS, "fremd"]), max_size=8).map(" ".join)


def assert_same(model: BackoffModel, other: BackoffModel) -> None:
    assert list(model.words) == list(other.words)
    assert model.order == other.order
    for level, found in zip(model.levels, other.levels, strict=True):
        np.testing.assert_array_equal(level.history, found.history)
        np.testing.assert_array_equal(level.word, found.word)
        np.testing.assert_array_equal(level.log10, found.log10)
        np.testing.assert_array_equal(level.back_off, found.back_off)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trie")


@pytest.fixture(scope="module")
def trigrams() -> BackoffModel:
    """The decoder's trigrams, with the probability of `<s>` that stands in their text."""
    model = read_arpa(Path(__file__).parents[1] / "data" / "decoder" / "lm.arpa")
    log10 = model.levels[0].log10.copy()
    log10[START] = 0
    return replace(model, levels=[replace(model.levels[0], log10=log10), *model.levels[1:]])


@pytest.mark.parametrize(
    ("name", "bits", "back_off_bits", "words"),
    [
        ("quantised.bin", 8, None, True),
        ("wordless.bin", 6, 5, False),
        ("floats.bin", None, None, True),
    ],
)
def test_the_bytes_are_those_of_build_binary(
    data: Path,
    trigrams: BackoffModel,
    tmp_path: Path,
    name: str,
    bits: int | None,
    back_off_bits: int | None,
    words: bool,
) -> None:
    path = tmp_path / name
    write_trie(trigrams, path, bits=bits, back_off_bits=back_off_bits, words=words)
    assert path.read_bytes() == (data / "trie" / name).read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@settings(max_examples=60, deadline=None)
@given(MODELS, st.lists(SENTENCES, min_size=1, max_size=4))
def test_kenlm_scores_a_trie_as_it_scores_the_text(
    folder: Path, model: BackoffModel, sentences: list[str]
) -> None:
    write_arpa(model, folder / "model.arpa")
    write_trie(model, folder / "model.bin", bits=None)
    text, trie = LanguageModel(folder / "model.arpa"), LanguageModel(folder / "model.bin")
    for sentence in sentences:
        assert list(trie.words(sentence)) == list(text.words(sentence))


@settings(max_examples=60, deadline=None)
@given(MODELS, st.booleans())
def test_what_was_written_is_read(folder: Path, model: BackoffModel, words: bool) -> None:
    path = folder / "read.bin"
    write_trie(model, path, bits=None, words=words)
    assert_same(read_trie(path, model.words), model)
    if words:
        assert_same(read_trie(path), model)  # whose words are in the order of characters
    check_trie(path)


@settings(max_examples=60, deadline=None)
@given(MODELS, st.integers(2, 9), st.integers(2, 9), st.booleans())
def test_the_size_is_known_before(
    folder: Path, model: BackoffModel, bits: int, back_off_bits: int, words: bool
) -> None:
    path = folder / "size.bin"
    write_trie(model, path, bits=bits, back_off_bits=back_off_bits, words=words)
    strings = sum(len(word.encode()) + 1 for word in model.words) if words else 0
    assert path.stat().st_size == trie_bytes(model.sizes, strings, bits, back_off_bits)


@settings(max_examples=60, deadline=None)
@given(MODELS, st.integers(2, 8), st.integers(2, 8))
def test_quantising_moves_weights_within_their_range_only(
    folder: Path, model: BackoffModel, bits: int, back_off_bits: int
) -> None:
    path = folder / "quantised.bin"
    write_trie(model, path, bits=bits, back_off_bits=back_off_bits)
    found = read_trie(path, model.words)
    assert_same(replace(found, levels=[]), replace(model, levels=[]))
    np.testing.assert_array_equal(found.levels[0].log10, model.levels[0].log10)
    for level, other in zip(model.levels[1:], found.levels[1:], strict=True):
        np.testing.assert_array_equal(level.history, other.history)
        np.testing.assert_array_equal(level.word, other.word)
        order = np.argsort(level.log10, kind="stable")
        assert (np.diff(other.log10[order]) >= 0).all()
        assert len(np.unique(other.log10)) <= 1 << bits
        assert (other.back_off[level.back_off == 0] == 0).all()
        for weights, coarse in ((level.log10, other.log10), (level.back_off, other.back_off)):
            assert (
                not len(weights) or weights.min() <= coarse.min() <= coarse.max() <= weights.max()
            )


def test_finer_bits_score_nearer_to_the_text(
    data: Path, trigrams: BackoffModel, tmp_path: Path
) -> None:
    exact = LanguageModel(data / "decoder" / "lm.arpa")
    lines = (data / "decoder" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    errors = []
    for bits in (2, 4, 8, 12):
        path = tmp_path / f"{bits}.bin"
        write_trie(trigrams, path, bits=bits)
        coarse = LanguageModel(path)
        errors.append(max(abs(coarse.score(line) - exact.score(line)) for line in lines))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3


def test_a_probability_above_one_by_rounding_becomes_one(
    trigrams: BackoffModel, tmp_path: Path
) -> None:
    log10 = np.full_like(trigrams.levels[0].log10, 1e-7)
    levels = [replace(trigrams.levels[0], log10=log10), *trigrams.levels[1:]]
    write_trie(replace(trigrams, levels=levels), tmp_path / "lm.bin")
    assert kenlm.Model(str(tmp_path / "lm.bin")).score("", bos=False) == 0


def test_models_that_kenlm_cannot_hold_are_refused(trigrams: BackoffModel, tmp_path: Path) -> None:
    first, second, third = trigrams.levels
    fewer = Level(*(getattr(second, name)[1:] for name in ("history", "word", "log10", "back_off")))
    third_kept = replace(third, history=np.maximum(third.history - 1, 0))
    infinite = replace(third, log10=np.full_like(third.log10, -np.inf))
    cases = [
        (replace(trigrams, levels=[first]), "order 1"),
        (replace(trigrams, levels=[first, second, *[third] * 5]), "order 7"),
        (replace(trigrams, words=[*trigrams.words[:-1], trigrams.words[5]]), "same word twice"),
        (replace(trigrams, words=[*trigrams.words[:-1], "a\0b"]), "no text"),
        (replace(trigrams, words=[*trigrams.words[:-1], "\ud800"]), "no text"),
        (replace(trigrams, levels=[first, fewer, third_kept]), "not closed"),
        (replace(trigrams, levels=[first, second, infinite]), "not finite"),
    ]
    for model, message in cases:
        with pytest.raises(ModelError, match=message):
            write_trie(model, tmp_path / "lm.bin")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bits", [(1, 8), (17, 8), (8, 1), (8, 17)])
def test_bits_out_of_range_are_refused(
    trigrams: BackoffModel, tmp_path: Path, bits: tuple[int, int]
) -> None:
    with pytest.raises(UsageError, match="bits"):
        write_trie(trigrams, tmp_path / "lm.bin", bits=bits[0], back_off_bits=bits[1])
    with pytest.raises(UsageError, match="bits"):
        trie_bytes(trigrams.sizes, 0, *bits)


def test_what_cannot_be_written_leaves_the_old_file(trigrams: BackoffModel, tmp_path: Path) -> None:
    (tmp_path / "full").write_bytes(b"old")
    with pytest.raises(OutputError, match="cannot be written"):
        write_trie(trigrams, tmp_path / "full" / "lm.bin")
    (tmp_path / "lm.bin").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_trie(trigrams, tmp_path / "lm.bin")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["full", "lm.bin"]
    assert (tmp_path / "full").read_bytes() == b"old"
