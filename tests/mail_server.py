"""A real mail server on loopback."""

from __future__ import annotations

import asyncio
import email
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_PATIENCE = 10.0


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Box:
    """What was delivered; and how the server answers: `refuse` is an SMTP reply to each recipient, `refuse_data` to
    each mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.refuse = ""
        self.refuse_data = ""
        self.logins: list[str] = []
        self.greeted_by = ""

    async def handle_RCPT(self, _s: SMTP, session: Session, envelope: Envelope, to: str, _options: list[str]) -> str:
        """A recipient is named."""
        self.greeted_by = session.host_name or ""
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """A mail is there."""
        if self.refuse_data:
            return self.refuse_data
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self.mails.append(email.message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        """Somebody logs in; the password is "right"."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)


@contextmanager
def receiving_mail(port: int, tls: ssl.SSLContext | None = None, *, from_the_start: bool = False) -> Iterator[Box]:
    """A server on the port until the end of the block: with `tls` it offers STARTTLS, or TLS `from_the_start`."""
    box = Box()
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        starttls = None if from_the_start else tls
        return SMTP(
            box,
            hostname="localhost",
            loop=loop,
            tls_context=starttls,
            authenticator=box.authenticate,
            auth_require_tls=tls is not None and not from_the_start,
        )

    server = loop.run_until_complete(
        loop.create_server(session, "127.0.0.1", port, ssl=tls if from_the_start else None)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(act: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(act, loop).result(_PATIENCE)

    async def end() -> None:
        server.close()
        for task in asyncio.all_tasks(loop) - {asyncio.current_task(loop)}:
            task.cancel()

    try:
        yield box
    finally:
        do(end())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_PATIENCE)
        loop.close()
