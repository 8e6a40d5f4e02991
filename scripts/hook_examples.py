"""Examples for the hooks' reference: taken out of plugins' code, never typed."""

from __future__ import annotations

import ast
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: It implements every hook.
TEST_PLUGIN = ROOT / "tests/fixtures/oldest_api/hookline_oldest_api"
_LONGEST = 24


@dataclass(frozen=True)
class Example:
    """An implementation as it stands in a plugin's hooks.py, and the definitions of its own that it stands on."""

    plugin: str
    file: str
    code: str
    rests_on: tuple[tuple[str, str], ...] = ()


@cache
def plugin_folders() -> tuple[Path, ...]:
    """The bundled plugins' packages, as pyproject.toml lists them."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed: list[str] = data["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return tuple(ROOT / path for path in sorted(listed) if path.startswith("plugins/"))


@cache
def examples() -> dict[str, Example]:
    """For each hook the bundled plugins' implementation that shows most; a plugin's of the tests where none has one."""
    found: dict[str, list[Example]] = {}
    for folder in plugin_folders():
        for method, example in _implementations(folder):
            found.setdefault(method, []).append(example)
    others = dict(_implementations(TEST_PLUGIN))
    return others | {hook: max(several, key=_worth) for hook, several in found.items()}


def _worth(example: Example) -> tuple[int, str]:
    """More lines show more; equals in a fixed order."""
    lines = example.code.count("\n") + sum(code.count("\n") for _, code in example.rests_on)
    return lines, example.plugin


def _implementations(folder: Path) -> Iterator[tuple[str, Example]]:
    source, tree = _read(folder / "hooks.py")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "hookimpl" for mark in node.decorator_list):
            rests_on = tuple(_definitions(node, tree, folder))
            plugin = folder.name.removeprefix("hookline_")
            yield node.name, Example(plugin, f"{folder.name}/hooks.py", _code(source, node), rests_on)


def _definitions(method: ast.FunctionDef, tree: ast.Module, folder: Path) -> Iterator[tuple[str, str]]:
    """(file, code) of the plugin's own short functions and constants that the method names."""
    used = {node.id for statement in method.body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    for place in [folder / "hooks.py", *_imported(tree, folder, used)]:
        source, module = _read(place)
        for node in module.body:
            if _name(node) in used and (code := _code(source, node)).count("\n") < _LONGEST:
                yield f"{folder.name}/{place.relative_to(folder).as_posix()}", code


def _imported(tree: ast.Module, folder: Path, used: set[str]) -> Iterator[Path]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{folder.name}."):
            path = folder / f"{(node.module or '').split('.', 1)[1].replace('.', '/')}.py"
            if path.is_file() and used & {alias.name for alias in node.names}:
                yield path


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and not isinstance(node.value, ast.Constant)
    ):
        return node.targets[0].id
    return ""


@cache
def _read(file: Path) -> tuple[str, ast.Module]:
    source = file.read_text(encoding="utf-8")
    return source, ast.parse(source)


def _code(source: str, node: ast.stmt) -> str:
    marks = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(mark.lineno for mark in marks)])
    return textwrap.dedent("\n".join(source.splitlines()[first - 1 : node.end_lineno]))
