"""A Wav2Vec2ForCTC folder as published → a model folder: an int8 graph, labels, language model."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm.beam import BeamSettings, read_unigrams
from tevr.lm.lexicon import encode, write_lexicon
from tevr.lm.ngram import LanguageModel
from tevr.lm.scratch import scratch_folder
from tevr.store import (
    WAV2VEC2,
    ModelFiles,
    Source,
    find,
    put,
    read_manifest,
    unwritten,
    write_manifest,
)
from tevr.wav2vec2.config import CONFIG, Config
from tevr.wav2vec2.folder import describe, read_labels
from tevr.wav2vec2.network import Precisions, write_network
from tevr.wav2vec2.weights import Checkpoint, write_bf16

Form = Literal["cpu", "torch", "both"]
"""What a converted model can be run by: ONNX Runtime, torch on a graphics card, or either."""
Progress = Callable[[str, float], None]
"""Told what is being done and what share of it is done, 0 to 1."""
GRAPH, NETWORK, TOKENS = "model.onnx", "model.safetensors", "tokens.json"
NGRAMS, UNIGRAMS, LEXICON = "lm.bin", "unigrams.txt", "lexicon.bin"
FLOAT32 = Precisions()
#: Safe whatever a network's numbers are like, and about as exact as bfloat16.
INT8 = Precisions("float32", "blocks", "blocks", "blocks", "blocks")
#: Coarser where inputs come from a normalisation, which keeps frames alike.
FAST = Precisions("float32", "columns", "blocks", "columns", "blocks")


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """What is converted, and how.

    Attributes:
        source: a folder with a Wav2Vec2ForCTC network.
        target: the model folder to make.
        name: of the model; ``None`` for that of the target.
        form: what shall be able to run it.
        precisions: how the weights of the graph are kept.
        decoding: what the beam search shall do; ``None`` for what the source says.
        origin: where the source was published, if it is known.
        force: replace a model that stands at the target.
    """

    source: Path
    target: Path
    name: str | None = None
    form: Form = "cpu"
    precisions: Precisions = INT8
    decoding: BeamSettings | None = None
    origin: Source | None = None
    force: bool = False


def convert(options: ConvertOptions, progress: Progress) -> ModelFiles:
    """Convert a network; its model folder appears whole or not at all.

    Raises:
        ModelError: the source is damaged, incomplete or of another kind.
        UsageError: something else stands at the target.
        OutputError: the target cannot be written.
    """
    given = describe(options.source)
    check_target(options.target, force=options.force)
    try:
        with scratch_folder(options.target.absolute().parent) as scratch:
            new = scratch / "new"
            new.mkdir()
            files = _converted(options, given, new, progress)
            progress("checksums", 0.0)
            write_manifest(files)
            put(new, options.target, scratch / "old")
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise unwritten(options.target, error) from error
    return find(str(options.target.absolute()))


def check_target(target: Path, *, force: bool) -> None:
    """Refuse to write a model where something else lies.

    Raises:
        UsageError: the target is a file, a folder with other things, or a model to be kept.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        found = read_manifest(target)
    except ModelError:
        raise UsageError(f"{target} is there already", "Choose another name.") from None
    others = {path.name for path in target.iterdir()} - {"model.json", *found.names}
    if others:
        cause = f"The model folder {target} also holds {min(others)}"
        raise UsageError(cause, "Move that away, or choose another name.")
    if not force:
        raise UsageError(f"{target} is there already", "Replace it with --force, or rename it.")


def _converted(
    options: ConvertOptions, given: ModelFiles, new: Path, progress: Progress
) -> ModelFiles:
    """Write the parts of the model into an empty folder."""
    config = Config.read(options.source)
    files = replace(
        _with_language_model(given, new, progress),
        name=options.name or options.target.absolute().name,
        tokens=TOKENS,
        decoding=options.decoding or given.decoding,
        kind=WAV2VEC2,
        source=options.origin or Source(options.source.resolve().name),
    )
    (new / TOKENS).write_text(read_labels(options.source).to_json(), encoding="utf-8")
    beside: list[str] = []
    with Checkpoint(options.source / given.acoustic) as checkpoint:
        if options.form != "cpu":
            write_bf16(checkpoint, new / NETWORK, lambda share: progress("weights", share))
            shutil.copyfile(options.source / CONFIG, new / CONFIG)
            files = replace(files, network=NETWORK, acoustic=NETWORK)
            beside.append(CONFIG)
        if options.form != "torch":
            data = write_network(
                checkpoint,
                config,
                new / GRAPH,
                options.precisions,
                lambda share: progress("graph", share),
            )
            beside.append(data.name)
            files = replace(files, acoustic=GRAPH)
    return replace(files, beside=tuple(beside))


def _with_language_model(given: ModelFiles, new: Path, progress: Progress) -> ModelFiles:
    """Take over the language model, with its words as the search maps them."""
    found = given.language_model_files
    files = replace(given, folder=new)
    if found is None:
        return files
    progress("language model", 0.0)
    copy_checked(found.ngrams, new / NGRAMS)
    words = [word for word in dict.fromkeys(read_unigrams(found.unigrams)) if word]
    (new / UNIGRAMS).write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
    model = LanguageModel(new / NGRAMS)
    known = [word for word in words if word in model]
    scores = [model.score(word, start=False, end=False) for word in known]
    write_lexicon(encode(known, scores), new / LEXICON)
    return replace(files, language_model=NGRAMS, unigrams=UNIGRAMS, lexicon=LEXICON)


def copy_checked(source: Path, target: Path) -> str:
    """Copy a file and compare the copy with it; returns their SHA-256.

    Raises:
        ModelError: the file cannot be read.
        OutputError: the copy differs.
        OSError: the copy cannot be written.
    """
    try:
        wanted = sha256(source)
    except OSError as error:
        cause = f"{source} cannot be read ({error.strerror})"
        raise ModelError(cause, "Check the path, or copy it again.") from error
    shutil.copyfile(source, target)
    if sha256(target) != wanted:
        raise OutputError(f"{target} is no true copy of {source}", "Check the disk.")
    return wanted


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
