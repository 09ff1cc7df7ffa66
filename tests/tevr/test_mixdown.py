"""Whatever the samples are, what comes out is finite and has one scale."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tevr.errors import AudioError
from tevr.mixdown import MAX_MAGNITUDE, MixDown, silence

KINDS = st.sampled_from(["u1", "i2", "i4", "i8", "f2", "f4", "f8"]).map(np.dtype)
SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)


@given(KINDS.flatmap(lambda kind: arrays.arrays(kind, SHAPES)))
def test_any_samples_become_finite_mono_floats(values: np.ndarray) -> None:
    mixed = MixDown("a.wav", None)(values)
    assert mixed.dtype == np.float32
    assert mixed.shape == values.shape[1:]
    assert np.isfinite(mixed).all()
    assert np.abs(mixed).max() <= (MAX_MAGNITUDE if values.dtype.kind == "f" else 1)


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "i8"])
def test_integers_reach_from_minus_one_to_one(kind: str) -> None:
    limits = np.iinfo(kind)
    centre = (limits.max + limits.min + 1) // 2
    mixed = MixDown("a.wav", None)(np.array([[limits.min, centre, limits.max]], kind))
    np.testing.assert_allclose(mixed, [-1, 0, 1], atol=2.0 / 2**7)
    assert mixed[0] == -1
    assert mixed[1] == 0


def test_loud_floats_are_kept() -> None:
    assert MixDown("a.wav", None)(np.array([[3.0, -32768.0]])).tolist() == [3.0, -32768.0]


def test_what_is_no_number_is_silent_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    mix = MixDown("a.wav", None)
    damaged = np.array([[np.nan, np.inf, -np.inf, 1e300, 0.5], [0.5] * 5])
    with caplog.at_level(logging.WARNING, "tevr.audio"):
        assert mix(damaged).tolist() == [0.25, 0.25, 0.25, 0.25, 0.5]
        mix(damaged)
    assert [record.getMessage() for record in caplog.records] == [
        "a.wav: samples that are no finite numbers are read as silence"
    ]


def test_damage_in_another_channel_does_not_matter(caplog: pytest.LogCaptureFixture) -> None:
    mix = MixDown("a.wav", 1)
    assert mix(np.array([[np.nan], [0.5]])).tolist() == [0.5]
    assert not caplog.records


@given(channels=st.integers(1, 8), channel=st.integers(0, 12))
def test_a_channel_is_taken_or_named_as_missing(channels: int, channel: int) -> None:
    values = np.arange(channels, dtype=np.float32)[:, None]
    if channel < channels:
        assert MixDown("a.wav", channel)(values).tolist() == [channel]
    else:
        with pytest.raises(AudioError, match=f"no channel {channel}"):
            MixDown("a.wav", channel)(values)


@given(seconds=st.floats(0, 5), rate=st.sampled_from([8_000, 44_100]))
def test_silence_has_its_length_in_small_pieces(seconds: float, rate: int) -> None:
    pieces = [chunk.samples for chunk in silence(seconds, rate)]
    assert sum(map(len, pieces)) == round(seconds * rate)
    assert all(len(piece) <= rate and not piece.any() for piece in pieces)
