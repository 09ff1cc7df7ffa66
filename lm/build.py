"""Texts, or several language models → a language-model folder, and a report on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic

from tevr.errors import UsageError
from tevr.lm.backoff import BackoffModel, Ids
from tevr.lm.cleaning import CleanOptions
from tevr.lm.composition import MixedPart, mixed
from tevr.lm.compounds import learn
from tevr.lm.counts import LONGEST, MEMORY, Progress, no_progress
from tevr.lm.documents import Skipped
from tevr.lm.fitting import FitOptions, unigram_scores, write_fitting
from tevr.lm.folder import LanguageModelFolder, check_target, read_language_model
from tevr.lm.held_out import HeldOut, read_held_out
from tevr.lm.kneser_ney import Estimate, EstimateOptions, estimate
from tevr.lm.lexicon import Compounding, Lexicon
from tevr.lm.manifest import Origin, Parent
from tevr.lm.mixture import best_weight, mix
from tevr.lm.ngram import LanguageModel, Perplexity
from tevr.lm.scratch import scratch_folder
from tevr.lm.token_ids import Vocabulary
from tevr.lm.training_text import GatherOptions, TrainingText, gather
from tevr.lm.trie_layout import LEAST_ORDER

WORDS = 200_000
"""Words of a vocabulary by default, the most frequent ones."""
SMALL_WEIGHT = 0.2
"""Weight of texts beside a base where they are too few to choose it on."""
_EVERY = 20
"""One sentence in so many is set aside to choose the weight on, …"""
_LEAST_ASIDE, _MOST_ASIDE = 10, 2000
"""… but not fewer and not more than these."""
_LEAST_WEIGHT = 0.05
"""Least share of either in a chosen mixture: texts to come differ more than those set aside."""
_LONGEST_WORD = 100
"""Letters of a word that is learnt; what is longer is no word."""


@dataclass(frozen=True)
class BuildOptions:
    """What a language model is built from, and how.

    Attributes:
        texts: files and folders.
        fit: where and how large it is written.
        order: words of the longest n-grams, 2 to 6.
        words: words of the vocabulary at most, the most frequent ones.
        held_out: files with sentences that must not be learnt; the model is measured on them.
        base: a language-model folder to mix with.
        weight: share of the texts in that mixture, between 0 and 1; chosen if None.
        memory: bytes the process may take.
        modern: turn old spelling into that of today.
        workers: processes that clean text.
    """

    texts: Sequence[Path]
    fit: FitOptions
    order: int = 3
    words: int = WORDS
    held_out: Sequence[Path] = ()
    base: Path | None = None
    weight: float | None = None
    memory: int = MEMORY
    modern: bool = True
    workers: int = 2

    def __post_init__(self) -> None:
        if not LEAST_ORDER <= self.order <= LONGEST:
            cause = f"A language model of order {self.order} cannot be built"
            raise UsageError(cause, f"Choose {LEAST_ORDER} to {LONGEST}.")
        if self.words < 1:
            raise UsageError(f"{self.words} words make no vocabulary", "Allow 1 or more.")
        if self.weight is not None and self.base is None:
            cause = "A weight was given, but no language model to mix the texts with"
            raise UsageError(cause, "Name one with --mix, or leave the weight out.")
        if self.weight is not None and not 0 < self.weight < 1:
            cause = f"{self.weight:g} is no weight"
            raise UsageError(cause, "Give a number above 0 and below 1.")
        _ = EstimateOptions(order=self.order, memory=self.memory)  # checks the memory


@dataclass(frozen=True)
class BuildReport:
    """What a language model was built from, and what became of it.

    Attributes:
        folder: the model.
        files: documents found.
        skipped: those that could not be read, or not to their end.
        sentences: sentences learnt from.
        words: words in them.
        different: different words in them.
        repeated: sentences dropped as exact copies.
        exact: sentences dropped because they are held out.
        near: sentences dropped because they are nearly a held-out one.
        full_sizes: n-grams by length before pruning.
        bytes: size of all files that recognition needs.
        weight: share of the texts, where mixed.
        chosen_on: sentences that the weight was chosen on, 0 if it was given.
        perplexity: of the model on the held-out sentences.
        base_perplexity: of the base alone on them.
        seconds: how long it took.
    """

    folder: LanguageModelFolder
    files: int
    skipped: tuple[Skipped, ...]
    sentences: int
    words: int
    different: int
    repeated: int
    exact: int
    near: int
    full_sizes: tuple[int, ...]
    bytes: int
    weight: float | None
    chosen_on: int
    perplexity: Perplexity | None
    base_perplexity: Perplexity | None
    seconds: float


@dataclass(frozen=True)
class MixOptions:
    """Which language models are mixed.

    Attributes:
        folders: the models.
        weights: their shares, above 0, of sum 1; None for equal ones.
        fit: where and how large the mixture is written.
    """

    folders: Sequence[Path]
    fit: FitOptions
    weights: Sequence[float] | None = None


def build(options: BuildOptions, progress: Progress = no_progress) -> BuildReport:
    """Build a language model from texts.

    Intermediate results lie in a folder beside the target and are removed in the end.

    Raises:
        UsageError: a path is missing, an option is wrong, or the target must not be replaced.
        ModelError: there is nothing to learn from, the base cannot be read or memory is short.
        OutputError: the disk is full.
    """
    started = monotonic()
    check_target(options.fit.target, force=options.fit.force)
    base = _Base.read(options.base) if options.base else None
    held_out = read_held_out(options.held_out)
    with scratch_folder(options.fit.target.absolute().parent) as work:
        text = gather(
            options.texts,
            work / "sentences.txt",
            HeldOut(held_out),
            GatherOptions(CleanOptions(modern=options.modern), options.memory, options.workers),
            progress,
        )
        learner = _Learner(options, text, work, progress)
        weight, chosen_on = learner.weight(base) if base else (None, 0)
        own = learner.learn(text.read(), _vocabulary(text.counts, options.words))
        folder, full_sizes = _write(options, text, own, base, weight, progress)
    files = folder.files
    needed = [path for path in (files.ngrams, files.unigrams, files.lexicon) if path]
    return BuildReport(
        folder=folder,
        files=text.files,
        skipped=text.skipped,
        sentences=text.sentences,
        words=text.words,
        different=len(text.counts),
        repeated=text.repeated,
        exact=text.exact,
        near=text.near,
        full_sizes=full_sizes,
        bytes=sum(path.stat().st_size for path in needed),
        weight=weight,
        chosen_on=chosen_on,
        perplexity=_measure(folder, held_out),
        base_perplexity=_measure(base.folder, held_out) if base else None,
        seconds=monotonic() - started,
    )


def mix_folders(options: MixOptions, progress: Progress = no_progress) -> LanguageModelFolder:
    """Mix language models into one.

    Raises:
        UsageError: the weights are wrong, or the target must not be replaced.
        ModelError: a model cannot be read.
        OutputError: the disk is full.
    """
    check_target(options.fit.target, force=options.fit.force)
    number = len(options.folders)
    weights = options.weights or [1 / number] * number
    if len(weights) != number:
        cause = f"{len(weights)} weights were given for {number} language models"
        raise UsageError(cause, "Give one for each.")
    progress("reading models", 0.0)
    parents = [_Base.read(path) for path in options.folders]
    progress("mixing", 0.0)
    mixture = mix([(each.model, weight) for each, weight in zip(parents, weights, strict=True)])
    words = unigram_scores(mixture)
    made = mixed(
        [
            MixedPart(each.made, each.words, weight)
            for each, weight in zip(parents, weights, strict=True)
        ],
        words,
    )
    names = [each.folder.name for each in parents]
    origin = Origin(
        name=options.fit.target.absolute().name,
        sizes=(),
        parents=tuple(map(Parent, names, weights)),
    )
    progress("writing", 0.0)
    return write_fitting(mixture, words, made, origin, options.fit)


@dataclass(frozen=True)
class _Base:
    """A language model in memory."""

    folder: LanguageModelFolder
    model: BackoffModel
    words: Mapping[str, float]
    made: Compounding

    @classmethod
    def read(cls, path: Path) -> _Base:
        folder = read_language_model(path)
        model = folder.model()
        lexicon = folder.files.lexicon
        made = Lexicon.open(lexicon).compounding() if lexicon else Compounding()
        return cls(folder, model, unigram_scores(model), made)


@dataclass(frozen=True)
class _Learner:
    """The texts, and how they are learnt."""

    options: BuildOptions
    text: TrainingText
    work: Path
    progress: Progress

    def learn(self, sentences: Iterable[str], words: Sequence[str] | None) -> Estimate:
        """Estimate a model of a given vocabulary, or of all words."""
        how = EstimateOptions(
            order=self.options.order,
            vocabulary=Vocabulary(words=words),
            memory=self.options.memory,
        )
        return estimate(sentences, how, self.work, self.progress)

    def weight(self, base: _Base) -> tuple[float, int]:
        """Return the share of the texts beside a base, and on how many sentences it was chosen.

        Every twentieth sentence is set aside and foretold by a model of the others.
        """
        if self.options.weight is not None:
            return self.options.weight, 0
        aside = list(islice(islice(self.text.read(), _EVERY - 1, None, _EVERY), _MOST_ASIDE))
        if len(aside) < _LEAST_ASIDE:
            return SMALL_WEIGHT, 0
        last = len(aside) * _EVERY
        others = (
            sentence
            for number, sentence in enumerate(self.text.read(), 1)
            if number % _EVERY or number > last
        )
        own = self.learn(others, None).model
        self.progress("choosing the weight", 0.0)
        chosen = best_weight(own, base.model, aside)
        return min(max(chosen, _LEAST_WEIGHT), 1 - _LEAST_WEIGHT), len(aside)


def _vocabulary(counts: Counter[str], most: int) -> list[str]:
    """Return the most frequent words; ties by alphabet."""
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return [word for word in ordered if len(word) <= _LONGEST_WORD][:most]


def _write(
    options: BuildOptions,
    text: TrainingText,
    own: Estimate,
    base: _Base | None,
    weight: float | None,
    progress: Progress,
) -> tuple[LanguageModelFolder, tuple[int, ...]]:
    """Mix with the base if there is one, and write; return n-grams before pruning too."""
    name = options.fit.target.absolute().name
    parents: tuple[Parent, ...] = ()
    model: BackoffModel = own.model
    history_counts: Sequence[Ids] | None = own.counts
    if base and weight is not None:
        progress("mixing", 0.0)
        model, history_counts = mix([(own.model, weight), (base.model, 1 - weight)]), None
        parents = (Parent(name, weight), Parent(base.folder.name, 1 - weight))
    words = unigram_scores(model)
    progress("learning compounds", 0.0)
    made = _compounding(text.counts, words, base, weight)
    origin = Origin(
        name=name,
        sizes=(),
        sentences=text.sentences,
        words=text.words,
        texts=tuple(path.absolute().name for path in options.texts),
        parents=parents,
    )
    progress("writing", 0.0)
    folder = write_fitting(model, words, made, origin, options.fit, history_counts)
    return folder, tuple(model.sizes)


def _compounding(
    counts: Counter[str],
    words: Mapping[str, float],
    base: _Base | None,
    weight: float | None,
) -> Compounding:
    """Learn how words are composed, together with what the base knows of it."""
    # Words met once stand for those not met yet: the share of compounds among them is the rate
    # of new ones (Good 1953), which could not be seen where all words are in the vocabulary.
    elsewhere = base.words if base else {}
    known = {word: log10 for word, log10 in words.items() if counts[word] != 1 or word in elsewhere}
    made = learn(counts, known)
    if not base or weight is None:
        return made
    parts = [MixedPart(made, known, weight), MixedPart(base.made, base.words, 1 - weight)]
    return mixed(parts, words)


def _measure(folder: LanguageModelFolder, sentences: Sequence[str]) -> Perplexity | None:
    """Return the perplexity on the held-out sentences; None without any."""
    return LanguageModel(folder.files.ngrams).perplexity(sentences) if sentences else None
