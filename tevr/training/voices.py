"""One speaker's sound → another's: tempo, pitch and length of the vocal tract.

All functions take and give mono float32 (samples,) at 16 kHz within ±1, leave their input as it is
and pass sound of a few samples through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE

Samples = NDArray[np.float32]

#: Samples of a window in `tempo`: two periods of the lowest voices (62 Hz).
WINDOW = 512
HOP = WINDOW // 2
#: Samples by which `tempo` may shift a window to meet the phase of the one before: one period of
#: 100 Hz.
SEARCH = 160
#: The search looks at every such sample; speech has little above 4 kHz that decides the phase.
STRIDE = 2
#: Cepstral coefficients kept as the envelope: shorter than a period of voices up to 400 Hz.
LIFTER = 40
#: Natural log of the strongest change (26 dB) that `warp` makes to a frequency: more raises noise.
MAX_LOG_GAIN = 3.0


def speed(samples: Samples, factor: float) -> Samples:
    """Play faster or slower, like a tape: pitch and formants move along.

    Args:
        samples: (samples,)
        factor: 1.1 is a tenth faster and higher; the length becomes ``round(samples / factor)``.

    Source: Ko et al., Audio Augmentation for Speech Recognition, Interspeech 2015.
    """
    import soxr

    wanted = round(len(samples) / factor)
    if not wanted or factor == 1:
        return samples[:wanted].copy()
    played = soxr.resample(samples, SAMPLE_RATE * factor, SAMPLE_RATE, quality="MQ")
    return bounded(fitted(played, wanted))


def tempo(samples: Samples, factor: float) -> Samples:
    """Speak faster or slower at the same pitch.

    Args:
        samples: (samples,)
        factor: 1.1 is a tenth faster; the length becomes ``round(samples / factor)``.

    Source: WSOLA, Verhelst and Roelands, ICASSP 1993.
    """
    wanted = round(len(samples) / factor)
    if factor == 1 or min(len(samples), wanted) < WINDOW:
        return fitted(samples, wanted)
    margin = WINDOW + SEARCH
    padded = np.pad(samples, (margin, 2 * margin + round(HOP * factor)))
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)  # sums to 1 at half its length
    count = wanted // HOP + 2
    result = np.zeros((count + 1) * HOP, np.float32)
    at = margin - HOP
    for number in range(count):
        aim = min(margin + round((number - 1) * HOP * factor), len(padded) - margin)
        if number:
            at = aim + _best_shift(padded, aim, at + HOP)
        result[number * HOP : number * HOP + WINDOW] += window * padded[at : at + WINDOW]
    return bounded(fitted(result[HOP:], wanted))


def warp(samples: Samples, factor: float) -> Samples:
    """Change the length of the vocal tract: formants move, pitch and length stay.

    Args:
        samples: (samples,)
        factor: by which the spectral envelope is stretched; 1.15 makes a smaller speaker, 0.87 a
            larger one.

    The envelope is the smooth part of each spectrum by its cepstrum; phases are kept. Source:
    cepstral envelope, Röbel and Rodet, DAFx 2005; range of factors: Jaitly and Hinton, ICML 2013.
    """
    if factor == 1 or len(samples) < WINDOW:
        return samples.copy()
    window = np.sqrt(np.hanning(WINDOW + 1)[:-1]).astype(np.float32)
    padded = np.pad(samples, (HOP, WINDOW + -len(samples) % HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]  # (frames, WINDOW)
    spectra = np.fft.rfft(frames * window, axis=1)  # (frames, bins)
    spectra *= np.exp(_moved_envelope(np.abs(spectra), factor))
    moved = np.fft.irfft(spectra, WINDOW, axis=1).astype(np.float32) * window
    result = np.zeros((len(frames) + 1, HOP), np.float32)  # both halves of all windows, added up
    result[:-1] = moved[:, :HOP]
    result[1:] += moved[:, HOP:]
    return bounded(result.reshape(-1)[HOP : HOP + len(samples)])


def revoice(
    samples: Samples, *, pitch: float = 1.0, tract: float = 1.0, pace: float = 1.0
) -> Samples:
    """Let another person say the same.

    Args:
        samples: (samples,)
        pitch: factor of the fundamental frequency.
        tract: factor of the formants' frequencies, as of `warp`.
        pace: factor of the tempo; the length becomes about ``samples / pace``, else it stays.
    """
    higher = speed(samples, pitch)  # formants move as well, and are put right below
    return warp(tempo(higher, pace / pitch), tract / pitch)


def bounded(samples: NDArray[np.floating]) -> Samples:
    """The same in float32, turned down as a whole if it exceeds ±1."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    return np.asarray(samples / peak if peak > 1 else samples, np.float32)


def fitted(samples: Samples, length: int) -> Samples:
    """A copy of exactly so many samples: cut, or filled with zeros."""
    return np.pad(samples[:length], (0, max(0, length - len(samples))))


def _best_shift(padded: Samples, aim: int, follow: int) -> int:
    """The shift, within ±SEARCH, at which sound around `aim` goes on as at `follow`."""
    follow = min(follow, len(padded) - WINDOW)
    template = padded[follow : follow + WINDOW : STRIDE]
    region = padded[aim - SEARCH : aim + SEARCH + WINDOW : STRIDE]
    likeness = np.correlate(region, template)
    energy = np.concatenate([[0.0], np.cumsum(np.square(region, dtype=np.float64))])
    energy = energy[len(template) :] - energy[: -len(template)]
    return int(np.argmax(likeness / np.sqrt(energy + 1e-9))) * STRIDE - SEARCH


def _moved_envelope(magnitudes: NDArray[np.floating], factor: float) -> NDArray[np.floating]:
    """Natural logs of the gains (frames, bins) that stretch the envelopes of (frames, bins)."""
    cepstra = np.fft.irfft(np.log(magnitudes + 1e-5), WINDOW, axis=1)
    cepstra[:, LIFTER : WINDOW - LIFTER + 1] = 0
    envelope = np.fft.rfft(cepstra, axis=1).real
    last = envelope.shape[1] - 1
    places = np.minimum(np.arange(last + 1) / factor, last)
    below = np.minimum(places.astype(np.int64), last - 1)
    share = places - below
    moved = envelope[:, below] * (1 - share) + envelope[:, below + 1] * share
    return np.asarray((moved - envelope).clip(-MAX_LOG_GAIN, MAX_LOG_GAIN))
