"""Language models of several sizes → bytes, perplexity and word errors, as a table and a plot.

    python -m benchmarks.lm_sizes --lm DIR... --text tatoeba.test.txt --text wikipedia.test.txt \
        --data kerstin --data fleurs-de --clips 100 --plot lm_sizes.svg

A folder holds `lm.bin` (or one other KenLM file), `unigrams.txt` and perhaps `lexicon.bin`, as
`models/recipes/de_small_lm.py` writes them. Texts are normalised sentences that none of the models
has seen. All models are searched with the settings of the bundled one, compounds included; a
folder without lexicon takes that of the first folder, so that only n-grams differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Clip, count_errors, interval, progress, read_manifest, table
from tevr import load
from tevr.lm.beam import BeamDecoder, LanguageModelFiles
from tevr.lm.folder import read_language_model
from tevr.lm.ngram import LanguageModel
from tevr.recognizer import Recognizer
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable

Spans = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Measured:
    """What one language model is worth.

    Attributes:
        name: of its folder.
        order: length of its longest n-grams.
        bytes: of all its files.
        perplexities: for each text, over known words and over all words.
        errors: for each folder of recordings, (clips, 2) wrong words and words.
    """

    name: str
    order: int
    bytes: int
    perplexities: list[tuple[float, float]]
    errors: list[NDArray[np.int64]]

    @property
    def error_rates(self) -> list[float]:
        """Word error rates in per cent."""
        return [100 * counts[:, 0].sum() / counts[:, 1].sum() for counts in self.errors]


@dataclass(frozen=True)
class Recordings:
    """A folder of recordings as the decoder is given them."""

    name: str
    references: list[str]
    heard: list[Spans]

    @classmethod
    def read(cls, folder: Path, most: int, recognizer: Recognizer) -> Recordings:
        """Run the network over the first clips of a folder."""
        clips: Sequence[Clip] = read_manifest(folder)[:most]
        heard = [recognizer.log_probs(clip.path) for clip in progress(clips, folder.name)]
        return cls(folder.name, [clip.text for clip in clips], heard)


def measure(
    files: LanguageModelFiles, name: str, texts: list[list[str]], recordings: list[Recordings]
) -> Measured:
    """Measure one model on all texts and recordings."""
    model = LanguageModel(files.ngrams)
    found = [model.perplexity(text) for text in texts]
    of_model = find(DEFAULT_MODEL)
    labels = TokenTable.load(of_model.folder / of_model.tokens).decoder_labels
    decoder = BeamDecoder(labels, of_model.decoding, files)
    errors = []
    for each in recordings:
        read = [" ".join(decoder.decode(span).text for span in spans) for spans in each.heard]
        errors.append(count_errors(each.references, read).words)
    parts = (files.ngrams, files.unigrams, files.lexicon)
    return Measured(
        name=name,
        order=model.order,
        bytes=sum(path.stat().st_size for path in parts if path),
        perplexities=[(each.known_only, each.with_unknown) for each in found],
        errors=errors,
    )


def draw(measured: Sequence[Measured], names: Sequence[str], path: Path) -> None:
    """Plot word error rates against size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot()
    ordered = sorted(measured, key=lambda each: each.bytes)
    for number, name in enumerate(names):
        points = [(each.bytes / 1e6, each.error_rates[number]) for each in ordered]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel="n-grams, words and lexicon (MB)", ylabel="WER %", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Compare the language models that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--lm", type=Path, nargs="+", required=True)
    parser.add_argument("--text", type=Path, action="append", default=[])
    parser.add_argument("--data", type=Path, action="append", default=[])
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--plot", type=Path, help="file for a picture of word errors by size")
    arguments = parser.parse_args()
    recognizer = load()
    texts = [path.read_text(encoding="utf-8").splitlines() for path in arguments.text]
    recordings = [Recordings.read(path, arguments.clips, recognizer) for path in arguments.data]
    models = [read_language_model(path) for path in arguments.lm]
    lexicons = [path / "lexicon.bin" for path in arguments.lm]
    found = []
    for model, lexicon in zip(models, lexicons, strict=True):
        own = lexicon if lexicon.is_file() else lexicons[0]
        files = replace(model.files, lexicon=own)
        found.append(measure(files, model.path.name, texts, recordings))
    head = ["language model", "order", "MB"]
    head += [f"perplexity {path.name.split('.')[0]}" for path in arguments.text]
    head += [f"WER % {each.name}" for each in recordings]
    table(
        head,
        [
            (
                each.name,
                each.order,
                f"{each.bytes / 1e6:.1f}",
                *(f"{known:.0f} / {whole:.0f}" for known, whole in each.perplexities),
                *map(interval, each.errors),
            )
            for each in found
        ],
    )
    print("\nPerplexities: over known words / over all words.")
    if arguments.plot:
        draw(found, [each.name for each in recordings], arguments.plot)


if __name__ == "__main__":
    main()
