"""The mail server, by SMTP."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

from hookline.errors import HooklineError, NotConfigured
from hookline.services.mail.addresses import domain_of, is_sender
from hookline.text import N_

_TIMEOUT_SECONDS = 20
_PERMANENT = 500


@dataclass(frozen=True)
class MailServer:
    """Where mails go. `security`: starttls, tls (from the first byte on) or none. No host: mail is not set up."""

    host: str = ""
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""

    @property
    def configured(self) -> bool:
        """Whether mails can be sent at all."""
        return bool(self.host)


class MailServerFailed(HooklineError):
    """The server cannot be reached, or takes nothing from us: no mail can be sent now. `reply` is its own words."""

    id = "mail-server-failed"
    status = 502

    def __init__(self, message: str, advice: str, reply: str = "") -> None:
        super().__init__(message, advice)
        self.reply = reply


class MailRefused(HooklineError):
    """The server does not take this mail; a `permanent` refusal will not change."""

    id = "mail-refused"
    status = 502

    def __init__(self, message: str, *, permanent: bool, reply: str = "") -> None:
        super().__init__(message, N_("Check the address."))
        self.permanent = permanent
        self.reply = reply


class Transport:
    """Connections to the server. `tls` replaces the system's trusted authorities (tests)."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None = None) -> None:
        self.server = server
        self._tls = tls

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A connection, logged in. Raises MailServerFailed, and NotConfigured where settings are missing or unsafe."""
        self._check()
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise _failed(error) from error
        with connection:
            yield connection

    def _check(self) -> None:
        if not self.server.configured:
            raise NotConfigured(N_("Mail is not set up."), N_("Set mail_host and mail_sender in hookline.toml."))
        if not is_sender(self.server.sender):
            raise NotConfigured(
                N_("Mails have no sender."),
                N_("Set mail_sender in hookline.toml to an address like Hookline <no-reply@example.com>."),
            )
        if self.server.username and self.server.security == "none" and not _is_here(self.server.host):
            raise NotConfigured(
                N_("The mail server's password would travel unencrypted."),
                N_("Set mail_security to starttls or tls in hookline.toml."),
            )

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        # Greeted by the sender's domain: looking up this machine's own name would take time and give it away.
        name = domain_of(server.sender)
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=_TIMEOUT_SECONDS, context=self._context()
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, name, timeout=_TIMEOUT_SECONDS)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._context())
            if server.username:
                connection.login(server.username, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context()


def deliver(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """Hand one mail to the server. Raises MailRefused, or MailServerFailed where the connection broke off."""
    try:
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise MailRefused(
            N_("The mail server refused the recipient."), permanent=code >= _PERMANENT, reply=_words(code, reply)
        ) from error
    except smtplib.SMTPDataError as error:
        raise MailRefused(
            N_("The mail server refused the mail."),
            permanent=error.smtp_code >= _PERMANENT,
            reply=_words(error.smtp_code, error.smtp_error),
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _failed(error) from error


def _failed(error: Exception) -> MailServerFailed:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailServerFailed(
            N_("The mail server refused the log-in."),
            N_("Check mail_username, and the password in HOOKLINE_MAIL_PASSWORD."),
            _words(error.smtp_code, error.smtp_error),
        )
    if isinstance(error, smtplib.SMTPSenderRefused):
        return MailServerFailed(
            N_("The mail server refused the sender."),
            N_("Check mail_sender: it must be an address the server may send for."),
            _words(error.smtp_code, error.smtp_error),
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailServerFailed(
            N_("The mail server does not offer what the settings ask for."),
            N_("Check mail_security and mail_port: STARTTLS is usual on 587, TLS on 465."),
            str(error),
        )
    if isinstance(error, ssl.SSLError):
        return MailServerFailed(
            N_("The connection to the mail server is not safe: its certificate was refused, or it is no TLS."),
            N_("Check mail_host, mail_port and mail_security."),
            str(error),
        )
    return MailServerFailed(
        N_("The mail server cannot be reached."), N_("Check mail_host and mail_port, and that it runs."), str(error)
    )


def _words(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {text}"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
