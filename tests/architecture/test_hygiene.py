"""Rules about the text of the repository itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import (
    ROOT,
    packages,
    parsed,
    product_files,
    repository_files,
    short,
    text_of,
)
from tests.architecture.source import test_files as every_test_file

LONGEST_FILE = 400
# Written in pieces, so that this file does not break its own rules.
LEFT_OVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry" + ".npmjs",
    "registry" + ".yarnpkg",
    "proxy.gol" + "ang",
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:ro" r"ot|wo" r"rk|ho" r"me|opt/wh" r"eels|opt/py" r"pi)/")
GIVEN_UP = re.compile(r"(pytest|unittest)\.(.*\.)?(skip\w*|xfail|importorskip)|([\w.]*\.)?(sleep|wait_for_timeout)")
VENDORED = "vendor"


def _own_texts() -> Iterator[tuple[Path, str]]:
    for file in repository_files():
        if VENDORED not in file.parts and (text := text_of(file)) is not None:
            yield file, text


def test_no_file_is_too_long() -> None:
    code = [
        f for folder in packages().values() for f in folder.rglob("*") if f.suffix in (".py", ".html", ".js", ".css")
    ]
    # A migration is written by the machine, once, and never edited.
    written = [f for f in code if VENDORED not in f.parts and f.parent.name != "versions"]
    lengths = {short(f): len((text_of(f) or "").splitlines()) for f in written}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_nothing_is_left_for_later() -> None:
    left = [short(file) for file, text in _own_texts() if file.name != "LICENSE" and LEFT_OVER.search(text)]
    assert not left


def test_no_registry_has_its_address_in_the_repository() -> None:
    everything = ((f, text_of(f)) for f in repository_files())
    named = [f"{short(f)}: {r}" for f, text in everything if text for r in REGISTRIES if r in text]
    assert not named


def test_no_path_of_somebodys_machine_is_in_the_repository() -> None:
    named = [f"{short(f)}: {found.group()}" for f, text in _own_texts() if (found := MACHINE_PATHS.search(text))]
    assert not named


def test_no_test_gives_up_or_waits_by_the_clock() -> None:
    wrong = [
        f"{short(file)}:{node.lineno} {text}"
        for file in every_test_file()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Attribute | ast.Name) and GIVEN_UP.fullmatch(text := ast.unparse(node))
    ]
    assert not wrong


def test_every_test_asserts_something() -> None:
    idle = [
        f"{short(file)}:{function.lineno} {function.name}"
        for file in every_test_file()
        if file.name.startswith("test_")
        for function in ast.walk(parsed(file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.name.startswith("test_")
        and not any(_asserts(node) for node in ast.walk(function))
    ]
    assert not idle


def _asserts(node: ast.AST) -> bool:
    """An assert, an expectation (`raises`, Playwright's `expect`), or a call of a helper named for its checking."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("raises", "fail", "expect", "warns") or name.startswith(
        ("assert_", "check", "expect", "wait", "run", "until")
    )


def test_no_error_is_swallowed() -> None:
    """`except Exception: pass`, and a bare `except`, hide what somebody should know."""
    silent = [
        f"{short(file)}:{node.lineno}"
        for file in product_files()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (_is_broad(node.type) and _is_empty(node.body)))
    ]
    assert not silent


def _is_broad(caught: ast.expr) -> bool:
    return isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException")


def _is_empty(body: list[ast.stmt]) -> bool:
    return all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [short(f) for f in product_files() if f.stem in vague or f.parent.name in vague]


def test_the_distribution_carries_its_licence() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
