"""Turns segments into txt, srt, vtt, tsv, json or jsonl text, and json and jsonl back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from math import isfinite
from pathlib import Path
from typing import Any, Protocol, TextIO

from tevr.cues import Cue, CueBuilder
from tevr.errors import UsageError
from tevr.transcript import Segment, Transcript, Word

#: Version of the json document and of the jsonl events; a change that breaks readers raises it.
SCHEMA_VERSION = 1


class Writer(Protocol):
    """Writes one transcript to a stream: ``begin``, any number of ``segment``, ``end``."""

    def begin(self, source: str, model: str) -> None:
        """Start the document of the named input, made by the named model."""

    def segment(self, segment: Segment) -> None:
        """Write a final segment, or keep it until its text is complete."""

    def end(self, duration: float) -> None:
        """Close the document of a source of so many seconds."""


class LineWriter:
    """Writes one line a segment, below a head."""

    def __init__(self, stream: TextIO, head: str, line: Callable[[Segment], str]) -> None:
        """Take what stands before the first line, and what turns a segment into its line."""
        self._stream = stream
        self._head = head
        self._line = line

    def begin(self, source: str, model: str) -> None:  # noqa: ARG002 - the protocol's names
        """Write the head."""
        _put(self._stream, self._head)

    def segment(self, segment: Segment) -> None:
        """Write one line."""
        _put(self._stream, self._line(segment) + "\n")

    def end(self, duration: float) -> None:
        """Write nothing: lines need no foot."""


class SubtitleWriter:
    """Cuts segments into cues and writes each as soon as it is final, below a head."""

    def __init__(
        self, stream: TextIO, head: str, block: Callable[[int, int, int, Iterable[str]], str]
    ) -> None:
        """Take what stands before the first cue, and what writes one down.

        Args:
            stream: where the text goes.
            head: written first.
            block: number from 1, start and end in milliseconds, lines → text of the cue.
        """
        self._stream = stream
        self._head = head
        self._block = block
        self._builder = CueBuilder()
        self._count = 0
        self._shown_until = 0  # milliseconds

    def begin(self, source: str, model: str) -> None:  # noqa: ARG002 - the protocol's names
        """Write the head."""
        _put(self._stream, self._head)

    def segment(self, segment: Segment) -> None:
        """Write the cues that are final by now."""
        for word in segment.words:
            self._write(self._builder.push(word))

    def end(self, duration: float) -> None:
        """Write the last cues."""
        self._write(self._builder.finish(duration))

    def _write(self, cues: Iterable[Cue]) -> None:
        for cue in cues:
            # Players drop cues that last no whole millisecond, and WebVTT forbids them.
            start = max(milliseconds(cue.start), self._shown_until)
            self._shown_until = max(milliseconds(cue.end), start + 1)
            self._count += 1
            _put(self._stream, self._block(self._count, start, self._shown_until, cue.lines))


class JsonWriter:
    """json: one document with everything, written at the end."""

    def __init__(self, stream: TextIO) -> None:
        """Begin an empty document."""
        self._stream = stream
        self._source = self._model = ""
        self._segments: list[Segment] = []

    def begin(self, source: str, model: str) -> None:
        """Keep the names for the head of the document."""
        self._source, self._model = source, model

    def segment(self, segment: Segment) -> None:
        """Keep the segment for the document."""
        self._segments.append(segment)

    def end(self, duration: float) -> None:
        """Write the document."""
        document = {
            "schema": SCHEMA_VERSION,
            "source": _unicode(self._source),
            "model": _unicode(self._model),
            "duration": round(duration, 3),
            "text": "\n".join(segment.text for segment in self._segments),
            "segments": [_segment_fields(segment) for segment in self._segments],
        }
        _put(self._stream, json.dumps(document, ensure_ascii=False, indent=2) + "\n")


class JsonlWriter:
    """jsonl: one event a line, the same for files, the microphone and the server."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream whose lines somebody may be waiting for."""
        self._stream = stream

    def begin(self, source: str, model: str) -> None:
        """Write the start event."""
        self._event(start_event(source, model))

    def segment(self, segment: Segment) -> None:
        """Write a final event."""
        self._event(final_event(segment))

    def end(self, duration: float) -> None:
        """Write the end event, by which readers know that nothing is missing."""
        self._event(end_event(duration))

    def _event(self, event: dict[str, object]) -> None:
        _put(self._stream, json.dumps(event, ensure_ascii=False) + "\n")


def _tsv_row(segment: Segment) -> str:
    """Write times as integer milliseconds, as `WriteTSV` of openai/whisper does."""
    start, end = milliseconds(segment.start), milliseconds(segment.end)
    return f"{start}\t{end}\t{one_line(segment.text)}"


def _srt_block(number: int, start: int, end: int, lines: Iterable[str]) -> str:
    return "\n".join((str(number), f"{_clock(start, ',')} --> {_clock(end, ',')}", *lines)) + "\n\n"


def _vtt_block(_number: int, start: int, end: int, lines: Iterable[str]) -> str:
    # The three characters that WebVTT (W3C) reserves in cue text; ">" would also end "-->".
    safe = (line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)
    return "\n".join((f"{_clock(start, '.')} --> {_clock(end, '.')}", *safe)) + "\n\n"


