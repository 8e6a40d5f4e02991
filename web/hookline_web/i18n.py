"""Languages: catalogues of core, web and the active plugins merged; the person's language, else the browser's."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, request, session
from flask_babel import Babel, gettext
from markupsafe import Markup

from hookline.errors import HooklineError
from hookline.text import translate

LANGUAGES = {"en": "English", "pl": "Polski"}


def install(app: Flask, packages: Iterable[str], folder: Path) -> None:
    """Set Flask-Babel up with the catalogues of the packages, compiled below `folder`."""
    folders = [str(made) for package in packages if (made := compiled_catalogue(package, folder))]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(folders)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    Babel(app, locale_selector=current_language)
    app.jinja_env.globals.update(LANGUAGES=LANGUAGES, current_language=current_language)
    app.jinja_env.filters["translated"] = translated


def current_language() -> str:
    """The language of this request: the person's, else the one picked at log-in, else the browser's."""
    user = g.get("user")
    if user is not None and user.language in LANGUAGES:
        return str(user.language)
    picked = session.get("language")
    if picked in LANGUAGES:
        return str(picked)
    return request.accept_languages.best_match(LANGUAGES, default="en") or "en"


def translated(text: str, params: Mapping[str, object] | None = None) -> str:
    """A text that was marked with N_() elsewhere, in this request's language. Markup keeps being markup."""
    if not text or isinstance(text, Markup):
        return text
    return translate(text, params or {}, gettext)


def explain(error: HooklineError) -> tuple[str, str]:
    """What happened and what to do, in this request's language."""
    return translated(error.message_id, error.params), translated(error.advice_id, error.params)


def package_folder(package: str) -> Path | None:
    """Where an installed package lies; None where it is not there."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def compiled_catalogue(package: str, below: Path) -> Path | None:
    """The package's catalogues as compiled files; made anew where the text is newer. None where it has none."""
    folder = package_folder(package)
    if folder is None or not (folder / "locale").is_dir():
        return None
    target = below / package
    for po in sorted((folder / "locale").glob("*/LC_MESSAGES/messages.po")):
        mo = target / po.parent.parent.name / "LC_MESSAGES" / "messages.mo"
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            _compile(po, mo)
    return target


def _compile(po: Path, mo: Path) -> None:
    mo.parent.mkdir(parents=True, exist_ok=True)
    draft = mo.with_name(f"{mo.name}.{os.getpid()}")
    draft.write_bytes(_compiled(po, po.stat().st_mtime_ns))
    draft.replace(mo)


@cache
def _compiled(po: Path, _changed_at: int) -> bytes:
    """A catalogue as gettext reads it; compiled once for each change of its text."""
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parent.parent.name)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()
