"""The settings file → default values of flags. Flags and TEVR_… variables come before it.

The file is TOML with one table a command, keys named as the long flags:

    [transcribe]
    format = ["txt", "srt"]
    beam = 200
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tevr.errors import UsageError

if TYPE_CHECKING:
    from typer import Typer

#: Names another settings file; for shared installations and tests.
VARIABLE = "TEVR_SETTINGS"


def settings_path() -> Path:
    """Where the settings file lies, whether or not it exists."""
    import typer

    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(typer.get_app_dir("tevr")) / "settings.toml"


def read_settings(app: Typer) -> dict[str, dict[str, Any]]:
    """Defaults for each command's parameters.

    Raises:
        UsageError: the file is not TOML, or names a command or a flag that does not exist.
    """
    path = settings_path()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if VARIABLE in os.environ:
            raise UsageError(
                f"There is no settings file {path}", f"Correct or unset {VARIABLE}."
            ) from None
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The settings file {path} cannot be read ({error})", "Correct or remove it."
        ) from error
    return {
        command: _defaults(path, command, table, known)
        for command, table, known in _commands(path, app, data)
    }


def _commands(
    path: Path, app: Typer, data: dict[str, Any]
) -> list[tuple[str, Any, dict[str, str]]]:
    import typer

    group: Any = typer.main.get_command(app)
    found = []
    for name, table in data.items():
        if name not in group.commands or not isinstance(table, dict):
            raise UsageError(
                f"The settings file {path} has no business with {name!r}",
                f"Its tables are {', '.join(sorted(group.commands))}.",
            )
        flags = {
            flag.removeprefix("--"): parameter.name
            for parameter in group.commands[name].params
            for flag in parameter.opts
            if flag.startswith("--")
        }
        found.append((name, table, flags))
    return found


def _defaults(
    path: Path, command: str, table: dict[str, Any], flags: dict[str, str]
) -> dict[str, Any]:
    """Flag names → parameter names; every key must be a flag of the command."""
    if unknown := sorted(set(table) - set(flags)):
        raise UsageError(
            f"The settings file {path} sets {unknown[0]!r}, which {command} does not know",
            f"Its keys are {', '.join(sorted(flags))}.",
        )
    return {flags[key]: value for key, value in table.items()}
