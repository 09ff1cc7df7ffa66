"""`tevr evaluate`: a data set → what a model makes of it, counted, explained and compared."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from tevr.cli.console import complain, progress
from tevr.cli.groups import Alpha, Beam, Beta, DecoderChoice, Json, Lm, Model, Quiet
from tevr.cli.score import Eszett, NormaliserName, Worst
from tevr.cli.values import count
from tevr.errors import UsageError

if TYPE_CHECKING:
    from tevr.evaluation.datasets import Dataset
    from tevr.evaluation.listening import System
    from tevr.evaluation.records import Record
    from tevr.scoring.normalisers import Normaliser

_EXAMPLES = 5


def evaluate(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATASET",
            help="A Common Voice release, folder or archive, or a folder with a manifest.tsv.",
        ),
    ],
    output_dir: Annotated[
        Path | None,
        Option("--output-dir", "-o", metavar="DIR", help="Where results go; begun, it goes on."),
    ] = None,
    compare: Annotated[
        bool, Option("--compare", help="Compare folders of results: the first with each other.")
    ] = False,
    split: Annotated[
        str, Option(metavar="NAME", help="Of a release: test, dev, train, …")
    ] = "test",
    clips: Annotated[
        int | None, Option(parser=count, metavar="N", help="Only the first N utterances.")
    ] = None,
    normaliser: NormaliserName = "plain",
    eszett: Eszett = None,
    learnt: Annotated[
        list[Path],
        Option(metavar="TEXT", help="Texts the model was made from, to look for leaks; repeat."),
    ] = [],  # noqa: B006 - read only
    model: Model = None,
    lm: Lm = None,
    decoder: DecoderChoice = None,
    beam: Beam = None,
    alpha: Alpha = None,
    beta: Beta = None,
    workers: Annotated[
        int | None, Option(parser=count, metavar="N", help="Processes, one a core if left out.")
    ] = None,
    worst: Worst = 20,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Measure word errors on recordings with known words.

    The same command goes on where it was stopped. The folder of results holds summary.json,
    report.html and utterances.jsonl.
    """
    from tevr.evaluation.listening import System
    from tevr.scoring.normalisers import get_normaliser
    from tevr.store import DEFAULT_MODEL
    from tevr.transcript import Options

    chosen = get_normaliser(normaliser, eszett=eszett)
    if compare:
        return _compare(inputs, chosen, json=json)
    if len(inputs) != 1 or output_dir is None:
        raise UsageError(
            "One data set and a folder for the results are needed",
            "Give tevr evaluate DATASET --output-dir DIR, or --compare and folders of results.",
        )
    options = Options(decoder=decoder, beam=beam, alpha=alpha, beta=beta, language_model=lm)
    run = _Run(System(model or DEFAULT_MODEL, options), output_dir, workers)
    run.listen(_opened(inputs[0], split, output_dir, clips), chosen, quiet=quiet)
    return run.finish(chosen, learnt, worst, json=json)


class _Run:
    """One evaluation, from the data set to the files of its results."""

    def __init__(self, system: System, folder: Path, workers: int | None) -> None:
        from tevr.recognizer import usable_cores

        self._system = system
        self._folder = folder
        self._workers = workers or usable_cores()
        self._start = time.perf_counter()
        self._records: list[Record] = []
        self._identity: dict[str, Any] = {}

    def listen(self, dataset: Dataset, normaliser: Normaliser, *, quiet: bool) -> None:
        """Recognise what is left to recognise; errors so far and the time left are shown."""
        from tevr.evaluation.running import Progress, read_identity, run

        try:
            with progress(float(len(dataset.utterances)), quiet=quiet) as bar:
                shown = 0

                def show(news: Progress) -> None:
                    nonlocal shown
                    bar.file(news.told, float(news.done - shown), None)
                    shown = news.done

                self._records = run(
                    self._system, dataset, self._folder, normaliser, self._workers, show
                )
            self._identity = read_identity(self._folder)
        except KeyboardInterrupt as stop:
            stop.add_note("The same command goes on from here.")
            raise

    def finish(self, normaliser: Normaliser, learnt: list[Path], worst: int, *, json: bool) -> int:
        """Write and print what was found out; returns the exit code."""
        from tevr.cli.evaluation_report import problem_lines, summary_lines
        from tevr.cli.lm_report import print_json, print_lines
        from tevr.evaluation.datasets import BROKEN, MISSING
        from tevr.evaluation.findings import find_out
        from tevr.evaluation.leaks import find_leaks
        from tevr.evaluation.listening import Listener
        from tevr.evaluation.results import write_results
        from tevr.evaluation.summary import RunFacts, summarise

        scored = [(each.name, each.reference) for each in self._records if each.problem is None]
        leaks = find_leaks(scored, learnt) if learnt else None
        known = self._system.known_words()
        findings = find_out(self._records, normaliser, known=known, leaks=leaks)
        command = ["tevr", *sys.argv[1:]]
        facts = RunFacts(command, self._workers, time.perf_counter() - self._start)
        summary = summarise(findings, self._identity, facts)
        write_results(self._folder, findings, summary, worst, lambda: Listener(self._system))
        if json:
            print_json(summary)
        else:
            print_lines(iter([*summary_lines(summary), f"written     {self._folder}"]))
        for line in problem_lines(summary["problems"]):
            complain(line)
        return int(any(summary["problems"][kind] for kind in (BROKEN, MISSING)))


def _opened(path: Path, split: str, output_dir: Path, clips: int | None) -> Dataset:
    """The data set; an archive's clips are kept beside the results."""
    from dataclasses import replace

    from tevr.evaluation.datasets import open_dataset

    dataset = open_dataset(path, split, output_dir / "unpacked")
    return replace(dataset, utterances=dataset.utterances[:clips])


def _compare(folders: list[Path], normaliser: Normaliser, *, json: bool) -> int:
    from dataclasses import asdict

    from tevr.cli.evaluation_report import comparison_lines
    from tevr.cli.lm_report import print_json, print_lines
    from tevr.evaluation.comparing import compare

    first, *others = folders
    if not others:
        raise UsageError("One folder cannot be compared", "Name two or more folders of results.")
    found = [compare(first, other, normaliser, _EXAMPLES) for other in others]
    if json:
        print_json({"normaliser": normaliser.name, "comparisons": [asdict(each) for each in found]})
    else:
        print_lines(line for each in found for line in comparison_lines(each))
    return 0
