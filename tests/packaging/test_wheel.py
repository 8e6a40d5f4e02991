"""The wheel is whole: installed into an empty environment, it makes an installation and serves its pages."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.source import packages, repository_files, short
from tests.packaging.conftest import run

pytestmark = pytest.mark.realtime


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {n for n in archive.namelist() if ".dist-info/" not in n}


def test_every_file_of_every_package_is_in_the_wheel(wheel: Path) -> None:
    expected = {
        f"{name}/{file.relative_to(folder).as_posix()}"
        for name, folder in packages().items()
        for file in repository_files()
        if folder in file.parents
    }
    assert _names(wheel) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"hookline_web/templates/.+\.html",
        r"hookline_web/static/.+\.css",
        r"hookline_web/static/vendor/.+\.js",
        r"hookline/locale/pl/LC_MESSAGES/messages\.po",
        r"hookline_web/locale/pl/LC_MESSAGES/messages\.po",
        r"hookline/db/migrations/versions/\w+\.py",
        r"hookline/db/migrations/script\.py\.mako",
        r"hookline_gdpr/migrations/versions/\w+\.py",
        r"hookline_gdpr/manifest\.toml",
        r"hookline_web/help/en/.+\.md",
        r"hookline_web/help/pl/.+\.md",
        r"hookline_telephony_sip/far_end/clips/.+\.wav",
        r"hookline/py\.typed",
    ],
)
def test_what_is_no_code_is_in_the_wheel_too(wheel: Path, pattern: str) -> None:
    assert any(re.fullmatch(pattern, name) for name in _names(wheel))


def test_nothing_of_the_tests_is_in_the_wheel(wheel: Path) -> None:
    assert {name.split("/")[0] for name in _names(wheel)} == set(packages())


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (archive.read(n).decode() for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        (points,) = (archive.read(n).decode() for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert "License-Expression: Apache-2.0" in metadata
    assert {"sip", "test", "all"} <= set(re.findall(r"^Provides-Extra: (\S+)$", metadata, re.MULTILINE))
    assert "[hookline.plugins]" in points
    assert "[hookline.commands]" in points


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _get(port: int, path: str) -> tuple[int, str]:
    """Status and body of a page; status 0 while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept-Language": "pl"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


@contextmanager
def _served(programs: Path, environment: dict[str, str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = Path(environment["HOOKLINE_HOME"]) / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "hookline", "serve", "--port", str(port)], env=environment, stdout=output, stderr=output
        )
        try:
            yield server
        finally:
            server.terminate()
            server.wait(30)


def test_installed_alone_it_serves_a_page(installed: Path, tmp_path: Path) -> None:
    environment = {"HOOKLINE_HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    where = run(installed / "python", "-c", "import hookline; print(hookline.__file__)", env=environment)
    assert where.startswith(str(installed.parent)), "the wheel's code, not the source's"
    assert "Client: Acme (added)." in run(installed / "hookline", "init", "--client", "Acme", env=environment)

    port, pause, deadline = _free_port(), threading.Event(), time.monotonic() + 60
    with _served(installed, environment, port) as server:
        while (page := _get(port, "/login"))[0] == 0 and server.poll() is None and time.monotonic() < deadline:
            pause.wait(0.1)
        assert page[0] == 200, (tmp_path / "serve.log").read_text()
        assert "Hookline" in page[1]
        assert 'lang="pl"' in page[1]
        stylesheet = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page[1])
        assert stylesheet
        assert _get(port, stylesheet.group(1))[0] == 200
    assert server.returncode == 0, (tmp_path / "serve.log").read_text()


def test_the_source_has_no_stray_files_that_a_wheel_would_miss() -> None:
    """Package folders hold nothing that git ignores, so that a build from a clone equals a build from here."""
    known = set(repository_files())
    stray = [
        short(file)
        for folder in packages().values()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file not in known
    ]
    assert not stray
