"""The `tevr` command: settings and flags → one command → an exit code, errors as one sentence."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from tevr import __version__

if TYPE_CHECKING:
    from typer import Typer

INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> None:
    """Run the command line and leave with its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:  # answered before anything heavy is imported
        print(f"tevr {__version__}")
        return
    sys.exit(run(arguments))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code and lets no traceback out without --debug."""
    from tevr.cli.console import complain

    try:
        code = _invoke([argument for argument in arguments if argument != "--debug"])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, `head` perhaps, has seen enough
        return _forget_stdout()
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            raise
        code, message = _explain(error)
        complain(message)
    return code


def make_app() -> Typer:
    """All commands; each lives in a file of its own."""
    import typer
    from tevr.cli.doctor import doctor
    from tevr.cli.transcribe import transcribe

    app = typer.Typer(
        help="Offline German speech recognition: audio in, text out, nothing sent anywhere.",
        epilog="--version prints the version. --debug shows where an error came from.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)
    app.command()(transcribe)
    app.command()(doctor)
    return app


def _invoke(arguments: list[str]) -> int:
    from tevr.cli.settings import read_settings

    app = make_app()
    outcome: Any = app(
        arguments,
        prog_name="tevr",
        standalone_mode=False,  # errors come here, to be explained in our own words
        auto_envvar_prefix="TEVR",
        default_map=read_settings(app),
    )
    return int(outcome or 0)


def _explain(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence for what a command raised."""
    import typer

    from tevr.errors import TevrError

    if isinstance(error, TevrError):
        return error.exit_code, str(error)
    if isinstance(error, typer.TyperException):
        sentence = getattr(error, "format_message", error.__str__)()
        return 2, f"{sentence} See tevr --help."
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "Stopped."
    return 1, f"tevr itself failed ({error!r}). Run it again with --debug and report what it says."


def _forget_stdout() -> int:
    """Point stdout at nothing, so that the interpreter's last flush does not fail as well."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
