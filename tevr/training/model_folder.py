"""A run of `tevr train` → a model folder that `tevr.load` opens, and a card of its making."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from tevr.errors import ModelError, OutputError, TevrError, UsageError
from tevr.lm.folder import LanguageModelFolder, read_language_model
from tevr.lm.scratch import scratch_folder
from tevr.lm.whole_file import whole_file
from tevr.onnx_model import LEAST, PAUSE
from tevr.recognizer import load
from tevr.store import (
    DEFAULT_MODEL,
    ModelFiles,
    bundled,
    find,
    installed,
    read_manifest,
    write_manifest,
)
from tevr.tokens import TokenTable
from tevr.training.card import Facts, write_card
from tevr.training.export import export_float, quantise
from tevr.training.finished_run import (
    FinishedRun,
    Recording,
    check_readable,
    open_run,
    read_clips,
)
from tevr.training.network import SAMPLE_RATE, AcousticNetwork
from tevr.training.parity import Errors, Parity, compare, count_errors, padded, spread
from tevr.training.preparation import open_tokens
from tevr.training.run_folder import CURVE
from tevr.training.whisper_ctc import read_network
from tevr.transcript import Options

ACOUSTIC, TOKENS, CARD = "model.onnx", "tokens.json", "README.md"
#: Clips on which it is tried which weights rounding harms; each is heard once for every product.
TRIED = 12
#: Clips on which the three forms of the network are compared.
COMPARED = 100
#: Decoder by its title in the card.
DECODERS: dict[str, Literal["greedy", "beam"]] = {"greedy": "greedy", "with language model": "beam"}

Show = Callable[[str, float], None]


@dataclass(frozen=True)
class ExportOptions:
    """What is exported, and how.

    Attributes:
        checkpoint: a run's folder, or weights in it.
        folder: to write; missing or empty.
        clips: folder of recordings to round and compare with; ``None``: the run's dev clips.
        language_model: a bundled model, or a folder with a language model; its search settings go
            with it.
        name: of the model; ``None``: that of the folder.
        tests: folders of recordings with manifests, to measure the whole model on.
        licences: sentence about the licence of each source of clips, by its folder's name.
        exact: where to keep the float32 graph, or ``None``.
    """

    checkpoint: Path
    folder: Path
    clips: Path | None = None
    language_model: str = DEFAULT_MODEL
    name: str | None = None
    tests: Sequence[Path] = ()
    licences: Mapping[str, str] = field(default_factory=dict)
    exact: Path | None = None


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        files: of the model.
        parity: what export and rounding changed.
        tests: errors of the whole model by folder of recordings and decoder.
    """

    files: ModelFiles
    parity: Parity
    tests: Mapping[tuple[str, str], Errors]


def export_model(options: ExportOptions, show: Show) -> Exported:
    """Write a model folder; it appears whole or not at all.

    Args:
        options: what and how.
        show: told what is being done, and how far it has come, 0 to 1.

    Raises:
        ModelError: weights, labels or language model cannot be used or do not fit each other.
        UsageError: the folder is in use, or there are no clips to round with.
        AudioError: a clip cannot be read.
        OutputError: the folder cannot be written.
    """
    _check_target(options.folder)
    run = open_run(options.checkpoint)
    tokens = open_tokens(run.tokens)
    network = read_network(run.weights)
    if len(tokens.labels) != network.config.labels:
        cause = f"{run.tokens} has {len(tokens.labels)} labels, the network {network.config.labels}"
        raise ModelError(cause, "Put back the label table that the run was started with.")
    longest = _longest(network)
    clips = _clips(run, options.clips, longest)
    tests = _tests(options.tests)
    language_model = _language_model(options.language_model)
    with scratch_folder(options.folder.absolute().parent) as scratch, _written(options.folder):
        new, exact = scratch / "new", scratch / "float.onnx"
        new.mkdir()
        parity = _write_graphs(new, exact, network, tokens, clips, show)
        files = _write_rest(new, tokens, language_model, longest, options)
        errors = _measure(new, tests, show)
        write_card(Facts(run, files, network, parity, errors, options.licences), new / CARD)
        if (run.folder / CURVE).is_file():
            shutil.copyfile(run.folder / CURVE, new / CURVE)
        if options.exact is not None:
            with whole_file(options.exact) as stream, exact.open("rb") as source:
                shutil.copyfileobj(source, stream)
        if options.folder.exists():
            options.folder.rmdir()  # empty; not all systems rename over it
        new.rename(options.folder)
    return Exported(find(str(options.folder)), parity, errors)


