"""A centre behind a real Kamailio, run as `hookline sip front` writes it."""

from __future__ import annotations

import hashlib
import secrets
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.front_config import Front, write_front
from hookline_telephony_sip.phones import RegisteredPhone
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.sip.messages import Response, parse_message
from hookline_telephony_sip.trunk import Transport, Trunk
from tests.certificates import certificate
from tests.plugins.telephony_sip.asking_registrar import AskingRegistrar
from tests.plugins.telephony_sip.listener_desk import PHONE, Desk
from tests.plugins.telephony_sip.sip_legs import trunk_to
from tests.plugins.telephony_sip.sipp_peer import KAMAILIO, free_udp_port
from tests.plugins.telephony_sip.tls_provider import TlsProvider

REALM, SECRET = "sip.example.com", "a-generated-one"
PUBLIC = "127.0.0.9"


class Centre(Desk):
    """A backend whose cells and listener stay behind a Kamailio; the trunk is 127.0.0.1, the world 127.0.0.0/8."""

    def __init__(self, folder: Path) -> None:
        self.far_end = FarEndProcess({"phones": [PHONE], "default": {"kind": "answer", "ring_seconds": 0}})
        known, stranger = certificate(folder, "127.0.0.1"), certificate(folder, "elsewhere.example")
        self.authorities = known
        self.provider = TlsProvider(folder / "provider", self.far_end.network, known, stranger)
        self.registrar = AskingRegistrar()
        self.log = EventLog()
        self.people = []
        self.network = self.far_end.network
        public, inside, listener = free_udp_port(), free_udp_port(), free_udp_port()
        self.address = (PUBLIC, public)
        coming = replace(trunk_to(self.network), inbound=True)
        ha1 = hashlib.md5(f"anna:{REALM}:{SECRET}".encode(), usedforsecurity=False).hexdigest()
        phone = RegisteredPhone("anna", REALM, ha1)
        self.by_tls = self._by_tls(2, self.provider.good)
        self.by_bad_tls = self._by_tls(3, self.provider.bad)
        registering = replace(
            trunk_to(self.registrar.network, "hookline", "secret"), id=4, inbound=True, registers=True
        )
        self.trunks = [coming]
        known_trunks = [(trunk, ["127.0.0.1"]) for trunk in (coming, self.by_tls, self.by_bad_tls, registering)]
        own = certificate(folder, REALM)
        where = (f"{PUBLIC}:{public}", f"127.0.0.8:{inside}", REALM, listener)
        write_front(Front(*where, known_trunks, [phone], str(own), str(own), str(self.authorities)), folder)
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
            public_address=f"{PUBLIC}:{public}",
        )
        self.backend = SipBackend(lambda client_id: self.trunks, settings, lambda: [coming, registering])
        self.backend.start(self.log)
        self.until(lambda: self.backend.listener_pid, "the listener is up")
        self.until(self._answers, (folder / "log").read_text())

    def stop(self) -> None:
        """End it all."""
        super().stop()
        self._kamailio.terminate()
        self._kamailio.wait(10)
        self.provider.stop()
        self.registrar.stop()
        self.far_end.stop()

    def _by_tls(self, number: int, port: int) -> Trunk:
        return replace(trunk_to(self.network), id=number, port=port, transport=Transport.TLS)

    def front_runs(self) -> bool:
        """Whether Kamailio does; where one of its processes dies, all of it ends."""
        return self._kamailio.poll() is None

    def tell(self, source: str, data: bytes) -> None:
        """Send a datagram to the public side."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(data, self.address)

    def ask(self, source: str, method: str, user: str = "anna", extra: str = "", to_tag: str = "") -> Response | None:
        """Send one request to the public side from a loopback address; the answer, None where none comes."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((source, 0))
            asking.settimeout(1.0)
            self._send(asking, method, user, extra, to_tag)
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

    def _send(self, asking: socket.socket, method: str, user: str = "anna", extra: str = "", to_tag: str = "") -> None:
        host, port = asking.getsockname()
        contact = self.far_end.phones["anna"]
        tag = f";tag={to_tag}" if to_tag else ""
        text = (
            f"{method} sip:{REALM} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@{REALM}>;tag=1\r\nTo: <sip:{user}@{REALM}>{tag}\r\n"
            f"Call-ID: {secrets.token_hex(6)}\r\nCSeq: 1 {method}\r\nContact: <{contact}>\r\n{extra}"
            "Content-Length: 0\r\n\r\n"
        )
        asking.sendto(text.encode(), self.address)

    def _answers(self) -> bool:
        answer = self.ask("127.0.0.1", "OPTIONS")
        return answer is not None and answer.status == 200
