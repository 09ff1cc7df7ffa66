"""Pictures that tests of the zoo make themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """16 pictures each of horizontal and vertical bars, 14×12 pixels, in folders by these names."""
    draw = np.random.default_rng(0)
    for name, axis in (("horizontal", 0), ("vertical", 1)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for at in range(16):
            shape = (14, 12, 3)
            bars = (np.indices(shape)[axis] + draw.integers(4)) % 4 < 2
            array = (bars * 150 + draw.integers(0, 60, shape)).astype(np.uint8)
            Image.fromarray(array).save(tmp_path / "pictures" / name / f"{at:02}.png")
    return tmp_path / "pictures"
