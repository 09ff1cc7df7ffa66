"""A sentence → why a language model gives it its probability, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tevr.errors import UsageError
from tevr.lm.backoff import END, MARKERS, START
from tevr.lm.composition import Composition, compose
from tevr.lm.folder import LanguageModelFolder
from tevr.lm.lexicon import Lexicon
from tevr.lm.ngram import LanguageModel, WordScore


@dataclass(frozen=True, slots=True)
class ExplainedWord:
    """Where the score of a word comes from; `ngram_log10`, `back_off` and `composing` add up.

    Attributes:
        word: the word, or `</s>` for the end of the sentence.
        log10: log10 of its probability after the words before it.
        ngram: length of the longest n-gram, ending in this word, that the model has.
        ngram_log10: log10 of the probability that this n-gram says.
        back_off: log10 of the weights taken because longer n-grams are missing; 0 if none is.
        known: whether the word is in the vocabulary.
        parts: modifiers and head of a word composed of known parts, whose head the n-grams
            judge in its stead; empty for others.
        composing: log10 of what composing adds; 0 for others.
    """

    word: str
    log10: float
    ngram: int
    ngram_log10: float
    back_off: float
    known: bool
    parts: tuple[str, ...] = ()
    composing: float = 0.0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence explained.

    Attributes:
        words: its words, and its end.
    """

    words: tuple[ExplainedWord, ...]

    @property
    def log10(self) -> float:
        """log10 of the probability of the whole sentence."""
        return sum(word.log10 for word in self.words)

    @property
    def perplexity(self) -> float:
        """Perplexity over the words and the sentence end."""
        return float(10.0 ** (-self.log10 / len(self.words)))


def explain(
    folder: LanguageModelFolder, sentence: str, *, compound_offset: float | None = None
) -> Explanation:
    """Explain how a language model scores a sentence in the search.

    Args:
        folder: the language model.
        sentence: normalised.
        compound_offset: as in `BeamSettings`; None takes no unknown word apart.

    Raises:
        UsageError: the sentence holds no words.
        ModelError: the language model cannot be opened.
    """
    words = sentence.split()
    if not words:
        raise UsageError("The sentence holds no words", "Write some German words.")
    model = LanguageModel(folder.files.ngrams)
    lexicon = Lexicon.open(folder.files.lexicon) if folder.files.lexicon else None
    composed: list[Composition | None] = []
    for word in words:
        splits = lexicon is not None and compound_offset is not None and word not in model
        composed.append(compose(lexicon, word) if splits and lexicon else None)
    # The head of a composed word stands for it, also as what comes before the next.
    judged = [made.head if made else word for word, made in zip(words, composed, strict=True)]
    explained = []
    for index, score in enumerate(model.words(" ".join(judged))):
        ngram_log10 = _of_ngram(model, judged[:index], score)
        made = composed[index] if index < len(words) else None
        composing = made.log10 + (compound_offset or 0.0) if made else 0.0
        explained.append(
            ExplainedWord(
                word=words[index] if index < len(words) else score.word,
                log10=score.log10 + composing,
                ngram=score.ngram,
                ngram_log10=ngram_log10,
                back_off=score.log10 - ngram_log10,
                known=score.known and made is None,
                parts=made.parts if made else (),
                composing=composing,
            )
        )
    return Explanation(tuple(explained))


def _of_ngram(model: LanguageModel, before: Sequence[str], score: WordScore) -> float:
    """Return log10 of what the longest n-gram itself says: no word before it, no back-off."""
    start, end = MARKERS[START], MARKERS[END]
    history = [start, *before]
    history = history[len(history) - (score.ngram - 1) :]
    is_end = score.word == end
    words = [word for word in history if word != start] + ([] if is_end else [score.word])
    *_, last = model.words(" ".join(words), start=start in history, end=is_end)
    return last.log10
