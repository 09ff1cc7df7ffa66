"""Recognised segments → the same segments as one writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tevr.readable.labeller import LabelFiles
from tevr.readable.writer import ReadableOptions, ReadableWriter
from tevr.readable.written import WrittenWord
from tevr.transcript import Segment, Word


class SegmentWriter:
    """Writes the segments of any number of sources, each by itself.

    Args:
        files: the model, from `tevr.readable.writer.open_files`.
        options: what is written as one writes it.
    """

    def __init__(self, files: LabelFiles, options: ReadableOptions) -> None:
        self._files = files
        self._options = options

    def __call__(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Yield written segments as soon as what follows cannot change them any more."""
        for written in ReadableWriter(self._files, self._options).write(segments):
            yield Segment(tuple(as_words(written.words)))


def as_words(written: Iterable[WrittenWord]) -> Iterator[Word]:
    """Words with a space between any two: what is written without one becomes one word."""
    held: list[WrittenWord] = []
    for word in written:
        if held and word.space:
            yield _joined(held)
            held = []
        held.append(word)
    if held:
        yield _joined(held)


def _joined(parts: list[WrittenWord]) -> Word:
    text = "".join(part.text for part in parts)
    spoken = tuple(word for part in parts for word in part.spoken)
    return Word(
        text=text,
        start=parts[0].start,
        end=parts[-1].end,
        confidence=min(part.confidence for part in parts),
        spoken=() if spoken == (text,) else spoken,
    )
