"""A float32 and a rounded acoustic model → what rounding changes, as a markdown table.

    python -m benchmarks.rounding --exact float.onnx --data DIR --data DIR [--clips 100]

`--exact` is the graph before rounding (`tevr models export --keep-float float.onnx` writes it),
`--model` the model with its rounded one. Whole clips of at most 30 s are decoded,
greedy and with the language model; every clip counts, whatever the result.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.common import Clip, count_errors, progress, read_manifest, table
from tevr.acoustic import AcousticModel
from tevr.onnx_model import OnnxModel
from tevr.recognizer import make_decoder
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.transcript import Options

#: The encoder has positions for no longer clip.
LONGEST = 30.0


def main() -> None:
    """Recognise all clips with both and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--exact", type=Path, required=True, metavar="ONNX")
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--clips", type=int, metavar="N", help="first clips of each folder")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    arguments = parser.parse_args()

    files = find(arguments.model)
    tokens = TokenTable.load(files.folder / files.tokens)
    models = [OnnxModel(path, 2) for path in (arguments.exact, files.folder / files.acoustic)]
    decoders = {
        name: make_decoder(tokens, Options(decoder=name), files) for name in ("greedy", "beam")
    }
    rows = []
    for folder in arguments.data:
        clips = read_manifest(folder, arguments.clips, (0.0, LONGEST))
        frames = [
            [_log_probs(model, clip) for model in models] for clip in progress(clips, folder.name)
        ]
        same = np.mean([np.mean(a.argmax(axis=1) == b.argmax(axis=1)) for a, b in frames])
        for name, decoder in decoders.items():
            texts = [[decoder.decode(tokens.fold(each)).text for each in pair] for pair in frames]
            cells = [
                rate
                for side in (0, 1)
                for rate in count_errors(
                    [clip.text for clip in clips], [pair[side] for pair in texts]
                ).cells()
            ]
            equal = sum(one == two for one, two in texts)
            rows.append(
                (folder.name, name, f"{100 * same:.1f}", f"{equal} of {len(clips)}", *cells)
            )
    head = ["recordings", "decoder", "same label %", "same text"]
    table([*head, "WER % exact", "CER % exact", "WER % rounded", "CER % rounded"], rows)


def _log_probs(model: AcousticModel, clip: Clip) -> np.ndarray:
    return model.log_probs([clip.samples])[0]


if __name__ == "__main__":
    main()
