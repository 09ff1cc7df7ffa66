"""Word and PDF files → blocks of running text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from tevr.lm.encoding import DocumentError
from tevr.lm.layout import page_paragraphs
from tevr.lm.markup import missing

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
"""First bytes of the container that holds .doc files and encrypted .docx files."""
_GLYPHS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def docx_blocks(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a Word file, those of table cells too, in their order.

    Headers, footers, comments, footnotes and deleted text are left out.

    Raises:
        DocumentError: the file is damaged, protected by a password or no Word file.
        UsageError: the package python-docx is not installed.
    """
    try:
        docx = import_module("docx")
    except ImportError as error:
        raise missing("python-docx") from error
    with path.open("rb") as file:
        if file.read(len(_OLD_OFFICE)) == _OLD_OFFICE:
            raise DocumentError(
                f"{path} is protected by a password or in the format of Word 97",
                "Save it without a password as .docx.",
            )
    try:
        body = docx.Document(str(path)).element.body
        # The same text box again, for old programs.
        for fallback in list(body.iter(_FALLBACK)):
            fallback.getparent().remove(fallback)
    except Exception as error:  # the reader lets through whatever its zip and XML parts raise
        raise DocumentError(
            f"{path} cannot be read as a Word file ({_cause(error)})",
            "Open it in a word processor and save it again as .docx.",
        ) from error
    yield from _paragraphs(body)


def pdf_blocks(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a PDF: lines joined, divided words whole, page numbers left out.

    Raises:
        DocumentError: the file is damaged, protected by a password, or holds no text.
        UsageError: the package pypdf is not installed.
    """
    try:
        pypdf = import_module("pypdf")
    except ImportError as error:
        raise missing("pypdf") from error
    # Its remarks on odd but readable files are of no use to a listener.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(str(path))
        # Many files let everybody read and only forbid changes: their password is empty.
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page.extract_text().splitlines() for page in reader.pages]
    except Exception as error:  # damaged files raise errors of every kind within the reader
        raise DocumentError(
            f"{path} cannot be read as a PDF ({_cause(error)})",
            "Open it in a PDF viewer and print it into a new file.",
        ) from error
    if locked:
        raise DocumentError(f"{path} is protected by a password", "Save it without a password.")
    if not any(line.strip() for page in pages for line in page):
        raise DocumentError(
            f"{path} holds no text; it may hold pictures of pages",
            "Recognise its pages with a program for optical character recognition.",
        )
    yield from page_paragraphs(pages)


def _paragraphs(body: Any) -> Iterator[str]:  # noqa: ANN401 (an element of lxml, which has no types)
    """Yield the text of each paragraph below an element in document order."""
    text = ""
    for element in body.iter(f"{_WORD}*"):
        kind = element.tag.removeprefix(_WORD)
        if kind == "p":
            yield from _lines(text)
            text = ""
        elif kind == "t":
            text += element.text or ""
        else:
            # Tab stops, which have the same name, are settings of a paragraph.
            in_run = element.getparent() is not None and element.getparent().tag == f"{_WORD}r"
            text += _GLYPHS.get(kind, "") if in_run else ""
    yield from _lines(text)


def _lines(text: str) -> Iterator[str]:
    yield from (line.strip() for line in text.split("\n") if line.strip())


def _cause(error: Exception) -> str:
    """Return the first line of what a reader says, without a full stop."""
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")
