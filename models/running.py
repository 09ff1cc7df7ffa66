"""Name of a paper, settings and data → a run in a folder; a run and files → what its model says.

What `tevr zoo train` and `tevr zoo predict` call. A run's `run.json` tells which paper made it, and
how, so that it is gone on with by the same settings only, and asked by the right module.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tevr.models import find
from tevr.models.fit import News
from tevr.models.run_files import same_training

RUN = "run.json"
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")


def train(
    name: str,
    data: Path | str,
    output: Path,
    changes: Sequence[str] = (),
    show: Callable[[News], None] = lambda _: None,
) -> Mapping[str, float]:
    """Train what a paper describes, or go on where an equal run was broken off.

    Args:
        name: of the paper's module.
        data: what the module reads.
        output: of the run.
        changes: settings that differ from their defaults, each as `name=value`.
        show: told of news.

    Returns:
        Figures by name.

    Raises:
        ValueError: the paper, a setting, the data or the folder is none.
    """
    paper = find(name)
    module = paper.trainable()
    config = read_settings(module.TrainConfig, changes)
    about = {"paper": paper.name, "data": str(data), "config": asdict(config)}
    path = output / RUN
    if path.exists():
        same_training(_read(path), about, output)
    elif output.exists() and any(output.iterdir()):
        raise ValueError(f"{output} holds other files and no {RUN}; name an empty folder.")
    output.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return module.train(Path(data), output, config, show)


def predict(run: Path, inputs: Sequence[Path]) -> Iterator[Mapping[str, object]]:
    """Yield what the run's model says of each file.

    Raises:
        ValueError: the folder holds no run, or a file cannot be read.
    """
    paper = find(str(_read(run / RUN)["paper"]))
    yield from paper.trainable().predict(run, inputs)


def read_settings(kind: type[Any], changes: Sequence[str]) -> Any:  # noqa: ANN401 (of that type)
    """Return a dataclass of settings with some changed.

    Args:
        kind: a dataclass whose fields have defaults.
        changes: each as `name=value`; lists of values are parted by commas.

    Raises:
        ValueError: there is no such setting, or the value does not fit.
    """
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind)]
    values = {}
    for change in changes:
        name, found, text = change.partition("=")
        if not found:
            raise ValueError(f"{change!r} changes nothing; write name=value.")
        if name not in known:
            raise ValueError(f"There is no setting {name}; there are {', '.join(known)}.")
        values[name] = _value(text, hints[name], name)
    return kind(**values)


def describe_settings(kind: type[Any]) -> dict[str, object]:
    """Return names of settings and their defaults."""
    return {field.name: getattr(kind(), field.name) for field in fields(kind)}


def _value(text: str, hint: Any, name: str) -> Any:  # noqa: ANN401 (of the hinted type)
    """Read text as what a field is declared to hold."""
    if get_origin(hint) in (Union, types.UnionType):  # such as float | None
        if text.lower() == "none":
            return None
        (hint,) = (kind for kind in get_args(hint) if kind is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_value(part, get_args(hint)[0], name) for part in text.split(","))
    if get_origin(hint) is Literal:
        if text not in get_args(hint):
            raise ValueError(f"{name} is one of {', '.join(get_args(hint))}, not {text!r}.")
        return text
    if hint is bool:
        if text.lower() not in TRUE + FALSE:
            raise ValueError(f"{name} is true or false, not {text!r}.")
        return text.lower() in TRUE
    try:
        return hint(text)
    except ValueError:
        raise ValueError(f"{name} is a number, not {text!r}.") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path.parent} holds no run of the zoo; there is no {RUN}.") from None
    except ValueError as error:
        raise ValueError(f"{path} is damaged.") from error
    if not isinstance(about, dict) or "paper" not in about:
        raise ValueError(f"{path} does not tell of a run of the zoo.")
    return about
