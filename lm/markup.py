"""HTML and Markdown → blocks of running text: the words stay, markup, code and menus go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from importlib import import_module

from tevr.errors import UsageError
from tevr.lm.layout import join, lines_of

_LEFT_OUT = {
    "audio", "button", "canvas", "footer", "form", "head", "iframe", "math", "nav", "noscript",
    "object", "script", "select", "style", "svg", "template", "textarea", "video",
}  # fmt: skip
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "br", "caption", "dd", "details", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "html", "legend", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
}  # fmt: skip
_FOOTNOTE = re.compile(r"\[(?:[0-9]{1,3}|[a-z])\]")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_PART = 1 << 17
"""Characters of Markdown parsed at a time; a part ends at a blank line outside code."""


def declared_encoding(sample: bytes) -> str | None:
    """Return the encoding that the beginning of a page names; None if it names none."""
    found = _CHARSET.search(sample)
    return found[1].decode("ascii") if found else None


def html_blocks(text: Iterable[str]) -> Iterator[str]:
    """Yield the text of each block element of a page; block elements end sentences.

    Args:
        text: the page in pieces of any length.
    """
    page = _Page()
    for piece in text:
        page.feed(piece)
        yield from page.take()
    page.close()
    page.end_block()
    yield from page.take()


def markdown_blocks(text: Iterable[str]) -> Iterator[str]:
    """Yield the text of each paragraph, heading, list item and table cell; code is left out.

    Args:
        text: the document in pieces of any length.

    Raises:
        UsageError: the package markdown-it-py is not installed.
    """
    try:
        package = import_module("markdown_it")
    except ImportError as error:
        raise missing("markdown-it-py") from error
    parser = package.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for part in _parts(_without_front_matter(lines_of(text))):
        for token in parser.parse(part):
            if token.type == "inline":
                yield from _inline_lines(token.children)
            elif token.type == "html_block":
                yield from html_blocks([token.content])


def missing(package: str) -> UsageError:
    """Return the error of a reader that is not installed."""
    return UsageError(
        f"The text needs a reader that is missing, the package {package}",
        'Install it with: pip install "tevr[documents]".',
    )


class _Page(HTMLParser):
    """Collects the text of a page; what stands within left-out elements is not heard."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._words: list[str] = []
        self._blocks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (the base class names it)
        if tag in _BLOCKS:
            self.end_block()
        if (
            self._open
            and self._open[-1] == tag
            and tag in {"p", "li", "dt", "dd", "td", "th", "tr"}
        ):
            self._open.pop()  # pages may leave out the end tags of these
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "body":
            self._open = ["body"]  # a head that was never closed

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end_block()
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if _LEFT_OUT.isdisjoint(self._open) and not {"pre", "code"} <= set(self._open):
            self._words.append(data)

    def end_block(self) -> None:
        """End the sentence that runs, if any."""
        text = _FOOTNOTE.sub("", " ".join("".join(self._words).split()))
        self._words.clear()
        if text:
            self._blocks.append(text)

    def take(self) -> list[str]:
        """Return the finished blocks once."""
        blocks, self._blocks = self._blocks, []
        return blocks


def _without_front_matter(lines: Iterator[str]) -> Iterator[str]:
    """Leave out the settings between lines of dashes with which notes may begin."""
    first = next(lines, None)
    if first is None:
        return
    if first.rstrip() != "---":
        yield first
        yield from lines
        return
    head: list[str] = []
    for line in lines:
        if line.rstrip() in {"---", "..."}:
            break
        head.append(line)
        if len(head) > 100:  # noqa: PLR2004 (no settings are as long; it was a rule across the page)
            yield from head
            break
    yield from lines


def _parts(lines: Iterable[str]) -> Iterator[str]:
    """Yield a document in parts that can be parsed alone."""
    part: list[str] = []
    size, in_code = 0, False
    for line in lines:
        in_code ^= _FENCE.match(line) is not None
        part.append(line)
        size += len(line) + 1
        if size > _PART and not (line.strip() or in_code):
            yield "\n".join(part)
            part, size = [], 0
    yield "\n".join(part)


def _inline_lines(tokens: Iterable[object]) -> Iterator[str]:
    """Yield the text of a paragraph; only a hard line break ends a line of it."""
    lines = [""]
    for token in tokens:
        kind, content = getattr(token, "type", ""), getattr(token, "content", "")
        if kind in {"softbreak", "hardbreak"}:
            lines.append("\n" if kind == "hardbreak" else "")
        elif kind in {"text", "text_special", "code_inline"}:
            lines[-1] += content
    yield from _joined(lines)


def _joined(lines: list[str]) -> Iterator[str]:
    paragraph = ""
    for line in lines:
        if line.startswith("\n") or not paragraph:
            if paragraph:
                yield paragraph
            paragraph = line.strip()
        else:
            paragraph = join(paragraph.rstrip(), line.strip())
    if paragraph:
        yield paragraph
