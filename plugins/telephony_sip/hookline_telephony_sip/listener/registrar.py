"""Tells providers by REGISTER where we are, again before that lapses (RFC 3261, 10; digest by RFC 7616)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from hookline_telephony_sip.listener.routing import Address
from hookline_telephony_sip.listener.words import Login, Registered, Word
from hookline_telephony_sip.sip.addresses import parse_via
from hookline_telephony_sip.sip.messages import Headers, Request, Response

EXPIRES_SECONDS = 600
_SIP_PORT = 5060
_AGAIN_SECONDS = 30.0  # after a failure
_REPLY_SECONDS = 8.0
_PAIR = re.compile(r'([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


@dataclass
class Registrar:
    """Keeps every login registered. `send` resolves nothing: `addresses` are those of the lines.

    With a proxy in front the request goes by `front`, and names the proxy's public side: there calls shall come.
    """

    own: Address
    send: Callable[[bytes, Address], None]
    report: Callable[[Word], None]
    front: Address | None = None
    _tasks: dict[Login, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[str, asyncio.Future[Response]] = field(default_factory=dict)

    def keep(self, logins: tuple[Login, ...], addresses: dict[str, list[str]]) -> None:
        """From now on these, and no others."""
        for login in [known for known in self._tasks if known not in logins]:
            self._tasks.pop(login).cancel()
        for login in logins:
            if login not in self._tasks and addresses.get(login.line):
                target = self.front or (addresses[login.line][0], login.port)
                self._tasks[login] = asyncio.get_running_loop().create_task(self._run(login, target))

    def heard(self, response: Response) -> bool:
        """Whether the response was for us."""
        waiting = self._waiting.pop(parse_via(response.headers.first("Via")).branch, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(response)
        return waiting is not None

    async def _run(self, login: Login, target: Address) -> None:
        call_id, number, told = secrets.token_hex(12), 0, 0
        while True:
            number, status = await self._register(login, target, call_id, number)
            if status != told:
                told = status
                self.report(Registered(login.line, status))
            await asyncio.sleep(EXPIRES_SECONDS * 0.8 if status == 200 else _AGAIN_SECONDS)

    async def _register(self, login: Login, target: Address, call_id: str, number: int) -> tuple[int, int]:
        authorization: tuple[str, str] | None = None
        status = 0
        for _ in range(3):  # a challenge, and one more where the nonce has become stale
            number += 1
            response = await self._ask(self._request(login, call_id, number, authorization), target)
            status = response.status if response else 0
            if response is None or status not in (401, 407):
                break
            authorization = answer_challenge(response, login, _registrar_of(login))
            if authorization is None:
                break
        return number, status

    async def _ask(self, request: Request, target: Address) -> Response | None:
        branch = parse_via(request.headers.first("Via")).branch
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = future
        try:
            for patience in (0.5, 1.0, 2.0, 4.0):
                self.send(request.to_bytes(), target)
                done, _ = await asyncio.wait({future}, timeout=patience)
                if done:
                    return future.result()
            return None
        finally:
            self._waiting.pop(branch, None)

    def _request(self, login: Login, call_id: str, number: int, authorization: tuple[str, str] | None) -> Request:
        who = f"<sip:{login.username}@{login.host}>"
        host, port = self.own
        headers = Headers()
        headers.add("Via", f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(12)};rport")
        headers.add("Max-Forwards", "70")
        headers.add("From", f"{who};tag={call_id[:8]}")
        headers.add("To", who)
        headers.add("Call-ID", call_id)
        headers.add("CSeq", f"{number} REGISTER")
        headers.add("Contact", f"<sip:{login.username}@{login.public or f'{host}:{port}'}>")
        headers.add("Expires", str(EXPIRES_SECONDS))
        if authorization:
            headers.add(*authorization)
        return Request(headers=headers, method="REGISTER", uri=_registrar_of(login))


def _registrar_of(login: Login) -> str:
    return f"sip:{login.host}" if login.port == _SIP_PORT else f"sip:{login.host}:{login.port}"


def answer_challenge(response: Response, login: Login, uri: str) -> tuple[str, str] | None:
    """The header that answers a 401 or 407; None where it asks for what we do not know."""
    name, answer = ("WWW-Authenticate", "Authorization")
    if response.status == 407:
        name, answer = ("Proxy-Authenticate", "Proxy-Authorization")
    asked = {key.lower(): quoted or bare for key, quoted, bare in _PAIR.findall(response.headers.first(name))}
    algorithm = asked.get("algorithm", "MD5").upper()
    if algorithm not in _HASHES or "nonce" not in asked:
        return None

    def digest(text: str) -> str:
        return _HASHES[algorithm](text.encode(), usedforsecurity=False).hexdigest()

    realm, nonce, cnonce = asked.get("realm", ""), asked["nonce"], secrets.token_hex(8)
    secret, target = digest(f"{login.username}:{realm}:{login.password}"), digest(f"REGISTER:{uri}")
    values = {"username": login.username, "realm": realm, "nonce": nonce, "uri": uri}
    if "auth" in asked.get("qop", "").split(","):
        proof = digest(f"{secret}:{nonce}:00000001:{cnonce}:auth:{target}")
        values |= {"cnonce": cnonce}
        extra = ", qop=auth, nc=00000001"
    else:
        proof, extra = digest(f"{secret}:{nonce}:{target}"), ""
    if "opaque" in asked:
        values["opaque"] = asked["opaque"]
    text = ", ".join(f'{key}="{value}"' for key, value in {**values, "response": proof}.items())
    return answer, f"Digest {text}, algorithm={algorithm}{extra}"
