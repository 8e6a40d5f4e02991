"""Write docs/reference/hooks.md and settings.md anew from the code. A test holds them up to date."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

from marshmallow import Schema, fields, missing, validate

from hookline import PLUGIN_API_VERSION, hookspecs
from hookline.settings_schema import SettingsSchema

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
DOMAINS = tuple(
    importlib.import_module(f"{hookspecs.__name__}.{module.name}")
    for module in pkgutil.iter_modules(hookspecs.__path__)
    if module.name not in ("markers", "deprecation")
)
NOTICE = "<!-- Made by `make reference` from the code: edit the docstrings, not this file. -->\n"

_HOOKS_INTRO = f"""# Hooks

{NOTICE}
The contract between Hookline and its plugins, version {PLUGIN_API_VERSION}. A plugin implements a hook as a method of
the class `Hooks` in its `hooks.py`, marked `@hookimpl` (`from hookline.hookspecs import hookimpl`); it may leave out
parameters that it does not need. The kind of a hook fixes what becomes of an error:

| kind | results | where an implementation raises |
|---|---|---|
| contribute | put together; a name clash is a start-up error | that plugin is marked failed, the rest starts |
| notify | none | isolated, logged, counted against the plugin |
| policy | all are kept | counts as a refusal |
| choose | the first answer | the error goes to whoever asked |

A hook that this Hookline does not know is refused by name when the plugin is loaded, never ignored.
"""

_SETTINGS_INTRO = f"""# Settings

{NOTICE}
An installation reads `hookline.toml` in its folder (`HOOKLINE_HOME`, else the working folder); nothing has to be set.
Each setting can be overridden by an environment variable named in the last column, or by the text of the file whose
path is in that variable with `_FILE` at its end. A wrong value or an unknown setting stops the start with a message that
names it.

Plugins' settings have tables of their own, `[plugins.<name>]`, described in their READMEs and by
`hookline plugins info NAME`; `HOOKLINE_<PLUGIN>__<SETTING>` overrides them. Secret ones are taken from there, or from
the file that `HOOKLINE_<PLUGIN>__<SETTING>_FILE` names, and never from `hookline.toml`.

| setting | kind | default | meaning | environment |
|---|---|---|---|---|
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


def _hook(function: ast.FunctionDef) -> str:
    body = "\n\n".join(_paragraphs(ast.get_docstring(function) or "")).replace("<", "&lt;")
    return f"### `{function.name}`\n\n*{kind_of(function.name)}*\n\n```python\n{signature(function)}\n```\n\n{body}\n"


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
            found.append(line)
    return found


def hooks_reference() -> str:
    """The text of hooks.md."""
    parts = [_HOOKS_INTRO]
    for module in DOMAINS:
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        parts.append(f"## {title}\n")
        parts += [_hook(function) for function in hook_functions(module)]
    return "\n".join(parts)


_KINDS = {
    "String": "text",
    "Integer": "whole number",
    "Boolean": "yes or no",
    "List": "list of names",
    "Dict": "tables",
}


def _kind(field: fields.Field[Any]) -> str:
    name = _KINDS[type(field).__name__]
    for check in field.validators:
        if isinstance(check, validate.Range):
            name += f" from {check.min} to {check.max}"
    return name


def _default(field: fields.Field[Any]) -> str:
    value = field.load_default() if callable(field.load_default) else field.load_default
    if value is missing:
        return "(must be set)"
    return f"`{value}`" if value not in ("", [], {}) else "empty"


def settings_reference(schema: Schema) -> str:
    """The text of settings.md."""
    rows = []
    for name, field in schema.fields.items():
        variable = "" if name == "plugins" else f"`HOOKLINE_{name.upper()}`"
        rows.append(f"| `{name}` | {_kind(field)} | {_default(field)} | {field.metadata['description']} | {variable} |")
    return _SETTINGS_INTRO + "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Every generated page and its text."""
    return {
        REFERENCE / "hooks.md": hooks_reference(),
        REFERENCE / "settings.md": settings_reference(SettingsSchema()),
    }


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
