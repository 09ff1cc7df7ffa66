"""Opening the acoustic model of a model folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tevr.acoustic import FRAME_SECONDS, open_model
from tevr.errors import ModelError
from tevr.store import find

FILES = find("de-small")


def test_the_bundled_model_opens_and_keeps_the_frame_rate() -> None:
    (log_probs,) = open_model(FILES, threads=1).log_probs([np.zeros(32_000, np.float32)])
    assert len(log_probs) * FRAME_SECONDS == pytest.approx(2.0)


def test_a_kind_of_model_nobody_knows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"weights\.xyz is no kind"):
        open_model(replace(FILES, acoustic="weights.xyz"), threads=1)
