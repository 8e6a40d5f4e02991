"""Where may be sent to, webhooks above all. Whoever names an address must not reach into Hookline's own network.

A name is looked up once for each message; what it leads to is checked, and the connection goes to the checked address
itself, so that a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from hookline.errors import HooklineError
from hookline.text import N_

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: Looks a host up: its addresses, as text. Raises OSError where there are none.
Resolver = Callable[[str, int], list[str]]

_PORTS = {"https": 443, "http": 80}
_LONGEST_URL = 500
#: IPv6 addresses that carry an IPv4 one, which is what counts then.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: Special by RFC 6890 and 8215, which older versions of `ipaddress` take for the internet.
_SPECIAL = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("64:ff9b:1::/48"))


class AddressRefused(HooklineError):
    """Nothing is sent to this address."""

    id = "webhook-address-refused"
    status = 422


@dataclass(frozen=True)
class Target:
    """An address taken apart: where to connect to, and what to ask for there."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS["https" if self.secure else "http"] else f"{name}:{self.port}"


class AllowList:
    """Integrators' own hosts, which may be private and need no TLS: "host", "host:port", a network like 10.1.0.0/16."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._hosts: set[tuple[str, int | None]] = set()
        self._networks: list[Network] = []
        for entry in filter(None, (text.strip().lower() for text in entries)):
            self._add(entry)

    def _add(self, entry: str) -> None:
        network = _network(entry)
        if network is not None:
            self._networks.append(network)
            return
        host, colon, port = entry.rpartition(":")
        if not colon:
            self._hosts.add((entry, None))
        elif host and port.isascii() and port.isdigit():
            self._hosts.add((host.strip("[]"), int(port)))
        else:
            raise ValueError(f"{entry!r} is neither a host, nor host:port, nor a network")

    @property
    def has_networks(self) -> bool:
        """Whether a name that is not on the list may still lead to an allowed address."""
        return bool(self._networks)

    def names(self, host: str, port: int) -> bool:
        """Whether the host is on the list by its name."""
        return (host, None) in self._hosts or (host, port) in self._hosts

    def covers(self, address: Address) -> bool:
        """Whether the address is in a network on the list."""
        return any(address in network for network in self._networks if network.version == address.version)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def parse(url: str) -> Target:
    """Take an address apart; raises AddressRefused where it is no address of the web, or carries a password."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _malformed()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _malformed() from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not host or "%" in host or port == 0:
        raise _malformed()
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(
            N_("The address carries a user name or a password."),
            N_("Leave them out: the receiver knows Hookline by the signature."),
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port or _PORTS[parts.scheme], path)


def _malformed() -> AddressRefused:
    return AddressRefused(
        N_("This is not an address that messages can be sent to."),
        N_("Write it like https://example.com/hookline, in plain letters."),
    )


class AddressBook:
    """Decides where may be sent to, and looks the addresses up."""

    def __init__(self, allowed: AllowList, resolver: Resolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = resolver or resolve

    def check(self, url: str) -> Target:
        """The address taken apart, where it may be used as far as can be told without looking it up."""
        target = parse(url)
        literal = _literal(target.host)
        listed = self._allowed.names(target.host, target.port) or (
            literal is not None and self._allowed.covers(literal)
        )
        if literal is not None and not listed:
            _refuse_inside(literal)
        # A name that may lead into an allowed network is judged when it is looked up.
        if not target.secure and not listed and (literal is not None or not self._allowed.has_networks):
            raise _insecure()
        return target

    def locate(self, target: Target) -> list[str]:
        """The addresses to connect to, every one of them checked. Raises AddressRefused, and OSError without any."""
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in self._resolver(target.host, target.port)]
        if not found:
            raise OSError("the name leads nowhere")
        if self._allowed.names(target.host, target.port):
            return [str(address) for address in found]
        for address in found:
            if self._allowed.covers(address):
                continue
            _refuse_inside(address)
            if not target.secure:
                raise _insecure()
        return [str(address) for address in found]


def _insecure() -> AddressRefused:
    return AddressRefused(
        N_("The address begins with http: anybody on the way could read the messages."),
        N_("Use https, or let the operator put the host on the list webhook_allowed_hosts."),
    )


def _refuse_inside(address: Address) -> None:
    if not is_public(address):
        raise AddressRefused(
            N_("The address leads into a private network or to this machine itself."),
            N_("Use an address on the internet, or let the operator put the host on the list webhook_allowed_hosts."),
        )


def is_public(address: Address) -> bool:
    """Whether the address is one of the internet's; one that carries another inside is as public as that."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    # is_global leaves out the providers' shared space too (100.64.0.0/10), which is_private does not know.
    return address.is_global and not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
    )


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def resolve(host: str, port: int) -> list[str]:
    """The system's answer, best first. Spellings like 127.1 or 0x7f000001 come out as the address they mean."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("the name cannot be looked up") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
