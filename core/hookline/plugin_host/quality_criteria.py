"""What the quality checklist asks for, as far as a machine can tell. Each check returns what is lacking, by name.

None stands for "cannot be seen from here": a wheel carries neither the tests nor, for bundled plugins, the README.
docs/reference/quality.md is made from this list.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hookline.plugin_host.plugin_source import PluginSource
from hookline.plugin_host.quality_messages import untranslated
from hookline.text import N_

Lacking = list[str] | None
_WEB = ("flask", "flask_babel", "flask_login", "flask_wtf", "werkzeug")
_TOPIC = re.compile(r"""\{%-?\s*set\s+help_topic\s*=\s*["']([\w-]+)["']""")
#: By the hook that brings a part in: the kit with which its author shows that it conforms.
_KITS = {
    "hookline_register_data_holders": "holder_conformance",
    "hookline_register_script_engines": "script_conformance",
    "hookline_register_telephony_backends": "telephony_conformance",
}


class Grade(StrEnum):
    """How far a plugin is; each grade asks for what the ones before it ask for too."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


@dataclass(frozen=True)
class Criterion:
    """One thing that is asked for. `title` is a message id; `check` returns what is lacking, None: cannot be seen."""

    id: str
    grade: Grade
    title: str
    check: Callable[[PluginSource], Lacking]


# Bronze: it is what it says, and stands where everybody finds it


def _manifest(source: PluginSource) -> Lacking:
    wanted = ("name", "title", "version", "api", "core", "summary")
    lacking = [f"manifest.toml: {key}" for key in wanted if not source.manifest.get(key)]
    return lacking or ([] if source.manifest["name"] == source.name else [f"manifest.toml: name is not {source.name}"])


def _hooks(source: PluginSource) -> Lacking:
    if not source.hooks:
        return ["hooks.py: no method is marked @hookimpl"]
    return [
        f"{source.short(path)}: {node.name}"
        for path, tree in source.modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("hookline_")
        and source.hooks.get(node.name) is not node
    ]


def _rooms(source: PluginSource) -> Lacking:
    return sorted(
        f"{source.short(path)}: imports {module}"
        for path, tree in source.modules.items()
        if "views" not in path.relative_to(source.package).with_suffix("").parts
        for module in _imported(tree)
        if module.split(".")[0] in _WEB or module.split(".")[0] == "pluggy"
    )


def _tables(source: PluginSource) -> Lacking:
    foreign = [table for table in source.models if not table.startswith(f"{source.name}_")]
    unmade = [] if source.migrations or not source.models else ["migrations/versions: there is none"]
    return foreign + unmade


def _readme(source: PluginSource) -> Lacking:
    if source.readme is None:
        return None
    return [name for name in (*sorted(source.hooks), *sorted(source.permissions)) if f"`{name}`" not in source.readme]


def _tests(source: PluginSource) -> Lacking:
    if source.test_files is None:
        return None
    return [] if any(path.name.startswith("test_") for path in source.test_files) else ["tests/test_*.py"]


# Silver: people can work with it


def _translations(source: PluginSource) -> Lacking:
    lacking = untranslated(source.package, "pl")
    for key, texts in (("titles", "title"), ("summaries", "summary")):
        if source.manifest.get(texts) and not source.manifest.get(key, {}).get("pl"):
            lacking.append(f"manifest.toml: {key}.pl")
    return lacking


def _help(source: PluginSource) -> Lacking:
    topics = {lang: {p.stem for p in (source.package / "help" / lang).glob("*.md")} for lang in ("en", "pl")}
    lacking = [f"help/pl/{topic}.md" for topic in sorted(topics["en"] - topics["pl"])]
    lacking += [f"help/en/{topic}.md" for topic in sorted(topics["pl"] - topics["en"])]
    for template in source.templates:
        text = source.text(template)
        topic = _TOPIC.search(text)
        if 'extends "base.html"' in text and (topic is None or topic.group(1) not in topics["en"]):
            lacking.append(f"{source.short(template)}: help_topic")
    return lacking


def _settings(source: PluginSource) -> Lacking:
    module, _, name = str(source.manifest.get("settings", "")).partition(":")
    if not module:
        uses = [
            n for n in source.walk(ast.Attribute) if ast.unparse(n) in ("context.settings", "self.context.settings")
        ]
        return ["manifest.toml: settings"] if uses else []
    tree = source.tree(source.package / f"{module.replace('.', '/')}.py")
    schema = next((n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and n.name == name), None) if tree else None
    if schema is None:
        return [f"{module}: {name}"]
    fields = [s for s in schema.body if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call)]
    return [f"{name}.{ast.unparse(s.targets[0])}: says(…)" for s in fields if "says(" not in ast.unparse(s.value)]


def _described(source: PluginSource) -> Lacking:
    """Permissions, jobs, holders and menu entries have titles that can be translated."""
    shown = {"Permission": 1, "NavigationItem": 0, "Job": 1, "Panel": 1, "HealthCheck": 1, "Policy": 1}
    return sorted(
        f"{path.name}, line {node.lineno}: {node.func.id} without N_()"
        for path, tree in source.modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in shown
        if _is_bare(node, shown[node.func.id])
    )


def _is_bare(call: ast.Call, place: int) -> bool:
    given: list[ast.expr] = [k.value for k in call.keywords if k.arg == "title"]
    text = given[0] if given else (call.args[place] if len(call.args) > place else None)
    return isinstance(text, ast.Constant) and bool(text.value)


# Gold: it can be relied upon


def _typed(source: PluginSource) -> Lacking:
    lacking = [] if (source.package / "py.typed").is_file() else ["py.typed"]
    return lacking + [
        f"{source.short(path)}: {node.name}"
        for path, node in _functions(source)
        if node.returns is None or any(a.annotation is None for a in _arguments(node))
    ]


def _docstrings(source: PluginSource) -> Lacking:
    lacking = [source.short(path) for path, tree in source.modules.items() if tree.body and not ast.get_docstring(tree)]
    for path, tree in source.modules.items():
        for node in _public(tree):
            if not ast.get_docstring(node):
                lacking.append(f"{source.short(path)}: {node.name}")
    return lacking


def _personal(source: PluginSource) -> Lacking:
    """Tables that tell of contacts or users mark it, and a registered holder names them."""
    held = {
        str(constant.value)
        for node in source.walk(ast.Call)
        if ast.unparse(node.func) == "DataHolder"
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant)
    }
    lacking = []
    for table, model in source.models.items():
        marks = {ast.unparse(s.targets[0]) for s in model.body if isinstance(s, ast.Assign)}
        if "'contacts.id'" in ast.unparse(model) and not marks & {"personal", "impersonal"}:
            lacking.append(f"{table}: personal = marks(…)")
        if "personal" in marks and table not in held:
            lacking.append(f"{table}: no DataHolder names it")
    if held and "hookline_register_data_holders" not in source.hooks:
        lacking.append("hookline_register_data_holders")
    return lacking


def _downgrades(source: PluginSource) -> Lacking:
    return [source.short(path) for path in source.migrations if not _goes_back(source.tree(path))]


def _goes_back(tree: ast.Module | None) -> bool:
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade":
            return any(isinstance(inner, ast.Call) for inner in ast.walk(node))
    return False


def _kits(source: PluginSource) -> Lacking:
    if source.test_files is None:
        return None
    tests = "\n".join(source.text(path) for path in source.test_files)
    return [kit for hook, kit in _KITS.items() if hook in source.hooks and kit not in tests]


def _errors(source: PluginSource) -> Lacking:
    """Nothing is swallowed: no bare except, no `except Exception: pass`."""
    return [
        f"{source.short(path)}, line {node.lineno}"
        for path, tree in source.modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (ast.unparse(node.type) in ("Exception", "BaseException") and _is_idle(node.body)))
    ]


def _is_idle(body: list[ast.stmt]) -> bool:
    return all(isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)) for s in body)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _functions(source: PluginSource) -> Iterator[tuple[Any, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in source.modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [a for a in named if a.arg not in ("self", "cls")]


def _public(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes, and the public methods of the latter."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (m for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_"))


CRITERIA = (
    Criterion(
        "manifest",
        Grade.BRONZE,
        N_("The manifest is complete: name, title, summary, versions and core range"),
        _manifest,
    ),
    Criterion(
        "hooks", Grade.BRONZE, N_("Hooks are implemented in hooks.py, marked @hookimpl, and nowhere else"), _hooks
    ),
    Criterion("rooms", Grade.BRONZE, N_("Flask is imported in views only, pluggy nowhere"), _rooms),
    Criterion(
        "tables", Grade.BRONZE, N_("Tables begin with the plugin's name and are made by its own migrations"), _tables
    ),
    Criterion("readme", Grade.BRONZE, N_("The README names every hook and every permission"), _readme),
    Criterion("tests", Grade.BRONZE, N_("It has tests of its own"), _tests),
    Criterion("translations", Grade.SILVER, N_("Every text is there in Polish too"), _translations),
    Criterion("help", Grade.SILVER, N_("Every page has a help topic, in English and Polish"), _help),
    Criterion(
        "settings", Grade.SILVER, N_("Settings are declared in the manifest, each with its title and help"), _settings
    ),
    Criterion(
        "described",
        Grade.SILVER,
        N_("Permissions, jobs, menu entries and panels have titles that are translated"),
        _described,
    ),
    Criterion("typed", Grade.GOLD, N_("It is typed: py.typed, and every function's parameters and result"), _typed),
    Criterion("docstrings", Grade.GOLD, N_("Every public module, class and function has a docstring"), _docstrings),
    Criterion(
        "personal-data",
        Grade.GOLD,
        N_("Personal columns are marked, and a data holder answers for their tables"),
        _personal,
    ),
    Criterion("downgrades", Grade.GOLD, N_("Every migration can be taken back"), _downgrades),
    Criterion("kits", Grade.GOLD, N_("What it contributes passes the conformance kit for it in its tests"), _kits),
    Criterion("errors", Grade.GOLD, N_("No error is swallowed"), _errors),
)
"""Every criterion that a machine checks, in the order of the grades."""
