"""Settings → network, labels and clips, ready to be trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tevr.audio import SAMPLE_RATE
from tevr.errors import UsageError
from tevr.lm.corpus import ALPHABET
from tevr.lm.decoder import SPACE
from tevr.tokens import TokenTable
from tevr.training.batches import padded_samples
from tevr.training.ctc_network import CtcNetwork
from tevr.training.learning_settings import CHARACTERS
from tevr.training.manifest import Collection, collect
from tevr.training.settings import TrainSettings
from tevr.training.sounds import SoundCache


@dataclass(frozen=True)
class Prepared:
    """All that a training works with.

    Attributes:
        settings: of the training.
        network: with its first weights.
        tokens: its labels.
        auxiliary: other labels, or ``None``.
        clips: to learn from and to measure on.
    """

    settings: TrainSettings
    network: CtcNetwork
    tokens: TokenTable
    auxiliary: TokenTable | None
    clips: Collection


def prepare(settings: TrainSettings, cache: Path, show: Callable[[float], None]) -> Prepared:
    """Open the network and read all clips.

    Args:
        settings: of the training.
        cache: folder for decoded sound, where the settings name none.
        show: told how many clips are read, 0 to 1.

    Raises:
        ModelError: weights or a label table cannot be used.
        UsageError: no clip is left, or the network cannot hear the longest.
        OutputError: decoded sound cannot be kept.
    """
    tokens = open_tokens(settings.tokens)
    other = settings.loss.auxiliary
    auxiliary = None if other is None else open_tokens(other.tokens)
    network = _open_network(settings, tokens, auxiliary)
    longest = max(
        settings.data.longest,
        settings.batches.join.longest if settings.batches.join.probability else 0,
    )
    samples = padded_samples(round(longest * SAMPLE_RATE), settings.batches)
    if network.longest is not None and samples > network.longest:
        limit, wanted = network.longest / SAMPLE_RATE, samples / SAMPLE_RATE
        cause = f"The network hears {limit:g} s at once, not {wanted:g} s with silence behind them"
        raise UsageError(cause, "Lower data.longest and batches.join.longest.")

    def frames(count: int) -> int:
        return network.frames(padded_samples(count, settings.batches))

    sounds = SoundCache(settings.data.cache or cache)
    clips = collect(settings.data, tokens, sounds, frames, show)
    return Prepared(settings, network, tokens, auxiliary, clips)


def open_tokens(name: str) -> TokenTable:
    """A label table by its path, or the characters of the alphabet.

    Raises:
        ModelError: the file is missing or no label table.
    """
    if name == CHARACTERS:
        return TokenTable(("", SPACE, *ALPHABET))
    return TokenTable.load(Path(name).expanduser())


def _open_network(
    settings: TrainSettings, tokens: TokenTable, auxiliary: TokenTable | None
) -> CtcNetwork:
    if settings.model.kind == "wav2vec2":
        from tevr.training.wav2vec2_ctc import open_wav2vec2_ctc

        return open_wav2vec2_ctc(settings, len(tokens.labels), tokens.blank)
    from tevr.training.whisper_ctc import open_whisper_ctc

    others = len(auxiliary.labels) if auxiliary else 0
    return open_whisper_ctc(settings, len(tokens.labels), others)
