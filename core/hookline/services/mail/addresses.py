"""E-mail addresses: what may be written to, and how one is shown to those who need not know it."""

from __future__ import annotations

import re
from email.utils import parseaddr

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}")
_LONGEST = 254


def is_address(text: str) -> bool:
    """Whether it is one plain address: no name, no second one, no line end that would begin another header."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def is_sender(text: str) -> bool:
    """Whether it is an address, maybe with a name before it: "Hookline <no-reply@example.com>"."""
    return text.isprintable() and is_address(parseaddr(text)[1])


def domain_of(sender: str) -> str:
    """The part after the @ of a sender."""
    return parseaddr(sender)[1].rpartition("@")[2]


def mask(address: str) -> str:
    """Enough to know one's own again: "a•••@example.com"."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}•••{at}{domain}" if at else "•••"
