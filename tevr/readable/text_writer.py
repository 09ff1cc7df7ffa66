"""Text of any recogniser, with or without capitals and marks → German as one writes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tevr.readable.hints import Hints, Token, hints_of, in_case_of, part_mark, split
from tevr.readable.labeller import LabelFiles
from tevr.readable.labels import fold
from tevr.readable.writer import DEFAULTS, ReadableOptions, ReadableWriter
from tevr.readable.written import WrittenWord
from tevr.transcript import Word


def rewrite(
    text: str,
    files: LabelFiles,
    options: ReadableOptions = DEFAULTS,
    *,
    each_line: bool = False,
) -> str:
    """Return a text with what it lacks: capitals, marks, ß, numbers in digits.

    Lines stay lines; sentences may go on over them, but not over empty ones. What the text has of
    capitals and marks stays, unless it is too little to be meant (see `tevr.readable.hints`).

    Args:
        text: any text.
        files: the model.
        options: what is written; pauses are unknown.
        each_line: every line is a text of its own.
    """
    lines = [split(line) for line in text.splitlines()]
    hints = hints_of([token for line in lines for token in line])
    wanted = replace(
        options,
        timed=False,
        capitals=options.capitals and not hints.cased,
        punctuation=options.punctuation and not hints.marked,
        sharp_s=options.sharp_s and not hints.sharp,
    )
    printer = _Printer(options, hints)
    writer = ReadableWriter(files, wanted)
    lines_left = deque(lines)
    done: deque[WrittenWord] = deque()
    parts: list[str] = []
    for words in _words(lines, writer, each_line=each_line):
        done += words
        parts += _whole_lines(lines_left, done, printer)
    return "".join(f"{line}\n" for line in parts)


def _words(
    lines: Iterable[Sequence[Token]], writer: ReadableWriter, *, each_line: bool
) -> Iterator[list[WrittenWord]]:
    """Yield the written words of all lines, as they are done.

    Marks that are there end numbers and phrases, and so does the end of a line.
    """
    for line in lines:
        formed: list[WrittenWord] = []
        for token in line:
            word = Word(token.said, 0.0, 0.0, 1.0)
            formed += writer.form([word], closes=bool(token.after))
        formed += writer.form((), closes=True)
        yield writer.label(formed)
        if each_line or not line:
            yield writer.finish()
    yield writer.finish()


def _whole_lines(
    lines: deque[list[Token]], done: deque[WrittenWord], printer: _Printer
) -> Iterator[str]:
    """Take lines whose words are all done off both queues."""
    while lines:
        line, parts, place = lines[0], [], 0
        said = 0
        for word in done:
            if said == len(line):
                break
            said += len(word.spoken)
        if said < len(line):
            return
        while place < len(line):
            word = done.popleft()
            tokens = line[place : place + len(word.spoken)]
            parts.append(printer.show(word, tokens))
            place += len(word.spoken)
        lines.popleft()
        yield " ".join(parts)


class _Printer:
    """Puts written words and what stood around them together."""

    def __init__(self, options: ReadableOptions, hints: Hints) -> None:
        self._options, self._hints = options, hints
        self._begins = True

    def show(self, word: WrittenWord, tokens: Sequence[Token]) -> str:
        """Return a word as it stands on paper, with its quotes, brackets and marks."""
        text = self._body(word, tokens)
        if self._begins and self._hints.marked and not self._hints.cased and self._options.capitals:
            text = text[:1].upper() + text[1:]
        after = tokens[-1].after
        self._begins = tokens[-1].ends_sentence
        if after and text[-1:] == after[:1]:
            after = after[1:]
        text = f"{tokens[0].before}{text}{after}"
        return text if self._options.sharp_s else text.replace("ß", "ss")

    def _body(self, word: WrittenWord, tokens: Sequence[Token]) -> str:
        """Return a word with what the text tells of its spelling and its case."""
        original, hints = tokens[0].word, self._hints
        text, mark = (word.text, "") if hints.marked else part_mark(word.text)
        if len(tokens) > 1 or fold(text) != fold(original):
            return word.text  # a number, a form, an own spelling
        if hints.cased and text != text.lower():
            return word.text  # an own spelling: nothing else gave capitals
        spelt = original if hints.sharp else text
        return in_case_of(spelt, original if hints.cased else text) + mark
