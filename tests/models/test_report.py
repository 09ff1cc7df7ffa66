"""The zoo's page: a line for each claim, pictures beside it, renewed without losing the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tevr.models.checks import Finding, Picture, Result
from tevr.models.report import read_results, render, write_report

FINDING = Finding(
    ours="7.9 ± 0.2 %",
    holds=None,
    data="digits | half",
    remark="Small.",
    figures={"a": 1.5},
    pictures=(Picture("curve.png", "A curve"),),
    table="| a |\n| --- |\n| 1 |",
)
RESULT = Result(
    paper="min_net",
    claim="jpeg",
    says="They suffer less",
    published="8.0 %",
    quick=True,
    minutes=30.0,
    command="tevr zoo check min_net --quick",
    finding=FINDING,
)


def test_claims_stand_in_a_table_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    (tmp_path / "curve.png").write_bytes(b"picture")
    page = write_report(tmp_path / "docs", [(RESULT, tmp_path)]).read_text(encoding="utf-8")
    row = (
        "| They suffer less | 7.9 ± 0.2 % | 8.0 % | cannot be told | digits \\| half | 30.0 |"
        " `tevr zoo check min_net --quick` |"
    )
    assert row in page
    assert "![A curve](zoo/min_net_jpeg_curve.png)" in page
    assert "- They suffer less: Small." in page
    assert "1 claims, 0.5 hours; 1 of them tried by `--quick` only." in page
    assert (tmp_path / "docs" / "zoo" / "min_net_jpeg_curve.png").read_bytes() == b"picture"


def test_claims_tried_again_replace_what_stood_there(tmp_path: Path) -> None:
    (tmp_path / "curve.png").write_bytes(b"picture")
    other = replace(RESULT, paper="proxy_grad", claim="x", finding=replace(FINDING, pictures=()))
    write_report(tmp_path / "docs", [(RESULT, tmp_path), (other, tmp_path)])
    newer = replace(RESULT, minutes=1.0, finding=replace(FINDING, holds=True))
    write_report(tmp_path / "docs", [(newer, tmp_path)])
    kept = read_results(tmp_path / "docs")
    assert [(each.paper, each.minutes) for each in kept] == [("proxy_grad", 30.0), ("min_net", 1.0)]
    assert kept[1].finding.pictures == (Picture("min_net_jpeg_curve.png", "A curve"),)
    assert render(kept) == (tmp_path / "docs" / "zoo.md").read_text(encoding="utf-8")


def test_a_damaged_page_is_told(tmp_path: Path) -> None:
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "results.json").write_text("[{}]")
    with pytest.raises(ValueError, match=r"results\.json is damaged"):
        write_report(tmp_path, [])
