"""The `tevr` command: settings and flags → one command → an exit code, errors as one sentence."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from tevr import __version__

if TYPE_CHECKING:
    from typer import Context, Typer, TyperException

    from tevr.cli.settings import Settings

#: Set by the scripts that `tevr --install-completion` installs.
COMPLETION = "_TEVR_COMPLETE"
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> None:
    """Run the command line and leave with its exit code."""
    from tevr.cli.process import forget_stdout, prepare_streams, stop_at_once, stop_on_signals

    stop_on_signals()
    prepare_streams()
    code = run(sys.argv[1:])
    stop_at_once()
    try:
        sys.stdout.flush()
    except OSError:  # `run` has told it, or its reader has left
        forget_stdout()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code and lets no exception out.

    ``--debug`` anywhere before ``--`` adds tracebacks of what went wrong.
    """
    from tevr.cli.console import complain, log_shown

    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = "--debug" in arguments[:end]
    arguments = [text for text in arguments[:end] if text != "--debug"] + arguments[end:]
    try:
        with log_shown(debug=debug):
            return _invoke(arguments or ["--help"])
    except BrokenPipeError:  # the reader of our output, `head` perhaps, has seen enough
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told in one sentence
        if debug:
            traceback.print_exc()
        code, message = _explain(error)
        complain(message)
        return code


def make_app() -> Typer:
    """All commands; each lives in a file of its own."""
    import typer

    from tevr.cli.dictate import dictate
    from tevr.cli.doctor import doctor
    from tevr.cli.evaluate import evaluate
    from tevr.cli.lm import make_lm_app
    from tevr.cli.models import make_models_app
    from tevr.cli.score import score
    from tevr.cli.synth import synth
    from tevr.cli.tokens import make_tokens_app
    from tevr.cli.train import train
    from tevr.cli.transcribe import transcribe
    from tevr.cli.write import write
    from tevr.cli.zoo import make_zoo_app

    app = typer.Typer(
        help="Offline German speech recognition: audio in, text out, nothing sent anywhere.",
        epilog="--version prints the version. --debug shows where an error came from.",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(lambda: None)
    app.command()(transcribe)
    app.command()(dictate)
    app.command()(evaluate)
    app.command()(score)
    app.command()(write)
    app.command()(train)
    app.command()(doctor)
    app.command()(synth)
    app.add_typer(make_lm_app(), name="lm")
    app.add_typer(make_models_app(), name="models")
    app.add_typer(make_tokens_app(), name="tokens")
    app.add_typer(make_zoo_app(), name="zoo")
    return app


def _invoke(arguments: list[str]) -> int:
    from tevr.cli.process import standard_output

    with standard_output():
        if arguments[0] == "--version":  # answered before anything heavy is imported
            print(f"tevr {__version__}")
            return 0
        if arguments == ["doctor"]:  # the patient may be the very package that parses flags
            from tevr.cli.doctor import doctor

            return doctor()
        from tevr.cli.settings import Settings, read_settings

        app = make_app()
        # Help must be there whatever the settings are.
        settings = Settings({}, {}) if "--help" in arguments else read_settings(app)
        return _call(app, arguments, settings)


def _call(app: Typer, arguments: list[str], settings: Settings) -> int:
    """Parse and run, without what `app()` does around it: it turns errors into exit codes."""
    import typer

    if COMPLETION in os.environ:  # the shell asks for completions of a half-written line
        app(prog_name="tevr")
    group = typer.main.get_command(app)
    try:
        with group.make_context(
            "tevr", arguments, default_map=settings.defaults, obj=settings
        ) as context:
            return int(group.invoke(context) or 0)
    except typer.Exit as exit_:  # help has been shown
        return exit_.exit_code


def _explain(error: BaseException) -> tuple[int, str]:
    """Exit code and sentence for what a command raised."""
    from tevr.cli.console import unexpected
    from tevr.errors import TevrError

    typer = sys.modules.get("typer")  # not imported, it raised nothing
    if isinstance(error, TevrError):
        return error.exit_code, str(error)
    if typer is not None and isinstance(error, typer.TyperException):
        return 2, _misused(error)
    if isinstance(error, KeyboardInterrupt):
        notes = getattr(error, "__notes__", [])
        return getattr(error, "exit_code", INTERRUPTED), " ".join(["Stopped.", *notes])
    return 1, unexpected(error)


def _misused(error: TyperException) -> str:
    """What is wrong with a flag or command, and where it was set or is explained."""
    sentence = error.format_message().replace("Value error, ", "").rstrip(".")
    context: Context | None = getattr(error, "ctx", None)
    if context is None:
        return f"{sentence}. See tevr --help."
    parameter = getattr(error, "param", None)
    origin = context.obj.origin(context, parameter.name) if parameter else None
    advice = f"Correct {origin}." if origin else f"See {context.command_path} --help."
    return f"{sentence}. {advice}"


if __name__ == "__main__":  # `accelerate launch -m tevr.cli.main`
    main()
