"""`tevr doctor`: what works on this machine, and what to do about what does not."""

from __future__ import annotations

import logging
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec

from tevr import __version__
from tevr.cli.console import printable
from tevr.errors import TevrError

#: What `pip` calls each package that tevr needs → what Python imports.
PACKAGES = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "av": "av",
    "soxr": "soxr",
    "kenlm-ex": "kenlm",
    "typer": "typer",
    "rich": "rich",
}
#: Sound formats people have, by the name of FFmpeg's decoder.
DECODERS = {
    "wav": "pcm_s16le",
    "mp3": "mp3",
    "m4a/mp4": "aac",
    "ogg/opus": "opus",
    "ogg/vorbis": "vorbis",
    "flac": "flac",
    "wma": "wmav2",
    "amr": "amrnb",
    "aiff": "pcm_s16be",
}
#: What makes int8 products fast: each name as numpy detects it, and as people know it.
FAST_CPU = {"AVX512_ICL": "AVX-512 VNNI", "AVX2": "AVX2", "ASIMDDP": "NEON dot product"}

logger = logging.getLogger("tevr.cli")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: what was looked at.
        state: what was found.
        advice: what to do; empty if all is well.
        vital: transcribing files does not work without it.
    """

    topic: str
    state: str
    advice: str = ""
    vital: bool = False


def doctor() -> int:
    """Say what works on this machine, and what does not."""
    healthy = True
    for topic, check in CHECKS.items():
        for finding in _examined(topic, check):
            mark = "ok" if not finding.advice else "FAILS" if finding.vital else "note"
            print(f"{mark:<6}{finding.topic:<18}{printable(finding.state)}", flush=True)
            if finding.advice:
                print(f"{'':<24}→ {printable(finding.advice)}", flush=True)
            healthy = healthy and not (finding.vital and finding.advice)
    return int(not healthy)


def _examined(topic: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check's findings; what it stumbles over is a finding too, and the report goes on."""
    try:
        yield from check()
    except TevrError as error:
        yield Finding(topic, error.cause, error.advice, vital=topic not in EXTRAS)
    except Exception as error:
        logger.debug("The check of %s broke off there.", topic, exc_info=True)
        advice = "See the other lines; tevr --debug doctor shows where it broke off."
        yield Finding(topic, _reason(error), advice, vital=topic not in EXTRAS)


def _versions() -> Iterator[Finding]:
    yield Finding("tevr", f"{__version__}, Python {platform.python_version()}, {sys.executable}")
    yield Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    for name, module in PACKAGES.items():
        try:
            version = metadata.version(name)
            import_module(module)
        except metadata.PackageNotFoundError:
            yield Finding(name, "not installed", f"pip install {name}", vital=True)
        except Exception as error:  # noqa: BLE001 - see `_examined`
            advice = f"pip install --force-reinstall {name}"
            yield Finding(name, f"cannot be imported ({_reason(error)})", advice, vital=True)
        else:
            yield Finding(name, version)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _settings() -> Iterator[Finding]:
    from tevr.cli.main import make_app
    from tevr.cli.settings import read_settings, settings_path

    origins = read_settings(make_app()).origins
    found = ", ".join(origins.values()) or f"none; they may be put into {settings_path()}"
    yield Finding("settings", found)


def _processor() -> Iterator[Finding]:
    features = getattr(import_module("numpy._core._multiarray_umath"), "__cpu_features__", {})
    found = [label for name, label in FAST_CPU.items() if features.get(name)]
    from tevr.recognizer import usable_cores

    advice = "" if found else "Recognition works, but slowly: no fast 8-bit products."
    yield Finding("processor", f"{usable_cores()} threads, {', '.join(found) or 'plain'}", advice)


def _formats() -> Iterator[Finding]:
    import av

    missing = [name for name, codec in DECODERS.items() if codec not in av.codecs_available]
    known = ", ".join(name for name in DECODERS if name not in missing)
    advice = f"{', '.join(missing)} cannot be read. pip install -U av" if missing else ""
    yield Finding("sound formats", f"{known} and more", advice)


def _models() -> Iterator[Finding]:
    from tevr.store import find, installed

    names = installed()
    if not names:
        yield Finding("models", "none", "Install tevr again.", vital=True)
    for name in names:
        try:
            files = find(name)
            files.verify()
        except TevrError as error:
            yield Finding(f"model {name}", error.cause, error.advice, vital=True)
            continue
        size = sum(record.bytes for record in files.records.values())
        yield Finding(f"model {name}", f"{size / 1e6:.0f} MB, checksums right")


def _recognition() -> Iterator[Finding]:
    """The whole pipeline once, on a second of a tone: it must run and hear no word."""
    import numpy as np

    from tevr.recognizer import load

    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(16_000, dtype=np.float32) / 16_000)
    transcript = load().transcribe(tone, rate=16_000)
    heard = f"a tone gave {transcript.text!r}" if transcript.text else "runs, a tone gives no word"
    yield Finding("recognition", heard)


def _microphone() -> Iterator[Finding]:
    if find_spec("sounddevice") is None:
        yield Finding(
            "microphone",
            "sounddevice is not installed",
            "Not needed for files. pip install sounddevice",
        )
        return
    try:
        devices = import_module("sounddevice").query_devices()
    except OSError as error:  # the package is there, the system's PortAudio is not
        yield Finding("microphone", str(error), "Install PortAudio (libportaudio2).")
        return
    inputs = [device["name"] for device in devices if device["max_input_channels"]]
    advice = "" if inputs else "Plug one in; not needed for files."
    yield Finding("microphone", ", ".join(inputs) or "no input device", advice)


def _scratch() -> Iterator[Finding]:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"\0")
    except OSError as error:
        yield Finding("temporary files", str(error), "Free space, or point TMPDIR elsewhere.")
        return
    yield Finding("temporary files", tempfile.gettempdir())


#: What is looked at, in this order; the name stands for a check that breaks off.
CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "packages": _versions,
    "settings": _settings,
    "processor": _processor,
    "sound formats": _formats,
    "models": _models,
    "recognition": _recognition,
    "microphone": _microphone,
    "temporary files": _scratch,
}
#: Checks without which files can be transcribed all the same.
EXTRAS = ("processor", "microphone", "temporary files")
