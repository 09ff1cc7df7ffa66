"""The claim on CT slices: stated on made-up slices where the real ones are not there."""

from __future__ import annotations

from pathlib import Path

from tevr.models.checks import Bench
from tevr.models.claims.covid_ct import CLAIMS
from tevr.models.ct_report import NOTICE


def test_the_gap_between_protocols_is_stated_with_the_notice(tmp_path: Path) -> None:
    finding = CLAIMS[0].measure(Bench(tmp_path, quick=True))
    assert finding.holds
    assert finding.figures is not None
    assert finding.figures["accuracy by slice"] > finding.figures["accuracy by source"] + 0.2
    assert NOTICE in finding.remark
    assert "made up" in finding.remark
    assert finding.table.count("\n") == 4
    assert (tmp_path / finding.pictures[0].file).stat().st_size > 1000
