"""Whether a message comes from Twilio: X-Twilio-Signature, checked for the address that Twilio called.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from twilio.request_validator import RequestValidator, get_signature_algorithm

Form = Mapping[str, Sequence[str]]


class _Form(dict[str, list[str]]):
    """A form as Twilio's validator reads it: a name may have several values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def signed_address(public_url: str, raw_path: str) -> str:
    """The address that Twilio called: ours as it is set, whatever a proxy made of scheme and host.

    `raw_path` is the path with its query, percent-encoded as it came.
    """
    return public_url.rstrip("/") + raw_path


def is_genuine(
    token: str, address: str, *, signature: str, settings_header: str = "", form: Form | None = None, body: bytes = b""
) -> bool:
    """Whether the message was signed with the account's token. `form` for a form's fields, else `body` (JSON)."""
    if not token or not signature:
        return False
    if form is None and not _body_fits(address, body):
        return False
    fields = _Form({name: list(values) for name, values in (form or {}).items()})
    return bool(RequestValidator(token).validate(address, fields, signature, get_signature_algorithm(settings_header)))


def _body_fits(address: str, body: bytes) -> bool:
    """A message that is no form carries the hash of its body in its address, which is signed."""
    if not body:
        return True
    told = parse_qs(urlsplit(address).query).get("bodySHA256", [""])[0]
    return hmac.compare_digest(told.lower(), sha256(body).hexdigest())
