"""Log-probabilities of an utterance → a picture of them: which label the network hears when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tevr.acoustic import FRAME_SECONDS
from tevr.lm.decoder import SPACE

_SHOWN = 0.1
"""Probability that a label must reach somewhere to have a row."""
_MOST_ROWS = 60
_MOST_FRAMES = 1500
_SHADES = 8
_FRAME, _ROW, _LEFT, _BOTTOM = 4, 13, 56, 18  # pixels
_BLANK_NAME, _SPACE_NAME = "(blank)", "(space)"


def label_picture(name: str, spans: Sequence[NDArray[np.float32]], labels: Sequence[str]) -> str:
    """Draw probabilities as an SVG picture, time to the right, a row for each label.

    Args:
        name: for ids, unique in its page.
        spans: log-probabilities of each span of speech, (frames, labels).
        labels: text of every column; the blank's is empty.
    """
    if not spans:
        return "<p>No speech was found.</p>"
    frames = np.concatenate(spans)[:_MOST_FRAMES]
    probs = np.exp(frames)  # (frames, labels)
    rows = _rows(probs)
    width, height = _LEFT + _FRAME * len(probs) + 8, _ROW * len(rows) + _BOTTOM
    drawn = "".join(
        _row(place, labels[column], probs[:, column]) for place, column in enumerate(rows)
    )
    heard = " ".join(_name(labels[column]) for column in rows)
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="Picture of log-probabilities">'
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" width="{width}"'
        f' height="{height}" viewBox="0 0 {width} {height}">'
        f'<title id="{name}-title">Probability of each label over time</title>'
        f'<desc id="{name}-desc">Labels in the order they are heard in: {escape(heard)}</desc>'
        f"{drawn}{_axis(len(probs), height)}</svg></div>"
    )


def _rows(probs: NDArray[np.float32]) -> list[int]:
    """Columns that are shown, in the order in which they are first heard."""
    most = probs.max(axis=0)
    kept = np.flatnonzero(most >= _SHOWN)
    kept = kept[np.argsort(-most[kept], kind="stable")][:_MOST_ROWS]
    first = np.argmax(probs[:, kept] >= _SHOWN, axis=0)
    return [int(column) for column in kept[np.lexsort((kept, first))]]


def _row(place: int, label: str, probs: NDArray[np.float32]) -> str:
    top = place * _ROW
    place_of_text = f'x="{_LEFT - 6}" y="{top + _ROW - 3}" text-anchor="end"'
    return f"<text {place_of_text}>{escape(_name(label))}</text>" + "".join(
        f'<rect class="cell" x="{_LEFT + _FRAME * start}" y="{top + 1}" width="{_FRAME * length}"'
        f' height="{_ROW - 2}" opacity="{shade / _SHADES:g}"/>'
        for start, length, shade in _runs(np.rint(probs * _SHADES).astype(int).tolist())
    )


def _runs(shades: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """First frame, frames and shade of each stretch that is not white."""
    start = 0
    for shade, run in groupby(shades):
        length = len(list(run))
        if shade:
            yield start, length, shade
        start += length


def _axis(frames: int, height: int) -> str:
    seconds = range(int(frames * FRAME_SECONDS) + 1)
    return "".join(
        f'<text x="{_LEFT + _FRAME * second / FRAME_SECONDS:g}" y="{height - 4}">{second} s</text>'
        for second in seconds
    )


def _name(label: str) -> str:
    return {"": _BLANK_NAME, SPACE: _SPACE_NAME}.get(label, label)
