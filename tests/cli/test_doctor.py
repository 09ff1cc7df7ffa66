"""Doctor says what works, what to do about the rest, and goes on whatever it finds."""

from __future__ import annotations

import shutil
import sys
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tevr.cli import doctor as module
from tevr.cli.doctor import CHECKS, PACKAGES, Finding
from tevr.errors import ModelError
from tevr.store import bundled

Tevr = Callable[..., Any]


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Leaves out all checks but some."""

    def keep(*topics: str) -> None:
        kept = {topic: CHECKS[topic] for topic in topics}
        monkeypatch.setattr(module, "CHECKS", kept)

    return keep


def line(report: str, topic: str) -> str:
    """The line about a topic, with the advice below it."""
    lines = report.splitlines()
    (found,) = [number for number, text in enumerate(lines) if text[6:].startswith(topic)]
    advice = lines[found + 1 : found + 2]
    return " ".join([lines[found], *(text for text in advice if "→" in text)])


def test_all_is_well_where_the_tests_run(tevr: Tevr) -> None:
    result = tevr("doctor")
    assert (result.code, result.err) == (0, "")
    assert "FAILS" not in result.out
    for topic in ("tevr", "system", "settings", "processor", "sound formats", "recognition",
                  "model de-small", "microphone", "temporary files", *PACKAGES):  # fmt: skip
        assert line(result.out, topic)[:4] in ("ok  ", "note")


def test_every_note_is_followed_by_advice(tevr: Tevr) -> None:
    lines = tevr("doctor").out.splitlines()
    marks = [text[:6].strip() for text in lines]
    assert set(marks) <= {"ok", "note", ""}
    for number, mark in enumerate(marks):
        assert (mark == "") == lines[number].strip().startswith("→")
        assert (mark == "note") == (marks[number + 1 : number + 2] == [""])


def test_every_package_that_tevr_needs_is_looked_at() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    needed = pyproject.read_text(encoding="utf-8").split("dependencies = [")[1].split("]")[0]
    assert {part.split(">=")[0].strip(' \n",') for part in needed.split(",\n")} - {""} == {
        *PACKAGES
    }


def test_a_damaged_model_fails(
    tevr: Tevr, only: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("models", "recognition")
    shutil.copytree(bundled("de-small"), tmp_path / "de-small")
    shutil.copytree(bundled("silero-vad"), tmp_path / "silero-vad")
    monkeypatch.setattr("tevr.store.pretrained", lambda: tmp_path)
    assert tevr("doctor").code == 0
    labels = tmp_path / "de-small" / "tokens.json"
    labels.write_bytes(labels.read_bytes().replace(b" ", b"\t", 1))  # as long as it was
    result = tevr("doctor")
    assert result.code == 1
    for topic in ("model de-small", "recognition"):
        assert line(result.out, topic).startswith("FAILS")
        assert "wrong checksum" in line(result.out, topic)
        assert "Install the model again." in line(result.out, topic)


def test_no_model_at_all_fails(
    tevr: Tevr, only: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("models")
    monkeypatch.setattr("tevr.store.pretrained", lambda: tmp_path)
    result = tevr("doctor")
    assert result.code == 1
    assert "Install tevr again." in line(result.out, "models")


@pytest.mark.parametrize("name", PACKAGES)
def test_a_broken_package_fails_and_the_report_goes_on(
    tevr: Tevr, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    only("packages", "temporary files")
    monkeypatch.setitem(sys.modules, PACKAGES[name], None)  # importing it raises ImportError
    result = tevr("doctor")
    assert result.code == 1
    assert line(result.out, name).startswith("FAILS")
    assert f"pip install --force-reinstall {name}" in line(result.out, name)
    assert line(result.out, "temporary files").startswith("ok")


def test_a_missing_package_fails(
    tevr: Tevr, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    only("packages")
    monkeypatch.setattr(metadata, "version", version)
    result = tevr("doctor")
    assert result.code == 1
    assert "not installed" in line(result.out, "soxr")
    assert "→ pip install soxr" in line(result.out, "soxr")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ImportError("no such DLL"), "no such DLL"),
        (OSError("libav\nis gone"), "libav\\nis gone"),
        (RuntimeError(), "RuntimeError"),
        (ModelError("It is gone", "Get it."), "It is gone"),
    ],
)
@pytest.mark.parametrize("topic", CHECKS)
def test_a_check_that_breaks_off_is_a_finding(
    tevr: Tevr, monkeypatch: pytest.MonkeyPatch, topic: str, error: Exception, told: str
) -> None:
    def broken() -> Iterator[Finding]:
        yield Finding("first", "seen")
        raise error

    def sound() -> Iterator[Finding]:
        yield Finding("last", "seen")

    monkeypatch.setattr(module, "CHECKS", {topic: broken, "last": sound})
    result = tevr("doctor")
    extra = topic in ("processor", "microphone", "temporary files")
    assert result.code == (0 if extra else 1)
    assert line(result.out, topic).startswith("note" if extra else "FAILS")
    assert told in line(result.out, topic)
    assert line(result.out, "first").startswith("ok")
    assert line(result.out, "last").startswith("ok")


def test_debug_shows_where_a_check_broke_off(tevr: Tevr, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        yield from ()
        raise RuntimeError("odd")

    monkeypatch.setattr(module, "CHECKS", {"models": broken})
    assert tevr("doctor").err == ""
    assert "Traceback" in tevr("doctor", "--debug").err


@pytest.mark.usefixtures("no_settings")
def test_wrong_settings_are_a_finding(
    tevr: Tevr, only: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("settings")
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("TEVR_SETTINGS", str(path))
    path.write_text("[transcribe]\nbeam = 7")
    assert f"beam in the settings file {path}" in line(tevr("doctor").out, "settings")
    path.write_text("[transcribe]\nbeem = 7")
    result = tevr("doctor")
    assert result.code == 1
    assert "'beem'" in line(result.out, "settings")
    assert "→ Its keys are" in line(result.out, "settings")


def test_sound_formats_that_are_missing_are_named(
    tevr: Tevr, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only("sound formats")
    monkeypatch.setattr("av.codecs_available", {"pcm_s16le", "mp3"})
    result = tevr("doctor")
    assert result.code == 0
    assert "wav, mp3 and more" in line(result.out, "sound formats")
    assert "flac" in line(result.out, "sound formats").split("→")[1]


def test_a_plain_processor_is_told_to_be_slow(
    tevr: Tevr, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    only("processor")
    monkeypatch.setattr(module, "FAST_CPU", {})
    result = tevr("doctor")
    assert result.code == 0
    assert "slowly" in line(result.out, "processor")


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        (None, "sounddevice is not installed"),
        (OSError("PortAudio library not found"), "Install PortAudio"),
        ([{"name": "Speaker", "max_input_channels": 0}], "no input device"),
        ([{"name": "Headset", "max_input_channels": 1}], "Headset"),
    ],
)
def test_the_microphone_is_an_extra(
    tevr: Tevr,
    only: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    devices: Any,
    told: str,
) -> None:
    def query() -> Any:
        if isinstance(devices, Exception):
            raise devices
        return devices

    only("microphone")
    monkeypatch.setattr(module, "find_spec", lambda _: devices)
    fake = types.SimpleNamespace(query_devices=query)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    result = tevr("doctor")
    assert result.code == 0
    assert told in line(result.out, "microphone")


def test_a_full_temporary_folder_is_told(
    tevr: Tevr, only: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError("No space left on device")

    only("temporary files")
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    result = tevr("doctor")
    assert result.code == 0
    assert "No space left on device" in line(result.out, "temporary files")
    assert "TMPDIR" in line(result.out, "temporary files")
