"""Sound files of any kind, encoded on the spot."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

FRAMES_PER_SECOND = 10
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def write_sound(
    target: Path | BinaryIO,
    codec: str,
    samples: NDArray[np.float32],
    *,
    rate: int = 16_000,
    video: str | None = None,
    late: float = 0.0,
    lost: tuple[float, float] = (0.0, 0.0),
    muxer: str | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """Encode (samples,) or (channels, samples) at 16 kHz after resampling them to `rate`.

    `late` shifts the sound's time stamps by seconds, `lost` leaves out the packets of a span.
    """
    values = np.atleast_2d(samples)
    if codec == "vorbis" and len(values) == 1:
        values = np.tile(values, (2, 1))  # FFmpeg's own encoder knows stereo only
    if rate != 16_000:
        values = soxr.resample(values.T, 16_000, rate, quality="VHQ").T
    name = str(target) if isinstance(target, Path) else target
    with av.open(name, "w", format=muxer, options=options or {}) as container:
        picture = None if video is None else container.add_stream(video, rate=FRAMES_PER_SECOND)
        layout = LAYOUTS[len(values)]
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.options = {"strict": "experimental"}
        if codec.startswith("wma"):
            stream.bit_rate = 128_000
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 1024
        if picture is not None:
            _draw(container, picture, values.shape[1] / rate + late)
        whole = av.AudioFrame(format="flt", layout=layout, samples=values.shape[1])
        whole.planes[0].update(np.ascontiguousarray(values.T, np.float32).tobytes())
        whole.rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(stream.format, layout, rate, frame_size=size)
        for frame in [*resampler.resample(whole), *resampler.resample(None), None]:
            for packet in stream.encode(frame):
                seconds = float((packet.pts or 0) * packet.time_base)
                shift = round(late / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                if not lost[0] <= seconds < lost[1]:
                    container.mux(packet)


def _draw(container: Any, stream: Any, seconds: float) -> None:
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for number in range(round(seconds * FRAMES_PER_SECOND)):
        frame = av.VideoFrame.from_ndarray(np.full((72, 64), 128, np.uint8), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@pytest.fixture(scope="session")
def write() -> Callable[..., None]:
    """The function `write_sound`."""
    return write_sound
