"""A network and clips set apart → loss, word and letter error rate, decoded greedily."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tevr.audio import SAMPLE_RATE
from tevr.scoring import word_errors
from tevr.tokens import TokenTable
from tevr.training.batches import padded_samples
from tevr.training.data_settings import BatchSettings
from tevr.training.examples import stacked
from tevr.training.losses import ctc_sum
from tevr.training.manifest import Clip
from tevr.training.sounds import read_sound


@dataclass(frozen=True, slots=True)
class Measurement:
    """How well clips were heard.

    Attributes:
        loss: nats a label.
        wer, cer: wrong words and letters, spaces counted, as shares of those spoken.
    """

    loss: float
    wer: float
    cer: float


@torch.no_grad()
def measure(
    hear: Callable[..., tuple[Tensor, Tensor, list[Tensor]]],
    frames_of: Callable[[int], int],
    clips: Sequence[Clip],
    tokens: TokenTable,
    settings: BatchSettings,
    device: torch.device,
    total: Callable[[Tensor], Tensor],
) -> Measurement:
    """Measure on clips; each process has its own, and all are counted together.

    Args:
        hear: a `CtcNetwork`'s call, in its state for use.
        frames_of: samples → frames of that network.
        clips: of this process.
        tokens: the network's labels.
        settings: length of batches, silence behind clips.
        device: of the network.
        total: adds a tensor up over all processes.
    """
    counts = torch.zeros(6, dtype=torch.float64)  # loss, labels, wrong words, words, letters alike
    for batch in _batches(clips, settings):
        sounds = [read_sound(clip.sound) for clip in batch]
        samples = [padded_samples(len(sound), settings) for sound in sounds]
        waveforms = torch.from_numpy(stacked(sounds, max(samples)))
        log_probs, frames, _ = hear(
            waveforms.to(device), torch.tensor(samples, device=device), None
        )
        log_probs, frames = log_probs.float().cpu(), frames.cpu()
        labels = [clip.labels for clip in batch]
        counts[0] += ctc_sum(log_probs, frames, labels, tokens.blank)
        counts[1] += sum(map(len, labels))
        for clip, row in zip(batch, log_probs, strict=True):
            best = row[: frames_of(clip.samples)].argmax(dim=-1).numpy()
            counts[2:] += _errors(clip.text, tokens.join(tokens.collapse(best)))
    loss, labels_heard, wrong_words, words, wrong_letters, letters = total(counts).tolist()
    return Measurement(loss / labels_heard, wrong_words / words, wrong_letters / letters)


def _errors(reference: str, hypothesis: str) -> Tensor:
    words, letters = reference.split(), " ".join(hypothesis.split())
    wrong_words, wrong_letters = (
        word_errors(words, letters.split()),
        word_errors(reference, letters),
    )
    counts = [wrong_words, len(words), wrong_letters, len(reference)]
    return torch.tensor(counts, dtype=torch.float64)


def _batches(clips: Sequence[Clip], settings: BatchSettings) -> Iterator[list[Clip]]:
    batch: list[Clip] = []
    for clip in sorted(clips, key=lambda each: each.samples):
        seconds = padded_samples(clip.samples, settings) / SAMPLE_RATE
        if batch and (len(batch) + 1) * seconds > settings.seconds:
            yield batch
            batch = []
        batch.append(clip)
    if batch:
        yield batch
