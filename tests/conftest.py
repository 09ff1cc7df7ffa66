"""Real recordings, real logits and the bundled model, each opened once."""

from __future__ import annotations

import csv
import signal
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.recognizer import Recognizer, load
from tevr.store import bundled
from tevr.tokens import TokenTable

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Recording:
    """A real recording with what is said in it."""

    path: Path
    text: str
    seconds: float


@contextmanager
def default_signals() -> Iterator[None]:
    """Let signals stop this process and those it starts, however the tests were started.

    Shells let background jobs ignore SIGINT, nohup lets its command ignore SIGHUP, and a process
    inherits what is ignored.
    """
    handlers = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of bundled test data."""
    return DATA


@pytest.fixture(scope="session")
def clip() -> NDArray[np.float32]:
    """The Common Voice clip "mückenstiche sollte man nicht aufkratzen", (samples,) at 16 kHz."""
    with wave.open(str(DATA / "clip.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return (samples / 32768).astype(np.float32)


@pytest.fixture(scope="session")
def sentences() -> list[Recording]:
    """Kerstin's sentences."""
    with (DATA / "kerstin" / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Recording(DATA / "kerstin" / row["path"], row["text"], float(row["seconds"]))
        for row in rows
    ]


@pytest.fixture(scope="session")
def tokens() -> TokenTable:
    """The 256 published labels."""
    return TokenTable.load(bundled("de-small") / "tokens.json")


@pytest.fixture(scope="session")
def logits() -> NDArray[np.float32]:
    """The published 1B model's log-probabilities (158, 256) for `clip`."""
    raw = np.load(DATA / "logits.npy").astype(np.float64)
    return (raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The bundled model with its language model."""
    return load(threads=2)
