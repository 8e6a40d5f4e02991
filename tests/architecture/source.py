"""The source tree as the architecture tests look at it."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def packages() -> dict[str, Path]:
    """Import packages of the distribution, by name, as pyproject.toml lists them."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed: list[str] = data["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return {Path(p).name: ROOT / p for p in listed}


@cache
def plugins() -> dict[str, Path]:
    """Bundled plugins: import package and folder."""
    return {n: p for n, p in packages().items() if n not in ("hookline", "hookline_web")}


@cache
def product_files() -> tuple[Path, ...]:
    """Every Python file that is shipped."""
    return tuple(sorted(f for folder in packages().values() for f in folder.rglob("*.py")))


@cache
def test_files() -> tuple[Path, ...]:
    """Every Python file of the tests."""
    return tuple(sorted((ROOT / "tests").rglob("*.py")))


@cache
def parsed(file: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file of the repository: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(p for p in paths if p.is_file()))


def text_of(file: Path) -> str | None:
    """A file's text; None for one that is not text."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def short(file: Path) -> str:
    """A path as people name it."""
    return str(file.relative_to(ROOT))


def imported_modules(file: Path) -> set[str]:
    """Full names of what a file imports, at any depth, type-checking blocks included."""
    found: set[str] = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found
