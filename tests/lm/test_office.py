"""Word and PDF files: their running text comes out; what cannot be read says why."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import docx
import pypdf
import pytest

from tevr.errors import UsageError
from tevr.lm import office
from tevr.lm.encoding import DocumentError
from tevr.lm.office import docx_blocks, pdf_blocks


def write_pdf(path: Path, pages: list[list[str]]) -> None:
    """Write lines of text as a PDF, as a typesetter would: one text object a page."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        font,
    ]
    for number, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        content = f"BT /F1 11 Tf 14 TL 50 750 Td {shown} ET"
        resources = "/Resources << /Font << /F1 3 0 R >> >> /MediaBox [0 0 595 842]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R {resources} /Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >> stream\n{content}\nendstream")
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj {content} endobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    end += f"trailer << /Size {size} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    path.write_bytes(data + end.encode())


def test_pdf_lines_are_joined_and_page_numbers_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    one = ["Kopf", "Sie zu achten und zu schützen ist Verpflich-", "tung aller staatlichen Gewalt."]
    two = ["Kopf", "Das deutsche Volk bekennt sich darum zu den", "Menschenrechten als der Grund-"]
    three = ["Kopf", "lage jeder menschlichen Gemeinschaft in dieser", "Welt, so heißt es weiter."]
    write_pdf(path, [[*page, f"– {n} –"] for n, page in enumerate((one, two, three), 1)])
    assert " ".join(pdf_blocks(path)) == (
        "Sie zu achten und zu schützen ist Verpflichtung aller staatlichen Gewalt. "
        "Das deutsche Volk bekennt sich darum zu den Menschenrechten als der Grundlage jeder "
        "menschlichen Gemeinschaft in dieser Welt, so heißt es weiter."
    )


def test_a_pdf_with_a_password_says_so(tmp_path: Path) -> None:
    write_pdf(tmp_path / "open.pdf", [["Text"]])
    writer = pypdf.PdfWriter(clone_from=tmp_path / "open.pdf")
    writer.encrypt("geheim", algorithm="RC4-128")
    path = tmp_path / "a.pdf"
    writer.write(path)
    with pytest.raises(DocumentError, match="protected by a password"):
        list(pdf_blocks(path))


def test_a_pdf_that_everybody_may_open_is_read(tmp_path: Path) -> None:
    write_pdf(tmp_path / "open.pdf", [["Text für alle"]])
    writer = pypdf.PdfWriter(clone_from=tmp_path / "open.pdf")
    writer.encrypt("", "besitzer", algorithm="RC4-128")
    path = tmp_path / "a.pdf"
    writer.write(path)
    assert list(pdf_blocks(path)) == ["Text für alle"]


def test_a_pdf_without_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    write_pdf(path, [[], []])
    with pytest.raises(DocumentError, match="pictures of pages"):
        list(pdf_blocks(path))


def write_docx(path: Path) -> Any:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Kopfzeile"
    document.add_heading("Überschrift", 1)
    paragraph = document.add_paragraph("Ein Absatz mit")
    paragraph.add_run(" fetten").bold = True
    paragraph.add_run("\tWörtern,\nund einer Zeile.")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["a", "b", "c", "d"], strict=True):
        cell.text = text
    document.add_paragraph("Schluss")
    document.save(str(path))
    return document


def test_paragraphs_and_table_cells_are_read_but_no_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    write_docx(path)
    assert list(docx_blocks(path)) == [
        "Überschrift",
        "Ein Absatz mit fetten Wörtern,",
        "und einer Zeile.",
        *"abcd",
        "Schluss",
    ]


def test_inserted_text_is_read_and_deleted_text_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    document = write_docx(path)
    word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    change = import_module("docx.oxml").parse_xml(
        f"<w:p {word}><w:ins><w:r><w:t>neu</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>alt</w:delText></w:r></w:del></w:p>"
    )
    document.paragraphs[-1]._p.addnext(change)
    document.save(str(path))
    assert list(docx_blocks(path))[-2:] == ["Schluss", "neu"]


def test_an_encrypted_or_old_word_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(DocumentError, match="password"):
        list(docx_blocks(path))


@pytest.mark.parametrize("ending", [".docx", ".pdf"])
def test_damaged_files_are_errors_of_these_files(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".docx":
        write_docx(path)
    else:
        write_pdf(path, [["Text"]])
    data = path.read_bytes()
    for damaged in (b"", b"no such format", data[: len(data) // 3], bytes(len(data))):
        path.write_bytes(damaged)
        with pytest.raises(DocumentError, match=r"cannot be read as a|holds no text"):
            list((docx_blocks if ending == ".docx" else pdf_blocks)(path))


@pytest.mark.parametrize("reader", [docx_blocks, pdf_blocks])
def test_a_missing_reader_is_an_error_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Any
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(office, "import_module", missing)
    with pytest.raises(UsageError, match=r"tevr\[documents\]"):
        list(reader(tmp_path / "a"))
