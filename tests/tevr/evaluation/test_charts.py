"""Charts: lengths in proportion, whiskers where intervals are, and a table that tells the same."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tevr.evaluation.charts import Bar, bar_chart
from tevr.evaluation.label_picture import label_picture

NUMBERS = st.floats(0, 1e6) | st.just(math.nan)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.builds(Bar, st.text(st.characters(codec="utf-8")), NUMBERS), max_size=5))
@example([Bar("the least number there is", 5e-324)])
def test_every_chart_is_well_formed_and_complete(bars: list[Bar]) -> None:
    drawn = bar_chart("x", "Errors <by> class", bars, "%")
    clean = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "", drawn)
    chart = ElementTree.fromstring(clean)  # noqa: S314 - our own text
    assert len(chart.findall(".//rect")) == len(bars)
    assert len(chart.findall(".//tbody/tr")) == len(bars)
    for bar, rect in zip(bars, chart.findall(".//rect"), strict=True):
        assert (float(rect.get("width", "-1")) > 0) <= (bar.value > 0)


def test_bars_are_in_proportion_and_whiskers_lie_on_them() -> None:
    bars = [Bar("a", 0.1, (0.05, 0.2)), Bar("b", 0.05, (0.0, math.nan)), Bar("c", math.nan)]
    drawn = bar_chart("x", "WER", bars, "%")
    widths = [float(width) for width in re.findall(r'class="bar"[^>]* width="([\d.]+)"', drawn)]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)
    assert widths[2] == 0
    assert drawn.count('class="whisker"') == 1
    assert "10.00 %" in drawn


def test_a_picture_shows_each_label_when_it_is_heard() -> None:
    labels = ["", " ", "a", "<b>"]
    probs = np.full((10, 4), 1e-6)
    probs[:, 0] = 1 - 3e-6
    probs[3:5] = [1e-6, 1e-6, 1e-6, 1 - 3e-6]
    probs[7] = [0.3, 1e-6, 0.7, 1e-6]
    drawn = label_picture("p", [np.log(probs).astype(np.float32)], labels)
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own text
    texts = [text.text for text in root.findall(".//text")]
    assert texts == ["(blank)", "<b>", "a", "0 s"]
    starts = {(float(r.get("x", "")), float(r.get("width", ""))) for r in root.findall(".//rect")}
    frame = min(width for _, width in starts)
    left = min(x for x, _ in starts)
    assert (left + 3 * frame, 2 * frame) in starts
    assert label_picture("p", [], labels) == "<p>No speech was found.</p>"
