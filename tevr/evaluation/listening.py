"""Utterances → records of what is heard, in several processes, in the order of the utterances."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.errors import AudioError, ModelError
from tevr.evaluation.datasets import BROKEN, PROBLEMS, Utterance
from tevr.evaluation.records import Record
from tevr.evaluation.sentence_scores import SentenceScorer
from tevr.lm.beam import BeamSettings, LanguageModelFiles, read_unigrams
from tevr.lm.corpus import normalise
from tevr.lm.workers import in_order, serve
from tevr.recognizer import load, search_for
from tevr.store import ModelFiles, find
from tevr.tokens import TokenTable
from tevr.transcript import Options

_AHEAD = 4
"""Utterances for each process that are under way or wait for those before them."""


@dataclass(frozen=True, slots=True)
class System:
    """The recogniser to be measured.

    Attributes:
        model: its name or folder.
        options: every choice that changes the result.
    """

    model: str
    options: Options

    @property
    def files(self) -> ModelFiles:
        """The model on disk."""
        return find(self.model)

    def search(self) -> tuple[BeamSettings, LanguageModelFiles | None]:
        """The numbers of the search and its language model, `None` for a greedy one."""
        settings, language_model = search_for(self.options, self.files)
        return settings, None if self.options.decoder == "greedy" else language_model

    def known_words(self) -> frozenset[str] | None:
        """The words of the language model; None for a search without."""
        _, language_model = self.search()
        return None if language_model is None else frozenset(read_unigrams(language_model.unigrams))


class Listener:
    """A recogniser that also says what the models think of the reference.

    Attributes:
        labels: text of every column of the log-probabilities.

    Raises:
        ModelError: the model is missing or damaged.
    """

    def __init__(self, system: System) -> None:
        files = system.files
        tokens = TokenTable.load(files.folder / files.tokens)
        self.labels = tokens.decoder_labels
        self._recognizer = load(system.model, system.options, threads=1)
        self._decoder = self._recognizer.decoder
        self._scorer = SentenceScorer(self.labels, *system.search())

    def log_probs(self, path: Path) -> tuple[list[NDArray[np.float32]], float]:
        """What the decoder is given for each span, (frames, labels), and seconds of sound.

        Raises:
            AudioError: the file cannot be read as sound.
        """
        samples = read_audio(path)
        return self._recognizer.log_probs(samples, rate=SAMPLE_RATE), len(samples) / SAMPLE_RATE

    def __call__(self, utterance: Utterance) -> Record:
        """Recognise one utterance; what is wrong with it is told by its record."""
        record = Record(
            utterance.name, str(utterance.path), utterance.text, traits=utterance.traits
        )
        if utterance.problem is not None:
            reason = PROBLEMS[utterance.problem]
            return replace(record, problem=utterance.problem, reason=reason)
        start = time.perf_counter()
        try:
            spans, seconds = self.log_probs(utterance.path)
        except AudioError as error:
            return replace(record, problem=BROKEN, reason=error.cause)
        heard = " ".join(filter(None, (self._decoder.decode(span).text for span in spans)))
        took = time.perf_counter() - start
        record = replace(record, hypothesis=heard, seconds=seconds, took=round(took, 4))
        said = normalise(utterance.text)
        if said == heard:
            return record
        scores = self._scorer(spans, said), self._scorer(spans, heard)
        return replace(record, said=scores[0], heard=scores[1])


def listen(system: System, utterances: Sequence[Utterance], workers: int) -> Iterator[Record]:
    """Recognise utterances in their order.

    Args:
        system: what is measured.
        utterances: what it is measured on.
        workers: processes, each with a model and a processor thread of its own; 1 makes none.

    Raises:
        ModelError: the model is missing or damaged, or a process was killed.
    """
    if workers == 1:
        listener = Listener(system)
        yield from map(listener, utterances)
        return
    # No fork: the libraries' threads would be missing in the copy, and their locks be held.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (system,)) as pool:
        try:
            results = in_order(pool, _listen, utterances, _AHEAD * workers)
            yield from (record for _, record in results)
        except BrokenProcessPool as error:
            cause = "A process that recognises was killed, perhaps for lack of memory"
            raise ModelError(cause, "Give fewer --workers; the same command goes on.") from error


_listener: list[Listener | ModelError] = []
"""The recogniser of this process, or why it has none."""


def _begin(system: System) -> None:
    """Prepare a process for its utterances."""
    serve()
    try:
        _listener.append(Listener(system))
    except ModelError as error:  # raised here, it would be told as a broken pool
        _listener.append(error)


def _listen(utterance: Utterance) -> Record:
    (listener,) = _listener
    if isinstance(listener, ModelError):
        raise listener
    return listener(utterance)
