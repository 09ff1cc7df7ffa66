"""Words that hypotheses have finished → their scores, each found once for the words before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tevr.lm.ngram import LanguageModel
from tevr.lm.prefixes import Prefix, Prefixes, PrefixSettings

_PREFIX_BITS = 40  # room for the code of a prefix and a label below that of a history


class History:
    """The finished words of a hypothesis; each is made once for the words before it."""

    __slots__ = ("before", "code", "language", "longer", "score", "state", "word")

    def __init__(self, before: History | None, word: str, code: int, state: Any) -> None:  # noqa: ANN401 (kenlm has no types)
        self.before = before
        self.word = word
        self.code = code
        self.state = state
        self.score = 0.0
        """Natural-log score of the words: language model, word bonus and hot-words."""
        self.language = 0.0
        """log10 of the language model alone."""
        self.longer: dict[str, History] = {}

    def words(self) -> list[str]:
        """From the first to the last."""
        found: list[str] = []
        history: History | None = self
        while history is not None and history.before is not None:
            found.append(history.word)
            history = history.before
        return found[::-1]


class Histories:
    """The histories of one search.

    Args:
        model: scores words as they are completed; ``None`` scores none.
        prefixes: letters of words, those before included.
        settings: weight of the model and bonus for a word.
        before: words that were said before the first; they count for the model's state alone.

    Attributes:
        root: the history without a word.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        prefixes: Prefixes,
        settings: PrefixSettings,
        before: Iterable[str] = (),
    ) -> None:
        self._model = model
        self._settings = settings
        self._made = 0
        state = None
        if model is not None:
            state = model.begin()
            for word in before:
                _, state = model.advance(state, prefixes.scored_as(word))
        self.root = self._make(None, "", state)

    def close(self, before: History, prefix: Prefix) -> History:
        """The history after one more word."""
        settings = self._settings
        if self._model is None:
            history = self._make(before, prefix.text, None)
        else:
            log10, state = self._model.advance(before.state, prefix.word)
            history = self._make(before, prefix.text, state)
            history.language = before.language + log10 + prefix.extra
            history.score = settings.word_weight * (log10 + prefix.extra) + settings.word_bonus
        history.score += before.score
        history.score += prefix.hot
        before.longer[prefix.text] = history
        return history

    def end(self, history: History) -> float:
        """log10 of the sentence's end after a history."""
        return self._model.advance(history.state, "</s>")[0] if self._model else 0.0

    def _make(self, before: History | None, word: str, state: Any) -> History:  # noqa: ANN401
        self._made += 1
        return History(before, word, self._made << _PREFIX_BITS, state)
