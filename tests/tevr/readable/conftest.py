"""The bundled model, opened once."""

from __future__ import annotations

import pytest

from tevr.readable.labeller import LabelFiles
from tevr.readable.writer import open_files


@pytest.fixture(scope="session")
def files() -> LabelFiles:
    """What is read of `models/pretrained/de-readable`."""
    return open_files()
