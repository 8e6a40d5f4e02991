"""The Twilio backend's settings as it uses them, checked once."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from hookline.errors import InvalidInput
from hookline.text import N_

_SIDS = {"account_sid": "AC", "api_key_sid": "SK", "app_sid": "AP"}
_REGION = re.compile(r"[a-z]{2}[0-9]{1,2}")
_EDGE = re.compile(r"[a-z][a-z-]{1,40}")


@dataclass(frozen=True, kw_only=True)
class TwilioSettings:
    """How Hookline works with Twilio.

    `account_sid`, `api_key_sid`, `api_key_secret`: by which requests are made. `auth_token`: what Twilio signs its
    messages with; it is used for nothing else. `public_url`: where Twilio reaches this installation, without a path.
    `caller_id`: shown where a campaign names none. `app_sid`: the TwiML application that agents' browsers call.
    `region` and `edge`: where Twilio processes calls, and where our requests enter its network.
    `concurrent_calls`: legs at once, 0 for no limit; `calls_per_second`: legs begun.
    `watch_seconds`: how often Twilio is asked about calls of which nothing was heard.
    `queue_callers`: whoever calls in waits with music and is told his place; else he hears ringing.
    `voicemail`: who calls in and finds nobody may leave a message.
    `recording_wait_seconds`: how long the end of a call waits for its recording.
    `api_base`: another address in place of Twilio's, for a recording proxy or a test peer.
    """

    account_sid: str = ""
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    public_url: str = ""
    caller_id: str = ""
    app_sid: str = ""
    region: str = ""
    edge: str = ""
    api_base: str = ""
    concurrent_calls: int = 0
    calls_per_second: float = 1.0
    watch_seconds: float = 10.0
    queue_callers: bool = False
    voicemail: bool = False
    recording_wait_seconds: float = 5.0

    @property
    def configured(self) -> bool:
        """Whether everything is set that calls cannot do without."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """The settings without which no call can be made."""
        needed = ("account_sid", "api_key_sid", "api_key_secret", "auth_token", "public_url")
        return tuple(name for name in needed if not getattr(self, name))

    def __post_init__(self) -> None:
        checks = {**self._names(), **self._addresses(), **self._numbers()}
        problems = {name: [advice] for name, (holds, advice) in checks.items() if not holds}
        if problems:
            raise InvalidInput(N_("The Twilio settings cannot be used."), N_("Correct the named fields."), problems)

    def _names(self) -> dict[str, tuple[bool, str]]:
        checks = {
            name: (is_sid(getattr(self, name), prefix) or not getattr(self, name), _sid_advice(prefix))
            for name, prefix in _SIDS.items()
        }
        checks["region"] = (not self.region or bool(_REGION.fullmatch(self.region)), N_("Write it like ie1."))
        checks["edge"] = (not self.edge or bool(_EDGE.fullmatch(self.edge)), N_("Write it like dublin."))
        return checks

    def _addresses(self) -> dict[str, tuple[bool, str]]:
        advice = N_("Write an address like https://calls.example.com, without a path.")
        return {
            "public_url": (not self.public_url or _is_base(self.public_url), advice),
            "api_base": (not self.api_base or _is_base(self.api_base), advice),
        }

    def _numbers(self) -> dict[str, tuple[bool, str]]:
        return {
            "concurrent_calls": (0 <= self.concurrent_calls <= 10000, N_("Choose 0 (no limit) to 10000.")),
            "calls_per_second": (0.1 <= self.calls_per_second <= 500, N_("Choose 0.1 to 500.")),
            "watch_seconds": (0.2 <= self.watch_seconds <= 300, N_("Choose 0.2 to 300.")),
            "recording_wait_seconds": (0 <= self.recording_wait_seconds <= 60, N_("Choose 0 to 60.")),
        }


def is_sid(text: str, prefix: str) -> bool:
    """Whether it has the form of one of Twilio's identifiers of that kind."""
    return bool(re.fullmatch(rf"{prefix}[0-9a-fA-F]{{32}}", text))


def _sid_advice(prefix: str) -> str:
    return {
        "AC": N_("It begins with AC and has 34 characters."),
        "SK": N_("It begins with SK and has 34 characters."),
        "AP": N_("It begins with AP and has 34 characters."),
    }[prefix]


def _is_base(url: str) -> bool:
    """An https address without a path; http on this machine only, since what is sent there is secret."""
    parts = urlsplit(url)
    bare = bool(parts.hostname) and parts.path in ("", "/") and not parts.query and not parts.username
    return bare and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