def _check_target(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} is there already", "Choose a new or empty folder.")


def _longest(network: AcousticNetwork) -> float:
    """Seconds that the recogniser may let the network hear at once, silence behind them apart."""
    heard = network.config.longest
    if heard < LEAST:
        cause = f"The network hears {heard / SAMPLE_RATE:g} s at once, the recogniser at least"
        raise ModelError(f"{cause} {LEAST / SAMPLE_RATE:g} s", "Train one with more positions.")
    return min(find(DEFAULT_MODEL).longest, (heard - PAUSE) / SAMPLE_RATE)


def _clips(run: FinishedRun, folder: Path | None, longest: float) -> list[Recording]:
    """Readable clips to round and compare with, evenly from all there are."""
    clips = run.dev_clips() if folder is None else read_clips(folder)
    if not clips:
        cause = f"The run in {run.folder} kept no clips to measure on, which rounding needs"
        raise UsageError(cause, "Name a folder of recordings with --clips.")
    chosen = list(spread(clips, COMPARED))
    for clip in chosen:
        if (seconds := len(clip.samples()) / SAMPLE_RATE) > longest:
            cause = f"{clip.path} lasts {seconds:.1f} s, of which the network hears {longest:g} s"
            raise UsageError(cause, "Leave longer clips out of the manifest.")
    return chosen


def _tests(folders: Sequence[Path]) -> dict[str, list[Recording]]:
    """Recordings to measure on by the names of their folders."""
    tests: dict[str, list[Recording]] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in tests:
            raise UsageError(f"Two folders to test on are called {name}", "Rename one of them.")
        tests[name] = read_clips(folder, spoken=True)
        check_readable(tests[name])
    return tests


def _write_graphs(
    new: Path,
    exact: Path,
    network: AcousticNetwork,
    tokens: TokenTable,
    clips: Sequence[Recording],
    show: Show,
) -> Parity:
    """Write the float32 graph and the rounded one, and compare them."""
    show("Exporting", 0.0)
    export_float(network, exact)
    rounded = new / ACOUSTIC
    tried = [padded(clip.samples()) for clip in spread(clips, TRIED)]
    quantise(exact, rounded, tried, show=partial(show, "Rounding"))
    return compare(network, exact, rounded, tokens, clips, partial(show, "Comparing"))


def _language_model(name: str) -> LanguageModelFolder:
    """A bundled or any other language model, its checksums compared."""
    folder = read_language_model(bundled(name) if name in installed() else Path(name).expanduser())
    folder.verify()
    return folder


def _write_rest(
    new: Path,
    tokens: TokenTable,
    language_model: LanguageModelFolder,
    longest: float,
    options: ExportOptions,
) -> ModelFiles:
    """Write labels, language model and manifest; the search is what the language model has."""
    (new / TOKENS).write_text(tokens.to_json(), encoding="utf-8")
    usual = find(DEFAULT_MODEL)
    given = language_model.files
    paths = given.ngrams, given.unigrams, given.lexicon
    for path in paths:
        if path is not None:
            shutil.copyfile(path, new / path.name)
    files = ModelFiles(
        name=options.name or options.folder.resolve().name,
        folder=new,
        acoustic=ACOUSTIC,
        tokens=TOKENS,
        language_model=paths[0].name,
        unigrams=paths[1].name,
        lexicon=None if paths[2] is None else paths[2].name,
        longest=longest,
        decoding=language_model.tuned(usual.decoding),
        timing=usual.timing,
        records={},
    )
    write_manifest(files)
    return read_manifest(new)


def _measure(
    new: Path, tests: Mapping[str, Sequence[Recording]], show: Show
) -> dict[tuple[str, str], Errors]:
    """Read folders of recordings with the whole model, from file to text."""
    errors: dict[tuple[str, str], Errors] = {}
    if not tests:
        return errors
    for title, decoder in DECODERS.items():
        recognizer = load(str(new), Options(decoder=decoder))
        for name, clips in tests.items():
            pairs = []
            for done, clip in enumerate(clips):
                show(f"Reading {name}, {title}", done / len(clips))
                pairs.append((clip.text or "", recognizer.transcribe(clip.path).text))
            errors[name, title] = count_errors(pairs)
    return errors


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Turn what the disk raises into an error that names the folder."""
    try:
        yield
    except OSError as error:
        if isinstance(error, TevrError):
            raise
        cause = f"The model {folder} cannot be written ({error.strerror or error})"
        raise OutputError(cause, "Free some space, or choose another folder.") from error
