"""Twilio's REST API as the backend uses it: our words in, plain data out, one kind of error.

Each method makes one request, or those for the pages of one list. Whether it is made again, the caller says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from requests import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.http import BaseHttpClient

TIMEOUT_SECONDS = 10.0
T = TypeVar("T")


@dataclass(frozen=True)
class CallSeen:
    """A call as Twilio tells of it."""

    sid: str
    status: str
    to: str = ""
    from_number: str = ""
    direction: str = ""
    created_at: datetime | None = None
    price: Decimal | None = None
    price_unit: str = ""
    duration_seconds: int = 0


@dataclass(frozen=True)
class RecordingSeen:
    """A recording as Twilio tells of it. `seconds` -1: not known yet."""

    sid: str
    status: str
    seconds: float = -1.0
    call_sid: str = ""


class TwilioRest:
    """One account's API. Safe between threads: each has a connection of its own."""

    def __init__(self, account: Account, *, api_base: str = "", region: str = "", edge: str = "") -> None:
        self.account = account
        self._base, self._region, self._edge = api_base, region, edge
        self._local = threading.local()

    # Calls

    def create_call(self, parameters: Mapping[str, Any]) -> CallSeen:
        """Begin a call: one request, never repeated here. Raises ProviderError."""
        with self._asking() as client:
            return _call(client.calls.create(**parameters))

    def call(self, sid: str) -> CallSeen:
        """How a call stands. Raises ProviderError."""
        with self._asking() as client:
            return _call(client.calls(sid).fetch())

    def calls_between(self, to: str, from_number: str) -> list[CallSeen]:
        """The newest calls from one number to another."""
        with self._asking() as client:
            return [_call(c) for c in client.calls.list(to=to, from_=from_number, limit=50)]

    def running(self) -> set[str]:
        """The ids of every call of the account's that has not ended."""
        with self._asking() as client:
            return {
                str(call.sid)
                for status in ("queued", "ringing", "in-progress")
                for call in client.calls.list(status=status, page_size=1000)
            }

    def redirect(self, sid: str, url: str) -> None:
        """Have a call fetch its TwiML anew, whatever it does now."""
        with self._asking() as client:
            client.calls(sid).update(url=url, method="POST")

    def complete(self, sid: str) -> CallSeen:
        """End a call, also one that still rings."""
        with self._asking() as client:
            return _call(client.calls(sid).update(status="completed"))

    # Conferences

    def conference_sid(self, name: str) -> str:
        """The running conference of that name; "" where there is none."""
        with self._asking() as client:
            found = client.conferences.list(friendly_name=name, limit=5)
        return next((str(one.sid) for one in found if str(one.status) != "completed"), "")

    def set_participant(self, conference_sid: str, call_sid: str, **parameters: Any) -> None:
        """Mute, or have coach, somebody in a conference."""
        with self._asking() as client:
            client.conferences(conference_sid).participants(call_sid).update(**parameters)

    # Recordings

    def start_recording(self, call_sid: str, callback: str) -> RecordingSeen:
        """Record a call's leg, each side on a channel. One request, never repeated here."""
        with self._asking() as client:
            return _recording(
                client.calls(call_sid).recordings.create(
                    recording_channels="dual",
                    recording_track="both",
                    trim="do-not-trim",
                    recording_status_callback=callback,
                    recording_status_callback_method="POST",
                    recording_status_callback_event=["in-progress", "completed", "absent"],
                )
            )

    def recordings_of(self, call_sid: str) -> list[RecordingSeen]:
        """Every recording of a call."""
        with self._asking() as client:
            return [_recording(r) for r in client.calls(call_sid).recordings.list(limit=50)]

    def set_recording(self, call_sid: str, sid: str, status: str) -> None:
        """ "paused", "in-progress" or "stopped"; what is said in a pause is left out."""
        more = {"pause_behavior": "skip"} if status == "paused" else {}
        with self._asking() as client:
            client.calls(call_sid).recordings(sid).update(status=status, **more)

    def recording(self, sid: str) -> RecordingSeen:
        """How a recording stands."""
        with self._asking() as client:
            return _recording(client.recordings(sid).fetch())

    def delete_recording(self, sid: str) -> bool:
        """Delete a recording for good; whether it was there."""
        try:
            with self._asking() as client:
                client.recordings(sid).delete()
        except ProviderError as error:
            if error.gone:
                return False
            raise
        return True

    def media_address(self, sid: str) -> str:
        """Where a recording's two-channel WAV is."""
        path = f"/2010-04-01/Accounts/{self.account.account_sid}/Recordings/{sid}.wav?RequestedChannels=2"
        client = self._client
        return _http(client).address(client.get_hostname(f"https://api.twilio.com{path}"))

    # The account

    def raw(self, ask: Callable[[Client], T]) -> T:
        """Whatever else is to be asked."""
        with self._asking() as client:
            return ask(client)

    @contextmanager
    def _asking(self) -> Iterator[Client]:
        client = self._client
        try:
            yield client
        except TwilioRestException as error:
            patience = _http(client).retry_after if error.status == 429 else 0.0
            raise ProviderError(int(error.status), int(error.code or 0), retry_after=patience) from error
        except RequestException as error:
            raise ProviderError(0, sent=not _never_sent(error)) from error
        except TwilioException as error:
            raise ProviderError(0) from error

    @property
    def _client(self) -> Client:
        client: Client | None = getattr(self._local, "client", None)
        if client is None:
            account = self.account
            client = self._local.client = Client(
                account.api_key_sid,
                account.api_key_secret,
                account.account_sid,
                region=self._region or None,
                edge=self._edge or None,
                http_client=BaseHttpClient(self._base, TIMEOUT_SECONDS),
                environment={"TWILIO_REGION": ""},  # what is meant for other programs is not meant for us
            )
        return client


def _http(client: Client) -> BaseHttpClient:
    http = client.http_client
    if not isinstance(http, BaseHttpClient):
        raise TypeError("the client was made with another connection")
    return http


def _never_sent(error: RequestException) -> bool:
    """Whether no connection came about, so that nothing can have been carried out."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def _call(seen: Any) -> CallSeen:
    return CallSeen(
        sid=str(seen.sid),
        status=str(seen.status),
        to=str(seen.to or ""),
        from_number=str(seen._from or ""),
        direction=str(seen.direction or ""),
        created_at=seen.date_created,
        price=Decimal(str(seen.price)) if seen.price not in (None, "") else None,
        price_unit=str(seen.price_unit or ""),
        duration_seconds=int(seen.duration or 0),
    )


def _recording(seen: Any) -> RecordingSeen:
    seconds = float(seen.duration) if seen.duration not in (None, "") else -1.0
    return RecordingSeen(str(seen.sid), str(seen.status), seconds, str(seen.call_sid or ""))
