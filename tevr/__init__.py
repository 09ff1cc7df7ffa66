"""Offline German speech recognition: `tevr.load().transcribe("interview.mp3").text`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tevr.errors import AudioError as AudioError
    from tevr.errors import ModelError as ModelError
    from tevr.errors import OutputError as OutputError
    from tevr.errors import TevrError as TevrError
    from tevr.errors import UsageError as UsageError
    from tevr.recognizer import Recognizer as Recognizer
    from tevr.recognizer import load as load
    from tevr.transcript import Options as Options
    from tevr.transcript import Segment as Segment
    from tevr.transcript import Transcript as Transcript
    from tevr.transcript import Word as Word

__version__ = "0.1.0"

# Public name → module; imported on use, so that `import tevr` costs nothing.
_HOME = {
    "load": "tevr.recognizer",
    "Recognizer": "tevr.recognizer",
    "Transcript": "tevr.transcript",
    "Segment": "tevr.transcript",
    "Word": "tevr.transcript",
    "Options": "tevr.transcript",
    "TevrError": "tevr.errors",
    "UsageError": "tevr.errors",
    "AudioError": "tevr.errors",
    "ModelError": "tevr.errors",
    "OutputError": "tevr.errors",
}
__all__ = [
    "AudioError",
    "ModelError",
    "Options",
    "OutputError",
    "Recognizer",
    "Segment",
    "TevrError",
    "Transcript",
    "UsageError",
    "Word",
    "__version__",
    "load",
]

# In a checkout lm/, cli/ and models/ stand beside this folder instead of inside it. Looking there
# too lets `python -m pytest` and scripts work from the root, where this folder shadows an install.
if not (Path(__file__).parent / "lm").is_dir():
    __path__.append(str(Path(__file__).parents[1]))


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'tevr' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
