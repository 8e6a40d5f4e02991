"""Twilio's REST API: which operation a request is, and who may ask for it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import Headers, MultiDict

from tests.plugins.telephony_twilio.standin.accounts import Account, may_touch
from tests.plugins.telephony_twilio.standin.contract import Answer, Exchange, check_answer
from tests.plugins.telephony_twilio.standin.world import API_VERSION, World

Json = dict[str, Any]
ACCOUNT = f"/{API_VERSION}/Accounts/{{AccountSid}}"


class Refused(Exception):
    """Twilio's way of saying no: a status, a code of its own, a message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Asked:
    """One request: for which account, the ids of its path, what its query and its body say."""

    world: World
    account: Account
    ids: dict[str, str]
    query: MultiDict[str, str]
    form: MultiDict[str, str]

    def events(self, name: str, default: str) -> frozenset[str]:
        """A repeated parameter with names of events; each may hold several, apart by blanks."""
        return frozenset(" ".join(self.form.getlist(name) or [default]).split())

    def flag(self, name: str) -> bool | None:
        """A true or false parameter; None where it is not given."""
        value = self.form.get(name)
        return None if value is None else value.lower() == "true"


Handler = Callable[[Asked], tuple[int, Json | None]]
OPERATIONS: dict[tuple[str, str], Handler] = {}
"""By method and path template; the modules `rest_…` fill it."""


def serves(method: str, template: str) -> Callable[[Handler], Handler]:
    """Decorator: this function answers that operation."""

    def add(handler: Handler) -> Handler:
        OPERATIONS[method.lower(), template] = handler
        return handler

    return add


def answer(world: World, exchange: Exchange, authorization: str) -> Answer:
    """Carry the request out. The answer, be it a refusal, as Twilio words it."""
    headers = Headers({"Content-Type": "application/json"})
    try:
        with world.lock:
            status, told = OPERATIONS[exchange.method, exchange.operation.template](
                _asked(world, exchange, authorization)
            )
    except Refused as refused:
        more = {"more_info": f"https://www.twilio.com/docs/errors/{refused.code}", "status": refused.status}
        body = {"code": refused.code, "message": refused.message, **more}
        return Answer(refused.status, json.dumps(body).encode(), headers=headers)
    made = Answer(status, b"" if told is None else json.dumps(told).encode(), headers=headers)
    check_answer(exchange, made)
    return made


def permitted(world: World, authorization: str, sid: str) -> bool:
    """Whether the basic credentials open the account."""
    try:
        user, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return may_touch(world.accounts, user, secret, sid)


def _asked(world: World, exchange: Exchange, authorization: str) -> Asked:
    ids = _ids(exchange.operation.template, exchange.path)
    sid = ids.get("AccountSid") or (ids["Sid"] if exchange.operation.template.startswith(f"/{API_VERSION}") else "")
    sid = sid or _owner(world, authorization)
    if not permitted(world, authorization, sid):
        raise Refused(401, 20003, "Authenticate")
    account = world.accounts[sid]
    if account.status != "active":
        raise Refused(401, 20005, "Account not active")
    return Asked(world, account, ids, MultiDict(exchange.query), MultiDict(exchange.form))


def _owner(world: World, authorization: str) -> str:
    """On Twilio's other hosts the credentials name the account."""
    opened = [sid for sid in world.accounts if permitted(world, authorization, sid)]
    return opened[0] if opened else ""


def _ids(template: str, path: str) -> dict[str, str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    match = re.fullmatch(pattern, path)
    return match.groupdict() if match else {}


def page(asked: Asked, name: str, found: list[Json], path: str) -> Json:
    """A page of a list, as Twilio's lists come: newest first, `PageSize` at a time."""
    size = int(asked.query.get("PageSize", 50))
    number = int(asked.query.get("Page", 0))
    shown = found[number * size : (number + 1) * size]
    more = len(found) > (number + 1) * size
    uri = f"/{API_VERSION}/Accounts/{asked.account.sid}/{path}.json"
    kept = "".join(f"&{key}={value}" for key, value in asked.query.items() if key not in ("Page", "PageSize"))
    return {
        name: shown,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(shown) - 1),
        "uri": f"{uri}?PageSize={size}&Page={number}",
        "first_page_uri": f"{uri}?PageSize={size}&Page=0{kept}",
        "next_page_uri": f"{uri}?PageSize={size}&Page={number + 1}{kept}" if more else None,
        "previous_page_uri": f"{uri}?PageSize={size}&Page={number - 1}{kept}" if number else None,
    }


def not_found(path: str) -> Refused:
    """There is nothing at the path."""
    return Refused(404, 20404, f"The requested resource {path} was not found")
