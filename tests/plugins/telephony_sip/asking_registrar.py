"""A provider that must be told where we are, and asks who says so."""

from __future__ import annotations

import hashlib
import re
import socket
import threading

from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Headers, Request, Response, parse_message


class AskingRegistrar:
    """Takes "hookline" with "secret". `contacts` and `sources`: of whom it took, in their order."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.network = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.contacts: list[str] = []
        self.sources: list[tuple[str, int]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                data, source = self._socket.recvfrom(65535)
                request = parse_message(data)
            except (TimeoutError, MalformedMessage):
                continue
            if isinstance(request, Request):
                self._socket.sendto(self._answer(request, source).to_bytes(), source)

    def _answer(self, request: Request, source: tuple[str, int]) -> Response:
        wanted = ("Via", "From", "To", "Call-ID", "CSeq")
        headers = Headers([(name, value) for name, value in request.headers if name in wanted])
        if request.method == "REGISTER" and self._proves(request):
            self.contacts.append(request.headers.first("Contact"))
            self.sources.append(source)
            return Response(headers=headers, status=200, reason="OK")
        headers.add("WWW-Authenticate", 'Digest realm="provider", nonce="once", algorithm=MD5')
        return Response(headers=headers, status=401, reason="Unauthorized")

    def _proves(self, request: Request) -> bool:
        said = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.first("Authorization")))
        one, other = _md5("hookline:provider:secret"), _md5(f"REGISTER:{said.get('uri', '')}")
        return said.get("response") == _md5(f"{one}:once:{other}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
