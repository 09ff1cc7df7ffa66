"""Recordings with their text → whether a word's confidence tells right words from wrong ones.

    python -m benchmarks.confidence --data DIR [--data DIR] [--clips 200]

Each DIR holds recordings and a `manifest.tsv` (path, text, seconds). AUC is the share of pairs of
a right and a wrong word in which the right one has the higher value (0.5: no better than chance).
The bins hold equally many words, from the least sure to the surest: mean value → share of right
words; a value that can be read as a probability has both alike. The error is their mean distance.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Clip, progress, read_manifest, table
from tevr.acoustic import open_model
from tevr.lm.confidence import WordConfidence
from tevr.recognizer import make_decoder, usable_cores
from tevr.speech import spans
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable
from tevr.transcript import Options

BINS = 5


@dataclass(frozen=True)
class Judged:
    """One recognised word.

    Attributes:
        right: whether the reference has it at this place.
        posterior: P, the probability of its letters in its frames.
        letters: how many.
        labels: how many labels spell it by priority.
        frames: from the first to the last that its labels fire on.
        best_labels: mean probability of the best label in those frames.
    """

    right: bool
    posterior: float
    letters: int
    labels: int
    frames: int
    best_labels: float


def judge(model: str, options: Options, clips: Sequence[Clip]) -> Iterator[Judged]:
    """Recognise the clips and compare their words with the references."""
    files = find(model)
    tokens = TokenTable.load(files.folder / files.tokens)
    acoustic = open_model(files, usable_cores())
    decoder = make_decoder(tokens, options, files)
    confidence = WordConfidence(tokens.decoder_labels)
    for clip in progress(clips, "clip"):
        words = []
        for span in spans([clip.samples]):
            log_probs = tokens.fold(acoustic.log_probs([span.samples])[0])  # (frames, labels)
            found = decoder.decode(log_probs).words
            for (text, first, stop), posterior in zip(
                found, confidence.posteriors(log_probs, found), strict=True
            ):
                best = float(np.exp(log_probs[first:stop].max(axis=1)).mean())
                words.append((text, posterior, len(tokens.segment(text)), stop - first, best))
        right = right_words(clip.text, " ".join(text for text, *_ in words))
        for is_right, (text, posterior, labels, frames, best) in zip(right, words, strict=True):
            yield Judged(is_right, posterior, len(text), labels, frames, best)


def right_words(reference: str, hypothesis: str) -> list[bool]:
    """For each word of the hypothesis, whether the best alignment finds it in the reference."""
    right = [False] * len(hypothesis.split())
    for chunk in jiwer.process_words(reference, hypothesis).alignments[0]:
        if chunk.type == "equal":
            for index in range(chunk.hyp_start_idx, chunk.hyp_end_idx):
                right[index] = True
    return right


def area(values: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; pairs with equal values count half."""
    wins = np.sign(values[right][:, None] - values[~right][None, :])  # (right, wrong)
    return float(0.5 + wins.mean() / 2)


def row(name: str, values: NDArray[np.float64], right: NDArray[np.bool_]) -> list[str]:
    """One kind of confidence as a line of the table."""
    order = np.argsort(values, kind="stable")
    pairs = [(values[part].mean(), right[part].mean()) for part in np.array_split(order, BINS)]
    bins = [f"{mean:.2f} → {share:.2f}" for mean, share in pairs]
    error = np.mean([abs(mean - share) for mean, share in pairs])
    return [name, f"{area(values, right):.3f}", f"{error:.3f}", *bins]


def main() -> None:
    """Judge all words and print a line for each kind of confidence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    parser.add_argument("--clips", type=int, metavar="N", help="first clips of each folder")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's name or folder")
    parser.add_argument("--greedy", action="store_true", help="judge greedy decoding's words")
    arguments = parser.parse_args()

    clips = [clip for folder in arguments.data for clip in read_manifest(folder, arguments.clips)]
    options = Options(decoder="greedy" if arguments.greedy else None)
    judged = list(judge(arguments.model, options, clips))
    right = np.array([word.right for word in judged])
    kinds = {
        "P^(1/letters)": [word.posterior ** (1 / word.letters) for word in judged],
        "P^(1/labels)": [word.posterior ** (1 / word.labels) for word in judged],
        "P^(1/frames)": [word.posterior ** (1 / word.frames) for word in judged],
        "P": [word.posterior for word in judged],
        "best label per frame": [word.best_labels for word in judged],
    }
    head = [f"{len(judged)} words, {right.mean():.1%} right", "AUC", "error"]
    head += [f"fifth {number}" for number in range(1, BINS + 1)]
    table(head, [row(name, np.array(values), right) for name, values in kinds.items()])


if __name__ == "__main__":
    main()
