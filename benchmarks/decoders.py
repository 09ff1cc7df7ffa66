"""The same log-probabilities → what our beam search and pyctcdecode, the reference, make of them.

    python -m benchmarks.decoders --data DIR --clips 20 --save arrays.npz
    python -m benchmarks.decoders --arrays arrays.npz --arrays tests/data/logits.npy
    python -m benchmarks.decoders --arrays logits.npy --ngrams lm.arpa --unigrams unigrams.txt \
        --write-expected expected.json

pyctcdecode needs an environment with numpy 1 (extra `reference`); the first line works in any other
and saves what the bundled acoustic model hears. Arrays are (frames, labels), of logits or
log-probabilities. The last line makes what the tests in `tests/data/decoder` expect.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import progress, read_manifest, table
from tevr.lm.beam import BeamDecoder, BeamSettings, LanguageModelFiles, read_unigrams
from tevr.lm.decoder import Hypothesis
from tevr.store import DEFAULT_MODEL, find
from tevr.tokens import TokenTable

Arrays = dict[str, NDArray[np.float32]]

HOTWORDS: tuple[tuple[tuple[str, ...], float], ...] = (
    ((), 10.0),
    (("aufkratzen",), 10.0),
    (("aufkratzen", "nicht", "jahr lang", "akademie", "münchen"), 5.0),
)
BEAMS = (25, 100, 500)


@dataclass(frozen=True)
class Case:
    """One way to decode."""

    settings: BeamSettings
    language_model: LanguageModelFiles | None = None
    hotwords: tuple[str, ...] = ()


class Reference:
    """pyctcdecode as a `Decoder`."""

    def __init__(self, labels: Sequence[str], case: Case) -> None:
        from pyctcdecode import build_ctcdecoder

        model = case.language_model
        self._case = case
        self._search = build_ctcdecoder(
            list(labels),
            model and str(model.ngrams),
            model and read_unigrams(model.unigrams),
            alpha=case.settings.alpha,
            beta=case.settings.beta,
            unk_score_offset=case.settings.unknown_offset,
        )

    def decode(self, log_probs: NDArray[np.float32]) -> Hypothesis:
        """log_probs (frames, labels) → the best hypothesis."""
        settings = self._case.settings
        beams = self._search.decode_beams(
            log_probs,
            beam_width=settings.beam,
            beam_prune_logp=settings.beam_floor,
            token_min_logp=settings.token_floor,
            hotwords=self._case.hotwords,
            hotword_weight=settings.hotword_weight,
        )
        _text, _state, frames, acoustic, score = beams[0]
        words = tuple((word, int(start), int(end)) for word, (start, end) in frames)
        return Hypothesis(words, float(acoustic), float(score))


def read_arrays(paths: Sequence[Path], tokens: TokenTable) -> Arrays:
    """All arrays of some .npy and .npz files, as the decoders take them, by name."""
    raw: Arrays = {}
    for path in paths:
        held = np.load(path)
        raw |= {path.name: held} if path.suffix == ".npy" else dict(held)
    log_probs = {
        name: array - np.logaddexp.reduce(array.astype(np.float64), axis=1, keepdims=True)
        for name, array in raw.items()
    }
    return {name: tokens.fold(array.astype(np.float32)) for name, array in log_probs.items()}


def save_arrays(folder: Path, count: int, target: Path) -> None:
    """What the bundled acoustic model hears in the clips of a folder, as one .npz."""
    from tevr.acoustic import open_model

    acoustic = open_model(find(DEFAULT_MODEL), threads=2)
    heard: dict[str, Any] = {}
    for clip in progress(read_manifest(folder, count), "clip"):
        heard[clip.path.name] = acoustic.log_probs([clip.samples])[0]
    np.savez(target, **heard)


def compare(labels: Sequence[str], case: Case, arrays: Arrays) -> list[str]:
    """One line of the table: how alike, how far apart, how fast."""
    mine = BeamDecoder(labels, case.settings, case.language_model, case.hotwords)
    reference = Reference(labels, case)
    same_text = same_words = 0
    difference, seconds = 0.0, np.zeros(2)  # ours, theirs
    for array in arrays.values():
        begin = time.perf_counter()
        found = mine.decode(array)
        middle = time.perf_counter()
        expected = reference.decode(array)
        seconds += [middle - begin, time.perf_counter() - middle]
        same_text += found.text == expected.text
        same_words += found.words == expected.words
        apart = (found.score - expected.score, found.acoustic_score - expected.acoustic_score)
        difference = max(difference, *map(abs, apart))
    weight = f"{len(case.hotwords)} × {case.settings.hotword_weight:g}" if case.hotwords else "–"
    return [
        "yes" if case.language_model else "no",
        weight,
        str(case.settings.beam),
        f"{same_text} of {len(arrays)}",
        f"{same_words} of {len(arrays)}",
        f"{difference:.1e}",
        f"{1e3 * seconds[0] / len(arrays):.1f}",
        f"{seconds[1] / seconds[0]:.0f}",
    ]


def all_cases(usual: BeamSettings, model: LanguageModelFiles) -> Iterator[Case]:
    """What the table compares."""
    for files, (hotwords, weight), beam in product((None, model), HOTWORDS, BEAMS):
        yield Case(replace(usual, beam=beam, hotword_weight=weight), files, hotwords)


def expected_cases(model: LanguageModelFiles) -> Iterator[Case]:
    """What the tests hold the decoder against: every setting away from its default once."""
    usual = BeamSettings()
    for files in (None, model):
        yield Case(usual, files)
        yield Case(replace(usual, beam=10), files)
        yield Case(replace(usual, token_floor=-7.0, beam_floor=-14.0), files)
        yield Case(usual, files, ("aufkratzen",))
        yield Case(replace(usual, hotword_weight=5.0), files, ("man nicht", "mücken", "zug"))
    yield Case(replace(usual, alpha=1.0, beta=0.2), model)
    yield Case(replace(usual, unknown_offset=-2.0), model)


def write_expected(
    labels: Sequence[str], model: LanguageModelFiles, arrays: Arrays, target: Path
) -> None:
    """pyctcdecode's words and scores for all arrays and `expected_cases`, as JSON."""
    found: list[dict[str, Any]] = []
    for (name, array), case in product(arrays.items(), expected_cases(model)):
        best = Reference(labels, case).decode(array)
        used = {"language_model": bool(case.language_model), "hotwords": case.hotwords}
        used |= {"array": name, "settings": asdict(case.settings)}
        found.append(used | asdict(best))
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in found)
    target.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    """Compare, or save what comparing needs."""
    files = find(DEFAULT_MODEL)
    bundled = files.language_model_files
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--arrays", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--ngrams", type=Path, default=bundled and bundled.ngrams)
    parser.add_argument("--unigrams", type=Path, default=bundled and bundled.unigrams)
    parser.add_argument("--data", type=Path, metavar="DIR", help="recordings for --save")
    parser.add_argument("--clips", type=int, default=20, metavar="N")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write log-probabilities, .npz")
    parser.add_argument("--write-expected", type=Path, metavar="FILE", help="what the tests expect")
    arguments = parser.parse_args()

    if arguments.save:
        save_arrays(arguments.data, arguments.clips, arguments.save)
        return
    tokens = TokenTable.load(files.folder / files.tokens)
    labels, arrays = tokens.decoder_labels, read_arrays(arguments.arrays, tokens)
    model = LanguageModelFiles(arguments.ngrams, arguments.unigrams)
    if arguments.write_expected:
        write_expected(labels, model, arrays, arguments.write_expected)
        return
    cases = list(all_cases(files.decoding, model))
    head = ["LM", "hot-words", "beam", "same text", "same words and frames"]
    head += ["largest score difference", "ours ms/clip", "× faster"]
    table(head, [compare(labels, case, arrays) for case in progress(cases, "case")])


if __name__ == "__main__":
    main()
