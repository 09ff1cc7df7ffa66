"""Clips → the utterances and batches of an epoch, as a pure function of seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tevr.audio import SAMPLE_RATE
from tevr.training.data_settings import BatchSettings, JoinSettings, SourceSettings
from tevr.training.manifest import Clip


@dataclass(frozen=True, slots=True)
class Utterance:
    """One or more clips heard as one.

    Attributes:
        clips: their numbers among all clips.
        pauses: seconds of silence between them.
        samples: in all before anything is changed, silence behind it counted.
        seed: of all that is drawn for it in this epoch or version.
    """

    clips: tuple[int, ...]
    pauses: tuple[float, ...]
    samples: int
    seed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What all processes learn together before the weights change.

    Attributes:
        pieces: utterances of each process's batches; process p of n has the pieces p, p + n, …
        labels: of all utterances together; the losses' sum is divided by it.
    """

    pieces: tuple[tuple[Utterance, ...], ...]
    labels: int


def padded_samples(samples: int, settings: BatchSettings) -> int:
    """Samples of an utterance with the silence behind it."""
    least = round(settings.pad_to * SAMPLE_RATE)
    return max(least, samples + round(settings.pause * SAMPLE_RATE))


def plan_epoch(
    clips: Sequence[Clip],
    sources: Sequence[SourceSettings],
    settings: BatchSettings,
    seed: int,
    epoch: int,
    pieces: int,
) -> list[Step]:
    """All steps of an epoch in their order.

    Args:
        clips: to learn from.
        sources: by number, as clips name them.
        settings: how clips become batches.
        seed, epoch: draw the order, joins and pauses; the same give the same.
        pieces: batches of a step over all processes. As many pieces of half the seconds give the
            same steps as half as many of all.
    """
    version = epoch % settings.versions if settings.versions else epoch
    rng = np.random.default_rng((seed, version))
    utterances: list[Utterance] = []
    for number, source in enumerate(sources):
        own = [index for index, clip in enumerate(clips) if clip.source == number]
        order = rng.permutation(list(_repeated(own, source.repeat, rng)))
        utterances.extend(_joined(clips, order.tolist(), settings, rng, (seed, version)))
    if settings.versions:  # the same utterances come again, but in other batches
        rng = np.random.default_rng((seed, version, epoch))
    longest = settings.seconds * pieces * SAMPLE_RATE
    groups = list(_groups(utterances, longest, settings.bucket, rng))
    return [_step(groups[index], clips, pieces) for index in rng.permutation(len(groups))]


def _repeated(own: list[int], repeat: float, rng: np.random.Generator) -> Iterator[int]:
    for _ in range(int(repeat)):
        yield from own
    rest = round((repeat - int(repeat)) * len(own))
    yield from rng.permutation(own)[:rest].tolist()


def _joined(
    clips: Sequence[Clip],
    order: list[int],
    settings: BatchSettings,
    rng: np.random.Generator,
    seed: tuple[int, int],
) -> Iterator[Utterance]:
    """Utterances of one source, clips joined in the order given."""
    at = 0
    heard: dict[int, int] = {}
    while at < len(order):
        chosen, pauses = _chain(clips, order, at, settings.join, rng)
        at += len(chosen)
        samples = sum(clips[number].samples for number in chosen)
        samples += round(sum(pauses) * SAMPLE_RATE)
        # A clip heard for the second time in an epoch is changed in another way.
        time = heard[chosen[0]] = heard.get(chosen[0], -1) + 1
        yield Utterance(
            tuple(chosen),
            tuple(pauses),
            padded_samples(samples, settings),
            (*seed, chosen[0], time),
        )


def _chain(
    clips: Sequence[Clip],
    order: list[int],
    at: int,
    join: JoinSettings,
    rng: np.random.Generator,
) -> tuple[list[int], list[float]]:
    """The clips from a place of the order on that are heard as one, and the pauses between them."""
    chosen = [order[at]]
    pauses: list[float] = []
    seconds = clips[order[at]].seconds
    for number in (order[place] for place in range(at + 1, len(order))):
        if rng.random() >= join.probability:
            break
        pause = float(rng.uniform(*join.pause))
        seconds += pause + clips[number].seconds
        if seconds > join.longest:
            break
        chosen.append(number)
        pauses.append(pause)
    return chosen, pauses


def _groups(
    utterances: Sequence[Utterance], longest: float, bucket: int, rng: np.random.Generator
) -> Iterator[list[Utterance]]:
    """Utterances of like length, as many as fit into so many samples when padded to the longest."""
    order = rng.permutation(len(utterances))
    for start in range(0, len(order), bucket):
        chunk = [utterances[index] for index in order[start : start + bucket]]
        group: list[Utterance] = []
        for utterance in sorted(chunk, key=lambda each: each.samples):
            if group and (len(group) + 1) * utterance.samples > longest:
                yield group
                group = []
            group.append(utterance)
        yield group


def _step(group: list[Utterance], clips: Sequence[Clip], pieces: int) -> Step:
    labels = sum(
        sum(len(clips[number].labels) for number in utterance.clips) + len(utterance.pauses)
        for utterance in group
    )
    return Step(tuple(tuple(group[piece::pieces]) for piece in range(pieces)), labels)
