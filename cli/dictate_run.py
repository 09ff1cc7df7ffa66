"""A source of live sound → events of the recogniser → edits, until somebody ends it."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from tevr.audio import SAMPLE_RATE, Audio
from tevr.cli.dictate_outputs import Output
from tevr.cli.process import Stopped, on_signals
from tevr.control import Request
from tevr.dictation import DictatedText, StopAsked
from tevr.errors import TevrError
from tevr.mixdown import Samples
from tevr.replacements import DictionaryFile
from tevr.stream import Event, Partial
from tevr.transcript import Word

#: Seconds of sound heard on after it is no longer wanted: what was said is still on its way.
TAIL = 0.3
#: Seconds between two looks at files that may have changed.
LOOK = 1.0

logger = logging.getLogger("tevr.cli")


class Source(Protocol):
    """Sound that comes by itself; where none comes, empty blocks do."""

    @property
    def name(self) -> str:
        """For people."""

    @property
    def waiting(self) -> float:
        """Seconds of sound that came and were not taken yet."""

    def blocks(self) -> Iterator[Samples]:
        """The sound as float32 (samples,) at 16 kHz."""

    def close(self) -> None:
        """Give no more."""


class FileSource:
    """A file, in place of sound that comes by itself."""

    waiting = 0.0

    def __init__(self, audio: Audio) -> None:
        self.name = audio.name
        self._audio = audio

    def blocks(self) -> Iterator[Samples]:
        """The sound, as fast as it is taken, a tenth of a second at a time."""
        for block in self._audio.blocks():
            for begin in range(0, len(block), SAMPLE_RATE // 10):
                yield block[begin : begin + SAMPLE_RATE // 10]

    def close(self) -> None:
        """Close the file."""
        self._audio.close()


class Listener(Protocol):
    """The part of `tevr.Recognizer` that a dictation needs."""

    name: str

    def listen(self, blocks: Iterable[Samples]) -> Iterator[Event]:
        """Recognise live sound."""


class Gate:
    """Whether the speaker is listened to; opened and closed from other threads."""

    def __init__(self, *, listening: bool) -> None:
        self.listening = listening

    def ask(self, request: Request) -> None:
        """Begin, end or toggle."""
        if request != "status":
            self.listening = request == "begin" or (request == "toggle" and not self.listening)


@dataclass(frozen=True, slots=True)
class WordFiles:
    """Files that change what is recognised and written.

    Attributes:
        replacements: text in place of words, and hot-words.
        hotwords: hot-words alone.
    """

    replacements: DictionaryFile | None = None
    hotwords: DictionaryFile | None = None

    @classmethod
    def open(cls, replacements: Path | None, hotwords: Path | None) -> WordFiles:
        """Read them; raises UsageError if one cannot be."""
        return cls(
            DictionaryFile(replacements) if replacements else None,
            DictionaryFile(hotwords) if hotwords else None,
        )

    def chosen(self) -> tuple[str, ...]:
        """All hot-words of both, each once."""
        files = (file for file in (self.hotwords, self.replacements) if file)
        return tuple(dict.fromkeys(word for file in files for word in file.current.hotwords))


class Reloading:
    """Looks at files now and then; hot-words need another recogniser, made in the background.

    Args:
        files: what to look at.
        text: what the replacements are for.
        make: makes a recogniser with such hot-words.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        files: WordFiles,
        text: DictatedText,
        make: Callable[[tuple[str, ...]], Listener],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files = files
        self._text = text
        self._make = make
        self._clock = clock
        self._looked = clock()
        self._hotwords = files.chosen()
        self._thread: threading.Thread | None = None
        self._made: Listener | None = None
        if files.replacements:
            text.replacements.use(files.replacements.current)

    def look(self) -> None:
        """Look at the files, if the last time is long enough ago."""
        if self._clock() - self._looked < LOOK:
            return
        self._looked = self._clock()
        file = self._files.replacements
        if file and file.changed():
            self._text.replacements.use(file.current)
        if self._files.hotwords:
            self._files.hotwords.changed()
        if self._files.chosen() != self._hotwords and not self._busy():
            self._hotwords = self._files.chosen()
            self._thread = threading.Thread(target=self._load, args=(self._hotwords,), daemon=True)
            self._thread.start()

    def ready(self) -> bool:
        """Whether another recogniser waits to be taken."""
        return self._made is not None

    def take(self) -> Listener | None:
        """The recogniser with the newest hot-words, once."""
        made, self._made = self._made, None
        return made

    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _load(self, hotwords: tuple[str, ...]) -> None:
        try:
            self._made = self._make(hotwords)
        except TevrError as error:
            logger.warning("%s The hot-words from before still hold.", error)


