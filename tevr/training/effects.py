"""Clean speech → speech as rooms, noises, devices and lines leave it.

All functions take and give mono float32 (samples,) at 16 kHz within ±1, keep the length unless they
say otherwise, and leave their input as it is. What exceeds ±1 is turned down as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE, read_audio
from tevr.errors import UsageError
from tevr.training.encoder import encoded
from tevr.training.voices import Samples, bounded, fitted

Colour = Literal["white", "pink", "brown"]
Codec = Literal["mp3", "opus"]

#: Fall of a noise's power per octave as the exponent of 1 / frequency.
COLOURS: dict[Colour, float] = {"white": 0.0, "pink": 1.0, "brown": 2.0}
#: Hz below which coloured noise is not let rise further.
LOWEST = 20.0
#: Encoder and container by the name of the codec. GSM is left out: PyAV's FFmpeg cannot encode it.
CODECS: dict[Codec, tuple[str, str]] = {"mp3": ("libmp3lame", "mp3"), "opus": ("libopus", "ogg")}
#: Samples of a frame when the active part is looked for: 20 ms.
FRAME = SAMPLE_RATE // 50
#: A frame is active if its power is at most so many dB below the loudest frame's.
ACTIVE_DB = 30.0
#: Hz, the band that ITU-T G.712 lets through a telephone line.
TELEPHONE_BAND = (300.0, 3400.0)
TELEPHONE_RATE = 8_000
#: Companding constant of ITU-T G.711.
MU = 255.0
#: Seconds at most of first reflections, and how many there are: six walls, twice.
EARLY, REFLECTIONS = 0.03, 12
#: Cubic metres of the room whose critical distance `room` uses: a living room.
VOLUME = 50.0


def room(samples: Samples, rt60: float, distance: float, rng: np.random.Generator) -> Samples:
    """Let speech sound as recorded in a room; its power stays, the tail beyond its end is cut.

    Args:
        samples: (samples,)
        rt60: seconds in which the reverberation falls by 60 dB.
        distance: metres from mouth to microphone.
        rng: draws the room.
    """
    if not len(samples):
        return samples.copy()
    response = impulse_response(rt60, distance, rng)
    size = fast_length(len(samples) + len(response) - 1)
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    wet = np.fft.irfft(spectrum, size)[: len(samples)]
    before, after = float(np.square(samples).sum()), float(np.square(wet).sum())
    return bounded(wet * np.sqrt(before / after) if after else wet)


def impulse_response(rt60: float, distance: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a room's answer (taps,) to a click; the direct sound is its first tap, of height 1.

    First reflections come one by one, then noise that decays exponentially. Direct and reflected
    sound are equally strong at the critical distance 0.057 √(volume / RT60). Source: Polack's
    model, in Naylor and Gaubitch, Speech Dereverberation, 2010.
    """
    length = max(2, round(min(rt60, 2.0) * SAMPLE_RATE))
    times = np.arange(length) / SAMPLE_RATE
    decay = np.exp(-np.log(1e3) * times / rt60)
    tail = rng.standard_normal(length) * decay
    tail *= np.minimum(1.0, times / EARLY)  # the single reflections stand in for the beginning
    early = rng.integers(1, max(2, min(length, round(EARLY * SAMPLE_RATE))), REFLECTIONS)
    heights = rng.uniform(0.3, 1.0, REFLECTIONS) * rng.choice([-1.0, 1.0], REFLECTIONS)
    np.add.at(tail, early, heights * decay[early] * 4)
    tail[0] = 0.0
    critical = 0.057 * np.sqrt(VOLUME / rt60)
    tail *= distance / critical / max(float(np.sqrt(np.square(tail).sum())), 1e-9)
    tail[0] = 1.0
    return np.asarray(tail, np.float64)


def noise(samples: Samples, snr: float, colour: Colour, rng: np.random.Generator) -> Samples:
    """Add steady noise.

    Args:
        samples: (samples,)
        snr: dB between the power of the active part of the speech and that of the noise.
        colour: white, or falling by 3 (pink) or 6 (brown) dB an octave.
        rng: draws the noise.
    """
    size = fast_length(len(samples))
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    shape = np.maximum(frequencies, LOWEST) ** (-COLOURS[colour] / 2)
    spectrum = rng.standard_normal((2, len(shape)), np.float32)
    drawn = np.fft.irfft(shape * (spectrum[0] + 1j * spectrum[1]), size)[: len(samples)]
    return _mixed(samples, drawn, snr)


def babble(
    samples: Samples, others: Sequence[Samples], snr: float, rng: np.random.Generator
) -> Samples:
    """Let other people talk in the background.

    Args:
        samples: (samples,)
        others: their clips, each as loud as the next, repeated or cut to the length of `samples`
            from a drawn moment on.
        snr: dB between the power of the active part of the speech and that of all others together.
        rng: draws the moments.
    """
    crowd = np.zeros(len(samples), np.float64)
    for other in others:
        power = active_power(other)
        if power:
            begun = np.roll(other, -int(rng.integers(len(other))))
            crowd += np.resize(begun, len(samples)) / np.sqrt(power)
    return _mixed(samples, crowd, snr)


