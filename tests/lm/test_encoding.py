"""Encodings: the same text comes out of any of them, and binaries are told from text."""

from __future__ import annotations

import gzip
import logging
import lzma
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.lm.encoding import DocumentError, read_blocks, read_head, tell_encoding

GERMAN = "Die Größe der Übung hängt von der Höhe ab.\nÄpfel süß, Bären müde, Füße heiß.\n"
CERTAIN = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]
MARKED = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "utf-32-be": b"\0\0\xfe\xff"}


def read(path: Path, size: int = 1 << 16) -> str:
    return "".join(read_blocks(path, tell_encoding(read_head(path)), size))


@pytest.mark.parametrize(
    "encoding", [*CERTAIN, "cp1252", "latin-1", "mac_roman", "cp850", "utf-16-le", "utf-16-be"]
)
def test_german_is_read_alike_from_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(GERMAN.replace("\n", "\r\n").encode(encoding))
    assert read(path) == GERMAN
    assert read(path, size=3) == GERMAN


WRITING = st.characters(
    exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\u2028\u2029\ufeff"
)


@given(text=st.text(WRITING | st.just("\n")), encoding=st.sampled_from([*CERTAIN, *MARKED]))
def test_any_text_comes_back_whatever_marks_its_encoding(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("marked") / "a.txt"
    path.write_bytes(MARKED.get(encoding, b"") + text.encode(encoding))
    assert read(path, size=7) == text


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_what_is_not_utf_8_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, encoding: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(GERMAN.encode(encoding))
    with caplog.at_level(logging.WARNING, "tevr.lm"):
        read(path)
    (message,) = caplog.messages
    assert message.startswith(f"{path} is not UTF-8")


def test_stray_bytes_in_utf_8_are_read_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((GERMAN * 3).encode() + "schöne Tür".encode("cp1252"))
    assert read(path).endswith("heiß.\nschöne Tür")
    assert len(caplog.messages) == 1


def test_quotation_marks_of_windows_are_no_letters_of_an_older_code_page(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    text = "Er sagte: „Komm“ und „Geh“ – und „Nein“. Schön."
    path.write_bytes(text.encode("cp1252"))
    assert read(path) == text


def test_a_declared_encoding_counts_only_where_the_bytes_are_not_utf_8() -> None:
    assert tell_encoding("Größe".encode(), declared="latin-1") == "utf-8"
    assert tell_encoding("Größe".encode("cp1252"), declared="ISO-8859-1") == "cp1252"
    assert tell_encoding("Wałęsa Łódź".encode("iso8859-2"), declared="iso-8859-2") == "iso8859-2"
    assert tell_encoding("Größe".encode("cp1252"), declared="no such") == "cp1252"


@pytest.mark.parametrize("packer", [gzip, lzma])
def test_packed_text_is_unpacked(tmp_path: Path, packer: object) -> None:
    path = tmp_path / ("a.txt.gz" if packer is gzip else "a.txt.xz")
    path.write_bytes((gzip if packer is gzip else lzma).compress(GERMAN.encode()))
    assert read(path) == GERMAN


@pytest.mark.parametrize("name", ["a.txt.gz", "a.txt.xz"])
def test_damaged_packing_is_an_error_of_this_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    packed = (gzip if name.endswith("gz") else lzma).compress(GERMAN.encode() * 9)
    for data in (packed[: len(packed) // 2], b"no packing at all"):
        path.write_bytes(data)
        with pytest.raises(DocumentError, match="damaged and cannot be unpacked"):
            read(path)


@pytest.mark.parametrize(
    "data",
    [b"\x7fELF\x02\x01\x01\0\0\0text", bytes(range(256)) * 9, GERMAN.encode() + b"\0\1\2" * 9],
)
def test_binaries_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match="no text: it holds control characters"):
        read(path)


def test_a_file_that_cannot_be_opened_is_an_error_of_this_file(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be opened"):
        read_head(tmp_path / "none.txt")


def test_page_breaks_and_other_line_ends_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("a\fb\u2028c\rd\r\ne".encode())
    assert read(path, size=1).split("\n") == ["a", "b", "c", "d", "e"]
