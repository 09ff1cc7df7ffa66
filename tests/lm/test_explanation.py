"""What explains a score adds up to the score, and says what the search would do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm.composition import compose
from tevr.lm.explanation import explain
from tevr.lm.folder import LanguageModelFolder, read_language_model
from tevr.lm.lexicon import Lexicon
from tevr.lm.ngram import LanguageModel
from tevr.store import bundled


@pytest.fixture(scope="module")
def small() -> LanguageModelFolder:
    return read_language_model(bundled("de-small"))


@pytest.fixture(scope="module")
def model(small: LanguageModelFolder) -> LanguageModel:
    return LanguageModel(small.files.ngrams)


WORDS = st.lists(
    st.sampled_from(["der", "hund", "katze", "bellt", "und", "xyx", "haus", "vor", "münchen"]),
    min_size=1,
    max_size=8,
)
FEW = settings(max_examples=20)  # each opens the bundled model


@FEW
@given(WORDS)
def test_the_numbers_add_up(
    small: LanguageModelFolder, model: LanguageModel, words: list[str]
) -> None:
    sentence = " ".join(words)
    found = explain(small, sentence)
    assert [each.word for each in found.words] == [*words, "</s>"]
    assert found.log10 == pytest.approx(model.score(sentence), abs=1e-4)
    assert found.perplexity == pytest.approx(10 ** (-found.log10 / len(found.words)))
    for each in found.words:
        assert each.log10 == pytest.approx(each.ngram_log10 + each.back_off + each.composing)
        assert each.known == (each.word != "xyx")


@FEW
@given(WORDS)
def test_whatever_is_matched_in_full_takes_no_back_off(
    small: LanguageModelFolder, model: LanguageModel, words: list[str]
) -> None:
    for index, each in enumerate(explain(small, " ".join(words)).words):
        if each.ngram == min(model.order, index + 2):
            assert each.back_off == pytest.approx(0.0, abs=1e-6)


def test_a_compound_stands_as_its_head(small: LanguageModelFolder, model: LanguageModel) -> None:
    word = "fahrradgartenbank"
    assert small.files.lexicon is not None
    made = compose(Lexicon.open(small.files.lexicon), word)
    assert made is not None
    found = explain(small, f"auf der {word} saß", compound_offset=0.5)
    plain = explain(small, f"auf der {made.head} saß")
    assert found.log10 == pytest.approx(plain.log10 + made.log10 + 0.5)
    composed = found.words[2]
    assert (composed.parts, composed.known) == (made.parts, False)
    assert composed.composing == pytest.approx(made.log10 + 0.5)
    assert composed.log10 == pytest.approx(
        composed.ngram_log10 + composed.back_off + composed.composing
    )
    assert model.score(f"auf der {made.head} saß") == pytest.approx(plain.log10, abs=1e-4)


def test_without_an_offset_nothing_is_composed(small: LanguageModelFolder) -> None:
    word = explain(small, "die fahrradgartenbank").words[1]
    assert (word.parts, word.composing, word.known) == ((), 0.0, False)


def test_a_model_without_lexicon_composes_nothing(data: Path) -> None:
    folder = LanguageModelFolder(data, read_language_model(data / "decoder").files)
    found = explain(folder, "die gartenbank im sommer", compound_offset=0.0)
    assert [word.known for word in found.words] == [True, False, True, True, True]


@pytest.mark.parametrize("sentence", ["", "   "])
def test_no_words_are_refused(small: LanguageModelFolder, sentence: str) -> None:
    with pytest.raises(UsageError, match="holds no words"):
        explain(small, sentence)
