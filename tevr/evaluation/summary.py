"""Findings → `summary.json`: for the same records the same, but for `run`, which tells times."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from pathlib import Path
from typing import Any

from tevr import __version__
from tevr.evaluation.datasets import PROBLEMS
from tevr.evaluation.findings import Findings, Rates
from tevr.evaluation.sentence_scores import SOURCES
from tevr.scoring.error_classes import CLASSES, most_costly
from tevr.scoring.rates import Rate

SUMMARY = "summary.json"
SCHEMA = 1
PAIRS = 50
"""Kinds of mistakes that are told."""
_PACKAGES = ("numpy", "onnxruntime", "kenlm-ex", "av", "soxr", "num2words")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What may differ between runs with the same results.

    Attributes:
        command: the command line.
        workers: processes.
        seconds: from the start of the last command to its end.
    """

    command: Sequence[str]
    workers: int
    seconds: float


def summarise(findings: Findings, identity: Mapping[str, Any], facts: RunFacts) -> dict[str, Any]:
    """All that `summary.json` tells.

    Args:
        findings: what was found out.
        identity: what the records depend on, see `tevr.evaluation.running`.
        facts: how they were made.
    """
    errors = [error for each in findings.errors for error in each]
    return {
        "schema": SCHEMA,
        **{name: value for name, value in identity.items() if name != "schema"},
        "versions": _versions(),
        "scored": {
            "utterances": len(findings.records),
            "seconds": round(sum(record.seconds for record in findings.records), 3),
            "speakers": len({record.traits.get("speaker", "") for record in findings.records}),
        },
        "problems": _problems(findings),
        "normaliser": {"name": findings.normaliser.name, "eszett": findings.normaliser.eszett},
        "rates": {name: _rates(found) for name, found in findings.rates.items()},
        "classes": _classes(findings),
        "pairs": [
            {
                "reference": error.reference,
                "hypothesis": error.hypothesis,
                "class": error.kind,
                "errors": error.errors * times,
                "times": times,
            }
            for error, times in most_costly(errors, PAIRS)
        ],
        "groups": {
            name: [
                {"label": each.label, "utterances": each.utterances, **_rate(each.rate)}
                for each in groups
            ]
            for name, groups in findings.groups.items()
        },
        "sources": {name: findings.sources.get(name, 0) for name in SOURCES},
        "leaks": _leaks(findings),
        "run": _run(findings, facts),
    }


def _problems(findings: Findings) -> dict[str, list[dict[str, str]]]:
    return {
        kind: [
            {"name": record.name, "reason": record.reason}
            for record in findings.problems
            if record.problem == kind
        ]
        for kind in PROBLEMS
    }


def _classes(findings: Findings) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for each in findings.errors:
        for error in each:
            counts[error.kind] += error.errors
    return {kind: counts[kind] for kind in CLASSES}


def _rates(rates: Rates) -> dict[str, Any]:
    return {
        "words": _rate(rates.words),
        "letters": _rate(rates.letters),
        "sclite": _rate(rates.sclite),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "rate": _number(rate.value),
        "interval": [_number(bound) for bound in rate.interval],
        "errors": rate.counts.errors,
        "length": rate.counts.length,
        **rate.counts._asdict(),
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def _leaks(findings: Findings) -> dict[str, Any] | None:
    leaks = findings.leaks
    if leaks is None:
        return None
    seen = {*leaks.exact, *leaks.near}
    clean = {record.name for record in findings.records} - seen
    return {
        "sentences": leaks.sentences,
        "exact": list(leaks.exact),
        "near": dict(leaks.near),
        "clean": {"utterances": len(clean), **_rate(findings.rate_of(clean))},
    }


def _versions() -> dict[str, str]:
    found = {"tevr": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an extra that is not installed
            found[name] = ""
    return found


def _run(findings: Findings, facts: RunFacts) -> dict[str, Any]:
    took = sum(record.took for record in findings.records)
    sound = sum(record.seconds for record in findings.records)
    return {
        "command": list(facts.command),
        "workers": facts.workers,
        "seconds": round(facts.seconds, 3),
        "recognising": round(took, 3),
        "real_time_factor": round(took / sound, 4) if sound else None,
        "hardware": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "memory": _memory(),
        },
    }


def _processor() -> str:
    """The processor's name where the system tells it, else its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> int | None:
    """Bytes of memory, where the system tells."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
