"""A run's folder, or the weights in it → what an export needs: labels, clips, records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tevr.audio import is_audio_name, read_audio
from tevr.errors import AudioError, ModelError, UsageError
from tevr.lm.corpus import normalise
from tevr.training.data_settings import DataSettings, SourceSettings
from tevr.training.learning_settings import CHARACTERS, ModelSettings
from tevr.training.manifest import MANIFESTS, Row, choose, read_rows
from tevr.training.run_folder import BEST, SETTINGS, SUMMARY, RunFolder
from tevr.training.typed_yaml import build, read_mapping


@dataclass(frozen=True)
class Recording:
    """A clip that was never learnt from.

    Attributes:
        path: of its sound.
        text: what is said, normalised, or ``None`` where nobody wrote it down.
    """

    path: Path
    text: str | None

    def samples(self) -> NDArray[np.float32]:
        """Read its sound, (samples,) at 16 kHz.

        Raises:
            AudioError: it cannot be read.
        """
        return read_audio(self.path)


@dataclass(frozen=True)
class FinishedRun:
    """What a run left, as far as an export needs it.

    Attributes:
        folder: of the run.
        weights: file with the weights to export.
        tokens: name of its label table, see `tevr.training.preparation.open_tokens`.
        data: the section of its settings.
        settings: all of them, as YAML has them.
        summary: its summary.json; empty if the run was never stopped in order.
        measured: lines of its metrics with errors on dev clips, in the order of steps.
    """

    folder: Path
    weights: Path
    tokens: str
    data: DataSettings
    settings: Mapping[str, Any]
    summary: Mapping[str, Any]
    measured: Sequence[Mapping[str, Any]]

    def dev_clips(self) -> list[Recording]:
        """The clips that the run measured itself on.

        Raises:
            UsageError: a manifest or a list of clips is missing.
        """
        return [
            _recording(row)
            for source in self.data.sources
            for rows, dev in [choose(source)]
            for row in rows
            if row.name in dev
        ]


def open_run(checkpoint: Path) -> FinishedRun:
    """Read what a run left.

    Args:
        checkpoint: the run's folder, of which the best weights are taken, or weights within it.

    Raises:
        ModelError: there are no weights, or no settings beside them.
        UsageError: the settings cannot be used.
    """
    weights = checkpoint / BEST if checkpoint.is_dir() else checkpoint
    if not weights.is_file():
        advice = "Name the folder of a run that has measured its dev clips, or a file of weights."
        raise ModelError(f"There are no weights {weights}", advice)
    folder = weights.parent
    path = folder / SETTINGS
    if not path.is_file():
        cause = f"{folder} has no {SETTINGS}, which names the labels of the weights"
        raise ModelError(cause, "Leave the weights in the folder of their run.")
    # Of other sections nothing is needed; they may be those of another version.
    settings = read_mapping(path)
    kind = (settings.get("model") or {}).get("kind", ModelSettings.kind)
    if kind != ModelSettings.kind:
        cause = f"The run in {folder} trained a network of the kind {kind}"
        raise ModelError(cause, f"Only those of the kind {ModelSettings.kind} can be exported.")
    data = build(DataSettings, settings.get("data", {}), str(path), "data")
    tokens = str(settings.get("tokens", CHARACTERS))
    measured = [line for line in RunFolder(folder).metrics() if "dev_wer" in line]
    return FinishedRun(folder, weights, tokens, data, settings, _summary(folder), measured)


def read_clips(folder: Path, *, spoken: bool = False) -> list[Recording]:
    """The recordings of a folder, with their texts if it has a manifest.

    Args:
        folder: to search.
        spoken: the texts are needed.

    Raises:
        UsageError: the manifest is none, or there are no recordings.
    """
    if spoken or any((folder / name).is_file() for name in MANIFESTS):
        found = [_recording(row) for row in read_rows(SourceSettings(folder))]
    else:
        paths = sorted(path for path in folder.rglob("*") if is_audio_name(path))
        found = [Recording(path, None) for path in paths]
    if not found:
        raise UsageError(f"{folder} holds no recordings", "Name a folder with some.")
    return found


def check_readable(clips: Sequence[Recording]) -> None:
    """Refuse clips whose sound is missing, before anything is worked on for minutes.

    Raises:
        AudioError: one is.
    """
    for clip in clips:
        if not clip.path.is_file():
            raise AudioError(f"The clip {clip.path} is missing", "Correct the manifest.")


def _recording(row: Row) -> Recording:
    return Recording(row.path, normalise(row.text))


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / SUMMARY
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        cause = f"The summary {path} cannot be read"
        raise ModelError(cause, "Start the run again for a moment: it writes a new one.") from error
    return summary if isinstance(summary, dict) else {}