def telephone(samples: Samples) -> Samples:
    """Send speech over a telephone line: 300 to 3400 Hz, 8 kHz, 8 bits µ-law (G.711, G.712)."""
    import soxr

    if not len(samples):
        return samples.copy()
    low = soxr.resample(_band(samples, TELEPHONE_BAND), SAMPLE_RATE, TELEPHONE_RATE, quality="MQ")
    low = np.clip(low, -1, 1)
    companded = np.sign(low) * np.log1p(MU * np.abs(low)) / np.log1p(MU)
    rounded = np.round(companded * 127) / 127
    line = np.sign(rounded) * np.expm1(np.abs(rounded) * np.log1p(MU)) / MU
    heard = soxr.resample(line.astype(np.float32), TELEPHONE_RATE, SAMPLE_RATE, quality="MQ")
    return bounded(_band(fitted(heard, len(samples)), TELEPHONE_BAND))


def codec(samples: Samples, name: Codec, bit_rate: int) -> Samples:
    """Encode and decode as a file of another kind would, in memory.

    Args:
        samples: (samples,)
        name: mp3 or opus.
        bit_rate: bits a second, 8,000 to 64,000; encoders take the nearest they know.

    Raises:
        UsageError: the codec is not offered.
    """
    if name not in CODECS:
        raise UsageError(f"There is no codec {name!r}", f"Choose from {', '.join(CODECS)}.")
    if not len(samples):
        return samples.copy()
    encoder, container = CODECS[name]
    file = BytesIO(encoded(samples, encoder, container, bit_rate))
    return bounded(fitted(read_audio(file), len(samples)))


def clip_peaks(samples: Samples, depth: float) -> Samples:
    """Cut off all that rises above the highest peak less `depth` dB, as an overdriven microphone.

    The rest keeps its level.
    """
    limit = float(np.max(np.abs(samples), initial=0.0)) * 10 ** (-depth / 20)
    return samples.clip(-limit, limit)


def gain(samples: Samples, level: float) -> Samples:
    """Amplify by `level` dB; what exceeds ±1 is cut off, as by a converter."""
    return (samples * np.float32(10 ** (level / 20))).clip(-1, 1)


def pauses(
    samples: Samples,
    stops: Iterable[tuple[float, float]],
    rng: np.random.Generator,
    level: float = -70.0,
) -> Samples:
    """Insert stretches of faint white noise; the sound grows longer by them.

    Args:
        samples: (samples,)
        stops: pairs of the second at which a pause begins in `samples` (cut to its ends) and the
            seconds it lasts.
        rng: draws the noise.
        level: dB of its power below full scale; minus infinity for zeros.
    """
    height = np.float32(10 ** (level / 20))
    pieces: list[Samples] = []
    at = 0
    for moment, length in sorted(stops):
        cut = min(max(round(moment * SAMPLE_RATE), 0), len(samples))
        silence = rng.standard_normal(max(0, round(length * SAMPLE_RATE)), np.float32) * height
        pieces += [samples[at:cut], silence.clip(-1, 1)]
        at = cut
    return np.concatenate([*pieces, samples[at:]])


def gaps(samples: Samples, shortest: float = 0.12, depth: float = 40.0) -> list[float]:
    """Seconds at the middle of every stretch between active parts that is nearly silent.

    Args:
        samples: (samples,)
        shortest: seconds of such a stretch at least; stops within words are shorter.
        depth: dB by which it lies below the loudest frame.
    """
    powers = _powers(samples)
    quiet = powers <= np.max(powers, initial=0.0) * 10 ** (-depth / 10)
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    seconds = FRAME / SAMPLE_RATE
    return [
        float(start + end) / 2 * seconds
        for start, end in edges
        if (end - start) * seconds >= shortest and start > 0 and end < len(powers)
    ]


def active_power(samples: Samples) -> float:
    """Mean square of the frames at most `ACTIVE_DB` below the loudest; 0 for silence."""
    powers = _powers(samples)
    active = powers[powers > np.max(powers, initial=0.0) * 10 ** (-ACTIVE_DB / 10)]
    return float(active.mean()) if len(active) else 0.0


def fast_length(length: int) -> int:
    """The smallest length of at least this that an FFT is fast at: 2, 3, 5 or 9 times 2ⁿ."""
    powers = (odd << max(0, -(-length // odd) - 1).bit_length() for odd in (2, 3, 5, 9))
    return max(2, min(powers))


def _powers(samples: Samples) -> NDArray[np.float64]:
    """Mean squares (frames,); the last frame may be filled with zeros."""
    frames = fitted(samples, -(-len(samples) // FRAME) * FRAME).reshape(-1, FRAME)
    return np.asarray(np.square(frames, dtype=np.float64).mean(axis=1))


def _mixed(samples: Samples, other: NDArray[np.floating], snr: float) -> Samples:
    """Speech with another sound so many dB below its active part; silence gets none."""
    speech = active_power(samples)
    power = float(np.square(other, dtype=np.float64).mean()) if len(other) else 0.0
    if not speech or not power:
        return samples.copy()
    return bounded(samples + other * np.sqrt(speech / power * 10 ** (-snr / 10)))


def _band(samples: Samples, band: tuple[float, float]) -> Samples:
    """Only the frequencies between two, Hz, with edges of 50 Hz."""
    size = fast_length(len(samples) + SAMPLE_RATE // 20)  # no end rings into the beginning
    frequencies = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    inside = np.minimum(frequencies - band[0], band[1] - frequencies)
    spectrum = np.fft.rfft(samples, size) * np.clip(inside / 50 + 0.5, 0, 1)
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)