class Dictation:
    """One run of `tevr dictate`.

    Args:
        recognizer: turns sound into events.
        source: where the sound comes from.
        text: turns final words into edits.
        outputs: take the edits, those that must not lose any first.
        gate: whether the speaker is listened to.
        reloading: looks after files that change.
        stop_mutes: "stopp" closes the gate in place of ending the dictation.
    """

    def __init__(
        self,
        recognizer: Listener,
        source: Source,
        text: DictatedText,
        outputs: Sequence[Output],
        gate: Gate,
        reloading: Reloading,
        *,
        stop_mutes: bool,
    ) -> None:
        self._recognizer = recognizer
        self._source = source
        self._text = text
        self._outputs = outputs
        self._gate = gate
        self._reloading = reloading
        self._stop_mutes = stop_mutes
        self._heard = 0.0  # seconds of the source
        self._words = 0
        self._tentative: tuple[Word, ...] = ()
        self._ends = False  # nothing more is wanted
        self._deaf = False  # the speaker said "stopp" in this session
        self._closed = True  # no utterance is open
        self._over = False  # nothing more comes
        self._signal: int | None = None

    def answer(self, request: Request) -> Mapping[str, object]:
        """What another process asks for, and is told."""
        self._gate.ask(request)
        return {
            "state": "listening" if self._gate.listening else "muted",
            "source": self._source.name,
            "seconds": round(self._heard, 1),
            "words": self._words,
        }

    def run(self) -> None:
        """Dictate until the source or the speaker ends.

        A signal ends it too, but what was said before is finished and written first; a second
        one ends it at once.

        Raises:
            Stopped: by a signal.
            TevrError: the source fails, or an output for good.
        """
        before = on_signals(self._stop)
        try:
            blocks = self._source.blocks()
            while self._awaited(blocks):
                begin, self._deaf = self._heard, False
                for event in self._recognizer.listen(self._session(blocks)):
                    self._take(shifted(event, begin))
                self._recognizer = self._reloading.take() or self._recognizer
        finally:
            with ExitStack() as ending:  # whatever one of them meets, the others end as well
                ending.callback(_hand_back, before)
                for output in reversed(self._outputs):
                    ending.callback(output.finish, self._heard)
        if self._signal is not None:
            raise Stopped(self._signal)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._ends:
            raise Stopped(number)
        self._signal, self._ends = number, True

    def _awaited(self, blocks: Iterator[Samples]) -> bool:
        """Wait until the speaker is to be listened to; False if that will not be."""
        while not (self._ends or self._over or self._gate.listening):
            self._reloading.look()
            block = next(blocks, None)
            self._over = block is None
            self._heard += 0.0 if block is None else len(block) / SAMPLE_RATE
        return not self._ends and not self._over

    def _session(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """The sound until the speaker is not listened to any more, and a little beyond."""
        left: float | None = None  # seconds still to be heard
        for block in blocks:
            self._reloading.look()
            seconds = len(block) / SAMPLE_RATE
            self._heard += seconds
            if seconds:
                yield block
            if left is None and (self._ends or not self._gate.listening):
                left = TAIL + self._source.waiting
            if left is not None:
                # Where nothing comes, time passes all the same: a tenth of a second a turn.
                left -= seconds or 0.1
            reloaded = self._reloading.ready() and self._closed
            if self._deaf or reloaded or (left is not None and left <= 0):
                return
        self._over = True

    def _take(self, event: Event) -> None:
        if self._deaf:
            return
        if isinstance(event, Partial):
            self._closed = self._closed and not event.words
            self._show(event.words)
            return
        end = event.words[-1].end if event.words else 0.0
        rest = () if event.closes else tuple(w for w in self._tentative if w.start >= end)
        self._closed = event.closes
        self._words += len(event.words)
        for edit in self._text.push(event):
            if isinstance(edit, StopAsked):
                self._obey_stop()
                break
            for output in self._outputs:
                output.edit(edit)
        self._show(rest)

    def _show(self, tentative: tuple[Word, ...]) -> None:
        """Hand over all that is not in the text yet; called after every change of the text."""
        self._tentative = tentative
        for output in self._outputs:
            output.partial((*self._text.held, *tentative))

    def _obey_stop(self) -> None:
        self._deaf = True
        self._gate.listening = False
        self._ends = self._ends or not self._stop_mutes


def _hand_back(handlers: Mapping[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def shifted(event: Event, seconds: float) -> Event:
    """The same event, on a time axis that begins so many seconds earlier."""
    words = tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in event.words
    )
    return replace(event, words=words, heard=event.heard + seconds)
