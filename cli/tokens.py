"""`tevr tokens`: flags → one call that derives, applies, explains or compares label tables."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from tevr.cli.groups import Json, Quiet, Texts, make_group, steps
from tevr.cli.values import count, number
from tevr.errors import ModelError, OutputError, UsageError

if TYPE_CHECKING:
    from tevr.lm.bpe import BytePairs
    from tevr.lm.characters import CharacterModel
    from tevr.lm.token_measure import Split
    from tevr.tokens import TokenTable

#: Folder with the derived German table, byte pairs and the characters' n-grams.
BUNDLED = "de-tokens"
#: The table of the published network.
PUBLISHED = "de-tevr"
PAIRS = "bpe.json"
NGRAMS = "characters.bin"
CHARACTERS = "characters"

Sentence = Annotated[str, Argument(metavar="SENTENCE", help="Words as one writes them.")]
Tokens = Annotated[
    str,
    Option("--tokens", metavar="TABLE", help="tokens.json, its folder, or the name of a model."),
]
Judge = Annotated[
    str,
    Option(
        "--judge",
        metavar="MODEL",
        help="Character model that tells the costs: file, folder or name, such as de-chars.",
    ),
]


def make_tokens_app() -> typer.Typer:
    """All commands of the group."""
    summary = "Part words into tokens of like cost, and see why."
    return make_group(summary, derive, segment, explain, compare)


def derive(
    texts: Texts,
    output: Annotated[Path, Option("--output", "-o", metavar="FILE", help="The table to write.")],
    counts: Annotated[
        str, Option(metavar="N,N,N", help="Numbers of labels of four, three and two letters.")
    ] = "40,80,96",
    sentences: Annotated[
        int, Option(parser=count, metavar="N", help="Sentences to look at, at most.")
    ] = 1_000_000,
    brevity: Annotated[
        float,
        Option(parser=number, metavar="X", help="Above 1 fewer tokens, below 1 less variance."),
    ] = 1.0,
    judge: Annotated[
        str | None,
        Option(metavar="MODEL", help="Tells the costs, such as de-chars; else learnt from TEXT."),
    ] = None,
    force: Annotated[bool, Option("--force", help="Replace a file that stands there.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Derive a label table from texts.

    A fifth of the sentences teaches a model what each character costs its reader, unless --judge
    names one; labels are pieces of words that all cost about the same. The table is measured on
    sentences set aside.
    """
    from tevr.cli.console import complain
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.cli.outputs import whole_file
    from tevr.cli.token_report import derived_data, derived_lines
    from tevr.lm.derivation import SourceOptions, derive_from_texts
    from tevr.lm.entropy import DeriveOptions
    from tevr.tokens import TokenTable

    if output.exists() and not force:
        raise OutputError(f"{output} exists already", "Choose another name, or give --force.")
    published = _table(PUBLISHED)
    options = SourceOptions(
        texts=texts,
        sentences=sentences,
        model=_characters(judge) if judge else None,
        how=DeriveOptions(counts=_counts(counts), brevity=brevity),
        others={"published labels": published.split},
    )
    with steps(quiet=quiet) as show:
        report = derive_from_texts(options, show)
    table = TokenTable(("", "", " ", *report.derived.labels), blank=0, end=1)
    with whole_file(output) as file:
        file.write(table.to_json())
    for skipped in report.skipped:
        complain(f"Left out: {skipped.reason}")
    if json:
        print_json(derived_data(report, table, published))
    else:
        print_lines(derived_lines(report, table, published, output))
    return 0


def segment(sentence: Sentence, tokens: Tokens = PUBLISHED, json: Json = False) -> int:
    """Part a sentence into labels, as networks are taught.

    Labels of a word are joined by +.
    """
    from tevr.cli.console import printable
    from tevr.cli.lm_report import print_json

    table, text = _table(tokens), _normalised(sentence)
    if json:
        ids = table.segment(text)
        print_json({"text": text, "ids": ids, "labels": [table.labels[at] for at in ids]})
    else:
        print(printable(" ".join("+".join(table.split(word)) for word in text.split())))
    return 0


