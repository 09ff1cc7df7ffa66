"""Settings file and TEVR_… variables → default values of flags, each remembering where it is from.

The file is TOML with one table a command, keys named as the long flags:

    [transcribe]
    format = ["txt", "srt"]
    beam = 200

    [lm.build]
    order = 4

A variable is named as command and flag, TEVR_TRANSCRIBE_BEAM or TEVR_LM_BUILD_ORDER, and comes
before the file; lists are parted by commas. Flags come before both.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from tevr.errors import UsageError

if TYPE_CHECKING:
    from typer import Context, Typer

#: Names another settings file; for shared installations and tests.
VARIABLE = "TEVR_SETTINGS"
TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """Defaults that replace those of the program.

    Attributes:
        defaults: command → parameter → value, as Typer takes them; of a group, such as `lm`, its
            name → command → parameter → value.
        origins: (command, parameter) → where its value stands, in words; a command in a group
            with the group's name before it, as `lm build`.
    """

    defaults: dict[str, dict[str, Any]]
    origins: dict[tuple[str, str], str]

    def origin(self, context: Context, parameter: str) -> str | None:
        """Where the value of a parameter stands, ``None`` if on the command line."""
        source = context.get_parameter_source(parameter)
        if source is None or source.name != "DEFAULT_MAP":
            return None
        _, _, command = context.command_path.partition(" ")
        return self.origins.get((command, parameter))


@dataclass(frozen=True, slots=True)
class _Flag:
    """One option: the name of its parameter, and the type of that."""

    parameter: str
    hint: Any

    def is_list(self) -> bool:
        return get_origin(self.hint) is list

    def problem(self, value: object) -> str:
        """Why a value from a TOML file does not fit, empty if it may; Typer checks the rest."""
        if self.hint is bool:
            return "" if isinstance(value, bool) else "must be true or false"
        if self.is_list():
            texts = isinstance(value, list) and all(isinstance(part, str) for part in value)
            return "" if texts or isinstance(value, str) else "must be a text or a list of texts"
        if "int" in str(self.hint) or "float" in str(self.hint):
            plain = isinstance(value, (int, float, str)) and not isinstance(value, bool)
            return "" if plain else "must be a number"
        return "" if isinstance(value, str) else "must be a text"


def settings_path() -> Path:
    """Where the settings file lies, whether or not it exists."""
    import typer

    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(typer.get_app_dir("tevr")) / "settings.toml"


def read_settings(app: Typer) -> Settings:
    """Settings for all commands of `app`.

    Raises:
        UsageError: the file is not TOML; the file or a variable names a command or flag that does
            not exist, or gives a value of another kind than the flag's.
    """
    flags = _flags(app)
    settings = Settings({}, {})
    defaults = {command: _below(settings.defaults, command.split()) for command in flags}
    path = settings_path()
    values = [*_from_file(path, flags), *_from_environment(flags)]  # later ones win
    for command, key, value, origin in values:
        flag = flags[command][key]
        if problem := flag.problem(value):
            raise UsageError(f"{key} {problem}, not {value!r}", f"Correct {origin}.")
        wanted = value.split(",") if flag.is_list() and isinstance(value, str) else value
        defaults[command][flag.parameter] = wanted
        settings.origins[command, flag.parameter] = origin
    return settings


def _below(table: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The table of these names within another, made where it is missing."""
    for name in names:
        table = table.setdefault(name, {})
    return table


def _flags(app: Typer) -> dict[str, dict[str, _Flag]]:
    """Command → long flag without dashes → what it sets."""
    import typer

    return dict(_flags_below(app, typer.main.get_command(app), ""))


def _flags_below(
    app: Typer,
    group: Any,  # noqa: ANN401 - Typer does not name its kind of group
    prefix: str,
) -> Iterator[tuple[str, dict[str, _Flag]]]:
    for registered in app.registered_commands:
        callback = registered.callback
        if callback is None:
            continue
        name = registered.name or callback.__name__
        hints = get_type_hints(callback)
        yield (
            prefix + name,
            {
                flag.removeprefix("--"): _Flag(parameter.name, hints[parameter.name])
                for parameter in group.commands[name].params
                for flag in parameter.opts
                if flag.startswith("--")
            },
        )
    for below in app.registered_groups:
        if below.typer_instance is not None and below.name:
            inner = group.commands[below.name]
            yield from _flags_below(below.typer_instance, inner, f"{prefix}{below.name} ")


def _from_file(
    path: Path, flags: dict[str, dict[str, _Flag]]
) -> Iterator[tuple[str, str, Any, str]]:
    """Command, key, value and origin of everything that the settings file sets."""
    for command, table in _commands(_tables(path), flags):
        if not flags.get(command) or not isinstance(table, dict):
            what = "names the table" if isinstance(table, dict) else "sets, outside of a table,"
            tables = (name.replace(" ", ".") for name in sorted(flags) if flags[name])
            known = ", ".join(f"[{name}]" for name in tables)
            raise UsageError(
                f"The settings file {path} {what} {command.replace(' ', '.')!r}",
                f"It may only hold {known}.",
            )
        for key, value in table.items():
            if key not in flags[command]:
                raise UsageError(
                    f"The settings file {path} sets {key!r}, which {command} does not know",
                    f"Its keys are {', '.join(sorted(flags[command]))}.",
                )
            yield command, key, value, f"{key} in the settings file {path}"


def _commands(
    tables: dict[str, Any], flags: dict[str, dict[str, _Flag]], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Names of commands and what the file sets for each; tables of groups are opened."""
    for name, table in tables.items():
        group = f"{prefix}{name} "
        if isinstance(table, dict) and any(command.startswith(group) for command in flags):
            yield from _commands(table, flags, group)
        else:
            yield prefix + name, table


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise UsageError(
                f"There is no settings file {path}", f"Correct or unset {VARIABLE}."
            ) from None
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The settings file {path} cannot be read ({error})", "Correct or remove it."
        ) from error


def _from_environment(
    flags: dict[str, dict[str, _Flag]],
) -> Iterator[tuple[str, str, Any, str]]:
    """Command, key, value and origin of every variable that is set and not empty."""
    for command, known in flags.items():
        prefix = f"TEVR_{command.upper().replace(' ', '_')}_"
        keys = {prefix + key.upper().replace("-", "_"): key for key in known}
        for variable in sorted(name for name in os.environ if name.startswith(prefix)):
            text = os.environ[variable]
            if variable not in keys:
                raise UsageError(
                    f"The variable {variable} sets nothing that {command} knows",
                    f"Unset it, or choose one of {', '.join(sorted(keys))}.",
                )
            if text:
                value = _truth(text) if known[keys[variable]].hint is bool else text
                yield command, keys[variable], value, f"the variable {variable}"


def _truth(text: str) -> bool | str:
    """A yes or no as a truth value, anything else as it is."""
    lower = text.lower()
    return True if lower in TRUE else False if lower in FALSE else text
