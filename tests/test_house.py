"""The house rules that a reader relies on: who may import whom, who may print, what is public."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tevr

ROOT = Path(__file__).parents[1]
ROOMS = {"tevr": "tevr", "lm": "tevr.lm", "cli": "tevr.cli", "models": "tevr.models"}

#: What the zoo uses where it is installed.
ZOO = ("sklearn", "scipy", "PIL", "matplotlib", "accelerate", "torchvision", "timm")

#: Folder → modules of ours and of others, by prefix, that its files may import.
MAY_IMPORT = {
    "tevr": ("tevr", "tevr.lm", "numpy", "onnxruntime", "av", "soxr"),
    "lm": (
        "tevr.lm",
        "tevr.errors",
        "tevr.models.recurrent_dropout",
        "numpy",
        "kenlm",
        "onnxruntime",
        "num2words",
        *("docx", "pypdf", "markdown_it"),
    ),
    "cli": (
        *("tevr", "tevr.lm", "tevr.models", "tevr.cli"),
        *("typer", "rich", "numpy", "av", "matplotlib"),
    ),
    "models": ("tevr.models", "numpy", "torch", *ZOO),
}
#: Below these, a network is trained, converted or run with PyTorch.
ON_TORCH = (
    "tevr/wav2vec2/",
    "tevr/training/",
    "lm/char_lstm.py",
    "lm/char_batches.py",
    "lm/char_export.py",
)
TORCH = ("torch", "safetensors", "onnx", "onnxscript")

#: Folders of somebody's own machine; an example may be called "me".
PRIVATE = re.compile(
    r"(?<![\w.$}])(?:/(?:work|root|home(?!/me\b)|Users|mnt|tmp)/\w|[A-Z]:\\+Users\\+\w)"
)


@dataclass(frozen=True)
class Import:
    """One import statement: in which file, of which module."""

    file: str
    line: int
    module: str

    @property
    def folder(self) -> str:
        return self.file.split("/")[0]


def sources(folder: str) -> list[Path]:
    """The modules of a folder; recipes are scripts beside the package, not in it."""
    found = [path for path in (ROOT / folder).rglob("*.py") if "recipes" not in path.parts]
    return sorted(found)


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, also within functions and by `import_module`."""
    file = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from (Import(file, node.lineno, name.name) for name in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                assert level == 0, f"{file}:{node.lineno} imports relatively"
                for name in names:
                    whole = f"{module}.{name.name}"
                    room = whole in ROOMS.values()  # `from tevr import lm`
                    yield Import(file, node.lineno, whole if room else str(module))
            case ast.Call(
                func=ast.Name(id="import_module"), args=[ast.Constant(value=str(module)), *_]
            ):
                yield Import(file, node.lineno, module)


def is_below(module: str, prefix: str) -> bool:
    """Whether a module is that of the prefix or within it; `tevr` does not hold other rooms."""
    if module != prefix and not module.startswith(f"{prefix}."):
        return False
    others = [room for room in ROOMS.values() if room != "tevr"]
    return prefix != "tevr" or not any(is_below(module, room) for room in others)


def is_allowed(found: Import) -> bool:
    if found.module.split(".")[0] in sys.stdlib_module_names:
        return True
    allowed = MAY_IMPORT[found.folder]
    if found.file.startswith(ON_TORCH):
        allowed += TORCH
    if found.file.startswith("tevr/training/"):
        allowed += ("accelerate", "yaml", "transformers", "matplotlib")
    if found.file == "tevr/training/synthesisers.py":
        allowed += ("py_nanotts",)  # one voice of several
    if found.file in ("cli/doctor.py", "tevr/portaudio.py"):
        allowed += ("sounddevice",)  # not needed for files
    if found.file == "lm/byt5.py":
        allowed += ("torch", "transformers")  # used where a user has them
    return any(is_below(found.module, prefix) for prefix in allowed)


@pytest.mark.parametrize("folder", ROOMS)
def test_imports_follow_the_table(folder: str) -> None:
    found = [use for path in sources(folder) for use in imports(path)]
    assert [use for use in found if not is_allowed(use)] == []


@pytest.mark.parametrize(
    ("file", "module", "allowed"),
    [
        ("tevr/store.py", "tevr.lm.beam", True),
        ("tevr/store.py", "tevr.cli.console", False),
        ("tevr/store.py", "tevr.models", False),
        ("tevr/store.py", "torch", False),
        ("tevr/wav2vec2/weights.py", "torch.nn", True),
        ("tevr/training/loop.py", "torch", True),
        ("lm/beam.py", "tevr.errors", True),
        ("lm/beam.py", "tevr.transcript", False),
        ("lm/beam.py", "tevr.cli", False),
        ("models/min_net.py", "tevr.errors", False),
        ("models/min_net.py", "torch", True),
        ("cli/main.py", "tevr.models", True),
        ("cli/main.py", "tevr_something", False),
    ],
)
def test_the_table_is_read_right(file: str, module: str, allowed: bool) -> None:
    assert is_allowed(Import(file, 1, module)) == allowed


def test_hidden_imports_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "x.py"
    path.write_text("def f():\n    from tevr import lm, load\n    import_module('torch.nn')\n")
    assert [use.module for use in imports(path)] == ["tevr.lm", "tevr", "torch.nn"]


@pytest.mark.parametrize("folder", ["tevr", "lm"])
def test_the_library_prints_nothing(folder: str) -> None:
    for path in sources(folder):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            prints = isinstance(node, ast.Name) and node.id in ("print", "pprint", "input")
            # Those of a program that was started are none of ours.
            stream = ast.unparse(node) in ("sys.stdout", "sys.stderr")
            assert not prints, f"{path}:{getattr(node, 'lineno', 0)} prints"
            assert not stream, f"{path}:{getattr(node, 'lineno', 0)} uses a standard stream"


def test_importing_tevr_imports_nothing_else() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); before = set(sys.modules); import tevr;"
        "new = {name for name in sys.modules if name not in before};"
        "print([n for n in new if n.split('.')[0] not in sys.stdlib_module_names and n != 'tevr'])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_all_public_names_are_those_imported_on_use() -> None:
    assert sorted(tevr.__all__) == sorted([*tevr._HOME, "__version__"])
    for name, home in tevr._HOME.items():
        assert getattr(tevr, name) is getattr(sys.modules[home], name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tevr.nonsense


def test_type_checkers_see_the_same_public_names() -> None:
    found = {}
    for node in ast.walk(ast.parse((ROOT / "tevr" / "__init__.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("tevr."):
            assert all(name.asname == name.name for name in node.names)  # else not re-exported
            found |= {name.name: node.module for name in node.names}
    assert found == tevr._HOME


def test_every_module_says_what_it_is_for() -> None:
    for folder in (*ROOMS, "tests", "benchmarks"):
        for path in sources(folder):
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
            assert docstring, path
            assert docstring.splitlines()[0].endswith((".", ":")), path


def is_text(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"\0" not in file.read(8192)


def test_no_text_names_a_private_path() -> None:
    paths = list(ROOT.iterdir())
    for folder in (*ROOMS, "tests", "benchmarks", ".ci"):
        paths += (ROOT / folder).rglob("*")
    texts = [path for path in paths if is_text(path)]
    assert set(sources("tevr")) < set(texts)
    for path in texts:
        found = PRIVATE.search(path.read_text(encoding="utf-8", errors="replace"))
        assert found is None, f"{path}: {found}"


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("see " + "/home" + "/jo/notes", True),
        ('"' + "C:" + r"\Users\jo", True),
        ("(" + "/mnt" + "/x)", True),
        ("/home/me/names.txt", False),
        ("https://host/home/page", False),
        ("the workplace/home office", False),
    ],
)
def test_private_paths_are_told_from_others(text: str, private: bool) -> None:
    assert bool(PRIVATE.search(text)) == private
