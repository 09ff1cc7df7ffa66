"""Every format is valid, streams, and json and jsonl come back as they were."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.formats import FORMATS, SCHEMA_VERSION, get_writer, read_json, render
from tevr.transcript import Segment, Transcript, Word

HELLO = Segment((Word("Grüß", 0.5, 0.9, 0.98765), Word("Gott,", 1.0, 1.25, 1.0)))
MATHS = Segment((Word("a<b", 3.0, 3.4, 0.5), Word("&", 3.4, 3.5, 0.25), Word("c>d", 3.6, 4.0, 0.1)))
TALK = Transcript((HELLO, MATHS), 4.5, "gruß.wav", "de-small")
SILENCE = Transcript((), 2.0, "still.wav", "de-small")

names = st.text(st.characters(codec="utf-8"), max_size=12)
word_texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    now = 0.0
    segments = []
    for length in draw(st.lists(st.integers(1, 6), max_size=5)):
        words = []
        for _ in range(length):
            start = now + draw(st.floats(0, 3))
            now = start + draw(st.floats(0, 2))
            spoken = tuple(draw(st.lists(st.text("abß", min_size=1), max_size=2)))
            words.append(Word(draw(word_texts), start, now, draw(st.floats(0, 1)), spoken))
        segments.append(Segment(tuple(words)))
    return Transcript(tuple(segments), now + draw(st.floats(0, 9)), draw(names), draw(names))


def rounded(transcript: Transcript) -> Transcript:
    return Transcript(
        tuple(
            Segment(
                tuple(
                    Word(
                        w.text, round(w.start, 3), round(w.end, 3), round(w.confidence, 4), w.spoken
                    )
                    for w in segment.words
                )
            )
            for segment in transcript.segments
        ),
        round(transcript.duration, 3),
        transcript.source,
        transcript.model,
    )


def milliseconds(clock: str) -> int:
    hours, minutes, seconds, thousandths = map(int, re.split("[:.,]", clock))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def cue_times(text: str) -> Iterator[tuple[int, int]]:
    for start, end in re.findall(r"^(\d\d+:\d\d:\d\d[.,]\d{3}) --> (\S+)$", text, re.MULTILINE):
        yield milliseconds(start), milliseconds(end)


@given(transcripts(), st.sampled_from(["json", "jsonl"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_json_and_jsonl_come_back_as_they_were_to_the_millisecond(
    tmp_path: Path, transcript: Transcript, name: str
) -> None:
    path = tmp_path / f"talk.{name}"
    path.write_text(render(transcript, name), encoding="utf-8", newline="\n")
    assert read_json(path) == rounded(transcript)


@given(transcripts(), st.sampled_from(["srt", "vtt"]))
@settings(deadline=None)
def test_subtitle_times_last_and_never_overlap(transcript: Transcript, name: str) -> None:
    times = list(cue_times(render(transcript, name)))
    assert all(start < end for start, end in times)
    assert all(a[1] <= b[0] for a, b in pairwise(times))
    assert bool(times) == any(word.text.strip() for word in transcript.words)


@given(transcripts())
@settings(deadline=None)
def test_a_segment_is_one_line_whatever_its_words_hold(transcript: Transcript) -> None:
    assert render(transcript, "txt").count("\n") == len(transcript.segments)
    table = render(transcript, "tsv").split("\n")
    assert len(table) == len(transcript.segments) + 2
    assert all(row.count("\t") == 2 for row in table[:-1])
    events = render(transcript, "jsonl").split("\n")
    assert len(events) == len(transcript.segments) + 3


@given(transcripts(), st.sampled_from(FORMATS))
@settings(deadline=None)
def test_files_hold_no_carriage_return_of_ours_and_end_with_a_line_end(
    transcript: Transcript, name: str
) -> None:
    text = render(transcript, name)
    assert text == "" or text.endswith("\n")
    assert "\r" not in text


def test_txt() -> None:
    assert render(TALK, "txt") == "Grüß Gott,\na<b & c>d\n"


def test_srt() -> None:
    assert render(TALK, "srt") == (
        "1\n00:00:00,500 --> 00:00:01,500\nGrüß Gott,\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\na<b & c>d\n\n"
    )


def test_vtt_escapes_what_webvtt_reserves() -> None:
    assert render(TALK, "vtt") == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nGrüß Gott,\n\n"
        "00:00:03.000 --> 00:00:04.000\na&lt;b &amp; c&gt;d\n\n"
    )


def test_tsv_counts_milliseconds() -> None:
    assert render(TALK, "tsv") == (
        "start\tend\ttext\n500\t1250\tGrüß Gott,\n3000\t4000\ta<b & c>d\n"
    )


def test_json_holds_everything_in_readable_german() -> None:
    text = render(TALK, "json")
    assert "Grüß Gott," in text
    document = json.loads(text)
    assert list(document) == ["schema", "source", "model", "duration", "text", "segments"]
    assert document["schema"] == SCHEMA_VERSION
    assert document["text"] == "Grüß Gott,\na<b & c>d"
    assert document["segments"][0] == {
        "start": 0.5,
        "end": 1.25,
        "text": "Grüß Gott,",
        "words": [
            {"text": "Grüß", "start": 0.5, "end": 0.9, "confidence": 0.9877},
            {"text": "Gott,", "start": 1.0, "end": 1.25, "confidence": 1.0},
        ],
    }


def test_jsonl_has_a_start_a_final_for_each_segment_and_an_end() -> None:
    events = [json.loads(line) for line in render(TALK, "jsonl").splitlines()]
    assert [event["event"] for event in events] == ["start", "final", "final", "end"]
    assert events[0] == {"event": "start", "schema": 1, "source": "gruß.wav", "model": "de-small"}
    assert list(events[1]) == ["event", "start", "end", "text", "words"]
    assert events[3] == {"event": "end", "duration": 4.5}


@pytest.mark.parametrize(
    ("name", "text"),
    [("txt", ""), ("srt", ""), ("vtt", "WEBVTT\n\n"), ("tsv", "start\tend\ttext\n")],
)
def test_silence_gives_a_valid_empty_document(name: str, text: str) -> None:
    assert render(SILENCE, name) == text


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_silence_comes_back_from_json(tmp_path: Path, name: str) -> None:
    path = tmp_path / "still"
    path.write_text(render(SILENCE, name), encoding="utf-8")
    assert read_json(path) == SILENCE


def test_times_beyond_a_day_keep_counting_hours() -> None:
    late = Transcript((Segment((Word("spät", 360000.0, 360002.0, 0.5),)),), 360002.0)
    assert "100:00:00,000 --> 100:00:02,000" in render(late, "srt")


class Pipe(io.StringIO):
    """A stream that remembers what a reader at its other end has seen."""

    seen = ""

    def flush(self) -> None:
        self.seen = self.getvalue()


@pytest.mark.parametrize("name", ["txt", "tsv", "jsonl"])
def test_a_segment_leaves_as_soon_as_it_is_known(name: str) -> None:
    stream = Pipe()
    writer = get_writer(name, stream)
    writer.begin("", "")
    writer.segment(HELLO)
    assert "Grüß Gott," in stream.seen.replace('", "', " ")


def test_a_cue_leaves_as_soon_as_the_next_one_is_known() -> None:
    stream = Pipe()
    writer = get_writer("srt", stream)
    writer.begin("", "")
    writer.segment(HELLO)
    writer.segment(MATHS)
    assert "Grüß Gott," in stream.seen
    assert "a<b" not in stream.seen


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'docx'.*txt, srt, vtt, tsv, json, jsonl"):
        get_writer("docx", io.StringIO())


def test_a_source_name_that_is_not_unicode_still_gives_utf8() -> None:
    odd = Transcript((), 1.0, "gru\udcdf.wav")
    assert json.loads(render(odd, "json").encode())["source"] == "gru?.wav"
    assert json.loads(render(odd, "jsonl").encode().splitlines()[0])["source"] == "gru?.wav"


DAMAGED = {
    "empty": "",
    "torn json": render(TALK, "json")[:-40],
    "torn jsonl": render(TALK, "jsonl")[:-40],
    "without its end": "".join(render(TALK, "jsonl").splitlines(keepends=True)[:-1]),
    "two sources": render(TALK, "jsonl") * 2,
    "a list": "[]",
    "a number": "3",
    "no segments": '{"schema": 1, "source": "", "model": "", "duration": 1}',
    "a segment without words": render(TALK, "json").replace('"words"', '"worte"'),
    "an empty segment": render(SILENCE, "json").replace("[]", '[{"words": []}]'),
    "a time that is text": render(TALK, "json").replace("1.25", '"1.25"'),
    "a time that is no number": render(TALK, "json").replace("1.25", "NaN"),
    "a time beyond floats": render(TALK, "json").replace("1.25", "9" * 400),
    "a text that is a number": render(TALK, "json").replace('"Grüß"', "7"),
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_transcript_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "talk.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"talk\.json is not a whole transcript"):
        read_json(path)


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_another_schema_version_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "talk.json"
    path.write_text(render(TALK, name).replace('"schema": 1', '"schema": 99'), encoding="utf-8")
    with pytest.raises(UsageError, match="schema version 99, but version 1"):
        read_json(path)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "talk.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not a whole transcript"):
        read_json(tmp_path / "talk.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_json(tmp_path / "missing.json")


def test_events_of_kinds_not_known_yet_are_passed_over(tmp_path: Path) -> None:
    lines = render(TALK, "jsonl").splitlines(keepends=True)
    lines.insert(1, '{"event": "partial", "text": "gr"}\n')
    path = tmp_path / "talk.jsonl"
    path.write_text("".join(lines), encoding="utf-8")
    assert read_json(path) == rounded(TALK)
