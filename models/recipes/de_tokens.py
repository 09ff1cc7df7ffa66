"""German text → tokens.json, bpe.json and characters.bin, the tables of `de-tokens`.

    python models/recipes/de_tokens.py --out models/pretrained/de-tokens \
        tatoeba_deu.txt klexikon.txt wikipedia_klexikon.txt bundestag_wp19_wp20.txt

Texts are what `tevr tokens derive` reads. The labels are those that it derives; the n-grams of
characters that told the costs are pruned to a size that goes with the package.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tevr.lm.characters import CharacterNgram
from tevr.lm.derivation import SENTENCES, SourceOptions, derive_from_texts
from tevr.lm.token_measure import Text, measure
from tevr.tokens import TokenTable

BYTES = 1_500_000
"""Of characters.bin."""


def main() -> None:
    """Derive, write and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=SENTENCES)
    options = parser.parse_args()

    report = derive_from_texts(SourceOptions(options.texts, options.sentences))
    table = TokenTable(("", "", " ", *report.derived.labels), blank=0, end=1)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "tokens.json").write_text(table.to_json(), encoding="utf-8")
    (options.out / "bpe.json").write_text(report.pairs.to_json(), encoding="utf-8")
    for name, found in {**report.measures, "derived": measure(report.text, table.split)}.items():
        print(f"{name}: {found.moments}, {found.per_word:.3f} tokens a word")

    if not isinstance(report.model, CharacterNgram):
        raise TypeError(f"{type(report.model)} cannot be written as n-grams")
    path = options.out / "characters.bin"
    report.model.write(path, BYTES)
    small = CharacterNgram.read(path)
    text = Text.read(report.text.sentences, small)
    for model, read in ((report.model, report.text), (small, text)):
        bits = sum(map(sum, read.costs)) / sum(map(len, read.costs))
        print(f"{model.model.sizes} n-grams: {bits:.4f} bits a character")
    print(f"{report.sentences} sentences, {report.seconds:.0f} s")


if __name__ == "__main__":
    main()
