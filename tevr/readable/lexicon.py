"""A word as it is said → how often it is written how: its cases, its spelling with ß, its own form.

The folder holds `words.txt` (one word a line, the most frequent first), `odds.npy` (int8, what is
known of each) and `forms.tsv` (word, its spelling with ß if any, its own capitals if any).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tevr.errors import ModelError

WORDS, ODDS, FORMS = "words.txt", "odds.npy", "forms.tsv"
STEPS: Final = 16
"""Of an int8 to 1 in natural-log odds."""
CAPITAL_ODDS, UPPER_ODDS, LISTED_ODDS, SHARP_ODDS, FREQUENCY = range(5)
"""Columns of `odds`: of a capital to small letters, of large letters to others, of the listed form
to others, of ß to ss, and the logarithm of how often the word was counted."""
COLUMNS: Final = 5

_SHORTEST_PIECE = 4  # letters; shorter ones tell nothing of a compound
# Rare short words are chance finds in longer ones: of those, only frequent ones count as pieces.
_PIECES_OF_FOUR = 20_000
_PIECES = 100_000


@dataclass(frozen=True)
class Lexicon:
    """What was counted of words, in lower case and with ss.

    Attributes:
        ranks: word → place in the order of frequency, from 0.
        odds: int8 (words, COLUMNS), STEPS to one.
        sharp: word → its lower-case spelling with ß, if it has been seen with one.
        listed: word → its form where that is neither small, capital nor large: ``gmbh`` → ``GmbH``.
    """

    ranks: dict[str, int]
    odds: NDArray[np.int8]
    sharp: dict[str, str]
    listed: dict[str, str]

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Open a folder.

        Raises:
            ModelError: a file is missing or does not fit the others.
        """
        try:
            words = (folder / WORDS).read_text(encoding="utf-8").splitlines()
            odds = np.load(folder / ODDS)
            lines = (folder / FORMS).read_text(encoding="utf-8").splitlines()
            rows = [tuple(line.split("\t")) for line in lines]
            sharp = {word: form for word, form, _ in rows if form}
            listed = {word: form for word, _, form in rows if form}
        except (OSError, ValueError) as error:
            raise ModelError(
                f"The lexicon in {folder} cannot be read ({error})", "Install tevr again."
            ) from error
        if odds.shape != (len(words), COLUMNS) or odds.dtype != np.int8:
            raise ModelError(
                f"The lexicon in {folder} has files that do not fit", "Install tevr again."
            )
        return cls(dict(zip(words, range(len(words)), strict=True)), odds, sharp, listed)

    def save(self, folder: Path) -> None:
        """Write the files of a folder that exists."""
        (folder / WORDS).write_text("".join(f"{word}\n" for word in self.ranks), encoding="utf-8")
        np.save(folder / ODDS, self.odds)
        both = sorted(self.sharp.keys() | self.listed.keys())
        lines = [f"{w}\t{self.sharp.get(w, '')}\t{self.listed.get(w, '')}\n" for w in both]
        (folder / FORMS).write_text("".join(lines), encoding="utf-8")

    def row(self, word: str) -> NDArray[np.float32]:
        """Return the natural-log odds of a known word, (COLUMNS,)."""
        steps: NDArray[np.int8] = self.odds[self.ranks[word]]
        return steps.astype(np.float32) / np.float32(STEPS)

    def head(self, word: str) -> str | None:
        """Return the longest known word that a longer one ends with; German compounds end so."""
        for start in range(1, len(word) - _SHORTEST_PIECE + 1):
            if word[start:] in self.ranks:
                return word[start:]
        return None

    def spelt_sharp(self, word: str, *, known: bool = True) -> tuple[str, float]:
        """Return how a word would be spelt with ß, in lower case, and the log odds that it is.

        Of an unknown word, each ss is spelt as in the longest known word within it that holds it.

        Args:
            word: in lower case and with ss.
            known: whether the lexicon may be asked for the word itself.
        """
        if "ss" not in word:
            return word, 0.0
        if known and word in self.ranks:
            odds = float(self.odds[self.ranks[word], SHARP_ODDS]) / STEPS
            return self.sharp.get(word, word), odds
        spelt, odds, place = word, 0.0, word.find("ss")
        while place >= 0:
            piece, start = self._piece(word, place)
            form = self.sharp.get(piece, piece)
            if piece:
                found = float(self.odds[self.ranks[piece], SHARP_ODDS]) / STEPS
                odds = found if odds == 0 or found > odds else odds
            if (
                form != piece
                and form[: place - start] == piece[: place - start]
                and (form[place - start] == "ß")
            ):
                spelt = _with_sharp(spelt, word, place)
            place = word.find("ss", place + 2)
        return spelt, odds

    def _piece(self, word: str, place: int) -> tuple[str, int]:
        """Return the longest known word within another over two letters, and where it starts."""
        for size in range(len(word) - 1, _SHORTEST_PIECE - 1, -1):
            for start in range(max(0, place + 2 - size), min(place, len(word) - size) + 1):
                rank = self.ranks.get(word[start : start + size], _PIECES)
                if rank < (_PIECES if size > _SHORTEST_PIECE else _PIECES_OF_FOUR):
                    return word[start : start + size], start
        return "", 0


def _with_sharp(spelt: str, word: str, place: int) -> str:
    """Put ß for the ss at a place of the word, of which earlier ones may have been put before."""
    shorter = len(word) - len(spelt)
    return spelt[: place - shorter] + "ß" + spelt[place - shorter + 2 :]
