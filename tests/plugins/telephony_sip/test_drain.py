"""Stopping `hookline serve` with a real call up: it may end, or is bid farewell; told again, all goes at once."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from hookline.testing.centre import PASSWORD
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.far_end.process import FarEndProcess
from tests.plugins.telephony_sip.test_peers_core import ALL_DAY, SipCentre

pytestmark = pytest.mark.realtime

CUSTOMER, AGENT, FAREWELL = "+48221234567", 700, 425
PHONES = {
    "phones": [{"name": "anna", "answer_after_seconds": 0, "sound": {"kind": "tone", "frequency": AGENT}}],
    "default": {"kind": "answer", "ring_seconds": 0},
}


class Served:
    """An installation in `home` with one agent and one customer, served by `hookline serve`."""

    def __init__(self, home: Path, far_end: FarEndProcess, drain_seconds: int) -> None:
        home.mkdir()
        centre = SipCentre(home / "var")
        anna = centre.agent_at("anna", far_end.phones["anna"])
        centre.campaign([CUSTOMER], agents=[anna], backend="telephony_sip", window=ALL_DAY)
        centre.trunk("far end", int(far_end.network.rpartition(":")[2]))
        self._station = centre.runtime.agents.stations_for(centre.actor(anna))[0].id
        centre.close()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]
        self._far_end = far_end
        self._cookie = self._token = ""
        self._log = home / "log"
        command = [sys.executable, "-c", "from hookline.cli import main; main()", "serve", "--port", str(self._port)]
        environment = {**os.environ, "HOOKLINE_HOME": str(home), "HOOKLINE_DRAIN_SECONDS": str(drain_seconds)}
        self.process = subprocess.Popen(command, env=environment, stdout=self._log.open("wb"), stderr=subprocess.STDOUT)
        self._watchdog = threading.Timer(150, self.process.kill)
        self._watchdog.start()
        self.until(lambda: self._ask("GET", "/login")[0] == 200, "it serves")

    def close(self) -> None:
        """Whatever is left of it."""
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait()

    def talks(self) -> None:
        """Anna logs in, is rung at her telephone, and dials the customer."""
        self._post("/login", login="anna", password=PASSWORD)
        self._post("/desk/start", station_id=str(self._station), campaign_id="")
        self.until(lambda: "/desk/dial" in self._ask("GET", "/desk")[1], "a contact is presented")
        self._post("/desk/dial")
        self.until(lambda: self.hears(AGENT), "the customer hears the agent")

    def customer(self) -> dict[str, object]:
        """The customer's call, as the far end has it."""
        known = [*self._far_end.control.history(), *self._far_end.control.calls()]
        return next((call for call in reversed(known) if call["to"] == CUSTOMER), {})

    def hears(self, hertz: int) -> bool:
        """Whether the customer hears this pitch."""
        call = self.customer()
        if call.get("state") != "confirmed":
            return False
        heard = self._far_end.control.hear(str(call["id"]), [hertz], seconds=0.3)
        return float(next(iter(heard["energies"].values()))) > 0.3

    def until(self, predicate: Callable[[], bool], what: str) -> None:
        """Wait for it, or fail."""
        assert EventLog().wait_for(predicate, 60.0, look_every=0.05), f"{what}\n{self._log.read_text()}"

    def _post(self, path: str, **form: str) -> int:
        page = self._ask("GET", "/login" if path == "/login" else "/desk")[1]
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        return self._ask("POST", path, urlencode({**form, "csrf_token": found[1] if found else ""}))[0]

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
            connection.request(method, path, body or None, {"Cookie": self._cookie, **kind})
            answer = connection.getresponse()
            self._cookie = (answer.headers["Set-Cookie"] or self._cookie).split(";")[0]
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    with FarEndProcess(PHONES) as process:
        yield process


def test_a_stop_lets_the_call_go_on_until_the_limit_and_then_says_farewell(
    far_end: FarEndProcess, tmp_path: Path
) -> None:
    served = Served(tmp_path / "home", far_end, drain_seconds=2)
    try:
        served.talks()
        asked_at = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        served.until(lambda: served.hears(FAREWELL), "the customer is told")
        assert time.monotonic() - asked_at > 2.0, "it was let go on"
        assert served.process.wait(60) == 0
        assert served.customer()["ended_by"] == "caller"
    finally:
        served.close()


@pytest.mark.long
def test_a_second_stop_ends_it_at_once(far_end: FarEndProcess, tmp_path: Path) -> None:
    served = Served(tmp_path / "home", far_end, drain_seconds=600)
    try:
        served.talks()
        served.process.send_signal(signal.SIGTERM)
        EventLog().wait_for(lambda: False, 1.0)
        assert served.customer()["state"] == "confirmed"
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        assert EventLog().wait_for(lambda: served.customer()["state"] != "confirmed", 5.0, look_every=0.05)
    finally:
        served.close()
