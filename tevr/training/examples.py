"""A place in the training → the sound and labels that one process learns there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tevr.audio import SAMPLE_RATE
from tevr.lm.decoder import SPACE
from tevr.tokens import TokenTable
from tevr.training.batches import Step, Utterance, padded_samples, plan_epoch
from tevr.training.manifest import Clip, frames_needed
from tevr.training.network import HOP
from tevr.training.settings import TrainSettings
from tevr.training.sounds import read_sound
from tevr.training.states import StateCache, read_states

#: Other clips from which babble is made.
CROWD = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process stands: epoch, step of it, and piece of that."""

    epoch: int
    step: int
    piece: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one process learns at once.

    Attributes:
        waveforms: (batch, samples), zeros behind each; or the states kept of them, (batch, frames,
            dimensions) in float16.
        keep: files in which their states are to be kept; empty where they are or need not be.
        samples: (batch,) of each, silence behind it counted.
        heard: seconds of all without that silence.
        labels: ids of each utterance.
        auxiliary: ids of other labels, empty where there are none.
        seeds: of what the network draws for each; ``None`` leaves an utterance as it is.
        weight: 0 for a copy that only keeps an idle process in step.
        divisor: labels of the whole step, all processes counted.
        last: of the step.
    """

    waveforms: Tensor
    keep: list[Path]
    samples: Tensor
    heard: float
    labels: list[list[int]]
    auxiliary: list[list[int]]
    seeds: list[tuple[int, ...] | None]
    weight: float
    divisor: int
    last: bool


class Examples(Dataset[Batch]):
    """All batches of a training, each made when it is asked for.

    What a place holds follows from the settings and the clips alone, whoever asks and when.

    Args:
        settings: of the training.
        clips: to learn from.
        tokens: labels of the clips.
        auxiliary: other labels, or ``None``.
        processes: that learn together.
        frames: samples → frames of the network.
        longest: samples that the network can hear at once, or ``None``.
    """

    def __init__(
        self,
        settings: TrainSettings,
        clips: Sequence[Clip],
        tokens: TokenTable,
        auxiliary: TokenTable | None,
        processes: int,
        frames: Callable[[int], int],
        longest: int | None,
    ) -> None:
        self._frames = frames
        self._longest = longest
        self._settings = settings
        self._clips = clips
        self._space = tokens.labels.index(SPACE)
        self._auxiliary = auxiliary
        self._pieces = processes * settings.batches.accumulate
        self._processes = processes
        folder = settings.model.states
        self._states = None if folder is None else StateCache(folder, settings, clips)
        self._planned: dict[int, list[Step]] = {}

    def steps(self, epoch: int) -> list[Step]:
        """The steps of an epoch."""
        if epoch not in self._planned:
            # Who asks ahead is in the next epoch while the last steps of this one are learnt.
            self._planned = {
                key: self._planned[key] for key in (epoch - 1,) if key in self._planned
            }
            settings = self._settings
            self._planned[epoch] = plan_epoch(
                self._clips, settings.data.sources, settings.batches, settings.seed, epoch,
                self._pieces,
            )  # fmt: skip
        return self._planned[epoch]

    def places(self, epoch: int, step: int, process: int) -> Iterator[Place]:
        """The places that a process passes, from a step of an epoch on, without end."""
        while True:
            for number in range(step, len(self.steps(epoch))):
                for piece in range(process, self._pieces, self._processes):
                    yield Place(epoch, number, piece)
            epoch, step = epoch + 1, 0

    def __getitem__(self, place: Place) -> Batch:
        """What is learnt there."""
        step = self.steps(place.epoch)[place.step]
        utterances = step.pieces[place.piece]
        weight = 1.0 if utterances else 0.0
        utterances = utterances or step.pieces[0][:1]
        waveforms, lengths, keep = self._kept(utterances) or self._sounds(utterances)
        return Batch(
            waveforms=waveforms,
            keep=keep,
            samples=torch.tensor(lengths),
            heard=sum(utterance.samples for utterance in utterances) / SAMPLE_RATE,
            labels=[self._labels(utterance) for utterance in utterances],
            auxiliary=[self._others(utterance) for utterance in utterances],
            seeds=[self._seed(utterance) for utterance in utterances],
            weight=weight,
            divisor=step.labels,
            last=place.piece + self._processes >= self._pieces,
        )

    def _sounds(self, utterances: Sequence[Utterance]) -> tuple[Tensor, list[int], list[Path]]:
        """Waveforms, samples of each, and where their states are to be kept."""
        sounds = [self._sound(utterance) for utterance in utterances]
        lengths = [self._padded(sound) for sound in sounds]
        keep = [self._states.path(utterance) for utterance in utterances] if self._states else []
        return torch.from_numpy(stacked(sounds, max(lengths))), lengths, keep

    def _kept(self, utterances: Sequence[Utterance]) -> tuple[Tensor, list[int], list[Path]] | None:
        """States in place of waveforms, if all are there."""
        if self._states is None:
            return None
        found = []
        for utterance in utterances:
            states = read_states(self._states.path(utterance))
            if states is None:
                return None
            found.append(states)
        batch = np.zeros((len(found), max(map(len, found)), found[0].shape[1]), np.float16)
        for row, states in zip(batch, found, strict=True):
            row[: len(states)] = states
        return torch.from_numpy(batch), [2 * HOP * len(states) for states in found], []

    def _augmented(self, utterance: Utterance) -> bool:
        return self._settings.data.sources[self._clips[utterance.clips[0]].source].augment

    def _seed(self, utterance: Utterance) -> tuple[int, ...] | None:
        return utterance.seed if self._augmented(utterance) else None

    def _sound(self, utterance: Utterance) -> NDArray[np.float32]:  # (samples,)
        parts = [read_sound(self._clips[utterance.clips[0]].sound)]
        for pause, number in zip(utterance.pauses, utterance.clips[1:], strict=True):
            parts.append(np.zeros(round(pause * SAMPLE_RATE), np.float32))
            parts.append(read_sound(self._clips[number].sound))
        sound = np.concatenate(parts)
        augment = self._settings.augment
        if augment is not None and self._augmented(utterance):
            rng = np.random.default_rng(utterance.seed)
            changed = augment.apply(sound, rng, _Crowd(self._clips, rng))
            sound = changed if self._fits(changed, utterance) else sound
        return sound

    def _padded(self, sound: NDArray[np.float32]) -> int:
        return padded_samples(len(sound), self._settings.batches)

    def _fits(self, sound: NDArray[np.float32], utterance: Utterance) -> bool:
        """Whether the network can hear it all, and has frames enough for its labels."""
        padded = self._padded(sound)
        needed = frames_needed(self._labels(utterance))
        return (self._longest is None or padded <= self._longest) and self._frames(padded) >= needed

    def _labels(self, utterance: Utterance) -> list[int]:
        labels = list(self._clips[utterance.clips[0]].labels)
        for number in utterance.clips[1:]:
            labels += [self._space, *self._clips[number].labels]
        return labels

    def _others(self, utterance: Utterance) -> list[int]:
        if self._auxiliary is None:
            return []
        text = SPACE.join(self._clips[number].text for number in utterance.clips)
        return self._auxiliary.segment(text)


class _Crowd(Sequence[NDArray[np.float32]]):
    """A few other clips, read when one is needed."""

    def __init__(self, clips: Sequence[Clip], rng: np.random.Generator) -> None:
        self._clips = clips
        self._numbers = rng.integers(0, len(clips), CROWD)

    def __len__(self) -> int:
        return CROWD

    def __getitem__(self, index):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN204
        return read_sound(self._clips[self._numbers[index]].sound)


def stacked(sounds: Sequence[NDArray[np.float32]], samples: int) -> NDArray[np.float32]:
    """Sounds (samples,) → (batch, samples), zeros behind each."""
    rows = np.zeros((len(sounds), samples), np.float32)
    for row, sound in zip(rows, sounds, strict=True):
        row[: len(sound)] = sound
    return rows
