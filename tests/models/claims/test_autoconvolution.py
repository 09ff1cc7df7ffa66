"""The claim on autoconvolution: tried on digits that everybody has, kept when broken off."""

from __future__ import annotations

import json
from pathlib import Path

from tevr.models.checks import Bench
from tevr.models.claims.autoconvolution import CLAIMS


def test_it_is_tried_on_bundled_digits_and_goes_on_where_it_was_broken_off(tmp_path: Path) -> None:
    (tmp_path / "raw-1.json").write_text("50.0")  # as if that fold had been done
    said: list[str] = []
    finding = CLAIMS[0].measure(Bench(tmp_path, quick=True, say=said.append))
    assert finding.figures is not None
    first = json.loads((tmp_path / "raw-0.json").read_text())
    assert finding.figures["raw"] == (first + 50) / 2
    assert finding.figures["autoconvolved"] < 35  # of ten classes, from ten examples of each
    assert (tmp_path / finding.pictures[0].file).stat().st_size > 1000
    assert len(said) == 6
    assert "2 folds" in finding.data
