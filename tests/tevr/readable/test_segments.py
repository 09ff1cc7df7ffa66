"""Written segments as the formats take them: words parted by spaces, nothing said is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tevr.readable.segments import SegmentWriter, as_words
from tevr.readable.writer import ReadableOptions, open_files
from tevr.readable.written import WrittenWord, text_of
from tevr.transcript import Segment, Word

PARTS = st.lists(
    st.tuples(
        st.text("abcß(,.", min_size=1, max_size=4),
        st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(PARTS)
def test_words_stand_as_on_paper_and_keep_what_was_said(
    parts: list[tuple[str, list[str], bool]],
) -> None:
    written = [
        WrittenWord(text, number, number + 0.5, 1 / (number + 1), tuple(spoken), space)
        for number, (text, spoken, space) in enumerate(parts)
    ]
    words = list(as_words(written))
    assert " ".join(word.text for word in words) == text_of(written)
    said = [each for word in words for each in word.spoken or (word.text,)]
    assert said == [each for _, spoken, _ in parts for each in spoken]
    assert (words[0].start, words[-1].end) == (0, written[-1].end)
    assert all(word.start <= word.end for word in words)
    assert min(word.confidence for word in words) == min(word.confidence for word in written)


def test_segments_are_written_and_what_was_said_stays_beside() -> None:
    said = "am dritten mai zweitausend zwanzig war die strasse gesperrt"
    words = tuple(Word(text, i / 2, i / 2 + 0.4, 0.9) for i, text in enumerate(said.split()))
    write = SegmentWriter(open_files(), ReadableOptions())
    (segment,) = write([Segment(words)])
    assert segment.text == "Am 3. Mai 2020 war die Straße gesperrt."
    year = next(word for word in segment.words if word.text == "2020")
    assert year.spoken == ("zweitausend", "zwanzig")
    assert (year.start, year.end) == (words[3].start, words[4].end)
    (again,) = write([Segment(words)])  # each source begins anew
    assert again == segment
