"""A paper's claims → what we find when we try them: figures with intervals over seeds.

`claims/NAME.py` holds CLAIMS for the module NAME of the zoo, a tuple of

    Claim(name="threshold", says="…", published="…", measure=function)

where `function(bench) -> Finding` does the work: quick or whole, on the data that the bench finds,
or on data that everybody has; it trains in `bench.folder`, so that it can be broken off, and puts
pictures there. `check` runs it, takes the time and keeps the result.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULT, SPENT = "result.json", "seconds.txt"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds, folds or units, and the 95 % interval that Student's t gives it."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> Estimate:
        """Estimate from repetitions; of a single one the interval is not known (infinite)."""
        found = [float(value) for value in values]
        if not found:
            raise ValueError("There is nothing to estimate a mean from.")
        count, mean = len(found), math.fsum(found) / len(found)
        if count == 1:
            return cls(mean, -math.inf, math.inf, 1)
        variance = math.fsum((value - mean) ** 2 for value in found) / (count - 1)
        half = _student(count - 1) * math.sqrt(variance / count)
        return cls(mean, mean - half, mean + half, count)

    @classmethod
    def paired(cls, ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
        """Estimate the difference ours − theirs of values with the same seed."""
        return cls.of(a - b for a, b in zip(ours, theirs, strict=True))

    def show(self, digits: int = 2, unit: str = "", signed: bool = False) -> str:
        """Return `7.86 ± 0.23 %`; a single value stands alone."""
        mean = f"{self.mean:{'+' if signed else ''}.{digits}f}"
        half = f" ± {self.high - self.mean:.{digits}f}" if self.count > 1 else ""
        return f"{mean}{half}{unit and f' {unit}'}"


@dataclass(frozen=True)
class Picture:
    """A picture that belongs to a finding."""

    file: str
    """Its name in the folder of the bench."""
    caption: str


@dataclass(frozen=True)
class Bench:
    """What a measurement may use."""

    folder: Path
    """For checkpoints and pictures; it stands when a measurement is begun again."""
    data: Path | None = None
    """Folder with the data sets that users have."""
    quick: bool = False
    """Answer within a minute or two rather than as well as possible."""
    say: Say = lambda _: None
    """Told how far it has come, in a few words."""
    networks: Path | None = None
    """For what several claims train once; `shared` tells the place."""

    @property
    def shared(self) -> Path:
        """Folder of networks that more than one claim asks."""
        return self.networks or self.folder / "networks"

    def find(self, pattern: str) -> Path | None:
        """Return the first data file of that name or pattern, such as `mnist_train*.npz`."""
        return next(iter(sorted(self.data.glob(pattern))), None) if self.data else None


@dataclass(frozen=True)
class Finding:
    """What was found of a claim."""

    ours: str
    """Our figures with their intervals, in words for a cell of a table."""
    holds: bool | None
    """Whether they bear the claim out; None where the scale does not allow to tell."""
    data: str
    """What it was tried on: which, how many, how many seeds."""
    remark: str = ""
    """What a reader must know besides, such as what is smaller than in the paper."""
    figures: Mapping[str, float] | None = None
    """All figures by name, for machines."""
    pictures: tuple[Picture, ...] = ()
    table: str = ""
    """More figures, as a table in Markdown."""


@dataclass(frozen=True)
class Claim:
    """What a paper says, and how it is tried."""

    name: str
    """Short, of the letters of a file's name."""
    says: str
    published: str
    """The paper's own figures; `none found` where we know none."""
    measure: Callable[[Bench], Finding]


@dataclass(frozen=True)
class Result:
    """A finding and how it came about."""

    paper: str
    claim: str
    says: str
    published: str
    quick: bool
    minutes: float
    command: str
    finding: Finding

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        found = values.pop("finding")
        found["pictures"] = tuple(Picture(**each) for each in found["pictures"])
        return cls(**values, finding=Finding(**found))

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)


def check(paper: str, claim: Claim, bench: Bench, again: bool = False) -> Result:
    """Try one claim, or return what an earlier trial in the same folder found.

    Args:
        paper: name of the paper's module.
        claim: one of its claims.
        bench: its folder is that of this claim alone; minutes of broken-off trials count.
        again: try it even if a result is there.
    """
    bench.folder.mkdir(parents=True, exist_ok=True)
    kept = bench.folder / RESULT
    if kept.exists() and not again:
        return Result.from_json(kept.read_text(encoding="utf-8"))
    spent = bench.folder / SPENT
    before = float(spent.read_text()) if spent.exists() and not again else 0.0
    begun = time.monotonic()
    try:
        finding = claim.measure(bench)
    finally:
        seconds = before + time.monotonic() - begun
        spent.write_text(f"{seconds:.1f}\n")
    command = f"tevr zoo check {paper}" + (" --quick" if bench.quick else "")
    command += " --data DATA" if bench.data else ""
    result = Result(
        paper=paper,
        claim=claim.name,
        says=claim.says,
        published=claim.published,
        quick=bench.quick,
        minutes=seconds / 60,
        command=command,
        finding=finding,
    )
    kept.write_text(result.to_json(), encoding="utf-8")
    return result


def _student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t, by bisection of its distribution."""
    low, high = 0.0, 1e3
    for _ in range(80):
        middle = (low + high) / 2
        if _inside(middle, freedom) < 0.95:  # noqa: PLR2004 (the interval's level)
            low = middle
        else:
            high = middle
    return low


def _inside(limit: float, freedom: int) -> float:
    """Return the probability that |t| stays below a limit: finite sums of Abramowitz 26.7.3–4."""
    angle = math.atan(limit / math.sqrt(freedom))
    odd = freedom % 2
    term, total = (math.cos(angle), 0.0) if odd else (1.0, 0.0)
    for power in range(1 + odd, freedom, 2):
        total += term
        term *= math.cos(angle) ** 2 * power / (power + 1)
    if not odd:
        return math.sin(angle) * total
    return 2 / math.pi * (angle + math.sin(angle) * total)
