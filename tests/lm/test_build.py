"""From texts to a folder that recognition can use: same texts, same bytes; nothing gets lost."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tevr.errors import ModelError, OutputError, UsageError
from tevr.lm import build as building
from tevr.lm import training_text
from tevr.lm.build import BuildOptions, BuildReport, MixOptions, build, mix_folders
from tevr.lm.cleaning import CleanOptions
from tevr.lm.composition import compose
from tevr.lm.fitting import FitOptions
from tevr.lm.folder import read_language_model
from tevr.lm.held_out import HeldOut
from tevr.lm.lexicon import Lexicon
from tevr.lm.ngram import LanguageModel
from tevr.lm.training_text import GatherOptions, gather, read_sentences
from tevr.store import bundled

LETTERS = """Befund: Die Sonographie des Abdomens zeigte keine freie Flüssigkeit.
Wir danken für die freundliche Überweisung der Patientin.
Die Cholezystektomie verlief komplikationslos.
Diagnose: Zustand nach laparoskopischer Cholezystektomie. Die Patientin ist beschwerdefrei.
Wir danken für die freundliche Überweisung der Patientin.
"""
EVERYDAY = """Der Hund bellt, und die Katze schläft im Garten.
Im Garten steht eine Bank. Auf der Gartenbank schläft die Katze.
Die Patientin wartet auf der Bank vor dem Haus.
Die Haustür ist offen, die Gartentür auch.
"""


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder with one letter."""
    folder = tmp_path / "briefe"
    folder.mkdir()
    (folder / "brief.txt").write_text(LETTERS, encoding="utf-8")
    return folder


@pytest.fixture
def everyday(tmp_path: Path) -> Path:
    """A language model of other texts."""
    text = tmp_path / "alltag.txt"
    text.write_text(EVERYDAY, encoding="utf-8")
    return learnt(text, tmp_path / "alltag").folder.path


def learnt(
    text: Path,
    target: Path,
    *,
    max_size: int = 40_000_000,
    force: bool = False,
    arpa: bool = False,
    **options: object,
) -> BuildReport:
    plain = BuildOptions([text], FitOptions(target, max_size=max_size, force=force, arpa=arpa))
    return build(replace(plain, **options))


def sentences(number: int) -> str:
    """So many different sentences of few words."""
    who = ["der Hund", "die Katze", "das Pferd", "ein Vogel", "mein Fisch"]
    does = ["schläft", "frisst", "ruft", "wartet", "spielt"]
    where = ["im Garten", "vor dem Haus", "am See", "auf der Wiese", "unter dem Dach"]
    every = [f"Heute {c} {b} {a}." for a in where for b in who for c in does]
    return "\n".join(every[:number])


# Building


def test_a_folder_of_texts_becomes_a_model(letters: Path, tmp_path: Path) -> None:
    steps = []
    options = BuildOptions([letters], FitOptions(tmp_path / "lm"))
    report = build(options, lambda step, share: steps.append((step, share)))
    assert (report.files, report.skipped, report.repeated) == (1, (), 1)
    assert (report.sentences, report.words) == (5, 30)
    assert report.folder == read_language_model(tmp_path / "lm")
    assert report.full_sizes == tuple(report.folder.model().sizes)
    assert report.bytes == sum(record.bytes for record in report.folder.records.values())
    origin = report.folder.origin
    assert origin is not None
    assert (origin.name, origin.texts, origin.words) == ("lm", ("briefe",), 30)
    assert origin.vocabulary == report.different
    model = LanguageModel(report.folder.files.ngrams)
    assert "cholezystektomie" in model
    known = "die patientin ist beschwerdefrei"
    assert model.score(known) > model.score("patientin die beschwerdefrei ist")
    assert {share for _, share in steps} <= {0.0, *[share for _, share in steps if 0 < share <= 1]}
    assert steps


def test_building_twice_gives_the_same_bytes(letters: Path, tmp_path: Path) -> None:
    first = learnt(letters, tmp_path / "a")
    again = learnt(letters, tmp_path / "b")
    assert first.folder.records == again.folder.records
    (tmp_path / "b").rename(tmp_path / "c")
    manifests = [(tmp_path / name / "lm.json").read_text("utf-8") for name in "ac"]
    assert manifests[0].replace('"a"', '"b"') == manifests[1]


