"""`tevr zoo`: flags → papers listed, trained, asked, and their claims checked."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from tevr.cli.groups import Json, Quiet, make_group
from tevr.errors import ModelError, OutputError, UsageError

if TYPE_CHECKING:
    from tevr.models import Paper
    from tevr.models.checks import Claim, Result
    from tevr.models.fit import News

ALL = "all"
Name = Annotated[str, Argument(metavar="NAME", help="A paper, as tevr zoo list names it.")]
Data = Annotated[
    str,
    Option(
        "--data",
        metavar="DATA",
        help="An .npz archive, a folder with one folder of pictures a class, or digits.",
    ),
]
Run = Annotated[Path, Option("--output", "-o", metavar="RUN", help="The run's folder.")]


def make_zoo_app() -> typer.Typer:
    """All commands of the group."""
    summary = "Papers on networks: train them, check their claims."
    group = make_group(summary)
    group.command("list")(list_papers)
    for command in (info, train, predict, check):
        group.command()(command)
    return group


def list_papers(json: Json = False) -> int:
    """Name all papers."""
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.models import PAPERS

    if json:
        print_json({"papers": [asdict(each) for each in PAPERS]})
    else:
        width = max(len(each.name) for each in PAPERS)
        print_lines(f"{each.name:{width}}  {each.task}" for each in PAPERS)
    return 0


def info(
    name: Name,
    demo: Annotated[bool, Option("--demo", help="Also show what it does, in seconds.")] = False,
) -> int:
    """Tell of one paper: source, module, settings, claims."""
    from tevr.cli.lm_report import print_lines

    with _told():
        paper = _paper(name)
        module = paper.module()
        lines = [paper.title, f"{paper.authors}, {paper.source}", ""]
        lines += (inspect.getdoc(module) or "").splitlines()
        lines += _settings(module)
        claims = paper.claims()
        lines += ["", "Claims:"] if claims else []
        lines += [f"  {claim.name}: {claim.says}" for claim in claims]
        if demo and hasattr(module, "demo"):
            lines += ["", module.demo()]
    print_lines(iter(lines))
    return 0


def train(
    name: Name,
    data: Data,
    output: Run,
    change: Annotated[
        list[str], Option("--set", metavar="KEY=VALUE", help="A setting, as tevr zoo info lists.")
    ] = [],  # noqa: B006 - read only
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Train what a paper describes.

    A run that was broken off goes on where its folder stands.
    """
    from tevr.cli.console import progress
    from tevr.cli.lm_report import print_json, print_lines

    with _told(), progress(1.0, quiet=quiet) as bar:
        from tevr.models.running import train as train_paper

        def show(news: News) -> None:
            values = ", ".join(f"{key} {value:.3g}" for key, value in news.values.items())
            bar.file(f"Step {news.step} of {news.steps}: {values}", 0.0, None)

        figures = train_paper(_paper(name).name, data, output, change, show)
    if json:
        print_json(dict(figures))
    else:
        print_lines(f"{key}: {value:.6g}" for key, value in figures.items())
    return 0


def predict(
    run: Annotated[Path, Argument(metavar="RUN", help="Folder of a trained run.")],
    inputs: Annotated[list[Path], Argument(metavar="FILE", help="What to tell about.")],
    json: Json = False,
) -> int:
    """Say what a trained run makes of files."""
    from tevr.cli.console import printable
    from tevr.cli.lm_report import print_json

    with _told():
        from tevr.models.running import predict as ask

        answers = list(ask(run, inputs))
    if json:
        print_json({"answers": [dict(answer) for answer in answers]})
        return 0
    for answer in answers:
        shown = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in answer.values())
        print(printable("  ".join(shown)))
    return 0


def check(
    name: Annotated[str, Argument(metavar="NAME", help="A paper, or all.")],
    quick: Annotated[bool, Option("--quick", help="In minutes, on less data.")] = False,
    data: Annotated[
        Path | None, Option("--data", metavar="DATA", help="Folder with data sets.")
    ] = None,
    output: Annotated[
        Path | None,
        Option("--output", "-o", metavar="DIR", help="Write or renew zoo.md and pictures here."),
    ] = None,
    work: Annotated[
        Path | None,
        Option("--work", metavar="DIR", help="Keep trainings here, so that it can be gone on."),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Try what papers claim, at small scale, and show what is found.

    Exit code 1 tells that a claim did not hold. With --work, claims that were tried there before
    are not tried again.
    """
    if data is not None and not data.is_dir():
        raise UsageError(f"There is no folder {data}", "Name one with data sets.")
    with _told(), _place(work) as place:
        from tevr.cli.console import progress
        from tevr.models import PAPERS

        papers = PAPERS if name == ALL else (_paper(name),)
        tasks = [(paper.name, claim) for paper in papers for claim in paper.claims()]
        with progress(float(len(tasks)), quiet=quiet) as bar:
            results = []
            for paper, claim in tasks:
                bar.file(f"{paper}: {claim.name}", 1.0, None)
                results.append(_check(paper, claim, place, data, quick))
        _report(results, place, output, json=json)
    return 1 if any(each.finding.holds is False for each in results) else 0


def _check(paper: str, claim: Claim, place: Path, data: Path | None, quick: bool) -> Result:
    from tevr.models.checks import Bench
    from tevr.models.checks import check as check_claim

    kind = "quick" if quick else "whole"
    bench = Bench(
        place / kind / paper / claim.name, data, quick, networks=place / kind / "networks"
    )
    return check_claim(paper, claim, bench)


def _report(results: list[Result], place: Path, output: Path | None, *, json: bool) -> None:
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.models.report import VERDICTS, write_report

    if output is not None:
        kinds = ((each, "quick" if each.quick else "whole") for each in results)
        folders = [(each, place / kind / each.paper / each.claim) for each, kind in kinds]
        try:
            write_report(output, folders)
        except OSError as error:
            raise OutputError(f"The report cannot be written: {error}", "Name another.") from error
    if json:
        print_json({"claims": [asdict(each) for each in results]})
        return
    print_lines(
        f"{each.paper} {each.claim}: {VERDICTS[each.finding.holds]}. "
        f"{each.says}: {each.finding.ours}"
        for each in results
    )


def _settings(module: object) -> list[str]:
    """Lines about what can be set, none if nothing is trained."""
    kind = getattr(module, "TrainConfig", None)
    if kind is None:
        return []
    from tevr.models.running import describe_settings

    return ["", "Settings of training:"] + [
        f"  {key} = {value}" for key, value in describe_settings(kind).items()
    ]


def _paper(name: str) -> Paper:
    from tevr.models import find

    try:
        return find(name)
    except ValueError as error:
        raise UsageError(str(error).removesuffix("."), "See tevr zoo list.") from error


@contextmanager
def _place(work: Path | None) -> Iterator[Path]:
    """A folder to work in; without one, a new one that goes in the end."""
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
        yield work
        return
    with tempfile.TemporaryDirectory(prefix="tevr-zoo-") as folder:
        yield Path(folder)


@contextmanager
def _told() -> Iterator[None]:
    """Turn errors of the zoo, which knows none of ours, into ours."""
    try:
        yield
    except (UsageError, ModelError, OutputError):
        raise
    except ModuleNotFoundError as error:
        cause = f"This needs the package {error.name}, which is missing"
        raise UsageError(cause, 'Install it with: pip install "tevr[zoo]".') from error
    except ValueError as error:
        raise UsageError(str(error).removesuffix("."), "Correct it and try again.") from error
