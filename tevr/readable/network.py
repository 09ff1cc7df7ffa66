"""Numbers of words in a row → scores of their labels, by the network in an ONNX file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError
from tevr.readable.labels import CASES, MARKS

MODEL = "model.onnx"
_SCORES = (len(MARKS), len(CASES), 1)


@dataclass(frozen=True)
class Stretch:
    """Words in a row, of which some are to be labelled; the others are there to be seen.

    Attributes:
        ids: int32 (words, IDS).
        numbers: float32 (words, NUMBERS).
        stretches: int32 (words,); words see none ahead with another number.
        first: the first word to label.
        last: the word after the last to label.
    """

    ids: NDArray[np.int32]
    numbers: NDArray[np.float32]
    stretches: NDArray[np.int32]
    first: int
    last: int


@dataclass(frozen=True)
class Memory:
    """What the recurrent layer keeps of all words before, (1, 1, units) each."""

    hidden: NDArray[np.float32]
    memory: NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """Scores of words that were to be labelled; higher is likelier."""

    marks: NDArray[np.float32]  # (labelled, len(MARKS))
    cases: NDArray[np.float32]  # (labelled, len(CASES))
    sharp: NDArray[np.float32]  # (labelled,) above 0: ß


class LabelModel:
    """A network on ONNX Runtime."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        """Open a file.

        Raises:
            ModelError: it is missing or cannot be run.
        """
        import onnxruntime

        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait slow down everything beside them.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # its own words on stderr are for developers
        options.enable_mem_pattern = False  # every length would have its own, kept for ever
        try:
            content = path.read_bytes()
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except OSError as error:
            cause = f"The model {path} cannot be read ({error.strerror})"
            raise ModelError(cause, "Install tevr again.") from error
        except RuntimeError as error:
            raise ModelError(f"The model {path} cannot be run", "Install tevr again.") from error
        shapes = {each.name: each.shape for each in self._session.get_inputs()}
        self._units = int(shapes["hidden"][-1])

    def fresh(self) -> Memory:
        """Return what is kept before the first word."""
        zeros = np.zeros((1, 1, self._units), np.float32)
        return Memory(zeros, zeros)

    def run(self, words: Stretch, memory: Memory) -> tuple[Scores, Memory]:
        """Return the scores of the words to label, one at least, and what to keep for the next."""
        scores, hidden, kept = self._session.run(
            ["scores", "hidden_after", "memory_after"],
            {
                "ids": words.ids,
                "numbers": words.numbers,
                "stretches": words.stretches,
                "first": np.array([words.first], np.int64),
                "last": np.array([words.last], np.int64),
                "hidden": memory.hidden,
                "memory": memory.memory,
            },
        )
        marks, cases, sharp = np.split(scores, np.cumsum(_SCORES)[:-1], axis=1)
        return Scores(marks, cases, sharp[:, 0]), Memory(hidden, kept)
