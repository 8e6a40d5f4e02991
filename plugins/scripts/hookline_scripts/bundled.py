"""The templates that come with the plugin, from which administrators begin."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from hookline.errors import NotFound
from hookline.text import N_
from hookline_scripts.format import parse_script

_FOLDER = Path(__file__).parent / "script_templates"


@lru_cache(maxsize=1)
def bundled() -> dict[str, str]:
    """Name and title of every template, by name."""
    files = sorted(_FOLDER.glob("*.yaml"))
    return {file.stem: parse_script(file.read_text("utf-8")).title for file in files}


def bundled_text(name: str) -> str:
    """A template's text; raises NotFound."""
    if name not in bundled():
        raise NotFound(N_("There is no such template."), N_("Go back to the list of scripts."))
    return (_FOLDER / f"{name}.yaml").read_text("utf-8")
