"""A settings file and a folder → a run: prepared, trained, resumed, summed up."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from tevr.errors import UsageError
from tevr.training.curve import draw_curve
from tevr.training.loop import Trainer
from tevr.training.preparation import Prepared, prepare
from tevr.training.progress import News, Progress
from tevr.training.run_folder import CACHE, SETTINGS, SKIPPED, SUMMARY, RunFolder
from tevr.training.settings import TrainSettings, differences, read_settings, to_yaml
from tevr.training.typed_yaml import plain

PACKAGES = ("numpy", "torch", "accelerate", "safetensors")


def train(
    settings: TrainSettings,
    path: Path,
    *,
    read: Callable[[float], None],
    show: Callable[[News], None],
    stop: Callable[[], bool],
) -> bool:
    """Train a network, or go on where the folder's newest checkpoint stands.

    The same in every process that Accelerate has launched; what is learnt does not depend on how
    many share the work.

    Args:
        settings: all that decides the result; those of an unfinished run, but for `run`.
        path: the run's folder: best.safetensors and last.safetensors, metrics.jsonl, skipped.tsv,
            summary.json, curve.svg, settings.yaml and checkpoints.
        read: told how many clips are read, 0 to 1.
        show: told how the training goes on.
        stop: asked after each step; true ends the training with a checkpoint.

    Returns:
        whether the training came to its end.

    Raises:
        UsageError: settings, clips and folder do not fit each other, or another run is at work.
        ModelError: weights cannot be used, or the loss stays infinite.
        OutputError: the folder cannot be written.
    """
    if settings.run.threads is not None:
        torch.set_num_threads(settings.run.threads)
    # Told so, Accelerate lets processes launched together on processors find each other.
    accelerator = Accelerator(cpu=not torch.accelerator.is_available())
    folder = RunFolder(path)
    main = accelerator.is_main_process
    with folder.held() if main else nullcontext():
        if main:
            _claim(folder, settings)
        with accelerator.main_process_first():
            prepared = prepare(settings, path / CACHE, read if main else _tell_nobody)
        if main:
            folder.write(SKIPPED, _skipped(prepared))
        trainer = Trainer(prepared, folder, accelerator)
        trainer.resume()
        finished = trainer.run(show, stop)
        if main:
            _sum_up(prepared, trainer.progress, folder)
        accelerator.wait_for_everyone()
        return finished


def _tell_nobody(_share: float) -> None:
    """The main process tells it."""


def _sum_up(prepared: Prepared, progress: Progress, folder: RunFolder) -> None:
    summary = summarise(prepared, progress, folder)
    folder.write(SUMMARY, json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    if folder.metrics() and find_spec("matplotlib"):
        draw_curve(folder)


def _claim(folder: RunFolder, settings: TrainSettings) -> None:
    """Write the settings into the folder, or compare them with those of its unfinished run.

    Raises:
        UsageError: they differ in what decides the result.
    """
    kept = folder.path / SETTINGS
    if kept.exists() and folder.latest() is not None:
        changed = differences(read_settings(kept), settings)
        if changed:
            cause = f"The run in {folder.path} has other settings: {', '.join(changed)}"
            raise UsageError(cause, "Give it those of before, or train in another folder.")
    elif not kept.exists() and folder.path.exists() and _is_foreign(folder.path):
        cause = f"{folder.path} holds files, but no run"
        raise UsageError(cause, "Choose a new or empty folder.")
    folder.write(SETTINGS, to_yaml(settings))


def _is_foreign(path: Path) -> bool:
    return any(not each.name.startswith(".") for each in path.iterdir())


def _skipped(prepared: Prepared) -> str:
    lines = [("source", "path", "reason")]
    lines += [(str(each.source), each.name, each.reason) for each in prepared.clips.skipped]
    return "".join("\t".join(" ".join(cell.split()) for cell in line) + "\n" for line in lines)


def summarise(prepared: Prepared, progress: Progress, folder: RunFolder) -> dict[str, Any]:
    """All that a model card tells about a run."""
    settings, clips = prepared.settings, prepared.clips
    skipped = Counter(str(each.source) for each in clips.skipped)
    sources = []
    for number, source in enumerate(settings.data.sources):
        train = [clip for clip in clips.train if clip.source == number]
        sources.append(
            {
                "path": str(source.path),
                "clips": len(train),
                "hours": round(sum(clip.seconds for clip in train) / 3600, 3),
                "dev_clips": sum(clip.source == number for clip in clips.dev),
                "skipped": skipped[str(source.path)],
                "repeat": source.repeat,
            }
        )
    lines = folder.metrics()
    return {
        "steps": progress.steps,
        "epochs": progress.epoch,
        "hours_heard": round(progress.heard / 3600, 3),
        "hours_worked": round(progress.worked / 3600, 3),
        "steps_left_out": progress.bad,
        "best_dev_wer": progress.best if isfinite(progress.best) else None,
        "seed": settings.seed,
        "sources": sources,
        "curve": [line for line in lines if "dev_wer" in line],
        "settings": plain(settings),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in PACKAGES},
    }
