"""No test reaches beyond loopback: the guard sees every socket call of the test's process, whoever makes it.

An audit hook rather than a patched `socket` module: it also sees asyncio and libraries that kept their own reference.
The call is stopped, and the fixture `loopback_only` fails the test at its end even where the code under test swallowed
the error. pytest is not needed: `install()`, then `seen` holds what was tried.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

_ADDRESS_EVENTS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
_NAME_EVENTS = ("socket.getaddrinfo", "socket.gethostbyname")
_HERE = {"", "localhost", "localhost.localdomain", "ip6-localhost"}
#: What was tried and stopped since the last time somebody emptied it.
seen: list[str] = []
_installed: list[bool] = []


class BeyondLoopback(AssertionError):
    """A test tried to talk to something that is not this machine."""


def install() -> None:
    """Begin to guard this process. For good: Python takes no audit hook back. Twice is once."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_audit)


def is_loopback(host: object) -> bool:
    """Whether a host name or address names this machine; a name that needs asking a server does not."""
    if host is None:
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    if text.lower() in _HERE:
        return True
    try:
        return ipaddress.ip_address(text.split("%")[0]).is_loopback
    except ValueError:
        return False


def offence(event: str, arguments: tuple[Any, ...]) -> str | None:
    """What is wrong with a socket call, or None."""
    if event in _NAME_EVENTS:
        return None if is_loopback(arguments[0]) else f"{event} for {arguments[0]}"
    if event not in _ADDRESS_EVENTS:
        return None
    connection, address = arguments[0], arguments[1]
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return None
    host = address[0]
    # An empty host is every interface: open to strangers when bound.
    if is_loopback(host) and not (event == "socket.bind" and host == ""):
        return None
    return f"{event} to {address[:2]}"


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith("socket.") and (wrong := offence(event, arguments)):
        seen.append(wrong)
        raise BeyondLoopback(f"{wrong}: tests stay on loopback")
