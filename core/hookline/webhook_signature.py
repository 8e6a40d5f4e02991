"""How a webhook is signed, out and in: `t=<seconds>,v1=<hex>`, an HMAC-SHA256 of "<seconds>.<body>".

The moment is inside what is signed, so that nobody can send an old message again as a new one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

HEADER = "Hookline-Signature"
_MOST_SIGNATURES = 10


@dataclass(frozen=True)
class Signature:
    """What a signature header says: when it was signed (seconds since 1970), and every signature in it."""

    timestamp: int
    digests: tuple[str, ...]


def digest(secret: str, timestamp: int, body: bytes) -> str:
    """The hexadecimal HMAC-SHA256 of the moment and the body."""
    signed = str(timestamp).encode("ascii") + b"." + body
    return hmac.new(secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()


def header(secrets: Iterable[str], timestamp: int, body: bytes) -> str:
    """The header's value, signed with each secret: while a secret is changed, the old and the new one."""
    return ",".join([f"t={timestamp}", *(f"v1={digest(secret, timestamp, body)}" for secret in secrets)])


def parse(text: str) -> Signature | None:
    """What the header says; None for one that says nothing of use. Parts of unknown versions are left out."""
    timestamps: list[str] = []
    digests: list[str] = []
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamps.append(value)
        elif name == "v1":
            digests.append(value)
    if len(timestamps) != 1 or not digests or len(digests) > _MOST_SIGNATURES:
        return None
    moment = timestamps[0]
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return None
    return Signature(int(moment), tuple(digests))


def fits(signature: Signature, secret: str, body: bytes) -> bool:
    """Whether one of the signatures is this secret's. Takes equally long wherever they differ."""
    expected = digest(secret, signature.timestamp, body).encode("ascii")
    found = False
    for given in signature.digests:
        found |= hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass"))
    return found
