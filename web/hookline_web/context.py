"""What views reach for: the runtime and the shell's parts of the app that serves the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app

from hookline.bootstrap import Runtime
from hookline.contributions import NavigationItem, Panel
from hookline.live_plugins import LivePlugins
from hookline.plugin_host.host import Owned
from hookline_web.glossary import Glossary

if TYPE_CHECKING:
    from hookline_web.stream import StreamHub
    from hookline_web.throttle import Throttle

EXTENSION = "hookline"


@dataclass
class Shell:
    """Everything the web app holds beside Flask's own; one per app."""

    runtime: Runtime
    hub: StreamHub
    throttle: Throttle
    navigation: list[NavigationItem] = field(default_factory=list)
    panels: list[Owned[Panel]] = field(default_factory=list)
    #: Folders with <language>/<topic>.md, searched in order.
    help_folders: list[Path] = field(default_factory=list)
    #: What keeps a running server up with hookline.toml; None where the app is served by somebody else.
    live: LivePlugins | None = None
    glossary: Glossary = field(default_factory=lambda: Glossary(()))


def shell() -> Shell:
    """The current app's shell."""
    found: Shell = current_app.extensions[EXTENSION]
    return found


def runtime() -> Runtime:
    """The installation behind the current app: its attributes are the services."""
    return shell().runtime
