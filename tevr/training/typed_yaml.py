"""A YAML file → nested frozen dataclasses; what does not fit is refused by its key's full name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from tevr.errors import UsageError

Record = TypeVar("Record")
# YAML 1.1 takes 1e-3 for text, since it has no point.
_POWER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+")
#: Type of a field → types that YAML may give for it, and what to ask for.
_PLAIN: dict[object, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
    Path: ((str, Path), "a path"),
}


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds keys and values.

    Raises:
        UsageError: it is missing, no YAML, or holds something else.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        cause = f"The settings {path} cannot be read ({error.strerror or error})"
        raise UsageError(cause, "Name an existing YAML file.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        cause = f"The settings {path} are no YAML ({reason})"
        raise UsageError(cause, "Correct the file there.") from error
    if not isinstance(data, dict):
        raise UsageError(f"The settings {path} hold no keys", "Write lines such as seed: 1.")
    return data


def check(*problems: tuple[bool, str, str]) -> None:
    """Raise an error for the first problem that is there, each as (there, cause, advice).

    Raises:
        UsageError: one is.
    """
    for wrong, cause, advice in problems:
        if wrong:
            raise UsageError(cause, advice)


def build(kind: type[Record], data: object, origin: str, key: str = "") -> Record:
    """Make a dataclass of a mapping as YAML or JSON gives it.

    Args:
        kind: a dataclass; its fields are numbers, texts, paths, tuples, dictionaries, literals,
            dataclasses, or one of these or nothing.
        data: what was read.
        origin: the file, for messages.
        key: name of the mapping within the file, empty for the whole.

    Raises:
        UsageError: a key is unknown or missing, or a value of another kind or out of its range;
            file and key are named.
    """
    if not isinstance(data, Mapping):
        raise _refused(origin, key, data, "keys and values")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    for name in data:
        if name not in known:
            raise _unknown(origin, key, str(name), list(known))
    values = {}
    for name, field in known.items():
        if name in data:
            values[name] = _value(hints[name], data[name], origin, _below(key, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            cause = f"{origin} has no {_below(key, name)}"
            raise UsageError(cause, "It cannot do without: add it.")
    try:
        return kind(**values)
    except UsageError as error:  # of the dataclass's own checks
        where = f"{origin}, {key}: " if key else f"{origin}: "
        raise UsageError(where + error.cause, error.advice) from error


def _value(hint: object, data: object, origin: str, key: str) -> object:
    """One value in the type that its field is declared with."""
    kind, parts = get_origin(hint), get_args(hint)
    if kind in (Union, UnionType):
        found = _one_of(parts, data, origin, key)
    elif kind is Literal:
        if data not in parts:
            raise _refused(origin, key, data, f"one of {', '.join(map(str, parts))}")
        found = data
    elif kind is tuple:
        found = _tuple(parts, data, origin, key)
    elif kind is dict:
        found = _mapping(parts[1], data, origin, key)
    elif is_dataclass(hint):
        found = build(hint, data, origin, key)  # type: ignore[arg-type]
    else:
        found = data if hint is Any else _plain(hint, data, origin, key)
    return found


def _mapping(hint: object, data: object, origin: str, key: str) -> dict[str, object]:
    if not isinstance(data, Mapping):
        raise _refused(origin, key, data, "keys and values")
    return {
        str(name): _value(hint, item, origin, _below(key, str(name))) for name, item in data.items()
    }


def _one_of(parts: tuple[object, ...], data: object, origin: str, key: str) -> object:
    """The value as the first alternative that takes it; mappings go to a dataclass."""
    if data is None and NoneType in parts:
        return None
    parts = tuple(part for part in parts if part is not NoneType)
    for part in parts:
        if is_dataclass(part) == isinstance(data, Mapping) or part is parts[-1]:
            try:
                return _value(part, data, origin, key)
            except UsageError:
                if part is parts[-1]:
                    raise
    raise AssertionError("a union has parts")


def _tuple(parts: tuple[object, ...], data: object, origin: str, key: str) -> tuple[object, ...]:
    if not isinstance(data, (list, tuple)):
        raise _refused(origin, key, data, "a list")
    if parts[-1] is ...:
        parts = parts[:1] * len(data)
    elif len(parts) != len(data):
        raise _refused(origin, key, data, f"a list of {len(parts)}")
    return tuple(
        _value(part, item, origin, f"{key}[{number}]")
        for number, (part, item) in enumerate(zip(parts, data, strict=True))
    )


def _plain(kind: object, data: object, origin: str, key: str) -> object:
    if kind is float and isinstance(data, str) and _POWER.fullmatch(data):
        return float(data)
    allowed, wanted = _PLAIN[kind]
    if not isinstance(data, allowed) or (isinstance(data, bool) and kind is not bool):
        raise _refused(origin, key, data, wanted)
    if kind is Path:
        return Path(str(data)).expanduser()
    return float(data) if kind is float and isinstance(data, int) else data


def plain(value: object) -> Any:  # noqa: ANN401 - whatever YAML and JSON can write
    """Turn dataclasses, paths and tuples back into what YAML and JSON can write."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _unknown(origin: str, key: str, name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"Perhaps {near[0]} is meant." if near else f"It has {', '.join(known)}."
    return UsageError(f"{origin} has an unknown key {_below(key, name)}", advice)


def _refused(origin: str, key: str, data: object, wanted: str) -> UsageError:
    what = key or "the file"
    return UsageError(f"In {origin}, {what} is {data!r}", f"Give {wanted}.")
