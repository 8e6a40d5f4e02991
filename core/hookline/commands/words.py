"""The language of what commands print: that of LANGUAGE, LC_ALL, LC_MESSAGES or LANG, in gettext's order."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import click

import hookline
from hookline.errors import HooklineError
from hookline.text import translate

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_CORE = Path(hookline.__file__).parent


def language(environ: Mapping[str, str] | None = None) -> str:
    """The first language wanted that there is a catalogue for; English where there is none."""
    environ = os.environ if environ is None else environ
    wanted = next((value for name in _VARIABLES if (value := environ.get(name))), "")
    for entry in wanted.split(":"):
        short = entry.split(".")[0].split("_")[0].lower()
        if short in ("en", "c", "posix"):
            return "en"
        if short.isalpha() and _file(_CORE, short).is_file():
            return short
    return "en"


def said(message: str, /, **params: object) -> str:
    """The message in the language of whoever typed the command."""
    return translate(message, params, _gettext)


def say(message: str, /, **params: object) -> None:
    """Print it."""
    click.echo(said(message, **params))


def error_said(error: HooklineError) -> str:
    """What happened, and in the next line what to do."""
    return f"{said(error.message_id, **error.params)}\n{said(error.advice_id, **error.params)}".strip()


def said_by(package: str, message: str) -> str:
    """A message of a plugin's, by its own catalogue; as it is where that has none."""
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or ()
    return next((_catalogue(Path(folder), language()).get(message, message) for folder in folders), message)


def _gettext(message: str) -> str:
    return _catalogue(_CORE, language()).get(message, message)


@cache
def _catalogue(package: Path, spoken: str) -> dict[str, str]:
    file = _file(package, spoken)
    if spoken == "en" or not file.is_file():
        return {}
    from babel.messages.pofile import read_po  # half a second, which whoever reads English is spared

    with file.open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source) if m.id and m.string and not m.fuzzy}


def _file(package: Path, spoken: str) -> Path:
    return package / "locale" / spoken / "LC_MESSAGES" / "messages.po"
