"""Lines as a file breaks them → paragraphs as a reader hears them.

A text counts as hard-wrapped if, for most lines without a final mark, the first word of the next
line would not have fitted any more into the usual longest line. In such a text a line is joined to
the next if that word would not have fitted, or if it goes on in lower case; blank lines and list
marks begin a paragraph. Any other text keeps its lines: one line is one sentence or more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

from tevr.lm.corpus import sentence_ends

LONGEST = 1 << 16
"""Most characters of a line or paragraph; a longer one is cut, so that memory stays bounded."""
SAMPLE = 1 << 17
"""Characters from which the width of wrapped lines is told."""

_NARROWEST, _WIDEST = 40, 120  # characters of wrapped lines, from columns to wide e-mails
_USUAL_LONGEST = 0.98  # quantile; single words and addresses may stand out
_SURE_PAIRS = 4  # pairs of lines that show a wrap in texts without capitals
_PAGES_ALIKE = 3  # pages that must share a line for it to be their header or footer
_PDF_SLACK = 0.2  # share of the width by which lines of proportional type differ

_FINAL = re.compile(r"[.!?…:;][\"“”»«')\]]*$")
_LIST_MARK = re.compile(r"[-*•·‣▪]\s|\(?[0-9a-z]{1,2}\)\s|#")
_HYPHENS = ("-", "‐", "\u00ad")
_AND = re.compile(r"(?:und|oder|bzw\.|sowie|bis|noch|als|wie|statt|u\.)(?!\w)")
_TAIL = 4096  # characters before the cut in which a sentence end is looked for
_ENDS_FREE = 64  # characters that a sentence end needs before and behind it to be told
_PAGE_NUMBER = re.compile(r"\W*(?:(?:Seite|S\.|Page)\s*)?[0-9]{1,4}(?:\s*(?:von|/)\s*[0-9]+)?\W*")


def lines_of(blocks: Iterable[str], longest: int = LONGEST) -> Iterator[str]:
    """Yield the lines of a text without their ends, wherever its blocks begin and end.

    Args:
        blocks: the text in pieces of any length.
        longest: a line of more characters is cut at a sentence end, else between words.
    """
    rest = ""
    for block in blocks:
        *whole, rest = (rest + block).split("\n")
        for line in whole:
            *pieces, last = _cut(line, longest)
            yield from pieces
            yield last
        *pieces, rest = _cut(rest, longest)
        yield from pieces
    if rest:
        yield rest


def paragraphs(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines as they are, or joined where the text is hard-wrapped; blank ones are dropped."""
    source = iter(lines)
    sample: list[str] = []
    size = 0
    for line in source:
        sample.append(line)
        size += len(line) + 1
        if size > SAMPLE:
            break
    width = wrap_width(sample)
    whole = chain(sample, source)
    if width is None:
        yield from (line.strip() for line in whole if line.strip())
    else:
        yield from joined(whole, width)


def wrap_width(lines: list[str]) -> int | None:
    """Return the width in characters at which a text is hard-wrapped; None if it is not."""
    stripped = [line.strip() for line in lines]
    lengths = sorted(len(line) for line in stripped if line)
    if not lengths:
        return None
    width = lengths[int(_USUAL_LONGEST * (len(lengths) - 1))]
    if not _NARROWEST <= width <= _WIDEST:
        return None
    open_pairs = [
        (line, after)
        for line, after in pairwise(stripped)
        if line and after and not _FINAL.search(line)
    ]
    full = sum(not _fits(line, after, width) for line, after in open_pairs)
    cased = any(line != line.lower() for line in stripped)
    going_on = any(after[0].islower() for _, after in open_pairs)
    if not (cased and going_on) and len(open_pairs) < _SURE_PAIRS:
        return None
    return width if 2 * full > len(open_pairs) else None


def joined(lines: Iterable[str], width: int, slack: int = 0) -> Iterator[str]:
    """Join the lines of paragraphs that were broken at a width.

    Args:
        lines: lines of the text; a blank one ends a paragraph.
        width: usual length of the longest lines, in characters.
        slack: characters that a full line may be shorter than the width allows.
    """
    paragraph, before = "", ""
    for raw in lines:
        line = raw.strip()
        if not line:
            goes_on = False
        elif _FINAL.search(before) or not line[0].islower():
            goes_on = bool(before) and not _fits(before, line, width - slack)
            goes_on = goes_on and not _LIST_MARK.match(line)
        else:
            goes_on = bool(before)
        full = len(paragraph) > LONGEST // 2 and _FINAL.search(before)
        if paragraph and (not goes_on or full or len(paragraph) > LONGEST):
            yield paragraph
            paragraph = ""
        paragraph = join(paragraph, line) if paragraph else line
        before = line
    if paragraph:
        yield paragraph


def join(line: str, after: str) -> str:
    """Join two lines; a word divided at the line end becomes whole ("Verfas-", "sung").

    A hyphen stays before a capital or a digit ("Baden-", "Württemberg") and, with a space, before
    a conjunction ("Haupt-", "und").
    """
    divided = line.endswith(_HYPHENS) and line[-2:-1].isalpha()
    if not divided or _AND.match(after):
        return f"{line} {after}"
    return (line[:-1] if after[:1].islower() else line) + after


def without_repeats(pages: list[list[str]], edge: int = 2) -> Iterator[str]:
    """Yield the lines of pages without page numbers and without headers and footers.

    A header or footer is a line that stands, but for its digits, among the first or last lines of
    at least three pages and of a third of all.

    Args:
        pages: the lines of each page.
        edge: lines at the top and at the bottom that may be headers and footers.
    """
    texts = [[line.strip() for line in page if line.strip()] for page in pages]
    counts: Counter[str] = Counter()
    for page in texts:
        counts.update({_mask(line) for line in [*page[:edge], *page[-edge:]]})
    least = max(_PAGES_ALIKE, len(pages) / 3)
    for page in texts:
        for number, line in enumerate(page):
            at_edge = number < edge or number >= len(page) - edge
            repeated = counts[_mask(line)] >= least or _PAGE_NUMBER.fullmatch(line)
            if not (at_edge and repeated):
                yield line


def page_paragraphs(pages: list[list[str]]) -> Iterator[str]:
    """Yield the paragraphs of typeset pages, whose lines are always broken at a width."""
    lines = list(without_repeats(pages))
    lengths = sorted(map(len, lines))
    if lengths:
        width = lengths[int(_USUAL_LONGEST * (len(lengths) - 1))]
        yield from joined(lines, width, slack=int(_PDF_SLACK * width))


def _mask(line: str) -> str:
    return re.sub("[0-9]+", "#", line)


def _fits(line: str, after: str, width: int) -> bool:
    """Tell whether the first word of the next line would have fitted into this one."""
    return len(line) + 1 + len(after.split(maxsplit=1)[0]) <= width


def _cut(line: str, longest: int) -> Iterator[str]:
    """Yield a line in pieces of at most so many characters; the last one may be empty."""
    while len(line) > longest:
        end = _place_to_cut(line[:longest])
        yield line[:end]
        line = line[end:]
    yield line


def _place_to_cut(text: str) -> int:
    """Return where to cut a text: after its last sure sentence end, else after its last space."""
    tail = max(0, len(text) - _TAIL)
    ends = [tail + end for end in sentence_ends(text[tail:])]
    sure = [end for end in ends if tail + _ENDS_FREE <= end <= len(text) - _ENDS_FREE]
    if sure:
        return sure[-1]
    return max(text.rfind(" "), text.rfind("\t")) + 1 or len(text)
