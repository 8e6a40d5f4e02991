"""Lets nobody but known peers speak SIP to a cell: the kernel drops every other datagram before the library sees it.

One wrong datagram may abort the library, so the choice is made below it, by a filter on the socket (Linux's classic
BPF, which every process may set on its own sockets).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
import struct
from collections.abc import Callable, Iterable

_SO_ATTACH_FILTER = 26
_SOURCE_ADDRESS = 0xFFF00000 + 12  # SKF_NET_OFF: counted from the IP header
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_WHOLE = 0xFFFF
_INSTRUCTION = struct.Struct("=HBBI")
_MOST = 200  # a jump reaches 255 instructions
_HOST = re.compile(r"sips?:(?:[^@>]*@)?([A-Za-z0-9.-]+)")


class Peers:
    """The addresses that may speak to one UDP socket of this process. `complain` writes into the log."""

    def __init__(self, own: str, port: int, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._socket = socket_at(own, port)
        self._known: dict[str, None] = {}
        self._resolved: set[str] = set()
        if self._socket is None:
            complain("the cell's socket was not found: every address may speak to it")
        self._add([own])

    def add_uri(self, uri: str) -> None:
        """The host of a SIP URI may speak from now on, by each of its addresses."""
        found = _HOST.search(uri)
        if found is None or found[1] in self._resolved:
            return
        self._resolved.add(found[1])
        with contextlib.suppress(OSError):  # a name that does not resolve cannot be called either
            self._add(str(item[4][0]) for item in socket.getaddrinfo(found[1], None, socket.AF_INET))

    def close(self) -> None:
        """Let go of our handle; the library's own socket stays."""
        if self._socket is not None:
            self._socket.close()

    def _add(self, addresses: Iterable[str]) -> None:
        fresh = [address for address in addresses if address not in self._known]
        if not fresh:
            return
        self._known |= dict.fromkeys(fresh)
        self._known = dict.fromkeys(list(self._known)[-_MOST:])
        if self._socket is None:
            return
        try:
            attach(self._socket, list(self._known))
        except OSError as error:
            self._complain(f"filtering the cell's socket: {error.errno}")


def attach(target: socket.socket, addresses: list[str]) -> None:
    """Accept what comes from one of these, and nothing else. Raises OSError."""
    code = [_INSTRUCTION.pack(_LOAD, 0, 0, _SOURCE_ADDRESS)]
    for place, address in enumerate(addresses):
        value = struct.unpack("!I", socket.inet_aton(address))[0]
        code.append(_INSTRUCTION.pack(_EQUALS, len(addresses) - place, 0, value))
    code += [_INSTRUCTION.pack(_RETURN, 0, 0, 0), _INSTRUCTION.pack(_RETURN, 0, 0, _WHOLE)]
    program = ctypes.create_string_buffer(b"".join(code))
    target.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(code), ctypes.addressof(program)))


def socket_at(host: str, port: int) -> socket.socket | None:
    """A handle of our own on the library's socket."""
    for name in os.listdir("/proc/self/fd"):
        try:
            handle = os.dup(int(name))
        except OSError:
            continue  # closed meanwhile
        try:
            found = socket.socket(fileno=handle)
        except OSError:
            os.close(handle)  # no socket
            continue
        with contextlib.suppress(OSError):
            if found.type == socket.SOCK_DGRAM and found.getsockname()[:2] == (host, port):
                return found
        found.close()
    return None
