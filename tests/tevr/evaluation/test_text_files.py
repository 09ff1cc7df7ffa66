"""Text files: all formats give the same records; what does not fit is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tevr.errors import UsageError
from tevr.evaluation.text_files import read_matched

SAID = {"u1": "Guten Tag", "u2": "wie geht es"}
HEARD = {"u2": "wie gehts", "u1": "guten tag"}
FORMATS = {
    "tsv": lambda texts: "".join(f"{name}\t{text}\n" for name, text in texts.items()),
    "trn": lambda texts: "".join(f"{text} ({name})\n" for name, text in texts.items()),
    "jsonl": lambda texts: "".join(
        f'{{"id": "{name}", "text": "{text}"}}\n' for name, text in texts.items()
    ),
}


@pytest.mark.parametrize("said", FORMATS)
@pytest.mark.parametrize("heard", FORMATS)
def test_names_match_whatever_the_formats(said: str, heard: str, tmp_path: Path) -> None:
    paths = tmp_path / f"ref.{said}", tmp_path / f"hyp.{heard}"
    for path, texts in zip(paths, (SAID, HEARD), strict=True):
        path.write_text(FORMATS[path.suffix[1:]](texts), encoding="utf-8")
    matched = read_matched(*paths)
    assert [(r.name, r.reference, r.hypothesis) for r in matched.records] == [
        ("u1", "Guten Tag", "guten tag"),
        ("u2", "wie geht es", "wie gehts"),
    ]
    assert (matched.unheard, matched.unasked) == ((), ())


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "ref.tsv").write_text("seconds\tsentence\tpath\n3\tGuten Tag\tu1\n")
    (tmp_path / "hyp.tsv").write_text("path\thypothesis\ttext\nu1\tguten\tGuten Tag\n")
    (record,) = read_matched(tmp_path / "ref.tsv", tmp_path / "hyp.tsv").records
    assert (record.reference, record.hypothesis) == ("Guten Tag", "guten")


def test_plain_lines_match_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "ref.txt").write_text("Eins\nZwei\n")
    (tmp_path / "hyp.txt").write_text("eins\n\n")
    records = read_matched(tmp_path / "ref.txt", tmp_path / "hyp.txt").records
    assert [record.hypothesis for record in records] == ["eins", ""]


def test_what_has_no_partner_is_named(tmp_path: Path) -> None:
    (tmp_path / "ref.tsv").write_text("a\teins\nb\tzwei\nb\tzwei\nc\t…\n")
    (tmp_path / "hyp.tsv").write_text("a\teins\nd\tdrei\n")
    matched = read_matched(tmp_path / "ref.tsv", tmp_path / "hyp.tsv")
    assert matched.unheard == ("b", "c")
    assert matched.unasked == ("d",)
    assert [record.problem for record in matched.records] == [None, None, "duplicate", "empty"]


@pytest.mark.parametrize(
    ("reference", "hypothesis", "message"),
    [
        (("ref.txt", "a\nb\n"), ("hyp.txt", "a\n"), "2 lines"),
        (("ref.txt", ""), ("hyp.txt", ""), "no references"),
        (("ref.jsonl", "{\n"), ("hyp.txt", "a\n"), "no JSON object"),
        (("ref.jsonl", '{"id": 1}\n'), ("hyp.txt", "a\n"), "no text"),
        (("ref.trn", "a b\n"), ("hyp.txt", "a\n"), "brackets"),
        (("ref.tsv", "a\n"), ("hyp.txt", "a\n"), "column"),
        (("ref.tsv", "a\tx\n"), ("hyp.tsv", "a\tx\na\ty\n"), "twice"),
        (("ref.txt", "a\n"), ("none.txt", None), "cannot be read"),
    ],
)
def test_what_does_not_fit_is_told(
    reference: tuple[str, str], hypothesis: tuple[str, str | None], message: str, tmp_path: Path
) -> None:
    for name, content in (reference, hypothesis):
        if content is not None:
            (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=message):
        read_matched(tmp_path / reference[0], tmp_path / hypothesis[0])
