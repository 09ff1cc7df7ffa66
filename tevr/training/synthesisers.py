"""Written sentences → sound, by programs that speak German.

A voice is named ``pico``, ``espeak:VARIANT`` (such as ``espeak:f2``) or ``piper:FILE.onnx``.
"""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import log2
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE
from tevr.errors import ModelError, UsageError

Samples = NDArray[np.float32]

#: Variants of eSpeak's German that sound like people; the program's own list also has robots.
ESPEAK_VARIANTS = (*(f"m{n}" for n in range(1, 9)), *(f"f{n}" for n in range(1, 6)))
ESPEAK_RATE = 22_050  # Hz
ESPEAK_WORDS = 175  # a minute, as the program speaks without being told
#: Steps of eSpeak's pitch, 0…99, to the octave, and the step of factor 1; measured on its German.
ESPEAK_OCTAVE, ESPEAK_USUAL = 75, 50
WAV_HEADER = 44  # bytes; the lengths in it are none when the sound goes to a pipe
#: At full volume Pico cuts the peaks of nearly every word.
PICO_VOLUME = 0.45
#: Pico knows these letters, digits and marks; it passes over others, and takes <…> for commands.
PICO_TEXT = re.compile(r"[A-Za-zÄÖÜäöüßàâçéèêëîïôûùñáíóú0-9 .,;:!?…'’„“”‚‘\"()\[\]/&%§€$+=*°–—-]+")
#: Seconds that a program may take for one sentence.
PATIENCE = 120
#: glibc's M_PERTURB, and the value with which memory comes filled with zeros.
_PERTURB, _ZEROS = -6, 0xFF
_TRIAL = "Ja."


class Unspoken(Exception):  # noqa: N818 - not an error of the run: the sentence is left out
    """A sentence that a voice cannot say; its message is the reason."""


class Synthesiser(Protocol):
    """Something that speaks."""

    def say(self, text: str, *, pitch: float, pace: float) -> Samples:
        """Say one sentence: float32 (samples,) at 16 kHz within ±1, the same for the same call.

        Args:
            text: the sentence as written.
            pitch: factor of the voice's usual pitch.
            pace: factor of its usual tempo.

        Raises:
            Unspoken: it cannot say this.
        """


def open_voice(name: str) -> Synthesiser:
    """Return the voice of a name.

    Raises:
        UsageError: there is no such voice, or its program is not installed.
        ModelError: its file cannot be used.
    """
    kind, _, rest = name.partition(":")
    if kind == "pico" and not rest:
        return Pico()
    if kind == "espeak" and rest:
        return Espeak(rest)
    if kind == "piper" and rest:
        return Piper(Path(rest))
    raise UsageError(
        f"There is no voice {name!r}",
        "Choose pico, espeak, or one of its variants such as espeak:f2.",
    )


def find_voices(names: Sequence[str]) -> list[str]:
    """The names of all voices meant, each once and tried; ``espeak`` alone means all its variants.

    Raises:
        UsageError: there is no such voice, or its program is not installed.
        ModelError: a voice says nothing.
    """
    every = [f"espeak:{variant}" for variant in ESPEAK_VARIANTS]
    wanted = [voice for name in names for voice in (every if name == "espeak" else [name])]
    for voice in dict.fromkeys(wanted):
        synthesiser = open_voice(voice)
        try:
            synthesiser.say(_TRIAL, pitch=1.0, pace=1.0)
        except Unspoken as error:
            raise ModelError(
                f"The voice {voice} says nothing ({error})", "Choose another."
            ) from error
    return list(dict.fromkeys(wanted))


class Pico:
    """SVOX Pico by the package py-nanotts: one female voice.

    Pico reads memory that it never wrote, so that a sentence comes out differently after another.
    Where the C library is glibc, it is given memory filled with zeros, and says the same every
    time. On other systems clips differ from run to run by what few listeners would hear.
    """

    def __init__(self) -> None:
        """Load it.

        Raises:
            UsageError: the package is not installed.
        """
        try:
            import py_nanotts
        except ImportError as error:
            raise UsageError(
                "The package py-nanotts, which speaks, is not installed",
                "Run: pip install tevr[synth]",
            ) from error
        self._engine = py_nanotts.NanoTTS()

    def say(self, text: str, *, pitch: float, pace: float) -> Samples:
        """See `Synthesiser`; the pitch goes from 0.5 to 2, the tempo from 0.2 to 5."""
        if not PICO_TEXT.fullmatch(text):
            raise Unspoken("it has characters that Pico does not know")
        try:
            with _zeroed_memory():
                sound = self._engine.speak(text, "de-DE", pace, pitch, PICO_VOLUME)
        except RuntimeError as error:
            raise Unspoken(str(error)) from error
        return _from_int16(sound, SAMPLE_RATE)


