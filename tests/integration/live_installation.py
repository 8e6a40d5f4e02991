"""An installation in a folder of its own with hookline.toml, whose pages follow the file: for tests of live plugins."""

from __future__ import annotations

from pathlib import Path

from hookline.bootstrap import Runtime
from hookline.settings import load_settings
from hookline.testing.clock import VirtualClock
from hookline.testing.databases import lay_sqlite
from hookline_web.swapping import LiveApp
from hookline_web.testing import PageClient, People, add_people


class LiveInstallation:
    """Its pages, a browser of the administrator, and what keeps both up with the file, turned by hand (`look`)."""

    def __init__(self, home: Path, toml: str, database_url: str = "") -> None:
        (home / "var").mkdir(parents=True)
        self.file = home / "hookline.toml"
        self.file.write_text(toml)
        self.environment = {"HOOKLINE_DATABASE_URL": database_url or lay_sqlite(home / "var" / "hookline.db")}
        self.clock = VirtualClock()
        self.runtime = Runtime(load_settings(home, self.environment), self.clock)
        self.people: People = add_people(self.runtime)
        self.live = LiveApp(self.runtime)
        self.live.plugins.begin()
        self._cookies = PageClient(self.live.app, use_cookies=True)
        self._cookies.log_in("admin")

    @property
    def browser(self) -> PageClient:
        """The administrator's browser, answered by the app that is in force."""
        self._cookies.application = self.live.app
        return self._cookies

    def wants(self, toml: str) -> bool:
        """Somebody writes the file; the server looks at it. Whether all of it is in force."""
        self.file.write_text(toml)
        return self.live.plugins.look()

    def close(self) -> None:
        """Let go of threads and files."""
        self.live.close()
        self.runtime.close()
