"""Live sound → events: what may still change of an open utterance, and what never will.

    for event in recognizer.listen(blocks):
        show(event)

A detector of speech opens an utterance. While it grows it is recognised again and again, and each
pass makes a draft. Words that the latest drafts agree on, and that lie some way back, become
final; the others are shown as they stand. A pause closes the utterance: the words left come from
one last pass, made while the pause goes on, so that they are there when it is long enough.

No pass goes back behind the border after the last final word: its frames are cut off there before
they are decoded. So nothing is doubled, and what was final stays. The acoustic model still hears
some sound before the border, and the language model is given the words. All older sound is
forgotten, so that memory and the cost of a pass are bounded by `StreamSettings`.

**Falling behind.** A pass is timed. Where it takes long, by itself or because the machine is busy,
the next one comes later, so that passes over a growing utterance take no more than the share
`StreamSettings.load` of the time; the text then moves in larger steps. The last pass at a pause
waits until as much sound has come as the pass before it took; short utterances that follow each
other closely thus become one, and are recognised in one go. Only sound that cannot be kept any
longer is recognised regardless. The time is that of the passes alone, not that of who takes the
events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter

from tevr.agreement import Agreement
from tevr.draft import Draft, Window
from tevr.errors import UsageError
from tevr.lm.decoder import Place
from tevr.speech import FRAME_SECONDS, Detector, Floats, SpanSettings, SpeechDetector
from tevr.transcript import Word
from tevr.utterance import Utterance, frames_of

#: Words before the border that the language model is given; more than its order needs.
_WORDS_BEFORE = 5


@dataclass(frozen=True, slots=True)
class Partial:
    """What is thought to have been said since the last final word; replaces the one before it.

    Attributes:
        words: the words of the open utterance that are not final yet; empty where nothing is left
            of what the `Partial` before it showed.
        heard: seconds of the source heard so far.
    """

    words: tuple[Word, ...]
    heard: float

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Final:
    """Words that never change and are never repeated.

    The `Partial` before it is void. If the utterance goes on, the next one follows at once.

    Attributes:
        words: in order of time, after those of the `Final` before; at least one unless ``closes``.
        closes: the utterance ends here, because a pause follows or the source is over.
        heard: seconds of the source heard so far.
    """

    words: tuple[Word, ...]
    closes: bool
    heard: float

    def __post_init__(self) -> None:
        if not self.words and not self.closes:
            raise UsageError("A final event says nothing", "Give it a word, or close with it.")

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


Event = Partial | Final


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """How often live sound is recognised, and when its words become final; times in seconds.

    `python -m benchmarks.live` measures what they give.

    Attributes:
        step: sound between two passes over a growing utterance.
        load: share of the time, 0 to 1, that these passes may take.
        drafts: in so many drafts in a row a word, with all words before it, has to be the same
            to become final before the utterance closes.
        margin: and it has to end so long before the end of the sound, for what follows may still
            change it.
        room: and behind it there have to be so many seconds without a label, for labels may move
            a little from pass to pass, and none may slip over the border.
        unsure: words that end in the last so many seconds of growing sound are not shown yet: the
            last one is mostly cut off.
        steady: in so many drafts in a row a word, with all words before it, has to be the same to
            be shown. The first of an utterance are shown at once, and in place of words that were
            shown the latest draft stands.
        settle: pause after which the last pass is made.
        pause: pause that closes the utterance.
        context: sound before the border that the acoustic model hears too.
        longest: sound without a final word that is kept; at this length the first of its words
            become final whether drafts agree or not.
    """

    step: float = 0.25
    load: float = 0.5
    drafts: int = 5
    margin: float = 2.0
    room: float = 0.03
    unsure: float = 0.2
    steady: int = 2
    settle: float = 0.26
    pause: float = 0.36
    context: float = 4.0
    longest: float = 12.0

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        times = (self.step, self.margin, self.room, self.unsure, self.settle, self.context)
        if not (min(times) >= 0 and self.settle <= self.pause and 2 * self.margin < self.longest):
            raise UsageError(
                "The times of passes and pauses contradict each other",
                "Choose none below 0, settle up to pause, and margin below half of longest.",
            )
        if not 0 < self.load <= 1 or min(self.drafts, self.steady) < 1:
            raise UsageError(
                f"A load of {self.load:g}, {self.drafts} and {self.steady} drafts make no stream",
                "Choose a load above 0 and up to 1, and at least 1 draft.",
            )


class Stream:
    """One live source; see the module for what it does.

    Args:
        recognise: makes one pass.
        cutting: what counts as speech; how much sound the acoustic model can take at once.
        settings: how often to recognise, and when words become final.
        detector: tells speech from other sound; the bundled model by default.
        clock: seconds from any moment on, to time passes with.
    """

    def __init__(
        self,
        recognise: Callable[[Window], Draft],
        cutting: SpanSettings,
        settings: StreamSettings | None = None,
        *,
        detector: Detector | None = None,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        settings = settings or StreamSettings()
        # Room for a frame that comes late, and for sound that is forgotten in steps.
        most = cutting.longest - 1.0
        longest = min(settings.longest, 0.75 * most)
        context, margin = min(settings.context, most - longest), min(settings.margin, longest / 3)
        self._settings = replace(settings, longest=longest, context=context, margin=margin)
        self._recognise = recognise
        self._cutting = cutting
        self._detector = detector or SpeechDetector()
        self._clock = clock
        self._sound = Utterance(cutting)
        self._agreement = Agreement(settings.drafts)  # on what becomes final
        self._steady = Agreement(settings.steady)  # on what is shown
        self._border = 0.0  # seconds; all words before it are final
        self._said = 0.0  # seconds at which the last final word ends
        self._before: tuple[str, ...] = ()  # final words that what follows goes on from
        self._shown: tuple[str, ...] = ()  # words of the last partial
        self._until = 0.0  # seconds at which the last word that was shown ended
        self._last: Draft | None = None  # of the last pass, once the pause has come that far
        self._begun = False  # whether words of the open utterance are final
        self._free = 0.0  # seconds of sound from which on the recogniser has caught up
        self._due = 0.0  # seconds of sound at which the next pass is made

    def events(self, blocks: Iterable[Floats]) -> Iterator[Event]:
        """Blocks of sound, float32 (samples,) each → events; once.

        Raises:
            AudioError: a block is no mono sound.
        """
        for samples, probability in frames_of(blocks, self._detector):
            before = self._sound.spoken
            if self._sound.push(samples, probability):
                self._open(before)
            yield from self._follow() if self._sound.open else self._idle()
        if self._sound.open:
            self._last = self._last or self._pass(ends=True)
            yield from self._close()

    def _idle(self) -> Iterator[Event]:
        """Forget what no utterance can need any more."""
        recent = self._sound.pause < self._cutting.long_pause
        kept = self._settings.context if recent else 0.0
        onset = self._sound.heard - self._cutting.min_speech - FRAME_SECONDS  # not before that
        self._sound.forget(onset - self._cutting.padding - kept)
        return iter(())

    def _open(self, before: float) -> None:
        """Begin an utterance; after a short pause it goes on from the one before."""
        sound = self._sound
        fresh = sound.onset - before >= self._cutting.long_pause
        self._border = max(self._border, sound.onset - self._cutting.padding, 0.0)
        if fresh:
            self._before = ()
        sound.forget(self._border - (0.0 if fresh else self._settings.context))
        self._due = max(self._due, sound.onset + self._settings.step)

    def _follow(self) -> Iterator[Event]:
        """See what the latest frame means to the open utterance."""
        sound, settings = self._sound, self._settings
        if sound.pause == 0:
            self._last = None
        if self._last is not None:
            if sound.pause >= settings.pause:
                yield from self._close()
        elif sound.heard - self._border >= settings.longest:
            yield from self._cut()
        elif sound.pause >= settings.settle:
            if sound.quiet and sound.heard >= self._free:
                self._last = self._pass(ends=True)
                yield from self._tell(self._last.words)
        elif sound.heard >= self._due:
            yield from self._grow()

    def _pass(self, *, ends: bool) -> Draft:
        """Recognise what is behind the border."""
        sound = self._sound
        began = self._clock()
        window = Window(sound.start, sound.samples(), self._border, Place(self._before, ends))
        draft = self._recognise(window)
        took = self._clock() - began
        self._free = sound.heard + took
        self._due = sound.heard + max(self._settings.step, took / self._settings.load)
        return replace(draft, words=tuple(_not_before(self._said, each) for each in draft.words))

    def _grow(self) -> Iterator[Event]:
        """Make a pass; what drafts agree on becomes final, the rest is shown."""
        draft = self._pass(ends=False)
        agreed, steady = (each.push(draft.texts) for each in (self._agreement, self._steady))
        count = self._settled(draft, agreed)
        latest = self._sound.heard - self._settings.unsure
        sure = sum(1 for word in draft.words if word.end <= latest)
        if self._begun or self._shown:
            sure = min(sure, steady)
        sure = max(sure, self._kept(draft))
        if count:
            yield self._final(draft, count, closes=False)
        yield from self._tell(draft.words[count:sure], anew=count > 0)

    def _settled(self, draft: Draft, agreed: int) -> int:
        """How many of the words agreed on can become final; never the last word of all."""
        latest, room = self._sound.heard - self._settings.margin, self._settings.room
        words = enumerate(draft.words[: min(agreed, len(draft.words) - 1)], 1)
        could = (n for n, word in words if word.end <= latest and draft.room(n) >= room)
        return max(could, default=0)

    def _cut(self) -> Iterator[Event]:
        """Make words final because their sound can be kept no longer: up to the widest gap."""
        draft, latest = self._pass(ends=False), self._sound.heard - self._settings.margin
        could = [n for n, word in enumerate(draft.words, 1) if word.end <= latest]
        late = [n for n in could if 2 * draft.border(n) >= self._border + latest]
        count = max(late or could, key=draft.room, default=0)
        shown = self._kept(draft)
        self._forget_drafts()
        if count:
            yield self._final(draft, count, closes=False)
        else:  # nothing yet, but a word may have begun
            begun = [word.start for word in draft.words[:1] if word.start > self._border]
            self._border = min([latest, *begun])
            self._sound.forget(self._border - self._settings.context)
        yield from self._tell(draft.words[count:shown], anew=count > 0)

    def _close(self) -> Iterator[Event]:
        draft = self._last or Draft()
        if draft.words or self._begun:
            yield self._final(draft, len(draft.words), closes=True)
        else:
            yield from self._tell(())
        self._shown, self._until, self._last, self._begun = (), 0.0, None, False
        self._forget_drafts()
        self._sound.close()

    def _forget_drafts(self) -> None:
        self._agreement.clear()
        self._steady.clear()

    def _final(self, draft: Draft, count: int, *, closes: bool) -> Final:
        """Make the first words final and move the border behind them."""
        words = draft.words[:count]
        if words:
            self._border = draft.border(count)
            words = (*words[:-1], replace(words[-1], end=min(words[-1].end, self._border)))
            self._said = words[-1].end
            self._before = (*self._before, *draft.texts[:count])[-_WORDS_BEFORE:]
            self._shown = self._shown[count:]
            self._begun = True
            self._agreement.settle(count)
            self._steady.settle(count)
            self._sound.forget(self._border - self._settings.context)
        return Final(words, closes, self._sound.heard)

    def _kept(self, draft: Draft) -> int:
        """How many words lie where some were shown: they may change, but not only vanish."""
        return sum(1 for word in draft.words if (word.start + word.end) / 2 <= self._until)

    def _tell(self, words: tuple[Word, ...], *, anew: bool = False) -> Iterator[Event]:
        """Show tentative words, if they are others than before."""
        texts = tuple(word.text for word in words)
        if anew or texts != self._shown:
            self._shown = texts
            self._until = max([self._until, *(word.end for word in words[-1:])])
            yield Partial(words, self._sound.heard)


def _not_before(second: float, word: Word) -> Word:
    start = max(word.start, second)
    return replace(word, start=start, end=max(word.end, start))
