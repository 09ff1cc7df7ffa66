"""Spoken words → German as one writes it: own spellings, numbers and forms, capitals, marks, ß."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tevr.readable.forms import FormsWriter
from tevr.readable.forms_options import FormsOptions
from tevr.readable.labeller import LabelFiles, Labeller, LabelOptions
from tevr.readable.labels import SENTENCE_END
from tevr.readable.spellings import Spellings, SpellingWriter
from tevr.readable.written import WrittenSegment, WrittenWord, write_as
from tevr.store import bundled
from tevr.transcript import Segment, Word

CLOSES: Final = 1.0
"""Seconds of a pause in a file over which nothing is looked ahead."""
PARAGRAPH: Final = 2.0
"""Seconds of a pause after a sentence that ends a paragraph."""
MODEL_NAME: Final = "de-readable"


@dataclass(frozen=True, slots=True)
class ReadableOptions:
    """What is written as one writes it; each part can be left as it was said.

    Attributes:
        numbers: numbers, dates, times, money and short forms in digits and signs.
        punctuation: marks after words, and capitals after those that end a sentence.
        capitals: capitals of nouns and names.
        sharp_s: ß; without it ss, as in Switzerland.
        forms: how numbers and short forms are written.
        spellings: words and phrases that are written just so, hot-words among them.
        timed: words have times; without them pauses tell nothing.
    """

    numbers: bool = True
    punctuation: bool = True
    capitals: bool = True
    sharp_s: bool = True
    forms: FormsOptions = field(default_factory=FormsOptions)
    spellings: tuple[str, ...] = ()
    timed: bool = True


DEFAULTS: Final = ReadableOptions()
"""All parts are written."""


def open_files(folder: Path | None = None, *, threads: int = 1) -> LabelFiles:
    """Open the model for any number of writers; without a folder the one of the package.

    Raises:
        ModelError: a file is missing, damaged or does not fit.
    """
    return LabelFiles(folder or bundled(MODEL_NAME), threads=threads)


class ReadableWriter:
    """Writes one stream of words.

    What was given out never changes. Words wait while a number or an own phrase could go on, and
    then for at most `labeller.HELD` words more; none waits when a pause closes. The words that the
    written ones keep as `spoken`, put together, are those that were given in.
    """

    def __init__(self, files: LabelFiles, options: ReadableOptions = DEFAULTS) -> None:
        """Begin a stream with a model that `open_files` opened."""
        spellings = Spellings(options.spellings)
        self._forms = FormsWriter(options.forms) if options.numbers else None
        self._spellings = SpellingWriter(spellings)
        labels = LabelOptions(
            capitals=options.capitals,
            punctuation=options.punctuation,
            sharp_s=options.sharp_s,
            timed=options.timed,
        )
        self._labeller = Labeller(files, labels, fixed=spellings.words)

    def push(self, words: Sequence[Word], *, closes: bool = False) -> list[WrittenWord]:
        """Take words and return those that are done.

        Args:
            words: those that follow, in lower case and with ss.
            closes: a pause follows that ends a stretch of speech; all words come back.
        """
        return self.label(self.form(words, closes=closes), closes=closes)

    def finish(self) -> list[WrittenWord]:
        """Return all words that wait: nothing follows. Another text may begin after it."""
        done = self._labeller.push(self.form((), closes=True))
        return done + self._labeller.finish()

    def set_mark(self, mark: str) -> None:
        """Take note of a mark or line break that the speaker set after the last word given out."""
        self._labeller.set_mark(mark)

    def form(self, words: Sequence[Word], *, closes: bool = False) -> list[WrittenWord]:
        """Do the first half: numbers, forms and own spellings; see `push`."""
        if self._forms is None:
            formed = [write_as(word.text, [word]) for word in words]
        else:
            formed = self._forms.push(words, closes=closes)
        return self._spellings.push(formed, closes=closes)

    def label(self, formed: Sequence[WrittenWord], *, closes: bool = False) -> list[WrittenWord]:
        """Do the second half: capitals, marks and ß of what `form` gave; see `push`."""
        return self._labeller.push(formed, closes=closes)

    def write(self, segments: Iterable[Segment]) -> Iterator[WrittenSegment]:
        """Yield the segments of a file as they are on paper, as soon as they are done.

        A written word belongs to the segment of its first spoken one; segments whose words all
        went into others are left out.
        """
        sizes: deque[int] = deque()  # words of segments that are not done
        gaps: deque[float] = deque()  # seconds after them
        waiting: deque[WrittenWord] = deque()
        for segment, gap in _with_gaps(segments):
            sizes.append(len(segment.words))
            gaps.append(gap)
            closes = CLOSES <= gap < float("inf")
            waiting += self.push(segment.words, closes=closes)
            yield from _parted(waiting, sizes, gaps)
        waiting += self.finish()
        yield from _parted(waiting, sizes, gaps)


def _with_gaps(segments: Iterable[Segment]) -> Iterator[tuple[Segment, float]]:
    """Yield segments with the seconds to the next, infinite after the last."""
    before: Segment | None = None
    for segment in segments:
        if before is not None:
            yield before, segment.start - before.end
        before = segment
    if before is not None:
        yield before, float("inf")


def _parted(
    waiting: deque[WrittenWord], sizes: deque[int], gaps: deque[float]
) -> Iterator[WrittenSegment]:
    """Take the words of segments that are done off all three queues."""
    while sizes and (count := _covering(waiting, sizes[0])) is not None:
        words = [waiting.popleft() for _ in range(count)]
        size, gap = sizes.popleft(), gaps.popleft()
        over = sum(len(word.spoken) for word in words) - size
        while over and sizes:  # words of later segments that were written with these
            taken = min(over, sizes[0])
            sizes[0], over = sizes[0] - taken, over - taken
            if not sizes[0]:
                sizes.popleft()
                gap = gaps.popleft()
        if words:
            ends = words[-1].text.endswith(tuple(SENTENCE_END))
            words[-1] = replace(words[-1], paragraph=ends and PARAGRAPH <= gap < float("inf"))
            yield WrittenSegment(tuple(words))


def _covering(waiting: Iterable[WrittenWord], size: int) -> int | None:
    """Return how many written words hold that many spoken ones, or nothing if too few wait."""
    said = 0
    for count, word in enumerate(waiting, 1):
        said += len(word.spoken)
        if said >= size:
            return count
    return 0 if size == 0 else None
