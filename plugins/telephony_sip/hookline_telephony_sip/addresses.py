"""Everything that becomes part of a SIP message is checked here: nothing unchecked reaches the signalling.

PJSIP parses these strings with assertions switched on, so an odd character is not only an injection, it may
also kill the cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hookline_telephony_sip.errors import InvalidSipValue

HEADER_PREFIX = "X-Hookline-"
MAX_DTMF_DIGITS = 32  # what pjmedia queues for one stream

_USER = re.compile(r"[0-9*#]{0,8}\+?[A-Za-z0-9*#._-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63}){0,8}")
_STATION = re.compile(r"(?:sip:)?(?P<user>[^@:;?]+)@(?P<host>[^@:;?]+)(?::(?P<port>[0-9]{1,5}))?")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_HEADER_VALUE = re.compile(r"[A-Za-z0-9 ._:/@+=-]{1,200}")
_DIGITS = re.compile(rf"[0-9*#A-D]{{1,{MAX_DTMF_DIGITS}}}")


def user_part(value: str, what: str) -> str:
    """The user part of a SIP URI; `#` is escaped, as RFC 3261 asks. Raises InvalidSipValue."""
    if not _USER.fullmatch(value):
        raise InvalidSipValue(
            f"A call cannot be placed with {what} as it is written.",
            "Use digits with an optional leading +, or a plain name of letters, digits, dots and dashes.",
        )
    return value.replace("#", "%23")


def sip_host(value: str) -> str:
    """A host name or IPv4 address. Raises InvalidSipValue."""
    if not _HOST.fullmatch(value):
        raise InvalidSipValue(
            "The SIP host is neither a host name nor an IPv4 address.",
            "Write it like sip.example.com or 192.0.2.10, without sip: and without a port.",
        )
    return value


def station_uri(address: str) -> str:
    """The agent's phone as a SIP URI, from `agent1@10.0.0.5:5060` with or without `sip:`. Raises InvalidSipValue."""
    match = _STATION.fullmatch(address)
    if match is None or not 0 < int(match["port"] or 5060) < 65536:
        raise InvalidSipValue(
            "The station's address is not a SIP address.",
            "Write it like sip:agent1@192.0.2.10:5060.",
        )
    port = f":{int(match['port'])}" if match["port"] else ""
    return f"sip:{user_part(match['user'], 'the station')}@{sip_host(match['host'])}{port}"


def custom_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Custom headers: those named `X-…` as they are, others as `X-Hookline-…`.

    Raises InvalidSipValue for names or values that are not plain.
    """
    fields: dict[str, str] = {}
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidSipValue(
                "A custom signalling header has a name or value with characters that SIP headers must not carry.",
                "Use letters, digits, spaces and . _ : / @ + = - only.",
            )
        known = name.lower().startswith("x-")
        fields[name if known else HEADER_PREFIX + name] = value
    return fields


def dtmf_digits(digits: str) -> str:
    """Keypad digits. Raises InvalidSipValue."""
    if not _DIGITS.fullmatch(digits):
        raise InvalidSipValue(
            "These are not keypad digits.",
            f"Send 1 to {MAX_DTMF_DIGITS} of 0-9, *, # and A-D.",
        )
    return digits


def custom_words(headers: Mapping[str, str]) -> dict[str, str]:
    """Custom headers as they came, with the names that `custom_headers` was given where they are ours."""
    prefix = HEADER_PREFIX.lower()
    return {
        (name[len(prefix) :] if name.lower().startswith(prefix) else name): value for name, value in headers.items()
    }
