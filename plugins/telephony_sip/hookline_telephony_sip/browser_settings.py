"""How browsers that are agents' phones reach the cells: addresses, ports, ICE servers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from hookline.plugin_settings import says
from hookline.text import N_

_ICE_SERVER = re.compile(r"(?:stun|turns?):[A-Za-z0-9.\-\[\]:]{1,253}(?:\?transport=(?:udp|tcp))?")
_PORTS = re.compile(r"(\d{1,5})-(\d{1,5})")
_FEWEST_PORTS = 10
_LOGIN_SECONDS = 24 * 3600  # a leg lasts a shift at most, and a TURN server asks again and again

IceServer = dict[str, Any]
"""As RTCPeerConnection takes it: `urls`, and for TURN `username` and `credential`."""


@dataclass(frozen=True)
class BrowserSettings:
    """`addresses`: this machine's IPv4 addresses that browsers are told, none for every one it has. `ports`: the UDP
    ports for their sound, an empty range for any. `ice_servers`: asked by both sides; none unless they are set.
    `turn_secret`: shared with the TURN servers, which then take log-ins that end by themselves."""

    addresses: tuple[str, ...] = ()
    ports: range = range(0)
    ice_servers: tuple[IceServer, ...] = field(default=(), repr=False)  # a TURN password is in it
    turn_secret: str = field(default="", repr=False)

    def servers_at(self, moment: float) -> tuple[IceServer, ...]:
        """The ICE servers as a leg that begins at this moment (seconds since 1970) uses them.

        With a secret, the log-in is the one of the "REST API for access to TURN services" that coturn knows as
        `use-auth-secret`: the user name is the end of its validity, the password its HMAC-SHA1.
        """
        if not self.turn_secret:
            return self.ice_servers
        username = f"{int(moment) + _LOGIN_SECONDS}:hookline"
        digest = hmac.digest(self.turn_secret.encode(), username.encode(), hashlib.sha1)
        login = {"username": username, "credential": base64.b64encode(digest).decode()}
        return tuple({**server, **(login if _is_turn(server["urls"]) else {})} for server in self.ice_servers)


def _is_turn(server: str) -> bool:
    return server.startswith("turn")


def _address(text: str) -> None:
    try:
        ipaddress.IPv4Address(text)
    except ValueError as error:
        raise ValidationError(N_("Write IPv4 addresses of this machine, like 192.0.2.10.")) from error


def _ice_server(text: str) -> None:
    if not _ICE_SERVER.fullmatch(text):
        raise ValidationError(N_("Write it like stun:stun.example.com:3478 or turn:turn.example.com:3478."))


def _ports(text: str) -> None:
    if text and not _range(text):
        raise ValidationError(N_("Write a range of at least ten ports above 1023, like 40000-40999."))


def _range(text: str) -> range:
    found = _PORTS.fullmatch(text)
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    return range(first, last + 1) if 1024 <= first <= last - _FEWEST_PORTS + 1 and last < 65536 else range(0)


class BrowserSettingsFields(Schema):
    """The settings' fields that are about browsers."""

    browser_addresses = fields.List(
        fields.String(validate=_address),
        load_default=list,
        metadata=says(
            N_("Addresses for browsers"),
            N_("This machine's IPv4 addresses that agents' browsers send their sound to; empty: every one it has."),
        ),
    )
    browser_ports = fields.String(
        load_default="",
        validate=_ports,
        metadata=says(
            N_("UDP ports for browsers"),
            N_("A range like 40000-40999, two for each agent, for the firewall to let in; empty: any free port."),
        ),
    )
    ice_servers = fields.List(
        fields.String(validate=_ice_server),
        load_default=list,
        validate=validate.Length(max=5),
        metadata=says(
            N_("ICE servers"),
            N_("STUN and TURN servers for agents elsewhere, like turn:turn.example.com:3478; at first none."),
        ),
    )
    turn_username = fields.String(
        load_default="", metadata=says(N_("TURN user name"), N_("The log-in at the TURN server, where one is named."))
    )
    turn_password = fields.String(
        load_default="",
        metadata=says(
            N_("TURN password"),
            N_("Agents' browsers are told it when they connect: take one that is good for nothing else."),
            secret=True,
        ),
    )
    turn_secret = fields.String(
        load_default="",
        metadata=says(
            N_("TURN secret"),
            N_("In place of name and password: the TURN server's static-auth-secret; browsers get log-ins for a day."),
            secret=True,
        ),
    )


def take_browser_settings(data: dict[str, Any]) -> BrowserSettings:
    """Take the loaded fields out of `data`. Raises ValidationError where a TURN server lacks its log-in."""
    servers, username, password = (data.pop(name) for name in ("ice_servers", "turn_username", "turn_password"))
    secret = data.pop("turn_secret")
    if any(map(_is_turn, servers)) and not secret and not (username and password):
        raise ValidationError(
            {"turn_username": [N_("A TURN server wants turn_username and turn_password, or turn_secret.")]}
        )
    if secret and (username or password):
        raise ValidationError({"turn_secret": [N_("Set turn_secret, or turn_username and turn_password, not both.")]})
    login = {} if secret else {"username": username, "credential": password}
    return BrowserSettings(
        tuple(data.pop("browser_addresses")),
        _range(data.pop("browser_ports")),
        tuple({"urls": server, **(login if _is_turn(server) else {})} for server in servers),
        secret,
    )
