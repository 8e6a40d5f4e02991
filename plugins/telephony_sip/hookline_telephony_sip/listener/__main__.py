"""The listener's process: bind the port, hear the parent, end when it is gone."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from hookline_telephony_sip.listener import words
from hookline_telephony_sip.listener.registrar import Registrar
from hookline_telephony_sip.listener.routing import Address
from hookline_telephony_sip.listener.server import Listener


def main() -> int:
    """Run until the parent goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--bind", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cells", required=True)
    parser.add_argument("--front", default="")
    given = parser.parse_args()
    host, _, port = given.front.partition(":")
    front = (host, int(port)) if port else None
    control = socket.socket(fileno=given.control)
    return asyncio.run(_serve(control, (given.bind, given.port), given.cells, front))


async def _serve(control: socket.socket, bind: Address, cells: str, front: Address | None) -> int:
    reader, writer = await asyncio.open_connection(sock=control)
    secret = await reader.readexactly(32)

    def report(word: words.Word) -> None:
        writer.write(word.encode())

    loop = asyncio.get_running_loop()
    try:
        _, listener = await loop.create_datagram_endpoint(
            lambda: Listener(secret, cells, report, front), local_addr=bind
        )
    except OSError:
        return 1  # the address is not ours, or somebody has the port
    registrar = Registrar(listener.own, listener.send, report, front)
    listener.responses = registrar.heard
    report(words.Listening(listener.own[1]))
    while line := await reader.readline():
        word = words.decode(line)
        listener.take(word)
        if isinstance(word, words.Lines):
            registrar.keep(word.logins, word.addresses)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
