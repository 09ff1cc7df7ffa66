"""One typed YAML file → everything that decides how a network is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tevr.errors import UsageError
from tevr.training.augment import Augmentation
from tevr.training.data_settings import BatchSettings, DataSettings
from tevr.training.learning_settings import (
    CHARACTERS,
    LossSettings,
    ModelSettings,
    OptimiserSettings,
    SpectrumSettings,
)
from tevr.training.typed_yaml import build, check, plain, read_mapping


@dataclass(frozen=True)
class RunSettings:
    """How long and how watched; may be changed when a run goes on.

    Attributes:
        steps: to take; or
        hours: of sound to hear.
        threads: of the processor; ``None``: all.
        workers: processes that read and change sound.
        log_every, dev_every, save_every: steps from one line, measurement, checkpoint to the next.
        keep: checkpoints kept.
        patience: measurements without a better word error rate before training stops; 0: never.
        bad_batches: batches without a finite loss in a row before training stops.
    """

    steps: int | None = None
    hours: float | None = None
    threads: int | None = None
    workers: int = 1
    log_every: int = 10
    dev_every: int = 200
    save_every: int = 200
    keep: int = 1
    patience: int = 0
    bad_batches: int = 20

    def __post_init__(self) -> None:
        counts = (self.log_every, self.dev_every, self.save_every, self.keep, self.bad_batches)
        length = self.steps if self.hours is None else self.hours
        check(
            ((self.steps is None) == (self.hours is None), "run has not one of steps and hours",
             "Give steps to take or hours to hear."),
            (length is not None and length <= 0, "steps or hours is not above 0", "Give more."),
            (min(counts) < 1, "an interval or number is below 1", "Give 1 or more."),
            (self.threads is not None and self.threads < 1, "threads is below 1", "Give more."),
            (min(self.workers, self.patience) < 0, "workers or patience is below 0", "Give 0."),
        )  # fmt: skip


@dataclass(frozen=True)
class TrainSettings:
    """All of it.

    Attributes:
        tokens: a label table such as tokens.json, or characters.
        seed: of everything drawn at random.
        augment: changes of the sound; none if it is left out.
    """

    data: DataSettings
    run: RunSettings
    model: ModelSettings = field(default_factory=ModelSettings)
    tokens: str = CHARACTERS
    seed: int = 0
    batches: BatchSettings = field(default_factory=BatchSettings)
    augment: Augmentation | None = None
    spectrum: SpectrumSettings = field(default_factory=SpectrumSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    loss: LossSettings = field(default_factory=LossSettings)

    def __post_init__(self) -> None:
        kept = self.model.states is not None
        check(
            (kept and "encoder" not in self.optimiser.frozen, "States of a learning encoder change",
             "Freeze the encoder, or leave model.states out."),
            (kept and not self.batches.versions, "States are kept, but no sound comes again",
             "Set batches.versions, or leave model.states out."),
        )  # fmt: skip


def read_settings(path: Path, changes: tuple[str, ...] = ()) -> TrainSettings:
    """Read a settings file.

    Args:
        path: the file; paths in it start from the working folder.
        changes: values to replace, such as run.steps=100.

    Raises:
        UsageError: the file, a key or a value is none; file and key are named.
    """
    data = read_mapping(path)
    for change in changes:
        _change(data, change)
    return build(TrainSettings, data, str(path))


def _change(data: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    if not equals:
        raise UsageError(f"{change!r} changes no setting", "Write it as run.steps=100.")
    *path, last = key.strip().split(".")
    for name in path:
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise UsageError(f"{change!r} changes no setting", f"{name} holds no keys.")
    try:
        data[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UsageError(f"The value of {change!r} is no YAML", "Quote it.") from error


def differences(before: TrainSettings, now: TrainSettings) -> list[str]:
    """Name the keys whose values differ and decide what is learnt; those of `run` do not."""
    return list(_differences(_deciding(before), _deciding(now), ""))


def _deciding(settings: TrainSettings) -> dict[str, Any]:
    data: dict[str, Any] = plain(settings)
    del data["run"], data["data"]["cache"]
    return data


def _differences(before: object, now: object, key: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            yield from _differences(before.get(name), now.get(name), f"{key}.{name}".lstrip("."))
    elif before != now:
        yield key


def to_yaml(settings: TrainSettings) -> str:
    """Return what `read_settings` reads."""
    return yaml.safe_dump(plain(settings), sort_keys=False, allow_unicode=True)
