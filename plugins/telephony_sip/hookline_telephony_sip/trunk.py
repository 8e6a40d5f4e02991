"""A SIP trunk: the way out to the telephone network, as the backend needs to know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from hookline_telephony_sip.addresses import sip_host, user_part
from hookline_telephony_sip.codecs import DEFAULT_CODECS, Codec
from hookline_telephony_sip.dtmf import DtmfMethod


class NumberFormat(StrEnum):
    """How the trunk wants to see a number in the Request-URI."""

    E164 = "e164"  # +48221234567
    PLAIN = "plain"  # 48221234567


class Transport(StrEnum):
    """How SIP travels to the trunk."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """One trunk. Without a username it is an IP trunk, which knows us by our address; else it is asked by digest.

    `transport`: a cell speaks UDP only, so TCP and TLS take a SIP proxy in front.
    `dial_prefix` goes before each number. `max_channels`: calls at once; 0: as many as one likes. `down`: it does not
    answer OPTIONS. `distrusted`: its certificate did not hold when it was looked at. `inbound`: calls may come in by
    it, from its host's addresses. `registers`: it must be told by REGISTER where we are.
    """

    id: int
    name: str
    host: str
    port: int = 5060
    transport: Transport = Transport.UDP
    username: str = ""
    password: str = field(default="", repr=False)
    caller_id: str = ""
    number_format: NumberFormat = NumberFormat.E164
    dial_prefix: str = ""
    codecs: tuple[Codec, ...] = DEFAULT_CODECS
    dtmf: DtmfMethod = DtmfMethod.RFC4733
    max_channels: int = 0
    down: bool = False
    distrusted: bool = False
    inbound: bool = False
    registers: bool = False
    client_id: int | None = None

    def dial_string(self, number: str) -> str:
        """What this trunk is asked for, were this E.164 number called: the user part of the Request-URI, plain."""
        user_part(number, "the number")
        return self.dial_prefix + (number.removeprefix("+") if self.number_format == NumberFormat.PLAIN else number)

    def request_uri(self, number: str) -> str:
        """The Request-URI of an INVITE to this E.164 number."""
        return f"sip:{user_part(self.dial_string(number), 'the number')}@{self._host_port()}"

    def from_uri(self, caller_id: str) -> str:
        """The From header's URI; the trunk's own caller ID serves where the command names none."""
        user = user_part(caller_id or self.caller_id or self.username or "anonymous", "the caller ID")
        return f"sip:{user}@{sip_host(self.host)}"

    def _host_port(self) -> str:
        return f"{sip_host(self.host)}:{self.port}"


TrunkProvider = Callable[[int | None], list[Trunk]]
"""client_id → the trunks that this client's calls may use, best first."""
