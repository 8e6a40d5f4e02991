"""The demo as somebody starts it: one command, a log-in, a call's worth of people, and nothing left behind."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.access import Scope
from hookline.services.phones import normalise
from hookline.settings import load_settings
from hookline_web.demo import numbers
from hookline_web.demo.cast import ENERGY, PEOPLE
from hookline_web.demo.errors import DemoRuns, NotADemo
from hookline_web.demo.folder import DemoFolder

pytestmark = [pytest.mark.serial, pytest.mark.timeout(240)]

_COMMAND = "import sys; from hookline.cli import main; sys.exit(main())"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def _until(found: Callable[[], Any], what: str, seconds: float = 90.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.1)
    return value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Demo:
    """A running `hookline demo`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = _free_port()
        self.log = folder.with_suffix(f".{self.port}.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _COMMAND, "demo", "--port", str(self.port), "--folder", str(folder), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A variable that leads elsewhere: the demo must not follow it.
                env={**os.environ, "HOOKLINE_HOME": str(folder.parent / "other"), "LANG": "C.UTF-8", "LC_ALL": ""},
                start_new_session=True,
            )

    def said(self) -> str:
        """What stands on the console."""
        return self.log.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        """Wait for the welcome."""
        _until(lambda: "is ready" in self.said() or self.process.poll() is not None, "the demo did not get ready")
        assert self.process.poll() is None, self.said()

    def family(self) -> list[int]:
        """The process and all that came of it."""
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                left += [int(child) for child in children.read_text().split()]
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C, as the terminal sends it: to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.process.wait(60)

    def browser(self, login: str) -> urllib.request.OpenerDirector:
        """A browser that is logged in."""
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        opened = urllib.request.build_opener(cookies)
        token = _TOKEN.search(self.get(opened, "/login"))
        assert token is not None
        password = next(person.password for person in PEOPLE if person.login == login)
        sent = urllib.parse.urlencode({"login": login, "password": password, "csrf_token": token[1]}).encode()
        with opened.open(f"http://127.0.0.1:{self.port}/login", sent, timeout=10) as answer:
            assert urllib.parse.urlsplit(answer.url).path != "/login", "the log-in failed"
        return opened

    def get(self, browser: urllib.request.OpenerDirector, path: str) -> str:
        """A page."""
        with browser.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            text: str = answer.read().decode()
            return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the demo is to live."""
    return tmp_path / "demo"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Demo]]:
    """Starts demos, and ends those that a failed test has left."""
    started: list[Demo] = []

    def begin(*arguments: str) -> Demo:
        started.append(Demo(folder, *arguments))
        return started[-1]

    yield begin
    for demo in started:
        demo.stop(signal.SIGTERM)


def _gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_one_command_brings_everything_up_and_ctrl_c_takes_it_down(
    start: Callable[..., Demo], folder: Path, tmp_path: Path
) -> None:
    demo = start()
    demo.wait_until_ready()
    said = demo.said()
    assert f"http://127.0.0.1:{demo.port}/" in said
    assert all(f"{person.login}" in said and person.password in said for person in PEOPLE)
    anna = demo.browser("anna")
    desk = demo.get(anna, "/")
    assert "Telefon anna" in desk
    assert "Telefon piotr" not in desk
    assert "Fotowoltaika" in demo.get(demo.browser("ewa"), "/campaigns")
    assert "127.0.0.1" in demo.get(demo.browser("admin"), "/p/telephony_sip/")
    family = demo.family()
    assert len(family) >= 4  # itself, the far end, the server and its worker
    assert demo.stop() == 0
    _until(lambda: _gone(family), "something was left behind", 20.0)
    assert not (tmp_path / "other").exists()
    _check_people(folder)
    _check_second_start(start, folder)


def _check_people(folder: Path) -> None:
    """Everything came in by the import, campaigns can dial at this minute, consents are mostly there."""
    runtime = Runtime(load_settings(folder, environ={}))
    try:
        campaigns = {c.name: c for c in runtime.campaigns.list_campaigns(Scope.everything())}
        assert {c.state for c in campaigns.values()} == {"running"}
        assert len(campaigns) == 3
        assert campaigns["Fotowoltaika"].required_policies == ["gdpr.consent"]
        counts = {
            n: sum(runtime.campaigns.record_counts(Scope.everything(), c.id).values()) for n, c in campaigns.items()
        }
        assert counts == {"Fotowoltaika": 48, "Nach der Montage": 20, "Odnowienia polis": 30}
        assert [c.name for c in runtime.clients.list_clients(Scope.everything())][-1] == ENERGY.name
    finally:
        runtime.close()


def _check_second_start(start: Callable[..., Demo], folder: Path) -> None:
    """The second start goes on with what is there, and leads stations and trunk to the new ports."""
    with DemoFolder(folder).opened(fresh=False):
        blocked = start()
        assert blocked.process.wait(60) == 1
        assert "runs in" in blocked.said()
    demo = start()
    demo.wait_until_ready()
    assert "(once)" not in demo.said()
    assert "Telefon anna" in demo.get(demo.browser("anna"), "/")
    server = next(pid for pid in demo.family() if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))
    os.kill(server, signal.SIGKILL)
    assert demo.process.wait(60) == 1
    assert "The server has stopped by itself" in demo.said()


def test_a_taken_port_is_said_with_what_to_do(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-c", _COMMAND, "demo", "--port", port, "--folder", str(folder)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert f"Port {port} is taken" in ended.stderr
    assert "--port" in ended.stderr
    assert not folder.exists()


def test_a_folder_with_something_else_in_it_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(NotADemo), DemoFolder(folder).opened(fresh=True):
        pytest.fail("it was opened")
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_fresh_begins_anew_and_two_do_not_share_a_folder(folder: Path) -> None:
    place = DemoFolder(folder)
    with place.opened(fresh=False):
        (folder / "data").mkdir()
        (folder / "data" / "hookline.db").write_text("half-made")
        with pytest.raises(DemoRuns), DemoFolder(folder).opened(fresh=True):
            pytest.fail("it was opened twice")
    with place.opened(fresh=False):  # not seeded: begun anew
        assert not (folder / "data").exists()
        (folder / "kept").write_text("data")
        place.mark_seeded()
    with place.opened(fresh=False):
        assert place.seeded
        assert (folder / "kept").exists()
    with place.opened(fresh=True):
        assert not place.seeded
        assert not (folder / "kept").exists()


def test_every_number_is_valid_and_does_what_its_last_digit_says() -> None:
    for city in numbers.POLISH_AREAS:
        assert normalise(numbers.polish(city, 999, 7), "PL").e164.endswith("9997")
    for city in numbers.GERMAN_BLOCKS:
        assert normalise(numbers.german(city, 99, 3), "DE").e164.endswith("993")
    assert normalise(numbers.TEST_NUMBER, "PL").e164.endswith("0")
    assert [ending.digit for ending in numbers.ENDINGS] == list(range(10))
    assert set(numbers.PATTERN) == set(range(10))
