"""Utterances ↔ what a frozen encoder makes of them, kept on disk so that it hears each only once.

Where the encoder stays as it is and the same changes of the sound come back every few epochs, its
states are the same, too. Reading them takes a fraction of the time of computing them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tevr.errors import OutputError
from tevr.lm.whole_file import whole_file, why_unwritten
from tevr.training.batches import Utterance
from tevr.training.manifest import Clip
from tevr.training.settings import TrainSettings
from tevr.training.typed_yaml import plain

#: Sizes of a network that its encoder has.
ENCODER = ("mel_bins", "width", "heads", "inner", "encoder_blocks", "positions", "taps")

States = NDArray[np.float16]
"""(frames, dimensions)."""


class StateCache:
    """States in a folder, one file for each utterance; several processes may use it at once.

    Args:
        folder: made where it is missing.
        settings: of the training; what changes sound or encoder tells states apart.
        clips: that utterances are made of.
    """

    def __init__(self, folder: Path, settings: TrainSettings, clips: Sequence[Clip]) -> None:
        self._folder = folder
        self._clips = clips
        self._settings = hashlib.blake2b(json.dumps(_decisive(settings)).encode()).hexdigest()

    def path(self, utterance: Utterance) -> Path:
        """Where the states of an utterance are, or will be."""
        names = [self._clips[number].sound.name for number in utterance.clips]
        identity = json.dumps((self._settings, names, utterance.pauses, utterance.seed))
        name = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest()
        return self._folder / name[:2] / f"{name}.npy"


def read_states(path: Path) -> States | None:
    """The states in a file; ``None`` if it is missing or not whole."""
    with suppress(FileNotFoundError, ValueError, EOFError):
        states: States = np.load(path, allow_pickle=False)
        return states
    return None


def keep_states(path: Path, states: States) -> None:
    """Write states so that the file appears whole.

    It is not synced to the disk, since states can be computed again: one cut off by a power failure
    counts as missing.

    Raises:
        OutputError: the disk is full or fails.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, sync=False) as stream:
            np.save(stream, states)
    except OSError as error:
        cause = f"States of the encoder cannot be kept in {path.parent.parent}"
        cause += f" ({why_unwritten(error)})"
        raise OutputError(cause, "Free some space, or leave model.states out.") from error


def _decisive(settings: TrainSettings) -> object:
    """All settings on which states depend, apart from the utterance's own."""
    data = plain(settings)
    model = {key: data["model"][key] for key in ("encoder", "start")}
    sizes = {key: value for key, value in settings.model.sizes.items() if key in ENCODER}
    padding = {key: data["batches"][key] for key in ("pad_to", "pause")}
    changed = [each["augment"] for each in data["data"]["sources"]]
    return [model, sizes, padding, changed, data["augment"], data["spectrum"]]
