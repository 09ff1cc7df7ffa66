"""How recordings become batches: the sections `data` and `batches` of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tevr.onnx_model import LEAST, PAUSE, SHORTEST
from tevr.training.network import SAMPLE_RATE
from tevr.training.typed_yaml import check

Range = tuple[float, float]
#: More copies of a clip in an epoch are a mistake.
MOST_REPEATS = 1000


@dataclass(frozen=True)
class DevSettings:
    """Clips of a source that are kept out of training and measured on.

    Attributes:
        first: so many, in the order of a hash of their names.
        clips: their names, or a file with one a line.
    """

    first: int = 0
    clips: Path | tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check((self.first < 0, f"first is {self.first}", "Give 0 or more."))


@dataclass(frozen=True)
class SourceSettings:
    """One folder of recordings.

    Attributes:
        path: a folder with manifest.tsv or manifest.jsonl (path, text; speaker and seconds may be
            there), or a Common Voice release with `split`.
        split: name of the Common Voice list, such as train.
        repeat: times that each clip is heard in an epoch; 0.5 hears every other one.
        augment: change the clips as `augment` and `spectrum` say.
        exclude: clips never used: names, or a file with one a line.
        dev: clips to measure on.
        first: use only so many clips, in the order of a hash of their names.
    """

    path: Path
    split: str | None = None
    repeat: float = 1.0
    augment: bool = True
    exclude: Path | tuple[str, ...] = ()
    dev: DevSettings = DevSettings()
    first: int | None = None

    def __post_init__(self) -> None:
        check(
            (not 0 <= self.repeat <= MOST_REPEATS, f"repeat is {self.repeat:g}", "Give 0 to 1000."),
            (self.first is not None and self.first < 1, "first is below 1", "Give 1 or more."),
        )


@dataclass(frozen=True)
class DataSettings:
    """What is heard.

    Attributes:
        sources: folders of recordings.
        shortest, longest: seconds; other clips are skipped.
        cache: folder for decoded sound, 115 MB an hour; the run's own if none is named.
    """

    sources: tuple[SourceSettings, ...]
    shortest: float = SHORTEST / SAMPLE_RATE
    longest: float = 20.0
    cache: Path | None = None

    def __post_init__(self) -> None:
        check(
            (not self.sources, "sources is empty", "Name a folder of recordings."),
            (
                not SHORTEST / SAMPLE_RATE <= self.shortest < self.longest,
                f"shortest {self.shortest:g} and longest {self.longest:g} leave no clips",
                "Give 0.1 <= shortest < longest.",
            ),
        )


@dataclass(frozen=True)
class JoinSettings:
    """Several clips of a source one after the other, heard as one.

    Attributes:
        probability: that a clip is followed by another one in the same utterance.
        longest: seconds of the whole.
        pause: seconds of silence between two.
    """

    probability: float = 0.0
    longest: float = 20.0
    pause: Range = (0.05, 0.6)

    def __post_init__(self) -> None:
        low, high = self.pause
        check(
            (not 0 <= self.probability <= 1, "probability is none", "Give 0 to 1."),
            (self.longest <= 0, "longest is not above 0", "Give seconds."),
            (not 0 <= low <= high, f"pause is {low:g} to {high:g}", "Give 0 <= low <= high."),
        )


@dataclass(frozen=True)
class BatchSettings:
    """How clips become batches.

    Attributes:
        seconds: of sound in a batch of one process, padding counted.
        accumulate: batches added up before a step is taken.
        bucket: clips that are sorted by length together; more waste less padding.
        pad_to: seconds that every utterance lasts at least, with silence behind it, as the
            recogniser hears it (`tevr.onnx_model`).
        pause: seconds of silence behind every utterance at least.
        join: several clips in one utterance.
        versions: epochs after which the same joins and changes of the sound come again; 0: never.
    """

    seconds: float = 60.0
    accumulate: int = 1
    bucket: int = 512
    pad_to: float = LEAST / SAMPLE_RATE
    pause: float = PAUSE / SAMPLE_RATE
    join: JoinSettings = JoinSettings()
    versions: int = 0

    def __post_init__(self) -> None:
        check(
            (self.versions < 0, f"versions is {self.versions}", "Give 0 or more."),
            (self.seconds <= 0, f"seconds is {self.seconds:g}", "Give more than 0."),
            (self.accumulate < 1, f"accumulate is {self.accumulate}", "Give 1 or more."),
            (self.bucket < 1, f"bucket is {self.bucket}", "Give 1 or more."),
            (min(self.pad_to, self.pause) < 0, "pad_to or pause is below 0", "Give 0 or more."),
        )
