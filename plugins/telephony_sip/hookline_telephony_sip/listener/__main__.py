"""The listener's process: bind the port, hear the parent, end when it is gone."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from hookline_telephony_sip.listener import words
from hookline_telephony_sip.listener.registrar import Registrar
from hookline_telephony_sip.listener.server import Listener


def main() -> int:
    """Run until the parent goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--bind", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cells", required=True)
    given = parser.parse_args()
    return asyncio.run(_serve(socket.socket(fileno=given.control), given.bind, given.port, given.cells))


async def _serve(control: socket.socket, bind: str, port: int, cells: str) -> int:
    reader, writer = await asyncio.open_connection(sock=control)
    secret = await reader.readexactly(32)

    def report(word: words.Word) -> None:
        writer.write(word.encode())

    loop = asyncio.get_running_loop()
    try:
        _, listener = await loop.create_datagram_endpoint(
            lambda: Listener(secret, cells, report), local_addr=(bind, port)
        )
    except OSError:
        return 1  # the address is not ours, or somebody has the port
    registrar = Registrar(listener.own, listener.send, report)
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
