"""Sentences become ids of a vocabulary, given or found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import ModelError, UsageError
from tevr.lm import token_ids
from tevr.lm.backoff import MARKERS
from tevr.lm.token_ids import Tokens, Vocabulary, write_tokens

TEXT = ["der hund bellt", "", "die katze und der hund", "und der esel"]
sentences = st.lists(st.sampled_from("äbcdefx"), max_size=6).map(" ".join)
texts = st.lists(sentences, min_size=1).filter(any)


def tokens(folder: Path, text: list[str], vocabulary: Vocabulary | None = None) -> Tokens:
    return write_tokens(iter(text), folder, vocabulary or Vocabulary(), 10**9)


def spelt(found: Tokens) -> str:
    return " ".join([*found.words, *["<other>"] * found.types][index] for index in found.ids.read())


def test_every_sentence_stands_between_its_markers(tmp_path: Path) -> None:
    found = tokens(tmp_path, TEXT)
    assert found.sentences == len(TEXT)
    assert spelt(found) == " ".join(f"<s> {line} </s>".replace("  ", " ") for line in TEXT)


@given(text=texts, characters=st.integers(1, 50))
def test_ids_do_not_depend_on_how_much_is_read_at_a_time(
    text: list[str], characters: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_ids, "CHARACTERS", characters)
        found = tokens(tmp_path_factory.mktemp("ids"), text)
    assert spelt(found) == " ".join(" ".join(["<s>", *line.split(), "</s>"]) for line in text)
    counts = Counter(word for line in text for word in line.split())
    assert found.words[3:] == sorted(counts, key=lambda word: (-counts[word], word))


def test_a_limit_keeps_the_most_frequent_words_and_ties_go_by_alphabet(tmp_path: Path) -> None:
    found = tokens(tmp_path, TEXT, Vocabulary(most=4))
    assert found.words == [*MARKERS, "der", "hund", "und", "bellt"]
    assert (found.types, found.ids.read().max()) == (7, 6)
    assert spelt(found).startswith("<s> der hund bellt </s> <s> </s> <s> <unk> <unk> und der")


@pytest.mark.parametrize("vocabulary", [Vocabulary(["hund", "der"]), Vocabulary(most=2)])
def test_other_words_are_one_unknown_word(vocabulary: Vocabulary, tmp_path: Path) -> None:
    found = tokens(tmp_path, TEXT, vocabulary)
    assert spelt(found).endswith("<s> <unk> <unk> <unk> der hund </s> <s> <unk> der <unk> </s>")


@pytest.mark.parametrize(
    "vocabulary",
    [Vocabulary(["hund", "der"], merge_others=False), Vocabulary(most=2, merge_others=False)],
)
def test_other_words_may_stay_apart(vocabulary: Vocabulary, tmp_path: Path) -> None:
    found = tokens(tmp_path, TEXT, vocabulary)
    assert set(found.words) == {*MARKERS, "der", "hund"}
    assert found.types == len(MARKERS) + 7  # der hund bellt die katze und esel
    others = [index for index in found.ids.read().tolist() if index >= len(found.words)]
    assert len(others) == 6
    assert len(set(others)) == 5


def test_words_given_twice_and_markers_among_them_count_once(tmp_path: Path) -> None:
    found = tokens(tmp_path, TEXT, Vocabulary(["<unk>", "der", "hund", "der", "</s>"]))
    assert found.words == [*MARKERS, "der", "hund"]


@pytest.mark.parametrize("text", [[], [""], ["  ", ""]])
def test_a_text_without_words_is_an_error(text: list[str], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no words"):
        tokens(tmp_path, text)


@pytest.mark.parametrize("line", ["der <s> hund", "der </s> hund", "</s>"])
def test_markers_in_the_text_are_an_error(line: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="markers"):
        tokens(tmp_path, [*TEXT, line])


def test_more_different_words_than_fit_into_memory_are_an_error(tmp_path: Path) -> None:
    lines = (f"wort{number}" for number in range(50_000))
    with pytest.raises(ModelError, match="different words"):
        write_tokens(lines, tmp_path, Vocabulary(), memory=90_000_000)


def test_a_vocabulary_is_given_or_limited_but_not_both() -> None:
    with pytest.raises(UsageError, match="Give one"):
        Vocabulary(["der"], most=3)
    with pytest.raises(UsageError, match="0 words"):
        Vocabulary(most=0)
