"""What templates find beside Flask's own: versions of static files, event types, marks for time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, current_app, url_for

from hookline import __version__
from hookline.domain.events import Event
from hookline_web.forms import Form
from hookline_web.guard import is_static


def install(app: Flask) -> None:
    """Add the globals, and the time of change to addresses of static files."""
    app.url_defaults(_add_version)
    app.jinja_env.globals.update(
        event_types=event_types, icon_address=icon_address, make_form=Form, HOOKLINE_VERSION=__version__
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if not is_static(endpoint) or "filename" not in values:
        return
    holder: Any = current_app
    if endpoint != "static":
        holder = current_app.blueprints.get(endpoint.rpartition(".")[0])
    folder = getattr(holder, "static_folder", None)
    path = Path(folder) / str(values["filename"]) if folder else None
    if path is not None and path.is_file():
        values["v"] = int(path.stat().st_mtime)


def icon_address(name: str) -> str:
    """The address of a Tabler icon in the sprite."""
    return f"{url_for('static', filename='vendor/tabler-icons/sprite.svg')}#tabler-{name}"


def event_types() -> str:
    """Names of every event a stream may carry, plugins' included: browsers must ask for each by name."""
    return " ".join(sorted({kind.__name__ for kind in _kinds(Event)}))


def _kinds(parent: type[Event]) -> Iterator[type[Event]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from _kinds(kind)