def explain(
    sentence: Sentence,
    png: Annotated[
        Path | None, Option("--png", metavar="FILE", help="Draw a picture instead.")
    ] = None,
    tokens: Tokens = BUNDLED,
    judge: Judge = BUNDLED,
) -> int:
    """Show what each token of a sentence costs its reader.

    Bars are bits: what a character model needs to be told after having read all before. One sees
    characters, byte pairs and labels, one above the other.
    """
    from tevr.cli.outputs import whole_file
    from tevr.cli.token_picture import Row, draw, show
    from tevr.lm.token_measure import token_costs

    text = _normalised(sentence)
    (costs,) = _characters(judge).costs([text])
    rows = [
        Row(title, token_costs(text, costs, split))
        for title, split in (
            ("characters", list),
            ("byte pairs", _split("bpe")),
            ("TEVR labels", _table(tokens).split),
        )
    ]
    if png is None:
        show(rows)
    else:
        with whole_file(png) as file:
            draw(rows, file.buffer)
    return 0


def compare(
    tables: Annotated[
        list[str],
        Argument(
            metavar="TABLE",
            help="tokens.json or its folder, a file of byte pairs, the name of a model,"
            " characters or bpe.",
        ),
    ],
    text: Annotated[
        list[Path], Option("--text", metavar="FILE", help="Text to measure on; best none known.")
    ],
    rate: Annotated[
        float,
        Option(parser=number, metavar="X", help="Characters said in a second, spaces included."),
    ] = 15.0,
    judge: Judge = BUNDLED,
    json: Json = False,
) -> int:
    """Compare how evenly tables share what a text costs.

    Tables that make fewer tokens of a word have dearer ones, so look at the variation too: the
    standard deviation over the mean.
    """
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.cli.token_report import measures_data, measures_lines
    from tevr.lm.token_measure import Text, measure
    from tevr.lm.training_text import read_sentences

    if rate <= 0:
        raise UsageError(f"Nobody says {rate:g} characters in a second", "Give more than 0.")
    splits = {name: _split(name) for name in tables}
    read = Text.read(read_sentences(text), _characters(judge))
    measures = {name: measure(read, split) for name, split in splits.items()}
    if json:
        print_json(measures_data(measures, rate))
    else:
        print_lines(measures_lines(measures, rate))
    return 0


def _counts(text: str) -> list[int]:
    """``40,80,96`` → numbers."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        cause = f"{text!r} are no numbers of labels"
        raise UsageError(cause, "Write them like 40,80,96.")
    return [int(part) for part in parts]


def _normalised(sentence: str) -> str:
    """The sentence in the letters of the labels."""
    from tevr.lm.corpus import normalise

    text = normalise(sentence)
    if not text:
        raise UsageError(f"{sentence!r} holds no word", "Give at least one.")
    return text


def _file(name: str) -> Path:
    """The table of that name, in that folder, or of that bundled model."""
    from tevr.store import pretrained

    path = Path(name).expanduser()
    for folder in (path, pretrained() / name):
        if folder.is_dir() and (folder / "tokens.json").is_file():
            return folder / "tokens.json"
    if not path.is_file():
        raise UsageError(f"There is no table {name}", "Name tokens.json, or its folder.")
    return path


def _table(name: str) -> TokenTable:
    from tevr.tokens import TokenTable

    return TokenTable.load(_file(name))


def _split(name: str) -> Split:
    """How a table parts words."""
    from tevr.store import bundled

    if name == CHARACTERS:
        return list
    return _any_table(bundled(BUNDLED) / PAIRS if name == "bpe" else _file(name)).split


def _any_table(path: Path) -> TokenTable | BytePairs:
    from tevr.lm.bpe import BytePairs
    from tevr.tokens import TokenTable

    try:
        data = json_format.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no label table", "Check the name of the file.") from error
    pairs = isinstance(data, dict) and "merges" in data
    return BytePairs.read(path) if pairs else TokenTable.load(path)


def _characters(name: str) -> CharacterModel:
    """The character model in that file or folder, or the bundled one of that name.

    A folder of transformers holds the published predictor.
    """
    from tevr.lm.char_network import MANIFEST, NetworkModel
    from tevr.lm.characters import CharacterNgram
    from tevr.store import pretrained

    path = Path(name).expanduser()
    if (path / "config.json").is_file():
        from tevr.lm.byt5 import open_byt5

        return open_byt5(path)
    for folder in (path, pretrained() / name):
        if (folder / MANIFEST).is_file():
            return NetworkModel(folder)
        if (folder / NGRAMS).is_file():
            return CharacterNgram.read(folder / NGRAMS)
    if not path.is_file():
        cause = f"There is no character model {name}"
        raise UsageError(cause, f"Name a folder with {MANIFEST} or {NGRAMS}, or such a file.")
    return CharacterNgram.read(path)
