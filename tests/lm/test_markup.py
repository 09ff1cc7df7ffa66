"""Markup: what a reader would hear stays, the rest goes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevr.errors import UsageError
from tevr.lm import markup
from tevr.lm.markup import declared_encoding, html_blocks, markdown_blocks

PAGE = """<!DOCTYPE html><html><head><title>Titel</title><style>p { color: red }</style>
<script>var a = "<p>nein</p>";</script></head>
<body><nav><ul><li>Start<li>Suche</ul></nav>
<h1>Der   Wal</h1>
<p>Der Wal ist ein <a href="x">S&auml;uge&shy;tier</a>.<sup>[1]</sup> Er ist
<b>gro&szlig;</b>.<p>Zweiter Absatz<br>nach dem Umbruch
<table><tr><td>Länge<td>30 m</tr></table>
<pre><code>print("nein")</code></pre>
<div>Ende</div><footer>Impressum</footer></body></html>"""
HEARD = [
    "Der Wal",
    "Der Wal ist ein Säuge\u00adtier. Er ist groß.",
    "Zweiter Absatz",
    "nach dem Umbruch",
    "Länge",
    "30 m",
    "Ende",
]


def test_block_elements_end_sentences_and_menus_scripts_and_code_are_left_out() -> None:
    assert list(html_blocks([PAGE])) == HEARD


@given(st.lists(st.integers(0, len(PAGE)), max_size=8))
def test_block_boundaries_do_not_change_a_page(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(PAGE)]
    pieces = [PAGE[a:b] for a, b in pairwise(places)]
    assert list(html_blocks(pieces)) == HEARD


def test_a_menu_that_is_never_closed_ends_with_the_element_around_it() -> None:
    assert list(html_blocks(["<div><nav>Menü<p>mehr</div><p>Text"])) == ["Text"]


@given(st.text("<>/abp!-&;= '\"nscript"))
def test_broken_pages_give_text_and_no_error(page: str) -> None:
    assert all(block.strip() == block != "" for block in html_blocks([page]))


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        (b'<meta charset="ISO-8859-1">', "ISO-8859-1"),
        (b'<META http-equiv=x content="text/html; charset=windows-1252">', "windows-1252"),
        (b"<p>charset=x</p>", None),
    ],
)
def test_pages_name_their_encoding(head: bytes, encoding: str | None) -> None:
    assert declared_encoding(head) == encoding


NOTES = """---
title: Notizen
---
# Der *Wal*

Der Wal ist ein [Säugetier](https://example.org) und
ein ![Bild](x.png)**großes** Säuge-
tier.

- erster Punkt
- zweiter `Punkt`

```python
print("nein")
```

    eingerückter Code

> Ein Zitat\\
> in zwei Zeilen

| Länge | Gewicht |
| --- | --- |
| 30 m | 100 t |

<p>Ein Absatz</p>
"""


def test_markdown_is_stripped_of_markup_and_code() -> None:
    assert list(markdown_blocks([NOTES])) == [
        "Der Wal",
        "Der Wal ist ein Säugetier und ein großes Säugetier.",
        "erster Punkt",
        "zweiter Punkt",
        "Ein Zitat",
        "in zwei Zeilen",
        "Länge",
        "Gewicht",
        "30 m",
        "100 t",
        "Ein Absatz",
    ]


def test_long_markdown_is_parsed_in_parts_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(markdown_blocks([NOTES * 9]))
    monkeypatch.setattr(markup, "_PART", 50)
    assert list(markdown_blocks([NOTES * 9])) == whole


def test_a_rule_at_the_beginning_is_not_taken_for_settings() -> None:
    lines = [f"Zeile {number}.\n\n" for number in range(200)]
    found = list(markdown_blocks(["---\n", *lines]))
    assert found == [line.strip() for line in lines]


def test_a_missing_parser_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(markup, "import_module", missing)
    with pytest.raises(UsageError, match=r"tevr\[documents\]"):
        list(markdown_blocks(["# a"]))
