"""How far a training has come: what a checkpoint keeps and what a watcher is told."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from tevr.errors import UsageError
from tevr.training.measuring import Measurement


@dataclass
class Progress:
    """How far a training has come; a checkpoint keeps it.

    Attributes:
        epoch, place: the epoch and the step of it that comes next.
        steps: taken in all, those without a finite loss counted.
        heard: seconds of sound.
        worked: seconds of work.
        bad, bad_in_row: steps without a finite loss.
        best: lowest word error rate measured.
        worse: measurements since.
        window_loss, window_labels: nats and labels of the steps since the last line of the metrics.
        clips: fingerprint of the clips.
        batch: seconds of a step over all processes.
    """

    epoch: int = 0
    place: int = 0
    steps: int = 0
    heard: float = 0.0
    worked: float = 0.0
    bad: int = 0
    bad_in_row: int = 0
    best: float = math.inf
    worse: int = 0
    window_loss: float = 0.0
    window_labels: int = 0
    clips: str = ""
    batch: float = 0.0

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what a checkpoint kept.

        Raises:
            UsageError: it is of other clips or batches.
        """
        if state["clips"] != self.clips:
            cause = "The clips are not those that the run began with"
            raise UsageError(cause, "Restore them, or train in another folder.")
        if not math.isclose(state["batch"], self.batch):
            cause = (
                f"The run had {state['batch']:g} s a step over all processes, not {self.batch:g}"
            )
            raise UsageError(cause, "Give batches.seconds times processes as before.")
        self.__dict__.update(state)


@dataclass(frozen=True, slots=True)
class News:
    """What a watcher of a training wants to know after a step.

    Attributes:
        done: share of the training, 0 to 1.
        step: number of steps taken.
        loss: nats a label of the last steps; not a number if none of them counts.
        speed: seconds of sound learnt from in a second.
        measured: the last measurement, if there was one.
    """

    done: float
    step: int
    loss: float
    speed: float
    measured: Measurement | None
