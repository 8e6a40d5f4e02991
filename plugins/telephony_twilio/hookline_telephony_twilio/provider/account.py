"""What an account has at Twilio: numbers, an application, permissions; asked by whoever looks whether all is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from hookline_telephony_twilio.provider.http import BaseHttpClient
from hookline_telephony_twilio.provider.rest import TwilioRest


@dataclass(frozen=True)
class AccountSeen:
    """The account itself, and what time it is at Twilio."""

    name: str
    status: str
    at: datetime | None


@dataclass(frozen=True)
class HookedSeen:
    """A number or an application: where Twilio turns to when it is called, and tells how calls end."""

    sid: str
    name: str
    number: str
    voice_url: str
    status_callback: str


def account(rest: TwilioRest) -> AccountSeen:
    """Who we are there. Raises ProviderError."""

    def ask(client: Any) -> AccountSeen:
        seen = client.api.accounts(rest.account.account_sid).fetch()
        http = client.http_client
        date = http.dated if isinstance(http, BaseHttpClient) else ""
        return AccountSeen(str(seen.friendly_name), str(seen.status), parsedate_to_datetime(date) if date else None)

    return rest.raw(ask)


def application(rest: TwilioRest, sid: str) -> HookedSeen:
    """The TwiML application. Raises ProviderError."""
    return rest.raw(lambda client: _hooked(client.applications(sid).fetch()))


def numbers(rest: TwilioRest) -> Sequence[HookedSeen]:
    """The account's own numbers."""
    return rest.raw(lambda client: [_hooked(one) for one in client.incoming_phone_numbers.list(limit=1000)])


def take_number(rest: TwilioRest, sid: str, voice_url: str, status_callback: str) -> None:
    """Have Twilio turn to us when the number is called."""
    rest.raw(
        lambda client: client.incoming_phone_numbers(sid).update(
            voice_url=voice_url,
            voice_method="POST",
            status_callback=status_callback,
            status_callback_method="POST",
        )
    )


def take_application(rest: TwilioRest, sid: str, voice_url: str, status_callback: str) -> None:
    """Have Twilio turn to us when browsers call."""
    rest.raw(
        lambda client: client.applications(sid).update(
            voice_url=voice_url,
            voice_method="POST",
            status_callback=status_callback,
            status_callback_method="POST",
        )
    )


def verified_callers(rest: TwilioRest) -> set[str]:
    """Other people's numbers that the account may show."""
    return rest.raw(lambda client: {str(one.phone_number) for one in client.outgoing_caller_ids.list(limit=1000)})


def may_call(rest: TwilioRest, country: str) -> bool:
    """Whether the account's permissions allow ordinary numbers of this country (ISO 3166)."""
    return rest.raw(
        lambda client: bool(client.voice.v1.dialing_permissions.countries(country).fetch().low_risk_numbers_enabled)
    )


def _hooked(seen: Any) -> HookedSeen:
    return HookedSeen(
        sid=str(seen.sid),
        name=str(seen.friendly_name or ""),
        number=str(getattr(seen, "phone_number", "") or ""),
        voice_url=str(seen.voice_url or ""),
        status_callback=str(seen.status_callback or ""),
    )
