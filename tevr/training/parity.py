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
from tevr.scoring.alignment import count
from tevr.scoring.rates import Rate, rate
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


@dataclass(frozen=True)
class Errors:
    """Errors of texts beside what was said.

    Attributes:
        clips: texts compared.
        words, letters: their rates; spaces count as letters.
    """

    clips: int
    words: Rate
    letters: Rate


def count_errors(pairs: Sequence[tuple[str, str]]) -> Errors:
    """Compare references with texts, both normalised here."""
    both = [(normalise(reference), normalise(text)) for reference, text in pairs]
    words = count([(reference.split(), text.split()) for reference, text in both])
    return Errors(len(both), rate(words), rate(count(both)))


@dataclass(frozen=True)
class Parity:
    """What export and rounding change, on clips that were never learnt from.

    Attributes:
        clips: heard.
        exported: torch against the float32 graph.
        rounded: the float32 graph against the rounded one.
        before, after: greedy errors before and after rounding, of clips with a text; ``None`` if
            none has one.
    """

    clips: int
    exported: Difference
    rounded: Difference
    before: Errors | None
    after: Errors | None


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
    exported, difference = Difference(), Difference()
    decoder = GreedyDecoder(tokens.decoder_labels)
    graphs = [OnnxModel(path, torch.get_num_threads()) for path in (exact, rounded)]
    pairs: tuple[list[tuple[str, str]], ...] = ([], [])
    for done, clip in enumerate(clips, 1):
        samples = clip.samples()
        heard = [graph.log_probs([samples])[0] for graph in graphs]
        exported.add(_in_torch(network, samples)[: len(heard[0])], heard[0])
        difference.add(*heard)
        if clip.text:
            for texts, each in zip(pairs, heard, strict=True):
                texts.append((clip.text, decoder.decode(tokens.fold(each)).text))
        show(done / len(clips))
    before, after = (count_errors(texts) if texts else None for texts in pairs)
    return Parity(len(clips), exported, difference, before, after)


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
