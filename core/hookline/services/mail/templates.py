"""What mails say: Jinja templates in each language, as text and as HTML, of core and of plugins.

A package keeps them in `mail_templates/<language>/<name>.txt` and `.html`. The first line of the text is the subject;
the HTML extends core's `base.html`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

_FOLDER = "mail_templates"
_CORE = "hookline"


@dataclass(frozen=True)
class Rendered:
    """A mail's words."""

    subject: str
    text: str
    html: str


class CannotRender(Exception):
    """There is no such template, or it asks for something that the mail does not bring."""


class MailTemplates:
    """Renders templates. `plugins` are the active ones: name and import package."""

    def __init__(self, plugins: Mapping[str, str] | None = None) -> None:
        self._environments = {"": _environment(_CORE)}
        for name, package in (plugins or {}).items():
            self._environments[name] = _environment(package)

    def render(self, template: str, language: str, context: Mapping[str, Any]) -> Rendered:
        """The mail's words in the language; raises CannotRender."""
        owner, _, name = template.rpartition("/")
        environment = self._environments.get(owner)
        if environment is None:
            raise CannotRender(f"nobody's template: {template}")
        try:
            text = environment.get_template(f"{language}/{name}.txt").render(context)
            html = environment.get_template(f"{language}/{name}.html").render(context)
        except (TemplateError, ValueError, TypeError) as error:
            raise CannotRender(f"{template} in {language}: {type(error).__name__}") from error
        subject, _, body = text.partition("\n")
        # A line end in what was filled in must not begin another header.
        return Rendered(" ".join(subject.split()), body.strip() + "\n", html)


def _environment(package: str) -> Environment:
    folders = list(dict.fromkeys(str(folder) for name in (package, _CORE) for folder in _folders(name)))
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _folders(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return [Path(place) / _FOLDER for place in places or ()]
