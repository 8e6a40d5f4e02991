"""Write docs/reference/hooks.md, quality.md and settings.md anew from the code. A test holds them up to date."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, missing, validate

from hookline.settings_schema import SettingsSchema

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a program, Python looks for modules beside it only

from scripts.hooks_reference import NOTICE, hooks_reference  # noqa: E402
from scripts.quality_reference import quality_reference  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
_SETTINGS_INTRO = f"""# Settings

{NOTICE}
An installation reads `hookline.toml` in its folder (`HOOKLINE_HOME`, else the working folder); nothing has to be set.
Each setting can be overridden by an environment variable named in the last column, or by the text of the file whose
path is in that variable with `_FILE` at its end. A wrong value or an unknown setting stops the start with a message
that names it.

Plugins' settings have tables of their own, `[plugins.<name>]`, described in their READMEs and by
`hookline plugins info NAME`; `HOOKLINE_<PLUGIN>__<SETTING>` overrides them. Secret ones are taken from there, or from
the file that `HOOKLINE_<PLUGIN>__<SETTING>_FILE` names, and never from `hookline.toml`.

| setting | kind | default | meaning | environment |
|---|---|---|---|---|
"""


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
        REFERENCE / "quality.md": quality_reference(),
        REFERENCE / "settings.md": settings_reference(SettingsSchema()),
    }


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