@pytest.mark.parametrize("order", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("text", ["Hund", "Der Hund bellt.", "Ja. Nein. Ja.", sentences(40)])
def test_the_smallest_texts_make_models(tmp_path: Path, text: str, order: int) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    report = learnt(tmp_path / "text.txt", tmp_path / "lm", order=order)
    model = LanguageModel(report.folder.files.ngrams)
    found = model.perplexity(read_sentences([tmp_path / "text.txt"]))
    assert found.unknown == 0
    assert found.with_unknown < report.different + 3


def test_the_rarest_words_are_left_to_the_limit(letters: Path, tmp_path: Path) -> None:
    report = learnt(letters, tmp_path / "lm", words=3)
    words = report.folder.files.unigrams.read_text(encoding="utf-8").split()
    assert set(words) == {"die", "patientin", "cholezystektomie"}


def test_held_out_sentences_are_not_learnt_but_measured(letters: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "test.txt"
    held_out.write_text(
        "Die Cholezystektomie verlief komplikationslos.\n"
        "Wir danken für die freundliche Überweisung der Patienten.\n",
        encoding="utf-8",
    )
    report = learnt(letters, tmp_path / "lm", held_out=[held_out])
    assert (report.exact, report.near) == (1, 2)
    assert report.perplexity is not None
    assert report.perplexity.words == 12
    assert "komplikationslos" not in LanguageModel(report.folder.files.ngrams)


def test_what_cannot_be_read_stops_no_other(
    letters: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (letters / "bild.txt").write_bytes(bytes(range(256)) * 20)
    (letters / "alt.txt").write_bytes("\ufeffDer Stuhl fährt.".encode("utf-16-le"))
    with caplog.at_level(logging.ERROR, "tevr.lm"):
        report = learnt(letters, tmp_path / "lm")
    assert [each.path.name for each in report.skipped] == ["bild.txt"]
    assert report.files == 3
    assert "fährt" in LanguageModel(report.folder.files.ngrams)


def test_old_spelling_is_kept_on_wish(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("Er muß die Photographie numerieren, daß es paßt.", encoding="utf-8")
    new = learnt(text, tmp_path / "neu").folder.files.unigrams.read_text("utf-8").split()
    old = learnt(text, tmp_path / "alt", modern=False).folder.files.unigrams.read_text("utf-8")
    assert "nummerieren" in new
    assert "numerieren" in old.split()


def test_words_unlike_words_are_not_learnt(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(f"Der Schlüssel {'abc' * 100} ist geheim.", encoding="utf-8")
    words = learnt(text, tmp_path / "lm").folder.files.unigrams.read_text("utf-8").split()
    assert sorted(words) == ["der", "geheim", "ist", "schlüssel"]


def test_new_compounds_can_be_made_of_the_words_of_a_text(tmp_path: Path) -> None:
    heads = ["tür", "bank", "haus", "weg", "tor", "zaun"]
    modifiers = ["garten", "hof", "wald", "park", "feld"]
    known = [f"{m}{h}" for m in modifiers for h in heads if (m, h) != ("wald", "tor")]
    text = tmp_path / "text.txt"
    lines = [f"Die {word} und das {part}." for word in known for part in [*heads, *modifiers]]
    text.write_text("\n".join(lines + known[:5]), encoding="utf-8")
    report = learnt(text, tmp_path / "lm", words=20)
    assert report.folder.files.lexicon is not None
    made = compose(Lexicon.open(report.folder.files.lexicon), "waldtor")
    assert made is not None
    assert made.parts == ("wald", "tor")


# Sizes


@pytest.mark.parametrize("share", [0.98, 0.9, 0.8])
def test_the_size_is_kept(tmp_path: Path, share: float) -> None:
    text = tmp_path / "text.txt"
    text.write_text(sentences(125), encoding="utf-8")
    full = learnt(text, tmp_path / "full")
    most = int(full.bytes * share)
    report = learnt(text, tmp_path / "lm", max_size=most)
    assert report.bytes <= most
    assert report.full_sizes == full.full_sizes
    assert report.folder.origin is not None
    assert sum(report.folder.origin.sizes) < sum(full.full_sizes)
    model = LanguageModel(report.folder.files.ngrams)
    assert model.perplexity(read_sentences([text])).unknown == 0


def test_words_too_large_for_the_size_are_told(letters: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="words alone take"):
        learnt(letters, tmp_path / "lm", max_size=1000)
    assert [path.name for path in tmp_path.iterdir()] == ["briefe"]


def test_a_model_may_lose_all_pairs(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(sentences(125), encoding="utf-8")
    low, high = 1000, 20_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            report = learnt(text, tmp_path / "lm", max_size=middle, force=True)
        except UsageError:
            low = middle
        else:
            high = middle
    report = learnt(text, tmp_path / "lm", max_size=high, force=True)
    assert report.folder.model().sizes[1:] == [0]
    assert "hund" in LanguageModel(report.folder.files.ngrams)


# Mixing


def test_mixing_keeps_all_words_and_favours_the_texts(
    letters: Path, everyday: Path, tmp_path: Path
) -> None:
    report = learnt(letters, tmp_path / "lm", base=everyday, weight=0.4)
    model = LanguageModel(report.folder.files.ngrams)
    base = LanguageModel(read_language_model(everyday).files.ngrams)
    special = "die cholezystektomie verlief komplikationslos"
    assert model.score(special) > base.score(special)
    for folder in (everyday, report.folder.path):
        for word in (folder / "unigrams.txt").read_text(encoding="utf-8").split():
            assert word in model
    assert (report.weight, report.chosen_on) == (0.4, 0)
    assert report.folder.origin is not None
    assert [(each.name, each.weight) for each in report.folder.origin.parents] == [
        ("lm", 0.4),
        ("alltag", 0.6),
    ]


def test_a_mixture_composes_what_its_base_composes(tmp_path: Path, letters: Path) -> None:
    report = learnt(letters, tmp_path / "lm", base=bundled("de-small"), weight=0.2)
    assert report.folder.files.lexicon is not None
    made = compose(Lexicon.open(report.folder.files.lexicon), "schulausflug")
    assert made is not None
    assert made.parts == ("schul", "ausflug")
    assert "cholezystektomie" in LanguageModel(report.folder.files.ngrams)


def test_the_weight_is_chosen_on_the_texts(everyday: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("\n".join(f"{line} Ja." for line in sentences(125).splitlines()))
    report = learnt(text, tmp_path / "lm", base=everyday)
    assert report.chosen_on == 12
    assert report.weight == 0.95  # the base knows nothing of these, and yet it stays
    assert report.sentences == 250


def test_few_sentences_get_a_usual_weight(letters: Path, everyday: Path, tmp_path: Path) -> None:
    report = learnt(letters, tmp_path / "lm", base=everyday)
    assert (report.weight, report.chosen_on) == (building.SMALL_WEIGHT, 0)


def test_a_base_is_measured_beside(letters: Path, everyday: Path, tmp_path: Path) -> None:
    held_out = tmp_path / "test.txt"
    held_out.write_text("Die Sonographie der Patientin verlief komplikationslos.")
    report = learnt(letters, tmp_path / "lm", base=everyday, held_out=[held_out])
    assert report.perplexity is not None
    assert report.base_perplexity is not None
    assert report.perplexity.unknown == 0
    assert report.base_perplexity.unknown == 3


def test_folders_are_mixed(letters: Path, everyday: Path, tmp_path: Path) -> None:
    own = learnt(letters, tmp_path / "eigenes").folder.path
    folder = mix_folders(MixOptions([everyday, own], FitOptions(tmp_path / "lm"), [0.7, 0.3]))
    model = LanguageModel(folder.files.ngrams)
    for path in (everyday, own):
        assert all(word in model for word in (path / "unigrams.txt").read_text("utf-8").split())
    assert folder.origin is not None
    assert [each.weight for each in folder.origin.parents] == [0.7, 0.3]
    alike = mix_folders(MixOptions([everyday, own], FitOptions(tmp_path / "gleich")))
    assert alike.origin is not None
    assert [each.weight for each in alike.origin.parents] == [0.5, 0.5]


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.6], [0.0, 1.0], [-0.5, 1.5]])
def test_weights_that_make_no_mixture_are_refused(
    everyday: Path, tmp_path: Path, weights: list[float]
) -> None:
    with pytest.raises(UsageError, match="weights"):
        mix_folders(MixOptions([everyday, everyday], FitOptions(tmp_path / "lm"), weights))


# What is wrong


def only(*names: str) -> Callable[[Path], bool]:
    return lambda folder: sorted(path.name for path in folder.iterdir()) == sorted(names)


@pytest.mark.parametrize("text", ["", " \n\n", "--- *** ---", "Привет, как дела?"])
def test_texts_without_words_are_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="no sentence of German letters"):
        learnt(tmp_path / "text.txt", tmp_path / "lm")
    assert only("text.txt")(tmp_path)


def test_only_unreadable_documents_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bild.txt").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(ModelError, match=r"1 of 1 documents cannot be read.*bild\.txt"):
        learnt(tmp_path / "bild.txt", tmp_path / "lm")


def test_only_held_out_sentences_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Der Hund bellt.")
    with pytest.raises(ModelError, match="held out"):
        learnt(tmp_path / "text.txt", tmp_path / "lm", held_out=[tmp_path / "text.txt"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"order": 1}, "order 1"),
        ({"order": 7}, "order 7"),
        ({"words": 0}, "no vocabulary"),
        ({"weight": 0.5}, "no language model to mix"),
        ({"weight": 1.0, "base": Path("x")}, "1 is no weight"),
        ({"memory": 1000}, "memory"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        replace(BuildOptions([Path("x")], FitOptions(Path("y"))), **options)


@pytest.mark.parametrize("options", [{"max_size": 0}, {"bits": 1}, {"bits": 17}])
def test_wrong_sizes_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        FitOptions(Path("y"), **options)


def test_a_target_is_checked_before_the_work(letters: Path, tmp_path: Path) -> None:
    (tmp_path / "lm").write_text("x")
    with pytest.raises(UsageError, match="is there already"):
        learnt(tmp_path / "missing.txt", tmp_path / "lm")
    learnt(letters, tmp_path / "neu")
    with pytest.raises(UsageError, match="is there already"):
        learnt(letters, tmp_path / "neu")
    assert learnt(letters, tmp_path / "neu", force=True).folder.path == tmp_path / "neu"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_nothing_is_left_of_a_build_broken_off(
    letters: Path, tmp_path: Path, error: BaseException
) -> None:
    def broken(step: str, _share: float) -> None:
        if step == "estimating":
            raise error

    with pytest.raises(type(error)):
        build(BuildOptions([letters], FitOptions(tmp_path / "lm")), broken)
    assert only("briefe")(tmp_path)


def test_a_full_disk_is_one_sentence(
    letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training_text._Counts, "add", full)
    with pytest.raises(OutputError, match="No space left on device"):
        learnt(letters, tmp_path / "lm")
    assert only("briefe")(tmp_path)


# Gathering


def test_models_below_the_texts_are_no_texts(letters: Path) -> None:
    first = learnt(letters, letters / "lm")
    (letters / "tevr-scratch-x").mkdir()
    (letters / "tevr-scratch-x" / "sentences.txt").write_text("unfertig und alt")
    again = learnt(letters, letters / "lm", force=True)
    assert again.folder == first.folder
    assert again.files == 1
    named = learnt(letters / "lm" / "unigrams.txt", letters.parent / "liste")
    assert named.words == first.different
    with pytest.raises(UsageError, match="Only files of language models"):
        learnt(letters / "lm", letters / "neu")


def test_words_are_counted_in_bounded_memory(letters: Path, tmp_path: Path) -> None:
    options = GatherOptions(memory=1)
    assert options.most_words == 0
    text = gather([letters], tmp_path / "s.txt", HeldOut([]), options)
    assert (text.words, len(text.counts)) == (30, 0)
    counts = training_text._Counts(4)
    counts.add(["a", "a", "a", "b", "b", "c", "d"])
    assert len(counts.counts) == 4
    counts.add(["e"])
    assert counts.counts == {"a": 3, "b": 2}
    assert counts.words == 8


def test_gathered_sentences_are_those_of_the_texts(letters: Path, tmp_path: Path) -> None:
    text = gather([letters], tmp_path / "s.txt", HeldOut([]))
    found = list(text.read())
    assert len(found) == text.sentences
    assert sum(text.counts.values()) == text.words == sum(len(line.split()) for line in found)
    assert list(dict.fromkeys(read_sentences([letters], CleanOptions()))) == found
