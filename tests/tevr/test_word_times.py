"""Word times: in order, apart, inside the span, and stretched by no more than was measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.acoustic import FRAME_SECONDS
from tevr.lm.decoder import Hypothesis
from tevr.store import Timing
from tevr.word_times import word_times

words_with_frames = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 40)), min_size=1, max_size=20
).map(
    lambda runs: tuple(
        ("wort", int(stop) - length, int(stop))
        for stop, (_, length) in zip(
            np.cumsum([gap + length for gap, length in runs]), runs, strict=True
        )
    )
)
timings = st.builds(Timing, lead=st.floats(0, 0.5), tail=st.floats(0, 0.5))


@given(words_with_frames, timings, st.floats(0, 2))
def test_word_times_are_ordered_apart_and_inside(
    words: tuple[tuple[str, int, int], ...], timing: Timing, room: float
) -> None:
    duration = words[-1][2] * FRAME_SECONDS + room
    times = word_times(Hypothesis(words), timing, duration)
    assert len(times) == len(words)
    edges = [time for pair in times for time in pair]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= duration
    for (_, first, stop), (start, end) in zip(words, times, strict=True):
        # Stretched at most by lead and tail.
        assert start >= first * FRAME_SECONDS - timing.lead - 1e-9
        assert end <= stop * FRAME_SECONDS + timing.tail + 1e-9


@given(st.integers(0, 20), timings)
def test_neighbours_share_the_room_between_them(gap: int, timing: Timing) -> None:
    words = (("a", 50, 60), ("b", 60 + gap, 70 + gap))
    (_, end), (start, _) = word_times(Hypothesis(words), timing, 10)
    room = gap * FRAME_SECONDS
    wanted = timing.lead + timing.tail
    share = min(1.0, room / wanted) if wanted else 0.0
    assert end - 60 * FRAME_SECONDS == pytest.approx(timing.tail * share, abs=1e-9)
    assert (60 + gap) * FRAME_SECONDS - start == pytest.approx(timing.lead * share, abs=1e-9)
