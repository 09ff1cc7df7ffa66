"""A written word keeps what was said, when, and how sure the recogniser was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.readable.written import WrittenWord, text_of, write_as
from tevr.transcript import Word

SPOKEN = st.lists(
    st.builds(
        Word,
        st.text("abcäß", min_size=1, max_size=5),
        st.floats(0, 10),
        st.floats(10, 20),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=5,
)


@given(SPOKEN)
def test_words_written_together_keep_times_words_and_the_least_confidence(
    words: list[Word],
) -> None:
    written = write_as("2020", words)
    assert written.spoken == tuple(word.text for word in words)
    assert (written.start, written.end) == (words[0].start, words[-1].end)
    assert written.confidence == min(word.confidence for word in words)


def test_no_word_is_written_without_one_said() -> None:
    with pytest.raises(UsageError):
        write_as("2020", [])
    with pytest.raises(UsageError):
        WrittenWord("2020", 0.0, 1.0, 1.0, ())


def test_spaces_and_paragraphs_stand_where_words_say() -> None:
    words = [
        WrittenWord("(", 0, 0, 1, ("a",)),
        WrittenWord("b)", 0, 0, 1, ("b",), space=False, paragraph=True),
        WrittenWord("Da", 0, 0, 1, ("c",)),
        WrittenWord("war", 0, 0, 1, ("d",), paragraph=True),
    ]
    assert text_of(words) == "(b)\nDa war"