class Espeak:
    """The program espeak-ng, German with one of its variants."""

    def __init__(self, variant: str) -> None:
        """Find the program and the variant.

        Raises:
            UsageError: one of them is not there.
        """
        self._program = _program("espeak-ng", "Install espeak-ng, or choose --voice pico.")
        # An unknown variant would silently become the usual voice.
        listed = _run([self._program, "--voices=variant"]).decode(errors="replace")
        if variant not in re.findall(r"!v/(\S+)", listed):
            raise UsageError(
                f"espeak-ng has no variant {variant!r}", "See: espeak-ng --voices=variant"
            )
        self._voice = f"de+{variant}"

    def say(self, text: str, *, pitch: float, pace: float) -> Samples:
        """See `Synthesiser`; the pitch goes from 0.65 to 1.55."""
        step = min(max(round(ESPEAK_USUAL + ESPEAK_OCTAVE * log2(pitch)), 0), 99)
        words = str(round(ESPEAK_WORDS * pace))
        options = ["-v", self._voice, "-p", str(step), "-s", words, "-b", "1", "--stdin"]
        sound = _run([self._program, *options, "--stdout"], text)
        return _from_int16(sound[WAV_HEADER:], ESPEAK_RATE)


class Piper:
    """The program piper (https://github.com/OHF-Voice/piper1-gpl) with the file of a voice.

    Noise is switched off, so that the same sentence always sounds the same. The pitch is the
    voice's own times the wanted one by way of `tevr.training.voices.revoice`. Tried with a stand-in
    that takes the same options and writes the same kind of output, not with a real voice.
    """

    def __init__(self, model: Path) -> None:
        """Find the program and the voice, FILE.onnx with FILE.onnx.json beside it.

        Raises:
            UsageError: the program is not there.
            ModelError: the voice cannot be read.
        """
        self._program = _program("piper", "Run: pip install piper-tts")
        config = model.with_name(model.name + ".json")
        try:
            self._rate = int(json.loads(config.read_text(encoding="utf-8"))["audio"]["sample_rate"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"The voice {model} cannot be used ({config.name}: {error})",
                "Name the .onnx file of a Piper voice, with its .onnx.json beside it.",
            ) from error
        self._model = model

    def say(self, text: str, *, pitch: float, pace: float) -> Samples:
        """See `Synthesiser`."""
        from tevr.training.voices import revoice

        noiseless = ["--noise-scale", "0", "--noise-w", "0"]
        options = ["--model", str(self._model), "--output-raw", *noiseless]
        sound = _run([self._program, *options, "--length-scale", f"{1 / pace:.3f}"], text)
        return revoice(_from_int16(sound, self._rate), pitch=pitch)


@contextmanager
def _zeroed_memory() -> Iterator[None]:
    """Let the C library hand out memory filled with zeros, if it is glibc; see `Pico`."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library
        yield
        return
    mallopt(_PERTURB, _ZEROS)
    try:
        yield
    finally:
        mallopt(_PERTURB, 0)


def _program(name: str, advice: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"The program {name} is not installed", advice)
    return found


def _run(command: list[str], text: str = "") -> bytes:
    """What a program writes when it is given a line of text.

    Raises:
        Unspoken: it fails, or takes very long.
    """
    name, pipe = Path(command[0]).name, subprocess.PIPE
    try:
        with subprocess.Popen(  # noqa: S603 - no shell; the text goes to stdin
            command, stdin=pipe, stdout=pipe, stderr=pipe
        ) as program:
            try:
                written, said = program.communicate(f"{text}\n".encode(), PATIENCE)
            except subprocess.TimeoutExpired as error:
                program.kill()
                raise Unspoken(f"{name} took longer than {PATIENCE} s") from error
    except OSError as error:
        raise Unspoken(f"{name} did not run ({error.strerror or error})") from error
    if program.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise Unspoken(f"{name} failed: {lines[-1] if lines else program.returncode}")
    return written


def _from_int16(sound: bytes, rate: int) -> Samples:
    """Raw little-endian 16-bit sound of a rate in Hz → float32 (samples,) at 16 kHz."""
    import soxr

    samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.float32) / 32768
    if not samples.any():
        raise Unspoken("nothing is heard")
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    return samples.clip(-1, 1)
