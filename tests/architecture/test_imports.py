"""Who may import whom: the contracts of pyproject.toml, and what they cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click
import pytest

from tests.architecture.source import ROOT, imported_modules, packages, parsed, plugins, product_files, short

DOMAIN_MAY_USE = ("hookline.domain", "hookline.errors", "hookline.text")


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_domain_uses_the_standard_library_only() -> None:
    foreign = {
        f"{short(file)} imports {name}"
        for file in (packages()["hookline"] / "domain").rglob("*.py")
        for name in imported_modules(file)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(DOMAIN_MAY_USE)
    }
    assert not foreign


@pytest.mark.parametrize("package", sorted(plugins()))
def test_hook_implementations_stand_in_hooks_py_only(package: str) -> None:
    elsewhere = [
        short(file)
        for file in plugins()[package].rglob("*.py")
        if file.name != "hooks.py" and any(_marks_hook(node) for node in ast.walk(parsed(file)))
    ]
    assert not elsewhere


def _marks_hook(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(mark, ast.Name) and mark.id == "hookimpl" for mark in node.decorator_list
    )


def test_every_plugin_is_listed_everywhere_it_must_be() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {p.parent.parent.name for p in (ROOT / "plugins").glob("*/hookline_*/manifest.toml")}
    assert set(data["project"]["entry-points"]["hookline.plugins"]) == folders
    assert {n.removeprefix("hookline_") for n in plugins()} == folders
    assert set(data["tool"]["importlinter"]["root_packages"]) == set(packages())
    assert set(data["tool"]["mypy"]["packages"]) == set(packages())


def test_imports_stand_at_the_top() -> None:
    """An import inside a function hides a cycle; the native adapter and optional parts say so by a comment."""
    hidden = [
        f"{short(file)}:{node.lineno}"
        for file in product_files()
        for function in ast.walk(parsed(file))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and not _explained(file, node.lineno)
    ]
    assert not hidden


def _explained(file: Path, line: int) -> bool:
    lines = file.read_text(encoding="utf-8").splitlines()
    return "#" in lines[line - 1] or lines[line - 2].lstrip().startswith("#")


@pytest.mark.parametrize("entry", entry_points(group="hookline.commands"), ids=lambda e: e.name)
def test_every_announced_command_is_there(entry: EntryPoint) -> None:
    assert isinstance(entry.load(), click.Command)