_WRITERS: dict[str, Callable[[TextIO], Writer]] = {
    "txt": lambda stream: LineWriter(stream, "", lambda segment: one_line(segment.text)),
    "srt": lambda stream: SubtitleWriter(stream, "", _srt_block),
    "vtt": lambda stream: SubtitleWriter(stream, "WEBVTT\n\n", _vtt_block),
    "tsv": lambda stream: LineWriter(stream, "start\tend\ttext\n", _tsv_row),
    "json": JsonWriter,
    "jsonl": JsonlWriter,
}
#: Names of the formats, which are also the suffixes of their files.
FORMATS = tuple(_WRITERS)


def get_writer(name: str, stream: TextIO) -> Writer:
    """Return a new writer for one transcript.

    Args:
        name: one of `FORMATS`.
        stream: where the text goes; flushed after every line or cue. Its encoding must be UTF-8
            and its newline setting should be ``"\\n"``.

    Raises:
        UsageError: there is no such format.
    """
    if name not in _WRITERS:
        raise UsageError(
            f"There is no output format called {name!r}", f"Choose one of {', '.join(FORMATS)}."
        )
    return _WRITERS[name](stream)


def render(transcript: Transcript, name: str) -> str:
    """Return a whole transcript as text in one of `FORMATS`."""
    stream = io.StringIO()
    writer = get_writer(name, stream)
    writer.begin(transcript.source, transcript.model)
    for segment in transcript.segments:
        writer.segment(segment)
    writer.end(transcript.duration)
    return stream.getvalue()


def read_json(path: Path) -> Transcript:
    """Read back a transcript written as json or jsonl, times to the millisecond.

    Raises:
        UsageError: the file cannot be read, is damaged, or follows another schema version.
    """
    try:
        document = _document(path.read_text(encoding="utf-8"))
        version = document["schema"]
        if version == SCHEMA_VERSION:
            return _transcript(document)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "Check its name.") from error
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a whole transcript in json or jsonl",
            "Write it again with the format json.",
        ) from error
    raise UsageError(
        f"{path} follows schema version {version!r}, but version {SCHEMA_VERSION} is needed",
        "Write it again with this version of tevr.",
    )


def _document(text: str) -> dict[str, Any]:
    """Parse json, or bring the events of jsonl into the same shape."""
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and "event" not in whole:
        return whole
    # Not splitlines(): JSON strings may hold U+2028 and other marks it takes for line ends.
    events = [json.loads(line) for line in text.split("\n") if line.strip()]
    first, last = events[0], events[-1]
    if [event["event"] for event in events if event["event"] in ("start", "end")] != [
        first["event"],
        last["event"],
    ]:
        raise ValueError("not the events of one source, from start to end")
    finals = [event for event in events if event["event"] == "final"]
    return {**first, "duration": last["duration"], "segments": finals}


def _transcript(document: dict[str, Any]) -> Transcript:
    segments = tuple(
        Segment(tuple(_word(fields) for fields in segment["words"]))
        for segment in document["segments"]
    )
    source, model = _string(document["source"]), _string(document["model"])
    return Transcript(segments, _number(document["duration"]), source, model)


def _word(fields: dict[str, Any]) -> Word:
    start, end = _number(fields["start"]), _number(fields["end"])
    spoken = tuple(_string(fields.get("spoken", "")).split())
    return Word(_string(fields["text"]), start, end, _number(fields["confidence"]), spoken)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def start_event(source: str, model: str) -> dict[str, object]:
    """Return the first event of a source, ready for `json.dumps`."""
    return {
        "event": "start",
        "schema": SCHEMA_VERSION,
        "source": _unicode(source),
        "model": _unicode(model),
    }


def final_event(segment: Segment) -> dict[str, object]:
    """Return the event of a segment that will not change any more."""
    return {"event": "final", **_segment_fields(segment)}


def end_event(duration: float) -> dict[str, object]:
    """Return the last event of a source of so many seconds."""
    return {"event": "end", "duration": round(duration, 3)}


def milliseconds(seconds: float) -> int:
    """Round to whole milliseconds, the resolution of all formats."""
    return round(seconds * 1000)


def one_line(text: str) -> str:
    """Put single spaces for tabs, line breaks and repeated spaces."""
    return " ".join(text.split())


def _segment_fields(segment: Segment) -> dict[str, object]:
    return {
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "words": [_word_fields(word) for word in segment.words],
    }


def _word_fields(word: Word) -> dict[str, object]:
    spoken = {"spoken": " ".join(word.spoken)} if word.spoken else {}
    return {
        "text": word.text,
        "start": round(word.start, 3),
        "end": round(word.end, 3),
        "confidence": round(word.confidence, 4),
        **spoken,
    }


def _clock(time: int, point: str) -> str:
    """Write milliseconds as ``HH:MM:SS`` with three decimals after ``point``."""
    seconds, thousandths = divmod(time, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"


def _unicode(name: str) -> str:
    """Replace what UTF-8 cannot hold: bytes of file names that are not text."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _put(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()  # a reader behind a pipe gets each piece when it is final
