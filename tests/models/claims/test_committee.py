"""The claim on committees: tried on bundled digits, kept by seed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tevr.models.checks import Bench
from tevr.models.claims import committee
from tevr.models.claims.committee import CLAIMS
from tevr.models.committee import SMALL


def test_votes_are_compared_with_the_best_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = replace(SMALL, members=3, filters=8, upper=6, groups=2, channels=4, patches=300)
    monkeypatch.setattr(committee, "SMALL", small)
    finding = CLAIMS[0].measure(Bench(tmp_path, quick=True))
    assert finding.figures is not None
    assert finding.holds in (True, None)
    assert finding.figures["soft vote"] > 60
    first = json.loads((tmp_path / "seed-0.json").read_text())
    assert set(first) == set(finding.figures) - {"gain"}
    (tmp_path / "seed-1.json").write_text(json.dumps(dict.fromkeys(first, 1.0)))
    again = CLAIMS[0].measure(Bench(tmp_path, quick=True))
    assert again.figures is not None
    assert again.figures["soft vote"] == pytest.approx(50 * (first["soft vote"] + 1))
