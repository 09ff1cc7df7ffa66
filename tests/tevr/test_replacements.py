"""What the dictionary says takes the place of what is said, also after the file has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.replacements import Dictionary, DictionaryFile, Replacements, read_dictionary
from tevr.spoken_marks import Fixed
from tevr.transcript import Word

LINES = """\ufeff# greetings
mit freundlichen Grüßen = Mit freundlichen Grüßen\\nYvonne Groß
 z. B.  =  z. B.
gleich = a = b
ähm =
Yvonne
Bad Tölz
"""
TOML = """
hotwords = ["Yvonne", "Bad Tölz"]
[replacements]
"mit freundlichen Grüßen" = "Mit freundlichen Grüßen\\nYvonne Groß"
"z. B." = "z. B."
gleich = "a = b"
"ähm" = ""
"""
WANTED = Dictionary(
    {
        ("mit", "freundlichen", "grüssen"): "Mit freundlichen Grüßen\nYvonne Groß",
        ("zum", "beispiel"): "z. B.",
        ("gleich",): "a = b",
        ("ähm",): "",
    },
    ("Yvonne", "Bad Tölz"),
)


def words(*texts: str) -> list[Word]:
    return [Word(text, number, number + 0.5, 0.9) for number, text in enumerate(texts)]


def texts(items: list[Word | Fixed]) -> list[str]:
    return [item.text for item in items]


@pytest.mark.parametrize(("name", "content"), [("a.txt", LINES), ("b.TOML", TOML)])
def test_both_kinds_of_file_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert read_dictionary(path) == WANTED


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"\xff", "cannot be read"),
        ("a.txt", b"= x", "which is not 1 to 8 words"),
        ("a.txt", b"a b c d e f g h i = x", "which is not 1 to 8 words"),
        ("a.toml", b"[replacements\n", "cannot be read"),
        ("a.toml", b"[replacement]\n", "no dictionary"),
        ("a.toml", b"[replacements]\na = 1\n", "no dictionary"),
        ("a.toml", b"hotwords = 'a'\n", "no dictionary"),
        ("a.toml", b"replacements = 'a'\n", "no dictionary"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=words):
        read_dictionary(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        DictionaryFile(tmp_path / "none.txt")


def test_a_changed_file_is_read_again_and_a_broken_one_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "words.txt"
    path.write_text("a = b\n", encoding="utf-8")
    file = DictionaryFile(path)
    assert not file.changed()
    path.write_text("a = longer\n", encoding="utf-8")
    assert file.changed()
    assert file.current.replacements == {("a",): "longer"}
    path.write_text("= broken\n", encoding="utf-8")
    assert not file.changed()
    assert not file.changed()
    assert file.current.replacements == {("a",): "longer"}
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("What it said before still holds.")
    path.unlink()
    assert not file.changed()
    assert len(caplog.messages) == 2
    path.write_text("a = back\n", encoding="utf-8")
    assert file.changed()
    path.write_text("a  =  back\n", encoding="utf-8")  # says the same
    assert not file.changed()


def test_the_longest_phrase_wins_and_what_is_said_is_kept() -> None:
    said = words("guten", "tag", "guten", "Tag", "zusammen", "guten", "abend")
    dictionary = Dictionary({("guten", "tag"): "Hallo", ("guten", "tag", "zusammen"): "Hi"})
    items = Replacements(dictionary).push(said, closes=True)
    assert texts(items) == ["Hallo", "Hi", "guten", "abend"]
    assert items[1] == Fixed("Hi", tuple(said[2:5]))


def test_words_that_may_go_on_are_held_until_a_pause() -> None:
    replacements = Replacements(Dictionary({("guten", "tag", "auch"): "x", ("guten",): "g"}))
    assert replacements.push(words("guten", "tag"), closes=False) == []
    assert [word.text for word in replacements.held] == ["guten", "tag"]
    assert texts(replacements.push([], closes=True)) == ["g", "tag"]
    assert replacements.held == ()


def test_another_dictionary_counts_from_then_on() -> None:
    replacements = Replacements(Dictionary({("a",): "1"}))
    assert texts(replacements.push(words("a"), closes=False)) == ["1"]
    replacements.use(Dictionary({("b",): "2"}))
    assert texts(replacements.push(words("a", "b"), closes=False)) == ["a", "2"]


keys = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)


@given(
    st.dictionaries(keys, st.sampled_from("XYZ"), max_size=4),
    st.lists(st.sampled_from("abc"), max_size=12),
)
def test_word_by_word_gives_the_same_as_at_once(
    entries: dict[tuple[str, ...], str], said: list[str]
) -> None:
    at_once = Replacements(Dictionary(entries)).push(words(*said), closes=True)
    one_by_one = Replacements(Dictionary(entries))
    items = [item for word in words(*said) for item in one_by_one.push([word], closes=False)]
    items += one_by_one.push([], closes=True)
    assert items == at_once
    spoken = [w for item in items for w in ([item] if isinstance(item, Word) else item.words)]
    assert spoken == words(*said)
