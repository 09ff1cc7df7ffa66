"""A report of an evaluation → what a real browser makes of it: drawn, heard, private, usable.

    python -m benchmarks.report_page [--report report.html] [--screenshot page.png]

Without `--report`, the bundled recordings are evaluated first. Chromium is driven through a pipe
(its DevTools protocol), so that no further package is needed; `.ci/run` calls this where Chromium
can be had. The exit code is 1 if anything is not as it should be. What needs no browser is tested
in `tests/tevr/evaluation/test_report.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[1] / "tests" / "data" / "kerstin"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--autoplay-policy=no-user-gesture-required", "--remote-debugging-pipe", "--mute-audio"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
)
WIDE, NARROW = (1100, 900), (400, 800)  # pixels
_DRAWN = """[...document.querySelectorAll("svg")].map(svg => {
  for (let e = svg; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  const box = svg.getBoundingClientRect();
  const shapes = [...svg.querySelectorAll("rect")].filter(r => r.getBoundingClientRect().width > 0);
  return box.width > 0 && box.height > 0 && shapes.length > 0;
})"""
_PLAYED = """(async () => {
  const ends = [];
  for (const sound of document.querySelectorAll("audio")) {
    await sound.play();
    await new Promise(done => sound.addEventListener("timeupdate", done, {once: true}));
    ends.push(sound.currentTime > 0 && sound.duration > 0 && !sound.error);
    sound.pause();
  }
  return ends;
})()"""
_FOCUS = "document.activeElement.tagName + ' ' + document.activeElement.textContent.slice(0, 40)"
_OPENED = 'document.activeElement.closest("details.utterance")?.open === true'
_SHOWN = '[...document.querySelectorAll("details.utterance")].filter(e => !e.hidden).length'
_OPEN_FIRST = """document.querySelectorAll(
  "details.utterance:first-of-type, details.utterance:first-of-type details"
).forEach(each => { each.open = true; })"""
_FILTER = """(() => { const filter = document.getElementById("filter"); filter.value = "number";
  filter.dispatchEvent(new Event("change")); })()"""


class Browser:
    """One page of a headless browser."""

    _session: str | None = None

    def __init__(self, to: int, fro: int) -> None:
        self._to, self._fro = os.fdopen(to, "wb"), fro
        self._numbers = count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for part in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            self.call(f"{part}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask for something and wait for it; events on the way are kept."""
        number = next(self._numbers)
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def run(self, script: str) -> Any:  # noqa: ANN401 - whatever the script gives
        """The value of a script, awaited."""
        done = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise RuntimeError(str(done["exceptionDetails"]))
        return done["result"].get("value")

    def press(self, key: str) -> None:
        """A key down and up."""
        code = {"Tab": 9, "Enter": 13}.get(key, ord(key[0].upper()))
        text = {"Enter": "\r", "Tab": ""}.get(key, key)
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def open(self, path: Path, size: tuple[int, int]) -> None:
        """Show a file in a window of that size, and wait until it is loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=False,
        )
        loaded = len(self.of("Page.loadEventFired"))
        self.call("Page.navigate", url=path.resolve().as_uri())
        while len(self.of("Page.loadEventFired")) == loaded:
            self.events.append(self._read())

    def of(self, *methods: str) -> list[dict[str, Any]]:
        """What the events of these kinds tell."""
        return [each["params"] for each in self.events if each.get("method") in methods]

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            block = os.read(self._fro, 1 << 16)
            if not block:
                raise RuntimeError("The browser has ended")
            self._rest += block
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def browser(program: str) -> Iterator[Browser]:
    """Start a browser whose DevTools read and write two pipes; it ends with the block."""
    (their_in, to), (fro, their_out) = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # A shell sets the numbers 3 and 4, which Chromium expects.
        script = f'exec "$@" 3<&{their_in} 4>&{their_out}'
        command = ["sh", "-c", script, "sh", program, *FLAGS, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            command, pass_fds=(their_in, their_out), stderr=subprocess.DEVNULL
        )
        os.close(their_in)
        os.close(their_out)
        try:
            yield Browser(to, fro)
        finally:
            process.terminate()
            process.wait()
            os.close(fro)


def check(page: Browser, report: Path) -> dict[str, bool]:
    """All that is asked of a report, and whether it is so."""
    page.open(report, WIDE)
    page.press("Tab")
    skipped = str(page.run(_FOCUS)).startswith("A Skip")
    page.press("Enter")
    page.press("j")
    opened = bool(page.run(_OPENED))
    page.run(_FILTER)
    filtered = page.run(_SHOWN) == 0
    page.run('document.getElementById("filter").value = ""')
    page.run('document.getElementById("filter").dispatchEvent(new Event("change"))')
    drawn, played = page.run(_DRAWN), page.run(_PLAYED)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    page.open(report, NARROW)
    narrow = bool(page.run("document.documentElement.scrollWidth <= innerWidth"))
    requests = {each["request"]["url"] for each in page.of("Network.requestWillBeSent")}
    outside = {url for url in requests if not url.startswith(("data:", report.resolve().as_uri()))}
    mistakes = page.of("Log.entryAdded", "Runtime.exceptionThrown")
    return {
        f"all {len(drawn)} pictures are drawn": bool(drawn) and all(drawn),
        f"all {len(played)} recordings play": bool(played) and all(played),
        f"no request leaves the page {sorted(outside) or ''}": not outside,
        f"no message on the console {mistakes or ''}": not mistakes,
        "the first Tab leads past the navigation": skipped,
        "j opens the next utterance": opened,
        "the filter hides utterances of other classes": filtered,
        "pictures, links and controls have names": not _nameless(tree),
        "a narrow window needs no scrolling sideways": narrow,
    }


def _nameless(tree: Sequence[dict[str, Any]]) -> list[str]:
    """Roles of what a screen reader could not name."""
    roles = {"image", "img", "link", "button", "combobox", "heading", "table", "DisclosureTriangle"}
    return [
        node["role"]["value"]
        for node in tree
        if not node.get("ignored")
        and node.get("role", {}).get("value") in roles
        and not node.get("name", {}).get("value")
    ]


def photograph(page: Browser, report: Path, target: Path) -> None:
    """Write a picture of the whole report with its first utterance opened."""
    page.open(report, WIDE)
    page.run(_OPEN_FIRST)
    height = page.run("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": WIDE[0], "height": height, "scale": 1}
    shot = page.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    target.write_bytes(b64decode(shot["data"]))


def evaluated(folder: Path) -> Path:
    """The report on the bundled recordings."""
    from tevr.cli.main import run

    run(["evaluate", str(RECORDINGS), "-o", str(folder), "--workers", "1", "--worst", "3", "-q"])
    return folder / "report.html"


def main() -> None:
    """Check a report and print what is so and what is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--report", type=Path, metavar="HTML")
    parser.add_argument("--screenshot", type=Path, metavar="PNG")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"No browser was found. Install one of {', '.join(BROWSERS)}.")
    with tempfile.TemporaryDirectory() as folder:
        report = arguments.report or evaluated(Path(folder))
        with browser(program) as page:
            found = check(page, report)
            if arguments.screenshot:
                photograph(page, report, arguments.screenshot)
    for what, holds in found.items():
        print("ok  " if holds else "NOT ", what)
    sys.exit(not all(found.values()))


if __name__ == "__main__":
    main()
