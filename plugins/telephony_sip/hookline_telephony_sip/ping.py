"""A SIP OPTIONS request: is anybody there, and how far away."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import time
from dataclasses import dataclass

from hookline_telephony_sip.addresses import sip_host

_REPEAT_SECONDS = (0.5, 1.0, 1.5)  # how long each copy of the request waits for a reply
_LONGEST_REPLY = 4096


@dataclass(frozen=True)
class Pong:
    """What came back. `seconds` is the round trip; `code` 0 means that nothing did, and `problem` says why."""

    code: int = 0
    seconds: float = 0.0
    problem: str = ""  # "unresolved" (host name), "kept_in" (by our bind address), "closed" (port), "silent"


def ping(host: str, port: int, bind_address: str) -> Pong:
    """Send OPTIONS over UDP and wait up to three seconds. Raises InvalidSipValue for a host that is none."""
    host = sip_host(host)
    address = _resolve(host)
    if address is None:
        return Pong(problem="unresolved")
    if ipaddress.ip_address(bind_address).is_loopback and not address.is_loopback:
        return Pong(problem="kept_in")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        try:
            sender.bind((bind_address, 0))
            sender.connect((str(address), port))  # only this peer's datagrams, and its ICMP refusals, reach us
            return _exchange(sender, f"{host}:{port}")
        except ConnectionRefusedError:
            return Pong(problem="closed")
        except OSError:
            return Pong(problem="silent")


def _resolve(host: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        pass  # a name
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return None
    return ipaddress.IPv4Address(found[0][4][0])


def _exchange(sender: socket.socket, target: str) -> Pong:
    call_id = secrets.token_hex(12)
    own_host, own_port = sender.getsockname()[:2]
    request = _request(target, own_host, own_port, call_id)
    began = time.monotonic()
    for wait in _REPEAT_SECONDS:
        sender.send(request)
        deadline = time.monotonic() + wait
        while (left := deadline - time.monotonic()) > 0:
            sender.settimeout(left)
            try:
                code = _status(sender.recv(_LONGEST_REPLY), call_id)
            except TimeoutError:
                break
            if code >= 200:
                return Pong(code, time.monotonic() - began)
    return Pong(problem="silent")


def _status(reply: bytes, call_id: str) -> int:
    """The status of a reply to our request; 0 for anything else that came in."""
    first, _, rest = reply.partition(b"\r\n")
    parts = first.split(b" ", 2)
    if len(parts) < 2 or parts[0] != b"SIP/2.0" or not parts[1].isdigit() or call_id.encode() not in rest:
        return 0
    return int(parts[1]) if len(parts[1]) == 3 else 0


def _request(target: str, own_host: str, own_port: int, call_id: str) -> bytes:
    lines = (
        f"OPTIONS sip:{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {own_host}:{own_port};branch=z9hG4bK{secrets.token_hex(8)};rport",
        "Max-Forwards: 70",
        f"From: <sip:ping@{own_host}>;tag={secrets.token_hex(6)}",
        f"To: <sip:{target}>",
        f"Call-ID: {call_id}@{own_host}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:ping@{own_host}:{own_port}>",
        "Accept: application/sdp",
        "User-Agent: Hookline",
        "Content-Length: 0",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
