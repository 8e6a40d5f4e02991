"""A SIP trunk: the way out to the telephone network, as the backend needs to know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from hookline_telephony_sip.addresses import sip_host, user_part


class NumberFormat(StrEnum):
    """How the trunk wants to see a number in the Request-URI."""

    E164 = "e164"  # +48221234567
    PLAIN = "plain"  # 48221234567


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """One trunk. Without a username it is an IP trunk, which knows us by our address; else it is asked by digest.

    `transport` is "udp", the only one a cell speaks: TLS belongs to a SIP proxy in front.
    """

    id: int
    name: str
    host: str
    port: int = 5060
    transport: str = "udp"
    username: str = ""
    password: str = field(default="", repr=False)
    caller_id: str = ""
    number_format: NumberFormat = NumberFormat.E164

    def request_uri(self, number: str) -> str:
        """The Request-URI of an INVITE to this E.164 number."""
        user = user_part(number, "the number")
        if self.number_format == NumberFormat.PLAIN:
            user = user.removeprefix("+")
        return f"sip:{user}@{self._host_port()}"

    def from_uri(self, caller_id: str) -> str:
        """The From header's URI; the trunk's own caller ID serves where the command names none."""
        user = user_part(caller_id or self.caller_id or self.username or "anonymous", "the caller ID")
        return f"sip:{user}@{sip_host(self.host)}"

    def _host_port(self) -> str:
        return f"{sip_host(self.host)}:{self.port}"


TrunkProvider = Callable[[int | None], list[Trunk]]
"""client_id → the trunks that this client's calls may use, best first."""
