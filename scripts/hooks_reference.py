"""The text of docs/reference/hooks.md, from the hook specifications and the bundled plugins' code."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from types import ModuleType

from hookline import OLDEST_PLUGIN_API_VERSION, PLUGIN_API_VERSION, hookspecs
from hookline.hookspecs.deprecation import REMOVED, deprecations_of
from scripts.hook_examples import Example, examples

DOMAINS = tuple(
    importlib.import_module(f"{hookspecs.__name__}.{module.name}")
    for module in pkgutil.iter_modules(hookspecs.__path__)
    if module.name not in ("markers", "deprecation")
)
NOTICE = "<!-- Made by `make reference` from the code: edit the docstrings, not this file. -->\n"
_SINCE = re.compile(r"\s*Since (\d+\.\d+)\.$")

#: What becomes of an implementation that raises, by the hook's kind.
FAILURE_POLICIES = {
    "contribute": "That plugin is marked failed and shown to the operator; the rest starts.",
    "notify": "Isolated, logged, counted against the plugin's error budget; nobody else is affected.",
    "policy": "Fail closed: an error, a late answer or nonsense counts as a refusal.",
    "choose": "The error goes to whoever asked; what was asked for is not done.",
}
_RESULTS = {
    "contribute": "put together; a name clash is a start-up error",
    "notify": "none",
    "policy": "all are kept",
    "choose": "the first answer",
}


def _intro() -> str:
    kinds = "\n".join(f"| {kind} | {_RESULTS[kind]} | {words} |" for kind, words in FAILURE_POLICIES.items())
    return f"""# Hooks

{NOTICE}
The contract between Hookline and its plugins, version {PLUGIN_API_VERSION}; the oldest that plugins may be built for
is {OLDEST_PLUGIN_API_VERSION} ([how the contract changes](../explanation/plugin-api-versions.md)). A plugin implements
a hook as a method of the class `Hooks` in its `hooks.py`, marked `@hookimpl` (`from hookline.hookspecs import
hookimpl`); it may leave out parameters that it does not need. The kind of a hook fixes what becomes of an error:

| kind | results | where an implementation raises |
|---|---|---|
{kinds}

A hook that this Hookline does not know is refused by name when the plugin is loaded, never ignored. The examples are
taken out of the bundled plugins as they are.
"""


def hook_functions(module: ModuleType) -> list[ast.FunctionDef]:
    """Hook specifications of one domain, in the order in which they are written."""
    tree = ast.parse(inspect.getsource(module))
    return [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("hookline_")]


def kind_of(name: str) -> str:
    """A hook's kind, by its name."""
    if name.startswith("hookline_register_"):
        return "contribute"
    if name.endswith("_refusals"):
        return "policy"
    return "choose" if name.startswith("hookline_select_") else "notify"


def signature(function: ast.FunctionDef) -> str:
    """A hook's signature as it is written, on one line."""
    returns = ast.unparse(function.returns) if function.returns else "None"
    return f"{function.name}({ast.unparse(function.args)}) -> {returns}"


def since(function: ast.FunctionDef) -> str:
    """The contract version in which the hook came; "" where its docstring does not say."""
    found = _SINCE.search((ast.get_docstring(function) or "").partition("\n")[0])
    return found.group(1) if found else ""


def hooks_reference() -> str:
    """The text of hooks.md."""
    parts = [_intro(), _contents()]
    for module in DOMAINS:
        parts.append(f"## {_title(module)}\n")
        parts += [_hook(module, function) for function in hook_functions(module)]
    return "\n".join([*parts, _removed()])


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _contents() -> str:
    rows = [
        f"| [`{f.name}`](#{f.name}) | {kind_of(f.name)} | {since(f)} |"
        for module in DOMAINS
        for f in hook_functions(module)
    ]
    return "\n".join(["| hook | kind | since |", "|---|---|---|", *rows]) + "\n"


def _hook(module: ModuleType, function: ast.FunctionDef) -> str:
    kind = kind_of(function.name)
    body = "\n\n".join(_paragraphs(ast.get_docstring(function) or "")).replace("<", "&lt;")
    return (
        f"### `{function.name}`\n\n*{kind}, since {since(function)}*\n\n```python\n{signature(function)}\n```\n\n"
        f"{_deprecated(module, function.name)}{body}\n\n**Failure policy**: {FAILURE_POLICIES[kind]}\n\n"
        f"{_example(examples()[function.name])}"
    )


def _deprecated(module: ModuleType, name: str) -> str:
    marks = deprecations_of(getattr(module, name))
    what = {d: f": the parameter `{d.parameter}`" if d.parameter else "" for d in marks}
    return "".join(f"> **Deprecated** since {d.since}, gone in {d.removed_in}{what[d]}. {d.instead}\n\n" for d in marks)


def _example(example: Example) -> str:
    pieces = [(example.file, example.code), *example.rests_on]
    blocks = "\n".join(f"```python\n# {file}\n{code}\n```\n" for file, code in pieces)
    return f"**Example**, from the plugin `{example.plugin}`:\n\n{blocks}"


def _removed() -> str:
    if not REMOVED:
        return "## Removed\n\nNothing yet.\n"
    rows = [f"| `{what}` | {gone.removed_in} | {gone.instead} |" for what, gone in sorted(REMOVED.items())]
    return "\n".join(["## Removed", "", "| what | in | instead |", "|---|---|---|", *rows]) + "\n"


def _paragraphs(docstring: str) -> list[str]:
    """The summary, then one bold-headed paragraph for each room of the docstring ("Fires:", "Returns:", …)."""
    found: list[str] = []
    for line in docstring.splitlines():
        head, colon, rest = line.partition(": ")
        if not line.strip():
            continue
        if colon and (head in ("Fires", "Returns", "An error") or head.isidentifier()):
            found.append(f"**{head}**: {rest}" if head[0].isupper() else f"`{head}`: {rest}")
        elif found:
            found[-1] += f"\n{line}"
        else:
            found.append(_SINCE.sub("", line))
    return found
