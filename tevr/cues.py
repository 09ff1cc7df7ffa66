"""Turns a stream of recognised words into subtitle cues: at most two short lines each.

Where to cut is a shortest-path problem. Every place between two words is a node, every cue that
keeps the limits an edge, and the costs below say how much a viewer minds. A run of words is cut
for good wherever speech pauses for `LONG_PAUSE`; within a run the cheapest path is kept word by
word, and a cue leaves as soon as all paths that may still win share it. Work per word and the
number of words held back are bounded, whatever the length of the source.

Limits and breaks follow the Netflix Timed Text Style Guide (general requirements and German): one
line if it is enough, else break after punctuation marks, before conjunctions and prepositions, and
not between an article and its noun.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

from tevr.transcript import Word

#: Characters on a line (Netflix, German). A longer single word stands alone on its line, whole:
#: a viewer reads "Donaudampfschifffahrtsgesellschaft…" faster than two arbitrary halves of it.
MAX_LINE = 42
#: Longest cue in seconds (Netflix). Only a single word that itself lasts longer goes beyond.
MAX_SHOWN = 7.0
#: Cues are shown at least this many seconds where the next one leaves room (Netflix: 5/6 s).
MIN_SHOWN = 1.0
#: Characters a viewer reads in a second (Netflix, German, adults); a cue lingers for it if it can.
READING_SPEED = 17.0
#: Silence in seconds that always ends a cue.
LONG_PAUSE = 1.0
#: Words held back at most. A cue holds 42 at most, so the oldest cue has a rival in every case.
MAX_PENDING = 96

# Costs, in units of one empty cue. They were set by reading German subtitles, not by a fit.
SHORT_COST = 2.0  # for every second a cue is shown too shortly
FUNCTION_WORD_COST = 0.8  # for a break that tears an article or a preposition from its noun
PAUSE_GAIN = 1.2  # for a break, for every second of silence there
SENTENCE_GAIN = 0.5  # for a break after a full stop
CLAUSE_GAIN = 0.25  # for a break after a comma or before a conjunction
IMBALANCE_COST = 0.5  # for the square of the lines' difference, in full lines
TOP_HEAVY_COST = 0.02  # for an upper line longer than the lower one, which hides more picture
LINE_SHARE = 0.4  # a break between lines counts this much of a break between cues

_CONJUNCTIONS = "und oder aber denn sondern dass daß weil wenn ob als obwohl damit bevor nachdem"
_OTHERS = """
der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein
meine meinen meinem meiner meines dein deine sein seine seinen seinem seiner seines ihr ihre ihren
ihrem ihrer ihres unser unsere unseren unserem unserer dieser diese dieses diesen diesem jeder
jede jedes jeden jedem in im ins an am ans auf aus bei beim mit nach von vom vor zu zum zur für um
durch gegen ohne über unter hinter neben zwischen seit bis während wegen trotz wie sehr herr frau
doktor
"""
#: German words that begin a clause; recognised text without commas shows clauses by them alone.
CONJUNCTIONS = frozenset(_CONJUNCTIONS.split())
#: German words that lean on the word after them: articles, possessives, prepositions, conjunctions.
FUNCTION_WORDS = CONJUNCTIONS | frozenset(_OTHERS.split())
SENTENCE_ENDS = tuple(".!?…")
CLAUSE_ENDS = tuple(",;:–—")
_CLOSING = "\"'“”«»‘’)]"


@dataclass(frozen=True, slots=True)
class Cue:
    """Text shown at once.

    Attributes:
        start: seconds from the start of the source; never before the end of the cue before.
        end: seconds from the start of the source, at least ``start``.
        lines: one or two, of at most `MAX_LINE` characters unless a single word is longer.
    """

    start: float
    end: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Path:
    """The cheapest way to cut all pending words before one place."""

    cost: float
    previous: int  # place where the last cue of this path begins


def cues(words: Iterable[Word], duration: float = inf) -> Iterator[Cue]:
    """Yield subtitle cues as they become final.

    Args:
        words: in order of time and not overlapping.
        duration: seconds of the source; the last cue does not linger beyond it.
    """
    builder = CueBuilder()
    for word in words:
        yield from builder.push(word)
    yield from builder.finish(duration)


class CueBuilder:
    """The same as `cues`, for callers that are handed their words instead of fetching them."""

    def __init__(self) -> None:
        """Begin with no word held back."""
        self._words: list[Word] = []  # pending, all of one run
        self._paths: list[_Path] = []  # one for the place before each pending word
        self._offsets: list[int] = [0]  # characters before each pending word, spaces included
        self._junctures: list[float] = []  # cost of a break before each pending word
        self._shown_until = 0.0

    def push(self, word: Word) -> list[Cue]:
        """Take the next word and return the cues that became final by it."""
        text = " ".join(word.text.split())
        if not text:
            return []
        if text != word.text:
            word = replace(word, text=text)
        ready: list[Cue] = []
        if self._words and word.start - self._words[-1].end >= LONG_PAUSE:
            ready = self._end_run(word.start)
        self._append(word)
        while (place := self._settled()) > 0:
            ready.append(self._leave(place))
        return ready

    def finish(self, duration: float = inf) -> list[Cue]:
        """Return the cues still held back; the builder is then empty."""
        if not self._words:
            return []
        return self._end_run(max(duration, self._words[-1].end))

    def _append(self, word: Word) -> None:
        self._junctures.append(_break_cost(self._words[-1], word) if self._words else 0.0)
        self._words.append(word)
        self._offsets.append(self._offsets[-1] + len(word.text) + 1)
        place = len(self._words) - 1
        self._paths.append(self._cheapest(place, word.start) if place else _Path(0.0, 0))

    def _cheapest(self, end: int, next_start: float) -> _Path:
        """Find the best last cue of all that end before place ``end``."""
        best = _Path(inf, end - 1)
        for begin in range(end - 1, -1, -1):
            if not self._fits(begin, end):
                break
            cost = self._paths[begin].cost + self._cue_cost(begin, end, next_start)
            if cost < best.cost:
                best = _Path(cost, begin)
        if end < len(self._junctures):
            best = _Path(best.cost + self._junctures[end], best.previous)
        return best

    def _settled(self) -> int:
        """Return the place where the first pending cue ends in all paths alive, or 0."""
        count = len(self._words)
        alive = [place for place in range(count) if self._fits(place, count)]
        firsts = {self._first_cut(place) for place in alive if self._paths[place].cost < inf}
        if len(firsts) == 1:
            return firsts.pop()
        if count <= MAX_PENDING:
            return 0
        chosen = self._first_cut(count - 1)
        for place in alive:
            if self._first_cut(place) != chosen:
                self._paths[place] = _Path(inf, self._paths[place].previous)
        return chosen

    def _first_cut(self, place: int) -> int:
        """Return where the first cue ends on the path to ``place``; 0 if there is none yet."""
        while self._paths[place].previous > 0:
            place = self._paths[place].previous
        return place

    def _leave(self, place: int) -> Cue:
        """Take the first cue, which ends before ``place``, off the pending words."""
        cue = self._cue(0, place, self._words[place].start)
        del self._words[:place], self._offsets[:place], self._junctures[:place]
        root = self._paths[place].cost
        # Paths that did not pass here are dead; what they point to is never followed again.
        self._paths = [
            _Path(path.cost - root, max(path.previous - place, 0)) for path in self._paths[place:]
        ]
        return cue

    def _end_run(self, next_start: float) -> list[Cue]:
        """Cut all pending words; nothing of theirs is shown beyond ``next_start``."""
        count = len(self._words)
        places = [count, self._cheapest(count, inf).previous]
        while places[-1] > 0:
            places.append(self._paths[places[-1]].previous)
        places.reverse()
        starts = [word.start for word in self._words] + [next_start]
        ready = [self._cue(begin, end, starts[end]) for begin, end in pairwise(places)]
        self._words, self._paths, self._offsets, self._junctures = [], [], [0], []
        return ready

    def _fits(self, begin: int, end: int) -> bool:
        """Say whether words ``begin`` to ``end`` may form one cue; part of a fit fits, too."""
        if end - begin == 1:
            return True
        if self._words[end - 1].end - self._words[begin].start > MAX_SHOWN:
            return False
        return self._line_fits(begin, end) or any(
            self._line_fits(begin, middle) and self._line_fits(middle, end)
            for middle in range(begin + 1, end)
        )

    def _line_fits(self, begin: int, end: int) -> bool:
        return end - begin == 1 or self._line_length(begin, end) <= MAX_LINE

    def _line_length(self, begin: int, end: int) -> int:
        return self._offsets[end] - self._offsets[begin] - 1

    def _cue_cost(self, begin: int, end: int, next_start: float) -> float:
        slack = max(1.0 - self._line_length(begin, end) / (2 * MAX_LINE), 0.0)
        missing = max(MIN_SHOWN - (next_start - self._words[begin].start), 0.0)
        return slack**2 + SHORT_COST * missing + self._line_cut(begin, end)[0]

    def _line_cut(self, begin: int, end: int) -> tuple[float, int]:
        """Return the cost of the best line break and its place, ``end`` if one line is enough."""
        if self._line_fits(begin, end):
            return 0.0, end
        best = (inf, end)
        for middle in range(begin + 1, end):
            if self._line_fits(begin, middle) and self._line_fits(middle, end):
                upper = self._line_length(begin, middle)
                lower = self._line_length(middle, end)
                cost = IMBALANCE_COST * ((upper - lower) / MAX_LINE) ** 2
                cost += LINE_SHARE * self._junctures[middle] + TOP_HEAVY_COST * (upper > lower)
                best = min(best, (cost, middle))
        return best

    def _cue(self, begin: int, end: int, next_start: float) -> Cue:
        middle = self._line_cut(begin, end)[1]
        lines = [self._words[begin:middle], self._words[middle:end]]
        text = tuple(" ".join(word.text for word in line) for line in lines if line)
        start = max(self._words[begin].start, self._shown_until)
        wanted = max(MIN_SHOWN, sum(map(len, text)) / READING_SPEED)
        spoken_until = self._words[end - 1].end
        # Words that overlap against the rule above must not make cues overlap.
        stop = min(max(spoken_until, start + min(wanted, MAX_SHOWN)), next_start)
        self._shown_until = max(start, stop)
        return Cue(start, self._shown_until, text)


def _break_cost(before: Word, after: Word) -> float:
    """Say how unwelcome a break between two words is; below zero, it is welcome."""
    text = before.text.rstrip(_CLOSING)
    cost = -PAUSE_GAIN * min(max(after.start - before.end, 0.0), LONG_PAUSE)
    if text.endswith(SENTENCE_ENDS):
        cost -= SENTENCE_GAIN
    elif text.endswith(CLAUSE_ENDS) or after.text.lower() in CONJUNCTIONS:
        cost -= CLAUSE_GAIN
    if text.lower() in FUNCTION_WORDS:
        cost += FUNCTION_WORD_COST
    return cost
