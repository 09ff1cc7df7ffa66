"""Documents: which files are found, what text they give, and that one bad file stops no other."""

from __future__ import annotations

import lzma
import textwrap
import tracemalloc
from pathlib import Path

import docx
import pytest

from tevr.errors import UsageError
from tevr.lm.documents import Block, Skipped, find_documents, read_document, read_documents

PROSE = (
    "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller "
    "staatlichen Gewalt, so steht es im Grundgesetz."
)


def write(path: Path, text: str | bytes = "Text.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_folders_are_searched_sorted_and_hidden_and_unknown_files_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = ["README", "a.TXT", "b/c.md", "b/d.txt.xz", "e.htm"]
    for name in [*kept, ".hidden.txt", ".git/x.txt", "f.jpg", "b/g.jpg", "h.rtf", "i.pdf.xz"]:
        write(tmp_path / name)
    found = find_documents([tmp_path, tmp_path / "a.TXT"])
    assert sorted(file.relative_to(tmp_path).as_posix() for file in found) == kept
    assert found == find_documents([tmp_path])
    assert caplog.messages[0] == (
        "4 files of other kinds were left out: .jpg (2), .rtf (1), .xz (1)."
    )


def test_named_files_come_in_the_order_given(tmp_path: Path) -> None:
    files = [write(tmp_path / name) for name in ("b.txt", "a.txt")]
    assert find_documents(files) == files


@pytest.mark.parametrize("name", ["missing.txt", "picture.jpg", "empty"])
def test_what_cannot_be_found_or_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    write(tmp_path / "picture.jpg")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        find_documents([tmp_path / name])


def test_an_unknown_kind_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.docx, \.pdf"):
        read_document(tmp_path / "a.rtf")


def test_every_kind_gives_the_same_text(tmp_path: Path) -> None:
    wrapped = "\n".join(textwrap.wrap(PROSE, 70))
    files = [
        write(tmp_path / "a.txt", wrapped),
        write(tmp_path / "a"),
        write(tmp_path / "a.text.xz", lzma.compress(wrapped.encode("utf-16"))),
        write(tmp_path / "a.md", f"{wrapped}\n"),
        write(tmp_path / "a.html", f"<meta charset=latin1><p>{wrapped}".encode("latin-1")),
    ]
    files[1].write_text(wrapped, encoding="cp1252")
    document = docx.Document()
    document.add_paragraph(PROSE)
    document.save(str(tmp_path / "a.docx"))
    for file in [*files, tmp_path / "a.docx"]:
        assert list(read_document(file)) == [PROSE], file


def test_files_that_cannot_be_read_are_reported_and_the_others_go_on(tmp_path: Path) -> None:
    good = write(tmp_path / "a.txt", "Eins.\nZwei.\n")
    binary = write(tmp_path / "b.txt", bytes(range(256)))
    broken = write(tmp_path / "c.pdf", b"%PDF-1.4 broken")
    late = write(tmp_path / "d.txt", b"Ein Satz.\n" * 20000 + bytes(999))
    last = write(tmp_path / "e.txt", "Drei.")
    parts = list(read_documents([good, binary, broken, late, last]))
    assert parts[:2] == [Block(good, "Eins."), Block(good, "Zwei.")]
    assert parts[-1] == Block(last, "Drei.")
    skipped = [part for part in parts if isinstance(part, Skipped)]
    assert [part.path for part in skipped] == [binary, broken, late]
    assert all(part.reason for part in skipped)
    assert parts.index(skipped[2]) > len(parts) // 2


def test_a_large_file_of_one_line_is_read_in_bounded_memory(tmp_path: Path) -> None:
    sentence = "Das Haus steht am Rand der Stadt, und niemand wohnt dort. "
    path = write(tmp_path / "a.txt", sentence * 60_000)
    tracemalloc.start()
    try:
        found = sum(text.count("Haus") for text in read_document(path))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == 60_000
    assert most < 3_000_000 < path.stat().st_size
