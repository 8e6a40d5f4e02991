"""Browsers with the Voice SDK: which access tokens let them in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from tests.plugins.telephony_twilio.standin.accounts import Account, Application
from tests.plugins.telephony_twilio.standin.world import World


class NotAdmitted(Exception):
    """The access token does not let this browser call."""


def admitted(world: World, token: str) -> tuple[Account, Application, str]:
    """The account, its application and the browser's identity, by the token's own words; NotAdmitted where it is wrong.

    A token is a JWT signed (HS256) with the secret of an API key: `iss` the key, `sub` the account, grants with the
    identity and, under `voice`, the TwiML application for outgoing calls. It is valid by the machine's time, since the
    library that makes such tokens knows no other.
    """
    head, claims, signed = _parts(token)
    account = world.accounts.get(str(claims.get("sub")))
    secret = account.keys.get(str(claims.get("iss"))) if account else None
    if account is None or secret is None:
        raise NotAdmitted("The token's key does not belong to its account.")
    expected = hmac.new(secret.encode(), token.rpartition(".")[0].encode(), hashlib.sha256).digest()
    if head.get("alg") != "HS256" or head.get("cty") != "twilio-fpa;v=1" or not hmac.compare_digest(expected, signed):
        raise NotAdmitted("The token's signature is wrong.")
    now = time.time()
    if not claims.get("nbf", 0) <= now + 5 or not now < claims["exp"] <= now + 24 * 3600:
        raise NotAdmitted("The token is not valid now.")
    grants = claims["grants"]
    application = account.applications.get(grants["voice"]["outgoing"]["application_sid"])
    if application is None:
        raise NotAdmitted("The token names no TwiML application of the account.")
    return account, application, str(grants["identity"])


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    head, claims, signed = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return json.loads(head), json.loads(claims), signed
