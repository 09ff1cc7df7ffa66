"""A network in torch, as a float32 graph and as a rounded one → how far they are apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tevr.lm.corpus import normalise
from tevr.lm.decoder import GreedyDecoder
from tevr.onnx_model import OnnxModel
from tevr.scoring import word_errors
from tevr.tokens import TokenTable
from tevr.training.batches import padded_samples
from tevr.training.data_settings import BatchSettings
from tevr.training.finished_run import Recording
from tevr.training.network import AcousticNetwork

LogProbs = NDArray[np.float32]  # (frames, labels)


@dataclass
class Difference:
    """How far two forms of a network are apart, summed up over frames.

    Attributes:
        largest: of all absolute differences of log-probabilities.
        same: frames with the same best label.
        frames: all frames.
    """

    largest: float = 0.0
    same: int = 0
    frames: int = 0
    _total: float = field(default=0.0, repr=False)
    _values: int = field(default=0, repr=False)

    def add(self, one: LogProbs, other: LogProbs) -> None:
        """Count the frames of a clip, both (frames, labels)."""
        distances = np.abs(one.astype(np.float64) - other)
        self.largest = max(self.largest, float(distances.max(initial=0.0)))
        self.same += int((one.argmax(axis=1) == other.argmax(axis=1)).sum())
        self.frames += len(one)
        self._total += float(distances.sum())
        self._values += distances.size

    @property
    def mean(self) -> float:
        """Mean absolute difference of log-probabilities."""
        return self._total / max(self._values, 1)

    @property
    def agreement(self) -> float:
        """Share of frames with the same best label, 0 to 1."""
        return self.same / max(self.frames, 1)


@dataclass
class ErrorCounts:
    """Wrong words and letters of texts beside their references; spaces count as letters.

    Attributes:
        clips: texts compared.
        wrong_words, words, wrong_letters, letters: counts.
    """

    clips: int = 0
    wrong_words: int = 0
    words: int = 0
    wrong_letters: int = 0
    letters: int = 0

    def add(self, reference: str, text: str) -> None:
        """Count the errors of a text, normalised here, beside a normalised reference."""
        text = normalise(text)
        self.clips += 1
        self.wrong_words += word_errors(reference.split(), text.split())
        self.words += len(reference.split())
        self.wrong_letters += word_errors(reference, text)
        self.letters += len(reference)

    @property
    def wer(self) -> float:
        """Wrong words for each spoken one."""
        return self.wrong_words / max(self.words, 1)

    @property
    def cer(self) -> float:
        """Wrong letters for each spoken one."""
        return self.wrong_letters / max(self.letters, 1)


@dataclass(frozen=True)
class Parity:
    """What export and rounding change, on clips that were never learnt from.

    Attributes:
        clips: heard.
        exported: torch against the float32 graph.
        rounded: the float32 graph against the rounded one.
        before, after: greedy errors before and after rounding, of clips with a text.
    """

    clips: int
    exported: Difference
    rounded: Difference
    before: ErrorCounts
    after: ErrorCounts


def compare(
    network: AcousticNetwork,
    exact: Path,
    rounded: Path,
    tokens: TokenTable,
    clips: Sequence[Recording],
    show: Callable[[float], None],
) -> Parity:
    """Hear clips, with the silence behind them that the recogniser adds, in all three forms.

    Args:
        network: in its state for use.
        exact: the float32 graph.
        rounded: the same with rounded weights.
        tokens: the labels.
        clips: to hear, none longer than the network hears at once.
        show: told how many are heard, 0 to 1.
    """
    parity = Parity(len(clips), Difference(), Difference(), ErrorCounts(), ErrorCounts())
    decoder = GreedyDecoder(tokens.decoder_labels)
    graphs = [OnnxModel(path, torch.get_num_threads()) for path in (exact, rounded)]
    for done, clip in enumerate(clips, 1):
        samples = clip.samples()
        first, second = (graph.log_probs([samples])[0] for graph in graphs)
        parity.exported.add(_in_torch(network, samples)[: len(first)], first)
        parity.rounded.add(first, second)
        if clip.text:
            for counts, heard in ((parity.before, first), (parity.after, second)):
                counts.add(clip.text, decoder.decode(tokens.fold(heard)).text)
        show(done / len(clips))
    return parity


def padded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """A clip with the silence behind it that the recogniser adds, both (samples,)."""
    return np.pad(samples, (0, padded_samples(len(samples), BatchSettings()) - len(samples)))


def spread(clips: Sequence[Recording], count: int) -> Iterator[Recording]:
    """At most so many clips, evenly from all."""
    for at in np.linspace(0, len(clips) - 1, min(count, len(clips))).round().astype(int):
        yield clips[at]


@torch.no_grad()
def _in_torch(network: AcousticNetwork, samples: NDArray[np.float32]) -> LogProbs:
    heard: LogProbs = network(torch.from_numpy(padded(samples))).numpy()
    return heard
