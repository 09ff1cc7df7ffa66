"""Real recordings, real logits and the bundled model, each opened once."""

from __future__ import annotations

import csv
import shutil
import signal
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.audio import read_audio
from tevr.recognizer import Recognizer, load
from tevr.speech import spans
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
    return TokenTable.load(bundled("de-tevr") / "tokens.json")


@pytest.fixture(scope="session")
def logits() -> NDArray[np.float32]:
    """The published 1B model's log-probabilities (158, 256) for `clip`."""
    raw = np.load(DATA / "logits.npy").astype(np.float64)
    return (raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """The bundled model with its language model."""
    return load(threads=2)


#: Columns of a split's table, by the release that has them.
COMMON_VOICE = {
    "6.1": "client_id path sentence up_votes down_votes age gender accent locale segment",
    "17": "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender"
    " accents variant locale segment",
    "25": "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender"
    " accents variant locale segment",
}
_SPEAKERS = (
    {"client_id": "b2", "age": "thirties", "gender": "female", "accent": "germany"},
    {"client_id": "c3", "age": "", "gender": "", "accent": ""},
)


def _write_mp3(path: Path, source: Path) -> None:
    with av.open(str(source)) as sound, av.open(str(path), "w") as target:
        stream = target.add_stream("mp3", rate=32_000, layout="mono")
        resampler = av.AudioResampler("fltp", "mono", 32_000)
        for frame in [*sound.decode(audio=0), None]:
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))


@pytest.fixture(scope="session")
def make_release(sentences: list[Recording]) -> Callable[..., Path]:
    """Builds a small release of Common Voice German from Kerstin's sentences, as mp3 clips."""

    def make(folder: Path, release: str = "17", *, flawed: bool = False) -> Path:
        """Write `folder`/cv-corpus/de; flawed ones have a clip of each kind that is not scored."""
        home = folder / f"cv-corpus-{release}" / "de"
        (home / "clips").mkdir(parents=True)
        rows = []
        for number, recording in enumerate(sentences):
            row = {"path": f"common_voice_de_{number}.mp3", "sentence": recording.text}
            rows.append(row | _SPEAKERS[number % 2])
            _write_mp3(home / "clips" / row["path"], recording.path)
        if flawed:
            (home / "clips" / "broken.mp3").write_bytes(bytes(range(256)) * 20)
            shutil.copy(home / "clips" / rows[0]["path"], home / "clips" / "empty.mp3")
            wrong = {"broken.mp3": "Das ist kaputt.", "lost.mp3": "Das fehlt.", "empty.mp3": "…"}
            added = [{"path": path, "sentence": text} for path, text in wrong.items()]
            rows[1:1] = [row | _SPEAKERS[0] for row in added]
            rows.append(rows[0] | {"sentence": "Noch einmal dasselbe."})
        columns = COMMON_VOICE[release].split()
        lines = ["\t".join(columns)]
        for row in rows:
            row |= {"accents": row["accent"], "up_votes": "2", "down_votes": "0", "locale": "de"}
            lines.append("\t".join(row.get(column, "") for column in columns))
        (home / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return home

    return make


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the 1B model is published, with a small network; not to be changed.

    Its head is fitted to `clip`, whole and as it is cut, so that it hears there about what the
    bundled model hears.
    """
    layout = import_script("published_layout")
    samples = read_audio(DATA / "clip.wav")
    (span,) = spans([samples])
    options = layout.LayoutOptions(
        tmp_path_factory.mktemp("published") / "xls-r-tiny",
        layout.TINY,
        outliers=5.0,
        clips=(samples, span.samples),
        ridge=1e-4,
        arpa=DATA / "decoder" / "lm.arpa",
    )
    return Path(layout.write_layout(options))


def import_script(name: str) -> Any:
    """A script of `benchmarks/`, which is no part of the package, as a module."""
    path = DATA.parents[1] / "benchmarks" / f"{name}.py"
    spec = spec_from_file_location(f"benchmarks.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there for their types
    spec.loader.exec_module(module)
    return module
