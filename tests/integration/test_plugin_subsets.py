"""Every set of the bundled plugins makes a working installation: it starts, migrates and answers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect

from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from hookline.testing.databases import lay_sqlite
from hookline_web.testing import add_people, make_app, make_client

#: Those that this distribution brings; a plugin that joins it is in every set from then on.
BUNDLED = sorted(e.name for e in distribution("hookline").entry_points if e.group == "hookline.plugins")
MENU = re.compile(r'<a class="side-link[^"]*" href="([^"]+)"')
SUBSETS = [frozenset(s) for n in range(len(BUNDLED) + 1) for s in itertools.combinations(BUNDLED, n)]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with every plugin's tables and people in it."""
    folder = tmp_path_factory.mktemp("template")
    runtime = Runtime(Settings(folder, lay_sqlite(folder / "hookline.db")), VirtualClock())
    add_people(runtime)
    with runtime.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    runtime.close()
    return (folder / "hookline.db").read_bytes()


@pytest.fixture(params=SUBSETS, ids=lambda subset: "+".join(sorted(subset)) or "core alone")
def installed(request: pytest.FixtureRequest, template: bytes, tmp_path: Path) -> Iterator[tuple[Runtime, Flask]]:
    """An installation with just these plugins enabled."""
    (tmp_path / "hookline.db").write_bytes(template)
    disabled = tuple(name for name in BUNDLED if name not in request.param)
    settings = Settings(tmp_path, f"sqlite:///{tmp_path / 'hookline.db'}", disabled_plugins=disabled)
    runtime = Runtime(settings, VirtualClock())
    yield runtime, make_app(runtime)
    runtime.close()


def test_it_works(installed: tuple[Runtime, Flask]) -> None:
    runtime, app = installed
    enabled = set(runtime.host.active_packages()) & set(BUNDLED)
    assert enabled == set(BUNDLED) - set(runtime.settings.disabled_plugins)
    assert not migrate.pending(runtime.db.engine, runtime.host.active_packages())
    assert make_client(app).get("/login").status_code == 200
    assert make_client(app).get("/healthz").json == {"alive": True, "program": "hookline"}
    browser = make_client(app, "admin")
    home = browser.get("/", follow_redirects=True)
    assert home.status_code == 200
    menu = set(MENU.findall(home.text))
    assert {"/clients", "/plugins"} <= menu
    assert {name for name in BUNDLED if any(a.startswith(f"/p/{name}/") for a in menu)} == enabled
    pages = [address for address in menu if address.startswith("/p/")]
    for page in (*pages, "/help", "/health", "/plugins", "/api/v1/openapi.json"):
        assert browser.get(page).status_code == 200, page


@pytest.mark.parametrize("subset", [frozenset(), frozenset(BUNDLED)], ids=["core alone", "all"])
def test_an_empty_database_is_brought_up(subset: frozenset[str], tmp_path: Path) -> None:
    disabled = tuple(name for name in BUNDLED if name not in subset)
    runtime = Runtime(Settings(tmp_path, f"sqlite:///{tmp_path / 'new.db'}", disabled_plugins=disabled))
    runtime.migrate()
    tables = inspect(runtime.db.engine).get_table_names()
    assert not migrate.pending(runtime.db.engine, runtime.host.active_packages())
    assert any(table.startswith("gdpr_") for table in tables) == ("gdpr" in subset)
    runtime.close()
