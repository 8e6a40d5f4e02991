"""A plugin's source as the quality checklist reads it: files and syntax trees, nothing imported, nothing run."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

_GENERATED = ("migrations", "__pycache__")


class PluginSource:
    """One plugin's package and, where it stands in its project, the README and the tests beside it."""

    def __init__(self, name: str, package: Path) -> None:
        self.name = name
        self.package = package
        self.project = package.parent

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What manifest.toml says; empty where it cannot be read."""
        try:
            return tomllib.loads(self.text(self.package / "manifest.toml"))
        except tomllib.TOMLDecodeError:
            return {}

    @cached_property
    def readme(self) -> str | None:
        """The project's README; None where the package stands alone, as in a wheel."""
        path = self.project / "README.md"
        return self.text(path) if path.is_file() else None

    @cached_property
    def test_files(self) -> list[Path] | None:
        """The project's tests, or for a bundled plugin the repository's; None where there is no project to see."""
        places = [self.project / "tests"]
        bundled = self.project.parent.parent / "tests"
        if (self.project.parent.parent / "pyproject.toml").is_file():
            places += [bundled / "plugins" / self.name, bundled / "contract"]
        found = [path for place in places if place.is_dir() for path in sorted(place.rglob("*.py"))]
        return found if found or self.readme is not None else None

    @cached_property
    def modules(self) -> dict[Path, ast.Module]:
        """The syntax trees of the plugin's own code, migrations left out; a file that is no Python is left out."""
        return dict(self._parsed())

    def _parsed(self) -> Iterator[tuple[Path, ast.Module]]:
        for path in sorted(self.package.rglob("*.py")):
            if not any(part in _GENERATED for part in path.relative_to(self.package).parts):
                tree = self.tree(path)
                if tree is not None:
                    yield path, tree

    def tree(self, path: Path) -> ast.Module | None:
        """A file's syntax tree; None where it is not there or no Python."""
        try:
            return ast.parse(self.text(path)) if path.is_file() else None
        except SyntaxError:
            return None

    @cached_property
    def hooks(self) -> dict[str, ast.FunctionDef]:
        """Methods marked @hookimpl in hooks.py, by name."""
        tree = self.modules.get(self.package / "hooks.py")
        return {
            node.name: node
            for node in (ast.walk(tree) if tree else ())
            if isinstance(node, ast.FunctionDef) and any(ast.unparse(m) == "hookimpl" for m in node.decorator_list)
        }

    @cached_property
    def models(self) -> dict[str, ast.ClassDef]:
        """Classes with a table, by the table's name."""
        return {
            str(statement.value.value): node
            for node in self.walk(ast.ClassDef)
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and ast.unparse(statement.targets[0]) == "__tablename__"
            and isinstance(statement.value, ast.Constant)
        }

    @cached_property
    def permissions(self) -> set[str]:
        """Names of permissions that the code mentions: "<plugin>.<act>" in permissions.py."""
        tree = self.modules.get(self.package / "permissions.py")
        pattern = re.compile(rf"{self.name}\.[a-z_]+")
        constants = (node.value for node in (ast.walk(tree) if tree else ()) if isinstance(node, ast.Constant))
        return {value for value in constants if isinstance(value, str) and pattern.fullmatch(value)}

    @property
    def templates(self) -> list[Path]:
        """The plugin's templates."""
        return sorted((self.package / "templates").rglob("*.html"))

    @property
    def migrations(self) -> list[Path]:
        """The plugin's migrations."""
        folder = self.package / "migrations" / "versions"
        return sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")

    def walk(self, kind: type[Any]) -> Iterator[Any]:
        """Every node of a kind in the plugin's code."""
        for tree in self.modules.values():
            yield from (node for node in ast.walk(tree) if isinstance(node, kind))

    def short(self, path: Path) -> str:
        """A path as its author names it."""
        return path.relative_to(self.project).as_posix()

    @staticmethod
    def text(path: Path) -> str:
        """A file's text; "" where it is not there."""
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
