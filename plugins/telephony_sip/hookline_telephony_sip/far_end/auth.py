"""Digest authentication (RFC 2617, MD5), so that a trunk with a user name and password can be tried."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from hookline_telephony_sip.sip.messages import Request

REALM = "far-end"
_PAIR = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True, kw_only=True)
class Login:
    """What the network asks of callers."""

    username: str
    password: str


class Gatekeeper:
    """Checks requests to the network where the configuration has a login; lets everything through without one."""

    def __init__(self, login: Login | None) -> None:
        self._login = login
        self._nonce = secrets.token_hex(16)

    def challenge(self, request: Request) -> tuple[int, str, str] | None:
        """The status, header name and header value to refuse the request with; None where it may pass."""
        if self._login is None or request.method not in ("INVITE", "REGISTER"):
            return None
        register = request.method == "REGISTER"
        header = "Authorization" if register else "Proxy-Authorization"
        if any(self._proves(item, request.method, self._login) for item in request.headers.every(header)):
            return None
        value = f'Digest realm="{REALM}", nonce="{self._nonce}", algorithm=MD5, qop="auth"'
        return (401, "WWW-Authenticate", value) if register else (407, "Proxy-Authenticate", value)

    def _proves(self, header: str, method: str, login: Login) -> bool:
        given = {name.lower(): quoted or bare for name, quoted, bare in _PAIR.findall(header)}
        if given.get("username") != login.username or given.get("nonce") != self._nonce:
            return False
        secret = _md5(f"{login.username}:{REALM}:{login.password}")
        target = _md5(f"{method}:{given.get('uri', '')}")
        middle = [self._nonce]
        if "qop" in given:
            middle += [given.get("nc", ""), given.get("cnonce", ""), given["qop"]]
        expected = _md5(":".join([secret, *middle, target]))
        return hmac.compare_digest(expected.encode(), given.get("response", "").encode("utf-8", "surrogateescape"))


def _md5(text: str) -> str:
    """The digest scheme's own hash; it guards a loopback network that carries no secret."""
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
