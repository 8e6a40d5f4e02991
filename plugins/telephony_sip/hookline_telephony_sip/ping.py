"""A SIP OPTIONS request: is anybody there, how far away, and is it who it should be."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import ssl
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
    #: "unresolved" (host name), "kept_in" (by our bind address), "closed" (port), "silent", "certificate" (not to be
    #: trusted)
    problem: str = ""


def ping(host: str, port: int, bind_address: str, transport: str = "udp", authorities: str = "") -> Pong:
    """Send OPTIONS and wait up to three seconds. Raises InvalidSipValue for a host that is none.

    By TLS the far side's certificate must be from one of the authorities (a PEM file; empty: the machine's own list)
    and name the host.
    """
    host = sip_host(host)
    if transport != "udp":
        return _by_stream(host, port, transport, authorities)
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


def _by_stream(host: str, port: int, transport: str, authorities: str) -> Pong:
    began = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=sum(_REPEAT_SECONDS)) as plain:
            if transport == "tcp":
                return _asked(plain, host, port, transport, began)
            context = ssl.create_default_context(cafile=authorities or None)
            with context.wrap_socket(plain, server_hostname=host) as secured:
                return _asked(secured, host, port, transport, began)
    except ssl.SSLCertVerificationError:
        return Pong(problem="certificate")
    except socket.gaierror:
        return Pong(problem="unresolved")
    except ConnectionRefusedError:
        return Pong(problem="closed")
    except OSError:
        return Pong(problem="silent")


def _asked(stream: socket.socket, host: str, port: int, transport: str, began: float) -> Pong:
    call_id = secrets.token_hex(12)
    own_host, own_port = stream.getsockname()[:2]
    stream.sendall(_request(f"{host}:{port}", own_host, own_port, call_id, transport.upper()))
    received = b""
    while b"\r\n\r\n" not in received and len(received) < _LONGEST_REPLY:
        part = stream.recv(_LONGEST_REPLY)
        if not part:
            break
        received += part
    code = _status(received, call_id)
    return Pong(code, time.monotonic() - began) if code else Pong(problem="silent")


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


def _request(target: str, own_host: str, own_port: int, call_id: str, transport: str = "UDP") -> bytes:
    lines = (
        f"OPTIONS sip:{target} SIP/2.0",
        f"Via: SIP/2.0/{transport} {own_host}:{own_port};branch=z9hG4bK{secrets.token_hex(8)};rport",
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
