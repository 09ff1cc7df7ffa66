"""`tevr lm`: flags → one call that builds, mixes, measures or explains a language model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from tevr.cli.console import complain
from tevr.cli.groups import Json, Quiet, Texts, make_group, steps
from tevr.cli.tune import tune
from tevr.cli.values import count, number, size
from tevr.errors import UsageError

Force = Annotated[bool, Option("--force", help="Replace a language model that stands there.")]
Target = Annotated[Path, Option("--output-dir", "-o", metavar="DIR", help="The folder to write.")]
MaxSize = Annotated[
    int,
    Option(
        parser=size,
        metavar="SIZE",
        show_default="60MB",
        help="Largest size of the model's files together; pruned to fit.",
    ),
]
Bits = Annotated[int, Option(parser=count, metavar="N", help="Bits of a stored score, 2 to 16.")]
Arpa = Annotated[bool, Option("--arpa", help="Also write lm.arpa.gz for other programs.")]
Model = Annotated[
    str | None, Option("--lm", metavar="DIR", help="Language-model folder; else the bundled one.")
]


def make_lm_app() -> typer.Typer:
    """All commands of the group."""
    summary = "Make language models of texts, and look into them."
    return make_group(summary, build, mix, tune, perplexity, explain)


def build(
    texts: Texts,
    output_dir: Target,
    order: Annotated[
        int, Option(parser=count, metavar="N", help="Words of the longest n-grams, 2 to 6.")
    ] = 3,
    words: Annotated[
        int, Option(parser=count, metavar="N", help="Words of the vocabulary at most.")
    ] = 200_000,
    max_size: MaxSize = 60_000_000,
    held_out: Annotated[
        list[Path],
        Option(
            metavar="FILE", help="Sentences to leave out and measure on; repeat for more files."
        ),
    ] = [],  # noqa: B006 - read only
    mix_with: Annotated[
        str | None, Option("--mix", metavar="BASE", help="A language model to mix the texts with.")
    ] = None,
    weight: Annotated[
        float | None,
        Option(parser=number, metavar="X", help="Share of the texts, 0 to 1; else chosen."),
    ] = None,
    memory: Annotated[
        int,
        Option(parser=size, metavar="SIZE", show_default="2GB", help="Memory to keep to."),
    ] = 2_000_000_000,
    bits: Bits = 8,
    arpa: Arpa = False,
    keep_old_spelling: Annotated[
        bool, Option("--keep-old-spelling", help="Leave spelling from before 1996 as it is.")
    ] = False,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Learn a language model from texts.

    The folder can be given to transcribe as --lm. Documents that cannot be read are named and
    left out. With --mix, what the texts lack comes from another model, such as de-small.
    """
    from tevr.cli.lm_report import build_data, build_lines, print_json, print_lines
    from tevr.lm.build import BuildOptions
    from tevr.lm.build import build as build_model
    from tevr.lm.fitting import FitOptions

    options = BuildOptions(
        texts=texts,
        fit=FitOptions(output_dir, max_size=max_size, bits=bits, arpa=arpa, force=force),
        order=order,
        words=words,
        held_out=held_out,
        base=_model_path(mix_with) if mix_with else None,
        weight=weight,
        memory=memory,
        modern=not keep_old_spelling,
    )
    with steps(quiet=quiet) as show:
        report = build_model(options, show)
    for skipped in report.skipped:
        complain(f"Left out: {skipped.reason}")
    if json:
        print_json(build_data(report))
    else:
        print_lines(build_lines(report))
    return 0


def mix(
    models: Annotated[
        list[str], Argument(metavar="MODEL", help="Language-model folders; the base comes first.")
    ],
    output_dir: Target,
    weight: Annotated[
        list[str],
        Option(
            metavar="X", help="Share of each model but the base, in their order; else all alike."
        ),
    ] = [],  # noqa: B006 - read only
    max_size: MaxSize = 60_000_000,
    bits: Bits = 8,
    arpa: Arpa = False,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Mix language models into one.

    Every word of any of them is known; probabilities are added with the given weights. The base
    has what they leave of 1.
    """
    from tevr.cli.lm_report import mix_data, mix_lines, print_json, print_lines
    from tevr.lm.build import MixOptions, mix_folders
    from tevr.lm.fitting import FitOptions

    others = [number(text) for text in weight]
    if others and len(others) != len(models) - 1:
        cause = f"{len(others)} weights were given for {len(models) - 1} models beside the base"
        raise UsageError(cause, "Give one for each, or none.")
    options = MixOptions(
        folders=[_model_path(model) for model in models],
        weights=[1 - sum(others), *others] if others else None,
        fit=FitOptions(output_dir, max_size=max_size, bits=bits, arpa=arpa, force=force),
    )
    with steps(quiet=quiet) as show:
        folder = mix_folders(options, show)
    if json:
        print_json(mix_data(folder))
    else:
        print_lines(mix_lines(folder))
    return 0


def perplexity(
    texts: Annotated[list[Path], Argument(metavar="TEXT", help="Files or folders.")],
    model: Model = None,
    json: Json = False,
) -> int:
    """Measure how well a language model foresees a text.

    The lower the perplexity, the better; compare it only between models of like vocabulary, or
    look at the unknown words beside it.
    """
    from tevr.cli.lm_report import perplexity_data, perplexity_lines, print_json, print_lines
    from tevr.lm.folder import read_language_model
    from tevr.lm.ngram import LanguageModel
    from tevr.lm.training_text import read_sentences

    folder = read_language_model(_model_path(model))
    found = LanguageModel(folder.files.ngrams).perplexity(read_sentences(texts))
    if json:
        print_json(perplexity_data(found) or {})
    else:
        print_lines(perplexity_lines(found))
    return 0


def explain(
    sentence: Annotated[str, Argument(metavar="SENTENCE", help="Words as one writes them.")],
    model: Model = None,
    json: Json = False,
) -> int:
    """Show why a language model finds a sentence likely or not.

    For each word: the longest n-gram known that ends in it, the log10 of its probability, what
    backing off to shorter n-grams costs, and the sum of both.
    """
    from tevr.cli.lm_report import explanation_data, explanation_lines, print_json, print_lines
    from tevr.lm.corpus import normalise
    from tevr.lm.explanation import explain as explain_sentence
    from tevr.lm.folder import read_language_model
    from tevr.store import DEFAULT_MODEL, find

    folder = read_language_model(_model_path(model))
    usual = find(DEFAULT_MODEL).decoding.compound_offset
    offset = folder.decoding.get("compound_offset", usual)
    found = explain_sentence(folder, normalise(sentence), compound_offset=offset)
    if json:
        print_json(explanation_data(found))
    else:
        print_lines(explanation_lines(found))
    return 0


def _model_path(model: str | None) -> Path:
    """The folder of a language model; an installed model may be called by its name."""
    from tevr.store import DEFAULT_MODEL, bundled, find, installed

    if model is None:
        return bundled(DEFAULT_MODEL)
    path = Path(model).expanduser()
    return find(model).folder if model in installed() and not path.exists() else path
