"""Browsers without a browser: requests to the pages of a centre under test, logged in as whom the test says.

Core knows no web framework: the web package says how by the entry point "browsers" of the group `hookline.testing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Protocol

from hookline.domain.access import Role
from hookline.testing.centre import PASSWORD, Centre


class Answer(Protocol):
    """What a page answered."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def text(self) -> str:
        """The body."""
        ...

    @property
    def json(self) -> Any:
        """The body of a JSON answer, read."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers."""
        ...


class Browser(Protocol):
    """A session with the pages: keeps its cookies, sends the form token along. Arguments as of werkzeug's client."""

    def get(self, path: str, **kw: Any) -> Answer:
        """Open a page."""
        ...

    def post(self, path: str, **kw: Any) -> Answer:
        """Send a form (`data`), or JSON (`json`)."""
        ...


class Browsers:
    """Opens browsers on one centre's pages: `browser(Role.AGENT)`, `browser("anna")`, `browser(None)` for nobody."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._open: Callable[[str | None, str], Browser] | None = None

    def __call__(self, who: Role | str | None) -> Browser:
        """A browser logged in as the user with that login, or as somebody in that role (see Centre.somebody)."""
        login = self._centre.login_of(self._centre.somebody(who)) if isinstance(who, Role) else who
        if self._open is None:
            self._open = _opener()(self._centre.runtime)
        return self._open(login, PASSWORD)


def _opener() -> Callable[[Any], Callable[[str | None, str], Browser]]:
    for entry in entry_points(group="hookline.testing", name="browsers"):
        found: Callable[[Any], Callable[[str | None, str], Browser]] = entry.load()
        return found
    raise RuntimeError("No package says how to browse Hookline's pages. Install hookline itself again: it brings one.")
