"""`hookline serve`: one command brings the database up, serves pages, and ends when told, streams or not."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.access import Role
from hookline.settings import load_settings
from hookline.testing.databases import POSTGRESQL, SQLITE, empty_database
from hookline_web.testing import PASSWORD

pytestmark = pytest.mark.realtime


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def command(tmp_path: Path, database_kind: str, database_url: str) -> tuple[list[str], dict[str, str], int]:
    """The command line, its environment, and the port. The SQLite database is still to be made."""
    port = _free_port()
    line = [sys.executable, "-c", "from hookline.cli import main; main()", "serve", "--port", str(port)]
    environment = {**os.environ, "HOOKLINE_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    if database_kind == POSTGRESQL:
        environment["HOOKLINE_DATABASE_URL"] = database_url
    return line, environment, port


@pytest.fixture
def served(command: tuple[list[str], dict[str, str], int]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that answers."""
    line, environment, port = command
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        _wait_until_it_answers(process, port)
        yield process, port
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


def _wait_until_it_answers(process: subprocess.Popen[str], port: int) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "serves http" in line:
            break
    while process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            threading.Event().wait(0.05)
    raise AssertionError("".join(said) + process.stdout.read())


def _ask(port: int, method: str, path: str, body: str | None, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers)
    return connection.getresponse()


def _get(port: int, path: str) -> http.client.HTTPResponse:
    return _ask(port, "GET", path, None, {})


def _open_stream(port: int, environment: dict[str, str]) -> http.client.HTTPResponse:
    runtime = Runtime(load_settings(None, environment))
    runtime.identity.add_user("admin", "Ada", PASSWORD, Role.ADMINISTRATOR)
    runtime.close()
    page = _get(port, "/login")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    assert token is not None
    cookie = (page.headers["Set-Cookie"] or "").split(";")[0]
    form = urlencode({"login": "admin", "password": PASSWORD, "csrf_token": token.group(1)})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    entered = _ask(port, "POST", "/login", form, headers)
    assert entered.status == 302
    stream = _ask(port, "GET", "/stream", None, {"Cookie": entered.headers["Set-Cookie"].split(";")[0]})
    assert stream.readline().startswith(b"retry: ")
    return stream


def test_it_serves_from_an_empty_folder_and_ends_when_told(
    served: tuple[subprocess.Popen[str], int],
    command: tuple[list[str], dict[str, str], int],
    tmp_path: Path,
    database_kind: str,
) -> None:
    process, port = served
    page = _get(port, "/login")
    assert page.status == 200
    assert "Hookline" in page.read().decode()
    assert (tmp_path / "var" / "hookline.db").exists() == (database_kind == SQLITE)

    line, environment, _port = command
    assert "already serves this installation" in _refused(line, environment)
    if database_kind == POSTGRESQL:
        elsewhere = {**environment, "HOOKLINE_HOME": str(tmp_path / "elsewhere")}
        assert "two engines on one database" in _refused(line, elsewhere)

    stream = _open_stream(port, environment)
    assert _get(port, "/p/gdpr/").status == 302, "to the log-in"
    program = line[: line.index("serve")]
    switched = subprocess.run(
        [*program, "plugins", "disable", "gdpr"], env=environment, capture_output=True, text=True, check=True
    )
    assert "the running server has it in force" in switched.stdout
    assert _get(port, "/p/gdpr/").status == 404
    assert any(line.startswith(b"event: PluginsApplied") for line in stream), "the stream that was open goes on"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0, "an open page's stream does not hold the server up"
    stream.close()


def test_on_postgresql_the_operator_migrates(tmp_path: Path) -> None:
    with empty_database(POSTGRESQL, tmp_path) as url:
        environment = {**os.environ, "HOOKLINE_HOME": str(tmp_path), "HOOKLINE_DATABASE_URL": url}
        program = [sys.executable, "-c", "from hookline.cli import main; main()"]
        assert "hookline db upgrade" in _refused([*program, "serve"], environment)
        upgrade = subprocess.run(
            [*program, "db", "upgrade"], env=environment, capture_output=True, text=True, check=True
        )
        assert "up to date" in upgrade.stdout


def _refused(line: list[str], environment: dict[str, str]) -> str:
    """What a command says that must fail."""
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    return done.stderr
