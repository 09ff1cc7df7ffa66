"""PortAudio, through the package sounddevice → input devices, and blocks of their sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.errors import AudioError, UsageError, needed

#: Takes one block (samples, channels) and whether sound was lost in the system before it.
OnBlock = Callable[[NDArray[np.float32], bool], None]

#: Seconds of sound in each block: short against the time in which text is expected.
BLOCK_SECONDS = 0.1
# The number of the stream for errors, which libraries in C write to by themselves.
_ERRORS = 2


@dataclass(frozen=True, slots=True)
class Device:
    """One input device.

    Attributes:
        number: as PortAudio counts all devices; it changes when one is plugged in.
        name: as the system calls it.
        channels: that it records.
        rate: samples a second that it records by itself, Hz.
        default: whether the system takes it where none is named.
    """

    number: int
    name: str
    channels: int
    rate: int
    default: bool = False


class Stream(Protocol):
    """One device that is being recorded."""

    @property
    def active(self) -> bool:
        """Whether blocks still come, as far as the system says."""

    def close(self) -> None:
        """Record no more."""


class Capture(Protocol):
    """What a microphone needs of the system; `PortAudio`, or another in tests."""

    def devices(self) -> list[Device]:
        """The input devices, as they were when last looked for."""

    def refresh(self) -> None:
        """Look for devices again; no stream may be open."""

    def open(self, device: Device, rate: int, on_block: OnBlock) -> Stream:
        """Record a device; blocks are handed over in a thread of the system.

        Raises:
            AudioError: it cannot be recorded at this rate.
        """


class PortAudio:
    """The devices of this machine.

    Raises:
        AudioError: the library is missing.
        UsageError: the package is missing.
    """

    def __init__(self) -> None:
        try:
            with needed("A microphone", "dictate"):
                import sounddevice
        except OSError as error:  # the package is there, the library of the system is not
            raise AudioError(
                "Microphones need the library PortAudio",
                "Install it, on Debian and Ubuntu by: apt install libportaudio2.",
            ) from error
        self._sound: Any = sounddevice

    def devices(self) -> list[Device]:
        """The input devices, as they were when PortAudio was started."""
        default = self._sound.default.device[0]
        return [
            Device(
                number,
                str(found["name"]),
                int(found["max_input_channels"]),
                round(found["default_samplerate"]),
                number == default,
            )
            for number, found in enumerate(self._sound.query_devices())
            if found["max_input_channels"] > 0
        ]

    def refresh(self) -> None:
        """Start PortAudio anew: it looks for devices once, when it starts."""
        with suppress(self._sound.PortAudioError):
            self._sound._terminate()
        try:
            self._sound._initialize()
        except self._sound.PortAudioError as error:
            raise AudioError(
                f"PortAudio does not start ({_reason(error)})", "Check the sound system."
            ) from error

    def open(self, device: Device, rate: int, on_block: OnBlock) -> Stream:
        """Record one channel of a device, or all where it gives no single one.

        Raises:
            AudioError: it cannot be recorded at this rate.
        """
        failure: Exception | None = None
        for channels in dict.fromkeys((1, device.channels)):
            try:
                with _errors_of_c_unheard():
                    return self._opened(device, rate, channels, on_block)
            except self._sound.PortAudioError as error:
                failure = error
        raise AudioError(
            f"The microphone {device.name!r} cannot be recorded at {rate} Hz ({_reason(failure)})",
            "Close other programs that record, or choose another by --device.",
        ) from failure

    def _opened(self, device: Device, rate: int, channels: int, on_block: OnBlock) -> Stream:
        def callback(
            block: NDArray[np.float32],
            _samples: int,
            _time: object,
            flags: Any,  # noqa: ANN401 - a type of the package
        ) -> None:
            on_block(block.copy(), bool(flags.input_overflow))  # the buffer will be used again

        stream = self._sound.InputStream(
            samplerate=rate,
            blocksize=round(rate * BLOCK_SECONDS),
            device=device.number,
            channels=channels,
            dtype="float32",
            callback=callback,
        )
        stream.start()
        return _Recording(stream, self._sound.PortAudioError)


class _Recording:
    """An open stream of the package."""

    def __init__(self, stream: Any, failure: type[Exception]) -> None:  # noqa: ANN401
        self._stream = stream
        self._failure = failure

    @property
    def active(self) -> bool:
        try:
            return bool(self._stream.active)
        except self._failure:
            return False

    def close(self) -> None:
        with suppress(self._failure):  # of a device that is gone
            self._stream.abort()
        with suppress(self._failure):
            self._stream.close()


def choose_device(devices: Sequence[Device], wanted: str | None) -> Device:
    """The device of a number or of a part of its name; the system's own for ``None``.

    Raises:
        AudioError: there is none like that.
        UsageError: several are called like that.
    """
    if not devices:
        raise AudioError("There is no microphone", "Plug one in, then see tevr dictate --devices.")
    if wanted is None:
        return next((device for device in devices if device.default), devices[0])
    if wanted.strip().isdecimal():
        found = [device for device in devices if device.number == int(wanted)]
    else:
        part = wanted.strip().casefold()
        found = [device for device in devices if part in device.name.casefold()]
        found = [device for device in found if device.name.casefold() == part] or found
    if not found:
        raise AudioError(
            f"There is no microphone {wanted!r}", "See tevr dictate --devices for those there are."
        )
    # Windows lists a device once for each of its sound systems, some with the name cut off.
    first = found[0]
    others = [other for other in found if not _same_name(first.name, other.name)]
    if others:
        names = ", ".join(f"{device.number} {device.name}" for device in (first, *others))
        raise UsageError(f"{wanted!r} fits several microphones: {names}", "Name one by its number.")
    return first


@contextmanager
def _errors_of_c_unheard() -> Iterator[None]:
    """Keep off the terminal what PortAudio and ALSA print about what they raise as well."""
    try:
        kept = os.dup(_ERRORS)
    except OSError:  # closed by the caller: nothing is heard anyway
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, _ERRORS)
    os.close(nothing)
    try:
        yield
    finally:
        os.dup2(kept, _ERRORS)
        os.close(kept)


def _same_name(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _reason(error: Exception | None) -> str:
    """The first line of what PortAudio says, without its numbers."""
    text = str(error).splitlines()[0] if str(error) else "no reason given"
    return text.split(" [PaErrorCode")[0]
