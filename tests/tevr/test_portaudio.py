"""Devices are found by number or name; what is missing of PortAudio is said in a sentence."""

from __future__ import annotations

import os
import sys
import types
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tevr.errors import AudioError, UsageError
from tevr.portaudio import Device, PortAudio, choose_device

BUILT_IN = Device(0, "Built-in Audio", 2, 44_100)
HEADSET = Device(3, "Jabra Evolve 20", 1, 16_000, default=True)
WINDOWS = [
    Device(1, "Microphone (USB Audio Dev", 1, 44_100),
    Device(8, "Microphone (USB Audio Device)", 1, 48_000),
]


class PortAudioError(Exception):
    pass


class InputStream:
    """As of the package: refuses what the device cannot do."""

    def __init__(self, **wanted: Any) -> None:
        if wanted["device"] == 0 and wanted["channels"] == 1:
            raise PortAudioError("Error opening InputStream: Invalid channels [PaErrorCode -9998]")
        if wanted["samplerate"] == 8000:
            raise PortAudioError("Invalid sample rate [PaErrorCode -9997]\nmore")
        self.wanted = wanted
        self.active = True

    def start(self) -> None:
        flags = types.SimpleNamespace(input_overflow=True)
        buffer = np.ones((self.wanted["blocksize"], self.wanted["channels"]), np.float32)
        self.wanted["callback"](buffer, len(buffer), None, flags)
        buffer[:] = 0  # as PortAudio uses it again

    def abort(self) -> None:
        raise PortAudioError("gone")

    def close(self) -> None:
        self.active = False


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """In place of the package sounddevice."""
    queried = [
        {"name": "Built-in Audio", "max_input_channels": 2, "default_samplerate": 44100.0},
        {"name": "Speakers", "max_input_channels": 0, "default_samplerate": 48000.0},
        {"name": "Jabra", "max_input_channels": 1, "default_samplerate": 16000.0},
    ]
    calls: list[str] = []
    package = types.SimpleNamespace(
        default=types.SimpleNamespace(device=[2, 1]),
        query_devices=lambda: queried,
        PortAudioError=PortAudioError,
        InputStream=InputStream,
        _terminate=lambda: calls.append("end"),
        _initialize=lambda: calls.append("begin"),
        calls=calls,
    )
    monkeypatch.setitem(sys.modules, "sounddevice", package)
    return package


@pytest.mark.usefixtures("package")
def test_only_inputs_are_listed_with_the_default_marked() -> None:
    found = PortAudio().devices()
    assert [(device.number, device.name, device.default) for device in found] == [
        (0, "Built-in Audio", False),
        (2, "Jabra", True),
    ]


@pytest.mark.usefixtures("package")
def test_blocks_are_copies_and_all_channels_come_where_one_cannot() -> None:
    got: list[tuple[NDArray[np.float32], bool]] = []
    capture = PortAudio()
    stream = capture.open(BUILT_IN, 44_100, lambda *block: got.append(block))
    ((block, overflowed),) = got
    assert block.shape == (4410, 2)
    assert block.all()
    assert overflowed
    stream.close()  # of a device that is gone, which the package complains about
    assert not stream.active


@pytest.mark.usefixtures("package")
def test_what_the_library_prints_is_kept_off_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start = InputStream.start

    def noisy(stream: InputStream) -> None:
        os.write(2, b"ALSA lib pcm.c: Unknown PCM\n")
        start(stream)

    monkeypatch.setattr(InputStream, "start", noisy)
    PortAudio().open(HEADSET, 16_000, lambda *_: None)
    os.write(2, b"ours\n")
    assert capfd.readouterr().err == "ours\n"


@pytest.mark.usefixtures("package")
def test_what_cannot_be_recorded_is_said_without_numbers() -> None:
    with pytest.raises(AudioError, match=r"'Jabra Evolve 20' cannot .* 8000 Hz \(Invalid sample"):
        PortAudio().open(HEADSET, 8000, lambda *_: None)


def test_devices_are_looked_for_again_on_refresh(package: types.SimpleNamespace) -> None:
    PortAudio().refresh()
    assert package.calls == ["end", "begin"]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(UsageError, match=r"sounddevice.*pip install \"tevr\[dictate\]\""):
        PortAudio()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(AudioError, match="apt install libportaudio2"):
        PortAudio()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (None, HEADSET),
        ("0", BUILT_IN),
        ("jabra", HEADSET),
        (" audio ", BUILT_IN),
        ("Evolve 20", HEADSET),
    ],
)
def test_a_device_is_chosen_by_number_or_part_of_its_name(
    wanted: str | None, found: Device
) -> None:
    assert choose_device([BUILT_IN, HEADSET], wanted) == found


def test_the_same_device_under_a_name_cut_off_is_no_other() -> None:
    assert choose_device(WINDOWS, "usb audio") == WINDOWS[0]


def test_a_whole_name_comes_before_parts_of_others() -> None:
    devices = [Device(0, "USB mic 2", 1, 48_000), Device(1, "USB", 1, 48_000)]
    assert choose_device(devices, "usb") == devices[1]


@pytest.mark.parametrize("wanted", ["7", "Røde"])
def test_no_such_device_is_an_error(wanted: str) -> None:
    with pytest.raises(AudioError, match=f"no microphone '{wanted}'"):
        choose_device([BUILT_IN, HEADSET], wanted)


def test_no_device_at_all_is_an_error() -> None:
    with pytest.raises(AudioError, match="no microphone"):
        choose_device([], None)


def test_several_devices_of_a_name_must_be_told_apart() -> None:
    with pytest.raises(UsageError, match="0 Built-in Audio, 3 Jabra"):
        choose_device([BUILT_IN, HEADSET], "a")
