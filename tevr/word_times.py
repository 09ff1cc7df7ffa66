"""Frames at which labels fire → seconds from which and to which each word sounds."""

from __future__ import annotations

from tevr.acoustic import FRAME_SECONDS
from tevr.lm.decoder import Hypothesis
from tevr.store import Timing


def word_times(
    hypothesis: Hypothesis, timing: Timing, duration: float
) -> list[tuple[float, float]]:
    """Place the words of a hypothesis in its span.

    A label of several letters fires on a frame or two somewhere within its sound, so that words
    begin before their first frame and end after their last. Both are moved by what was measured
    for the model, and words that would then overlap share the room between them in proportion.

    Args:
        hypothesis: words with frames.
        timing: how far labels fire from the words' borders.
        duration: seconds of the span; no word leaves it.
    """
    starts = [first * FRAME_SECONDS - timing.lead for _, first, _ in hypothesis.words]
    ends = [stop * FRAME_SECONDS + timing.tail for _, _, stop in hypothesis.words]
    share = timing.tail / (timing.lead + timing.tail) if timing.lead + timing.tail else 0.5
    for left in range(len(starts) - 1):
        overlap = ends[left] - starts[left + 1]
        if overlap > 0:
            ends[left] -= overlap * share
            starts[left + 1] = ends[left]
    return [
        (min(max(start, 0.0), duration), min(max(start, end), duration))
        for start, end in zip(starts, ends, strict=True)
    ]
