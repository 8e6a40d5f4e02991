"""A browser that reaches its cell by a TURN server only: a real coturn, which takes log-ins that end by themselves."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from typing import Any

import aioice.ice
import pytest

from hookline.ports.telephony import LegAnswered
from hookline_telephony_sip.browser_settings import BrowserSettings
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import free_udp_port
from tests.plugins.telephony_sip.test_webrtc_cell import browser_leg
from tests.plugins.telephony_sip.webrtc_browser import ADDRESS, TestBrowser

pytestmark = pytest.mark.realtime

AGENT_HZ, CUSTOMER_HZ = 620, 1000
NUMBER, SECRET = "+48600100100", "north"
FROM_PORT, TO_PORT = "47200", "47299"


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address; it says where its relayed packets went."""
    port, folder = free_udp_port(), tmp_path_factory.mktemp("turn")
    options = [
        *("-n", "-L", ADDRESS, "-E", ADDRESS, "-p", str(port), "--min-port", FROM_PORT, "--max-port", TO_PORT),
        *("--use-auth-secret", "--static-auth-secret", SECRET, "--realm", "hookline", "--allow-loopback-peers"),
        *("--no-cli", "--no-tls", "--no-dtls", "--no-tcp", "--log-file", "stdout", "--simple-log"),
        *("--pidfile", str(folder / "pid"), "--db", str(folder / "db")),
    ]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(["turnserver", *options], cwd=folder, stdout=log, stderr=log)
    yield f"turn:{ADDRESS}:{port}?transport=udp"
    server.terminate()
    server.wait(5)


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    tone = {"kind": "tone", "frequency": CUSTOMER_HZ, "amplitude": 0.4}
    answer = {"kind": "answer", "ring_seconds": 0.1, "sound": tone}
    with FarEndProcess({"numbers": [{"number": NUMBER, "behaviour": answer}]}) as running:
        yield running


def test_a_relayed_leg_is_heard_both_ways(turn: str, far_end: FarEndProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = BrowserSettings((ADDRESS,), range(47300, 47399), ({"urls": turn},), SECRET)
    caller = Caller(far_end.network, SipSettings(warm_cells=1, max_cells=2, browser=browser))
    try:
        room = uuid.uuid4().hex
        leg = browser_leg(caller, room, 20.0)
        servers: Any = caller.backend.browser_message(leg, {"type": "begin"})["ice_servers"]
        assert int(servers[0]["username"].partition(":")[0]) > time.time()
        monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: [])
        page = TestBrowser(caller.backend, leg, AGENT_HZ, ice_servers=servers).open()
        assert page.candidates() == {"relay"}
        caller.wait(LegAnswered, leg)
        customer = caller.call(room, NUMBER)
        caller.wait(LegAnswered, customer)
        caller.backend.bridge(room, leg, customer)
        call = far_end.control.wait_for_call("confirmed")
        caller.until(lambda: page.hears(CUSTOMER_HZ), "the page hears the customer")
        caller.until(
            lambda: far_end.control.hear(call["id"], [AGENT_HZ], 0.3)["energies"][str(AGENT_HZ)] > 0.5,
            "the customer hears the page",
        )
        page.close()
    finally:
        caller.backend.stop()
