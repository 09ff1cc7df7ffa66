"""Dictated words and the marks that were said → text as one writes it, as it grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tevr.readable.hints import part_mark
from tevr.readable.labeller import LabelFiles
from tevr.readable.writer import ReadableOptions, ReadableWriter
from tevr.readable.written import WrittenWord
from tevr.spoken_marks import Fixed
from tevr.transcript import Word


class DictatedWriter:
    """A `tevr.dictation.Writer` that writes capitals, ß, numbers and the marks nobody said.

    A mark that was said takes the place of the one that would have been set there.

    Args:
        files: the model, from `tevr.readable.writer.open_files`.
        options: what is written as one writes it.
    """

    def __init__(self, files: LabelFiles, options: ReadableOptions) -> None:
        self._writer = ReadableWriter(files, options)
        self._held: deque[Word] = deque()

    @property
    def held(self) -> tuple[Word, ...]:
        """Words that wait for those after them."""
        return tuple(self._held)

    def push(self, items: Sequence[Word | Fixed], *, closes: bool) -> list[Fixed]:
        """Take words and marks, return what they are written as."""
        done: list[Fixed] = []
        run: list[Word] = []
        for item in items:
            if isinstance(item, Word):
                run.append(item)
                continue
            written = self._written(run, closes=True)
            run = []
            if written and not item.before:  # it stands at the word before it
                written[-1] = replace(written[-1], text=part_mark(written[-1].text)[0])
            done += written
            self._writer.set_mark(item.text)
            done.append(item)
        return done + self._written(run, closes=closes)

    def _written(self, words: Sequence[Word], *, closes: bool) -> list[Fixed]:
        self._held.extend(words)
        return list(self._fixed(self._writer.push(words, closes=closes)))

    def _fixed(self, written: Iterable[WrittenWord]) -> Iterable[Fixed]:
        for word in written:
            said = tuple(self._held.popleft() for _ in word.spoken)
            yield Fixed(word.text, said, before=word.space)
