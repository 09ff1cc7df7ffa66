"""Samples → the bytes of a sound file."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from tevr.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioStream

#: Samples a frame for encoders that take any number.
FRAME = 4096


def encoded(
    samples: NDArray[np.floating], encoder: str, container: str, bit_rate: int | None = None
) -> bytes:
    """Encode mono sound at 16 kHz.

    Args:
        samples: (samples,) within ±1, at least one; rounded to 16 bits.
        encoder: FFmpeg's name of the encoder.
        container: FFmpeg's name of the file format.
        bit_rate: bits a second, for encoders that lose something.
    """
    import av

    file = BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = cast("AudioStream", output.add_stream(encoder, rate=SAMPLE_RATE, layout="mono"))
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        stream.codec_context.open()
        values = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        whole = av.AudioFrame.from_ndarray(values[None], format="s16", layout="mono")
        whole.rate, whole.pts, whole.time_base = SAMPLE_RATE, 0, Fraction(1, SAMPLE_RATE)
        size = stream.codec_context.frame_size or FRAME
        split = av.AudioResampler(stream.format, "mono", SAMPLE_RATE, frame_size=size)
        for frame in [*split.resample(whole), *split.resample(None), None]:
            output.mux(stream.encode(frame))
    return file.getvalue()
