"""The report: one whole page that asks for nothing, for eyes, keyboards and screen readers."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tevr.evaluation.findings import Findings, find_out
from tevr.evaluation.leaks import Leaks
from tevr.evaluation.records import Record, SentenceScore
from tevr.evaluation.report import write_page
from tevr.evaluation.summary import RunFacts, summarise
from tevr.scoring.normalisers import get_normaliser

EVIL = '<script src="https://example.org/x.js"></script> & "Müll"'
VOID = {"meta", "link", "br", "input", "img"}
SCORES = {"said": SentenceScore(-9.0, -5.0, -14.0, ("tatze",)), "heard": SentenceScore(-3, -5, -8)}


class Page(HTMLParser):
    """Elements of a page in order, and whether they are closed as they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def summed(findings: Findings) -> dict[str, Any]:
    data = {"name": EVIL, "split": "test", "utterances": 3, "sha256": "0"}
    identity = {"dataset": data, "model": {"name": "de-small", "files": {"model.onnx": "ab"}}}
    return summarise(findings, identity, RunFacts(["tevr", "evaluate", EVIL], 2, 1.0))


@pytest.fixture(scope="module")
def findings() -> Findings:
    traits = {"age": "thirties", "speaker": "a"}
    records = [
        Record("a", "a.mp3", f"Die Katze {EVIL}", "die tatze", 2.0, 0.1, traits, **SCORES),
        Record("b", "b.mp3", "Die Straßenbahn kam.", "die straßen bahn kam", 3.0, 0.1, **SCORES),
        Record("c", "c.mp3", "Alles gut.", "alles gut", 1.0, 0.1),
        Record(EVIL, "d.mp3", "Kaputt.", problem="broken", reason=EVIL),
    ]
    leaks = Leaks(7, ("c",), {"b": "die straßenbahn kam an"})
    return find_out(records, get_normaliser("plain"), leaks=leaks)


@pytest.fixture(scope="module")
def text(findings: Findings) -> str:
    return write_page(findings, summed(findings), 5, lambda name: f"<p>media of {name}</p>")


def test_the_page_is_whole_and_asks_for_nothing(text: str) -> None:
    page = Page(text)
    assert page.open == []
    (policy,) = (m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    addresses = [a.get(key) for _, a in page.elements for key in ("src", "href") if key in a]
    assert all(address and address.startswith(("#", "data:")) for address in addresses)
    assert "url(" not in text
    assert "@import" not in text
    (script,) = page.all("script")  # ours alone: what data holds is escaped
    assert script == {}
    assert EVIL not in text


def test_every_section_is_drawn(text: str) -> None:
    for name in ("Rates", "Problems", "Errors", "Groups", "Sources of error", "Texts learnt"):
        assert f">{name}</h2>" in text
    assert text.count("<svg") == 5  # classes, words, letters a second, age, sources
    assert text.count('class="utterance"') == 2
    assert "<p>media of a</p>" in text
    assert "compound split" in text


def test_it_can_be_read_without_eyes_or_mouse(text: str) -> None:
    page = Page(text)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("main", "nav", "h1")] == [1, 1, 1]
    for svg in page.all("svg"):
        assert svg["role"] == "img"
        assert set(str(svg["aria-labelledby"]).split()) <= set(ids)
    for section in page.all("section"):
        assert section["aria-labelledby"] in ids
    for link in page.all("a"):
        assert str(link["href"])[1:] in ids
    assert {label["for"] for label in page.all("label")} == {"filter"}
    assert text.count("<table") == text.count("<caption>")
    assert all("scope" in cell for cell in page.all("th"))
    scrolled = [a for _, a in page.elements if a.get("class") == "wide"]
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in scrolled)
    # Errors are told in words, not by colour alone.
    wrong = re.findall(r'<td class="(wrong|missing|added)">([^<]*)</td>', text)
    assert {kind for kind, told in wrong if kind == told} == {kind for kind, _ in wrong}


def test_a_page_without_errors_says_so() -> None:
    findings = find_out([Record("a", "", "Gut.", "gut", 1.0)], get_normaliser("plain"))
    text = write_page(findings, summed(findings), 5, lambda _: "")
    assert "There is no error" in text
    assert "Worst utterances" not in text
    assert "Every utterance was scored" in text
    assert Page(text).open == []


def test_a_page_without_scored_utterances_is_a_page() -> None:
    findings = find_out(
        [Record("a", "", "Gut.", problem="missing", reason="x")], get_normaliser("plain")
    )
    assert Page(write_page(findings, summed(findings), 5, lambda _: "")).open == []
