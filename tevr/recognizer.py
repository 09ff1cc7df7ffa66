"""Sound → words, step by step: audio → speech spans → log-probabilities → words → segments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tevr.acoustic import FRAME_SECONDS, AcousticModel, open_model
from tevr.audio import SAMPLE_RATE, Audio, Source, open_audio
from tevr.draft import Draft, Window
from tevr.errors import UsageError
from tevr.lm.beam import BeamDecoder, BeamSettings, LanguageModelFiles
from tevr.lm.confidence import WordConfidence
from tevr.lm.corpus import normalise
from tevr.lm.decoder import SPACE, Decoder, GreedyDecoder
from tevr.lm.workers import in_order
from tevr.speech import Span, SpanSettings, spans
from tevr.store import DEFAULT_MODEL, ModelFiles, Timing, find
from tevr.stream import Event, Stream, StreamSettings
from tevr.tokens import TokenTable
from tevr.transcript import Options, Segment, Transcript, Word
from tevr.word_times import word_times

if TYPE_CHECKING:
    from tevr.readable.writer import ReadableOptions

Write = Callable[[Iterable[Segment]], Iterator[Segment]]
"""Segments as they were said → as they are given out."""

#: Seconds without any label that no word outlasts. Speakers pause that long between words only;
#: from 0.3 s down, long words of slow speakers would be torn apart.
SILENT_SECONDS = 0.5


def load(
    model: str = DEFAULT_MODEL, options: Options | None = None, *, threads: int | None = None
) -> Recognizer:
    """Open a model by name or folder, checksums compared (of large files their sizes).

    Args:
        model: see `tevr.store.find`.
        options: every choice that changes the result.
        threads: processor threads, and spans recognised side by side; ``None``: as many as this
            process may use.

    Raises:
        ModelError: the model is missing or damaged.
        UsageError: the options contradict each other or the model.
    """
    files = find(model)
    options = options or Options()
    threads = threads or usable_cores()
    with ThreadPoolExecutor(3) as pool:  # each part spends its time outside Python
        whole = pool.submit(files.verify, quick=True)
        acoustic = pool.submit(open_model, files, threads)
        tokens = TokenTable.load(files.folder / files.tokens)
        decoder = pool.submit(make_decoder, tokens, options, files)
        write = _writer(options.readable)
        whole.result()
        return Recognizer(
            acoustic.result(),
            tokens,
            decoder.result(),
            options,
            name=files.name,
            timing=files.timing,
            cutting=SpanSettings(longest=files.longest),
            threads=threads,
            write=write,
        )


def _writer(options: ReadableOptions | None) -> Write:
    """What turns segments of spoken words into those that are given out."""
    if options is None:
        return iter
    from tevr.readable.segments import SegmentWriter  # not needed to leave words as they are
    from tevr.readable.writer import open_files

    return SegmentWriter(open_files(), options)


def make_decoder(tokens: TokenTable, options: Options, files: ModelFiles) -> Decoder:
    """The decoder that the options ask for, with the model's own numbers where they are silent.

    Raises:
        UsageError: hot-words hold nothing that the labels can spell.
        ModelError: the language model cannot be opened.
    """
    settings, language_model = search_for(options, files)
    name = options.decoder or ("beam" if language_model or options.hotwords else "greedy")
    if name == "greedy":
        return GreedyDecoder(tokens.decoder_labels)
    hotwords = [_spelled(word, tokens) for word in options.hotwords]
    return BeamDecoder(tokens.decoder_labels, settings, language_model, hotwords)


def search_for(
    options: Options, files: ModelFiles
) -> tuple[BeamSettings, LanguageModelFiles | None]:
    """The numbers of a beam search that the options ask for, and its language model.

    Raises:
        ModelError: the language model cannot be opened.
    """
    language_model, usual = files.language_model_files, files.decoding
    if options.language_model is not None:
        from tevr.lm.folder import read_language_model

        folder = read_language_model(options.language_model)
        language_model, usual = folder.files, folder.tuned(usual)
    settings = replace(
        usual,
        beam=usual.beam if options.beam is None else options.beam,
        alpha=usual.alpha if options.alpha is None else options.alpha,
        beta=usual.beta if options.beta is None else options.beta,
        hotword_weight=options.hotword_weight,
    )
    return settings, language_model


def _spelled(hotword: str, tokens: TokenTable) -> str:
    """A hot-word in the letters the acoustic model writes: lower case, ss, no marks."""
    spelled = normalise(hotword)
    if not spelled or not set(spelled) <= tokens.alphabet:
        raise UsageError(
            f"The hot-word {hotword!r} has nothing the model can write", "Write it in letters."
        )
    return spelled


class Recognizer:
    """The pipeline from sound to segments; made by `load`.

    Safe to use from several threads.

    Args:
        acoustic: waveforms → log-probabilities.
        tokens: the labels of those.
        decoder: log-probabilities → words.
        options: where to start and end, which channel to read.
        name: the model's name, for the transcript.
        timing: where words begin and end around their labels.
        cutting: how sound is cut into spans.
        threads: spans recognised side by side.
        write: segments of spoken words → those that are given out.
    """

    def __init__(
        self,
        acoustic: AcousticModel,
        tokens: TokenTable,
        decoder: Decoder,
        options: Options,
        *,
        name: str,
        timing: Timing,
        cutting: SpanSettings,
        threads: int,
        write: Write = iter,
    ) -> None:
        self.options = options
        self.name = name
        self._acoustic = acoustic
        self._tokens = tokens
        self._decoder = decoder
        self._confidence = WordConfidence(tokens.decoder_labels)
        self._blank, self._space = (tokens.decoder_labels.index(label) for label in ("", SPACE))
        self._timing = timing
        self._cutting = cutting
        self._threads = threads
        self._write = write

    @property
    def decoder(self) -> Decoder:
        """What turns the arrays of `log_probs` into words."""
        return self._decoder

    def transcribe(self, source: Source, *, rate: int | None = None) -> Transcript:
        """Recognise a whole source: a path, a binary stream, or samples with their rate in hertz.

        Raises:
            AudioError: the source cannot be read as sound.
        """
        with self.open(source, rate=rate) as listening:
            segments = tuple(listening)
        return Transcript(segments, listening.duration, listening.name, self.name)

    def segments(self, source: Source, *, rate: int | None = None) -> Iterator[Segment]:
        """The segments of a source as they become final; memory does not grow with its length.

        Raises:
            AudioError: the source cannot be read as sound.
        """
        with self.open(source, rate=rate) as listening:
            yield from listening

    def open(self, source: Source, *, rate: int | None = None) -> Listening:
        """Open a source to iterate over its segments and to see how far they have come.

        Raises:
            AudioError: the source cannot be opened as sound.
        """
        options = self.options
        audio = open_audio(
            source, start=options.start, end=options.end, channel=options.channel, rate=rate
        )
        return Listening(
            audio, self._recognise, options.start, self._cutting, self._threads, self._write
        )

    def log_probs(self, source: Source, *, rate: int | None = None) -> list[NDArray[np.float32]]:
        """What the decoder is given for each span of a source: natural logs, (frames, labels).

        Raises:
            AudioError: the source cannot be read as sound.
        """
        with self.open(source, rate=rate) as listening:
            return [self._parted(self._fold(span.samples)) for span in listening.spans()]

    def listen(
        self,
        blocks: Iterable[NDArray[np.float32]],
        settings: StreamSettings | None = None,
        *,
        clock: Callable[[], float] = perf_counter,
    ) -> Iterator[Event]:
        """Recognise live sound; `tevr.stream` tells what comes when.

        The options' start, end and channel are for sources that are opened; here they count for
        nothing.

        Args:
            blocks: float32 (samples,) each, of any lengths, mono at 16 kHz, as they come.
            settings: how often to recognise, and when words become final.
            clock: seconds since any moment, to see by whether recognition falls behind the sound.

        Raises:
            AudioError: a block is no mono sound.
            ModelError: the bundled detector of speech is missing or damaged.
        """
        return Stream(self._draft, self._cutting, settings, clock=clock).events(blocks)

    def _fold(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        (log_probs,) = self._acoustic.log_probs([samples])
        return self._tokens.fold(log_probs)  # (frames, labels)

    def _parted(self, folded: NDArray[np.float32]) -> NDArray[np.float32]:
        return part_at_pauses(folded, self._blank, self._space)

    def _recognise(self, span: Span) -> Segment | None:
        """One span → its segment, or ``None`` if nothing was said in it."""
        words = self._draft(Window(span.start, span.samples, span.start)).words
        return Segment(words) if words else None

    def _draft(self, window: Window) -> Draft:
        """One pass over a window."""
        skipped = max(0, round((window.border - window.start) / FRAME_SECONDS))  # frames
        folded = self._fold(window.samples)[skipped:]
        hypothesis = self._decoder.decode(self._parted(folded), window.place)
        if not hypothesis.words:
            return Draft()
        start = window.start + skipped * FRAME_SECONDS
        seconds = window.start + len(window.samples) / SAMPLE_RATE - start
        times = word_times(hypothesis, self._timing, seconds)
        confidences = self._confidence(folded, hypothesis.words)
        words = tuple(
            Word(text, start + begin, start + end, confidence)
            for (text, _, _), (begin, end), confidence in zip(
                hypothesis.words, times, confidences, strict=True
            )
        )
        stops = [start + stop * FRAME_SECONDS for _, _, stop in hypothesis.words]
        firsts = [start + first * FRAME_SECONDS for _, first, _ in hypothesis.words[1:]]
        return Draft(words, tuple(zip(stops, [*firsts, start + seconds], strict=True)))


class Listening:
    """One open source: iterate for its segments, once.

    Attributes:
        name: of the source, for people.
        expected: seconds that the source says it has, or ``None``.
        duration: seconds of sound read so far.
        done: seconds recognised so far, from the first second read.
    """

    def __init__(
        self,
        audio: Audio,
        recognise: Callable[[Span], Segment | None],
        start: float,
        cutting: SpanSettings,
        threads: int,
        write: Write = iter,
    ) -> None:
        self.name = audio.name
        self.expected = audio.duration
        self.duration = 0.0
        self.done = 0.0
        self._audio = audio
        self._recognise = recognise
        self._start = start
        self._cutting = cutting
        self._threads = threads
        self._write = write

    def __enter__(self) -> Listening:
        return self

    def __exit__(self, *_: object) -> None:
        self._audio.close()

    def __iter__(self) -> Iterator[Segment]:
        """The segments in order of time, each as soon as it is final."""
        return self._write(self._spoken())

    def _spoken(self) -> Iterator[Segment]:
        with ThreadPoolExecutor(self._threads) as pool:
            for span, segment in in_order(pool, self._recognise, self.spans(), self._threads + 1):
                self.done = span.end - self._start
                if segment is not None:
                    yield segment
        self.done = self.duration

    def spans(self) -> Iterator[Span]:
        """The spans of speech in place of their segments; once, as well."""
        for span in spans(self._blocks(), self._cutting):
            yield replace(span, start=span.start + self._start)

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        for block in self._audio.blocks():
            self.duration += len(block) / SAMPLE_RATE
            yield block


def part_at_pauses(log_probs: NDArray[np.float32], blank: int, space: int) -> NDArray[np.float32]:
    """Make sure that a word ends at each pause of `SILENT_SECONDS` between labels.

    The network often writes no space at a pause, and the language model then joins the words on
    both sides to one that it knows: "aufgestellt … er" to "aufgestellter".

    Args:
        log_probs: natural logarithms, (frames, labels).
        blank: column of the CTC blank.
        space: column of the label between words.

    Returns:
        The same, but for one frame within each pause on which only the space is left.
    """
    spoken = np.flatnonzero(~np.isin(log_probs.argmax(axis=1), (blank, space)))  # frame numbers
    long = np.diff(spoken) > round(SILENT_SECONDS / FRAME_SECONDS)
    middles = (spoken[:-1][long] + spoken[1:][long]) // 2
    parted = log_probs.copy()
    parted[middles] = -np.inf
    parted[middles, space] = 0.0
    return parted


def usable_cores() -> int:
    """Processors this process may use; more threads than these only wait for each other."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
