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

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, select_autoescape

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
            # Taken apart before it is filled in: a line end in a value ends no subject and begins no header.
            first, _, rest = _source(environment, f"{language}/{name}.txt").partition("\n")
            subject, text = (environment.from_string(part).render(context) for part in (first, rest))
            html = environment.get_template(f"{language}/{name}.html").render(context)
        except (TemplateError, ValueError, TypeError) as error:
            raise CannotRender(f"{template} in {language}: {type(error).__name__}") from error
        return Rendered(" ".join(subject.split()), text.strip() + "\n", html)


def _environment(package: str) -> Environment:
    folders = list(dict.fromkeys(str(folder) for name in (package, _CORE) for folder in _folders(name)))
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(("html",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _source(environment: Environment, name: str) -> str:
    if environment.loader is None:
        raise TemplateNotFound(name)
    return environment.loader.get_source(environment, name)[0]


def _folders(package: str) -> list[Path]:
    spec = importlib.util.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return [Path(place) / _FOLDER for place in places or ()]
