"""A real Kamailio, run as `hookline sip front` writes it."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hookline.bootstrap import Runtime
from hookline.errors import InvalidInput
from hookline.ports.telephony import CallOffered, HangupCause, LegAnswered
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.front_config import Front, write_front
from hookline_telephony_sip.phones import PhoneService, RegisteredPhone
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.sip.messages import Response, parse_message
from tests.plugins.telephony_sip.inbound_caller import InboundCaller
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import free_udp_port

pytestmark = pytest.mark.realtime

REALM, SECRET = "sip.example.com", "a-generated-one"
AGENT, CALLER = 700, 1300
PUBLIC = "127.0.0.9"
KAMAILIO = shutil.which("kamailio") or "/usr/sbin/kamailio"


class Centre(Caller):
    """A backend whose cells and listener stay behind a Kamailio; the trunk is 127.0.0.1, the world 127.0.0.0/8."""

    def __init__(self, folder: Path) -> None:
        sound = {"kind": "tone", "frequency": AGENT}
        self.far_end = FarEndProcess({"phones": [{"name": "anna", "answer_after_seconds": 0, "sound": sound}]})
        self.log = EventLog()
        self.network = self.far_end.network
        public, inside, listener = free_udp_port(), free_udp_port(), free_udp_port()
        self.public = (PUBLIC, public)
        coming = replace(trunk_to(self.network), inbound=True)
        ha1 = hashlib.md5(f"anna:{REALM}:{SECRET}".encode(), usedforsecurity=False).hexdigest()
        phone = RegisteredPhone("anna", REALM, ha1)
        front = Front(f"{PUBLIC}:{public}", f"127.0.0.8:{inside}", REALM, listener, [(coming, ["127.0.0.1"])], [phone])
        write_front(front, folder)
        self._kamailio = subprocess.Popen(
            [KAMAILIO, "-DD", "-E", "-f", folder / "kamailio.cfg", "-w", folder, "-Y", folder, "-m", "64", "-M", "8"],
            stdout=(folder / "log").open("w"),
            stderr=subprocess.STDOUT,
        )
        settings = SipSettings(
            bind_address="127.0.0.8",
            proxy=f"sip:127.0.0.8:{inside};lr",
            inbound_address="127.0.0.8",
            inbound_port=listener,
        )
        self.backend = SipBackend(lambda client_id: [coming], settings, lambda: [coming])
        self.backend.start(self.log)
        self.until(lambda: self.backend.listener_pid, "the listener is up")
        self.until(self._answers, (folder / "log").read_text())

    def stop(self) -> None:
        self.backend.stop()
        self._kamailio.terminate()
        self._kamailio.wait(10)
        self.far_end.stop()

    def ask(self, source: str, method: str, user: str = "anna", extra: str = "") -> Response | None:
        """Send one request to the public side from a loopback address; the answer, None where none comes."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((source, 0))
            asking.settimeout(1.0)
            self._send(asking, method, user, extra)
            try:
                answer = parse_message(asking.recv(65535))
            except (TimeoutError, ConnectionRefusedError):
                return None
        assert isinstance(answer, Response)
        return answer

    def hammers(self, source: str) -> None:
        """Send forty requests at once, and hear no answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hammer:
            hammer.bind((source, 0))
            for _ in range(40):
                self._send(hammer, "REGISTER")

    def _send(self, asking: socket.socket, method: str, user: str = "anna", extra: str = "") -> None:
        host, port = asking.getsockname()
        contact = self.far_end.phones["anna"]
        text = (
            f"{method} sip:{REALM} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=1\r\nTo: <sip:{user}@{REALM}>\r\n"
            f"Call-ID: {secrets.token_hex(6)}\r\nCSeq: 1 {method}\r\nContact: <{contact}>\r\n{extra}"
            "Content-Length: 0\r\n\r\n"
        )
        asking.sendto(text.encode(), self.public)

    def _answers(self) -> bool:
        answer = self.ask("127.0.0.1", "OPTIONS")
        return answer is not None and answer.status == 200


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    centre = Centre(tmp_path_factory.mktemp("kamailio"))
    yield centre
    centre.stop()


def _register(centre: Centre, secret: str) -> int:
    challenge = centre.ask("127.0.0.3", "REGISTER")
    assert challenge is not None
    assert challenge.status == 401
    asked = challenge.headers.first("WWW-Authenticate")
    nonce = re.findall(r'nonce="([^"]+)"', asked)[0]

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    uri = f"sip:{REALM}"
    proof = md5(f"{md5(f'anna:{REALM}:{secret}')}:{nonce}:00000001:c:auth:{md5(f'REGISTER:{uri}')}")
    qop = ', qop=auth, nc=00000001, cnonce="c"' if "qop" in asked else ""
    if not qop:
        proof = md5(f"{md5(f'anna:{REALM}:{secret}')}:{nonce}:{md5(f'REGISTER:{uri}')}")
    values = f'Digest username="anna", realm="{REALM}", nonce="{nonce}", uri="{uri}", response="{proof}"{qop}'
    answer = centre.ask("127.0.0.3", "REGISTER", extra=f"Authorization: {values}\r\n")
    assert answer is not None
    return answer.status


def test_a_phone_registers_with_its_secret_and_is_an_agents_station(centre: Centre) -> None:
    assert _register(centre, "guess") == 401
    assert _register(centre, SECRET) == 200
    agent = centre.station("desk", f"sip:anna@{REALM}")
    centre.wait(LegAnswered, agent)
    person = InboundCaller(centre.public, "+48700000001", "+48221000000", CALLER)
    offered = lambda: [event for event in centre.log.events if isinstance(event, CallOffered)]  # noqa: E731
    centre.until(offered, "the call comes in through the front")
    offer = offered()[0]
    assert (offer.number, offer.line) == ("+48700000001", "1")
    centre.backend.answer(offer.leg_id, "desk")
    centre.wait(LegAnswered, offer.leg_id)
    centre.backend.bridge("desk", agent, offer.leg_id)
    centre.until(lambda: person.hears_tone(AGENT), "the caller hears the agent")
    person.hang_up()
    assert centre.ended(offer.leg_id).cause is HangupCause.NORMAL
    customer = centre.call("desk")
    centre.wait(LegAnswered, customer)
    centre.backend.hang_up(customer)
    assert centre.ended(customer).cause is HangupCause.LOCAL
    centre.backend.close_conversation("desk")
    person.close()


def test_strangers_neither_call_nor_register_others(centre: Centre) -> None:
    for method, status in (("INVITE", 403), ("MESSAGE", 403)):
        answer = centre.ask("127.0.0.4", method)
        assert answer is not None
        assert answer.status == status
    assert centre.ask("127.0.0.4", "OPTIONS") is None
    unknown = centre.ask("127.0.0.4", "REGISTER", user="nobody")
    assert unknown is not None
    assert unknown.status == 401


def test_a_stranger_who_hammers_is_not_answered_any_more(centre: Centre) -> None:
    assert centre.ask("127.0.0.5", "REGISTER") is not None

    def refused() -> bool:
        centre.hammers("127.0.0.5")
        return centre.ask("127.0.0.5", "REGISTER") is None

    centre.until(refused, "the stranger is not answered")
    assert refused(), "and stays so while he goes on"
    assert centre.ask("127.0.0.6", "REGISTER") is not None


def test_the_configuration_may_be_read_by_its_owner_alone_and_holds_no_secret(tmp_path: Path) -> None:
    phone = RegisteredPhone("anna", REALM, "0123")
    trunk = replace(trunk_to("192.0.2.1:5061"), transport="tls", inbound=True)
    files = write_front(Front("127.0.0.1:5060", "127.0.0.1:5070", REALM, 5071, [(trunk, [])], [phone]), tmp_path / "f")
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert "transport=tls" in files[0].read_text()
    for public, realm in (("5060", REALM), ("192.0.2.1:5060", "a b")):
        with pytest.raises(InvalidInput):
            Front(public, "127.0.0.1:5070", realm, 5071, [], [])


def test_a_phones_secret_is_told_once_and_kept_as_a_digest(runtime: Runtime) -> None:
    actor, phones = runtime.identity.system_actor(), PhoneService(runtime.db)
    first, second = phones.add(actor, "anna", REALM), phones.add(actor, "anna", REALM)
    assert first != second
    (kept,) = phones.all(actor)
    assert kept.ha1 == hashlib.md5(f"anna:{REALM}:{second}".encode(), usedforsecurity=False).hexdigest()
    with pytest.raises(InvalidInput):
        phones.add(actor, "Anna:x", REALM)
    phones.remove(actor, "anna")
    assert not phones.all(actor)
