"""The whole writer: segments in, segments out, with every word that was said and its time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tevr.readable.labeller import LabelFiles
from tevr.readable.writer import (
    CLOSES,
    DEFAULTS,
    PARAGRAPH,
    ReadableOptions,
    ReadableWriter,
)
from tevr.readable.written import WrittenSegment, WrittenWord
from tevr.transcript import Segment, Word

SAID = (
    "die strasse ist am dritten mai zweitausendzwanzig gesperrt worden sagte frau doktor weiss"
    " und um vierzehn uhr dreissig kamen zwölf euro fünfzig prozent zwei von drei gmbh co kg"
)
VOCABULARY = SAID.split()
OWN = ReadableOptions(spellings=("GmbH & Co. KG", "Frau Weiß"))
SEGMENTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=8),
        st.sampled_from([0.2, 0.5, CLOSES, PARAGRAPH, 4.0]),
    ),
    min_size=1,
    max_size=8,
)


def spoken(text: list[tuple[list[str], float]]) -> list[Segment]:
    segments, start = [], 0.0
    for words, gap in text:
        made = []
        for word in words:
            made.append(Word(word, start, start + 0.3, 0.9))
            start += 0.35
        segments.append(Segment(tuple(made)))
        start += gap
    return segments


@settings(max_examples=25, deadline=None)
@given(text=SEGMENTS)
def test_segments_keep_every_word_and_its_time(
    files: LabelFiles, text: list[tuple[list[str], float]]
) -> None:
    segments = spoken(text)
    done = list(ReadableWriter(files, OWN).write(segments))
    words = [word for segment in segments for word in segment.words]
    written = [word for segment in done for word in segment.words]
    assert [text for word in written for text in word.spoken] == [word.text for word in words]
    place = 0
    for word in written:
        first, last = words[place], words[place + len(word.spoken) - 1]
        assert (word.start, word.end) == (first.start, last.end)
        place += len(word.spoken)
    # None begins within another, but for what a number that began in the one before has left.
    assert {segment.start for segment in done} <= {word.start for word in words}
    assert len(done) <= len(segments)


@settings(max_examples=25, deadline=None)
@given(text=SEGMENTS)
def test_live_words_are_written_as_those_of_a_file(
    files: LabelFiles, text: list[tuple[list[str], float]]
) -> None:
    segments = spoken(text)
    whole = [word for segment in ReadableWriter(files).write(segments) for word in segment.words]
    writer = ReadableWriter(files)
    live: list[WrittenWord] = []
    for segment, after in pairwise([*segments, None]):
        assert segment is not None
        for word in segment.words:
            live += writer.push([word])
        if after is not None and after.start - segment.end >= CLOSES:
            live += writer.push([], closes=True)
            assert sum(len(word.spoken) for word in live) == sum(
                len(each.words) for each in segments[: segments.index(segment) + 1]
            )
    live += writer.finish()
    assert live == [replace(word, paragraph=False) for word in whole]


def only(segments: list[WrittenSegment]) -> str:
    return "".join(f"{segment.text}|" for segment in segments)


def test_a_sentence_is_written(files: LabelFiles) -> None:
    said = "ich glaube dass die strasse am dritten mai zweitausendzwanzig gesperrt wird"
    (done,) = ReadableWriter(files).write(spoken([(said.split(), 1.0)]))
    assert done.text == "Ich glaube, dass die Straße am 3. Mai 2020 gesperrt wird."
    assert done.spoken == said
    assert (done.start, round(done.end, 2)) == (0.0, 3.8)


def test_a_number_that_goes_on_in_the_next_segment_belongs_to_the_first(
    files: LabelFiles,
) -> None:
    text = [(["das", "war", "zweitausend"], 0.2), (["zwanzig"], 0.2), (["oder"], 0.2)]
    options = replace(DEFAULTS, punctuation=False)
    done = list(ReadableWriter(files, options).write(spoken(text)))
    assert [segment.text for segment in done] == ["das war 2020", "oder"]


def test_paragraphs_end_with_a_sentence_and_a_long_pause(files: LabelFiles) -> None:
    text = [(["das", "ist", "gut"], PARAGRAPH), (["das", "ist", "alles"], 0.0)]
    done = list(ReadableWriter(files).write(spoken(text)))
    assert [segment.words[-1].paragraph for segment in done] == [True, False]


def test_no_segments_are_none_written(files: LabelFiles) -> None:
    assert list(ReadableWriter(files).write([])) == []


def test_a_text_may_follow_another(files: LabelFiles) -> None:
    writer = ReadableWriter(files)
    segments = spoken([(["das", "ist", "gut"], 0.0)])
    first = [*writer.push(segments[0].words), *writer.finish()]
    assert [*writer.push(segments[0].words), *writer.finish()][0].text == first[0].text == "Das"
