"""The stand-in's state as Twilio's REST API writes it."""

from __future__ import annotations

from typing import Any

from tests.plugins.telephony_twilio.standin.accounts import Account, Application, Number
from tests.plugins.telephony_twilio.standin.calls import Call
from tests.plugins.telephony_twilio.standin.conferences import Conference, Participant
from tests.plugins.telephony_twilio.standin.queues import Place, Queue
from tests.plugins.telephony_twilio.standin.recordings import Recording
from tests.plugins.telephony_twilio.standin.world import API_VERSION, rfc2822

Json = dict[str, Any]


def _path(account: Account, *parts: str) -> str:
    return "/".join(["", API_VERSION, "Accounts", account.sid, *parts]) + ".json"


def account_json(account: Account) -> Json:
    """An account; its token is told to nobody here."""
    return {
        "sid": account.sid,
        "owner_account_sid": account.owner,
        "friendly_name": "stand-in",
        "status": account.status,
        "type": "Full",
        "auth_token": None,
        "uri": f"/{API_VERSION}/Accounts/{account.sid}.json",
    }


def call_json(call: Call) -> Json:
    """A call."""
    over = call.is_over()
    return {
        "sid": call.sid,
        "account_sid": call.account.sid,
        "parent_call_sid": call.parent.sid if call.parent else None,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "status": call.status,
        "direction": call.direction,
        "answered_by": call.answered_by,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.ended_at or call.started_at or call.created_at),
        "start_time": rfc2822(call.started_at or call.created_at) if call.started_at or over else None,
        "end_time": rfc2822(call.ended_at) if call.ended_at else None,
        "duration": _seconds(call) if over else None,
        "price": call.price,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "caller_name": None,
        "forwarded_from": None,
        "group_sid": None,
        "phone_number_sid": None,
        "queue_time": "0",
        "trunk_sid": None,
        "uri": _path(call.account, "Calls", call.sid),
        "subresource_uris": {"recordings": _path(call.account, "Calls", call.sid, "Recordings")},
    }


def _seconds(call: Call) -> str:
    if call.started_at is None or call.ended_at is None:
        return "0"
    return str(round((call.ended_at - call.started_at).total_seconds()))


def conference_json(conference: Conference) -> Json:
    """A conference."""
    return {
        "sid": conference.sid,
        "account_sid": conference.account.sid,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": "us1",
        "api_version": API_VERSION,
        "date_created": rfc2822(conference.created_at),
        "date_updated": rfc2822(conference.updated_at),
        "call_sid_ending_conference": conference.ended_by,
        **({"reason_conference_ended": conference.reason} if conference.reason else {}),
        "uri": _path(conference.account, "Conferences", conference.sid),
        "subresource_uris": {"participants": _path(conference.account, "Conferences", conference.sid, "Participants")},
    }


def participant_json(participant: Participant) -> Json:
    """A participant."""
    conference, call = participant.conference, participant.call
    return {
        "account_sid": conference.account.sid,
        "call_sid": call.sid,
        "conference_sid": conference.sid,
        "label": participant.label or None,
        "muted": participant.muted,
        "hold": participant.hold,
        "coaching": participant.coaching,
        "call_sid_to_coach": participant.coached,
        "start_conference_on_enter": participant.starts,
        "end_conference_on_exit": participant.ends,
        "status": "connected" if not call.is_over() else "complete",
        "queue_time": "0",
        "date_created": rfc2822(participant.joined_at),
        "date_updated": rfc2822(participant.joined_at),
        "uri": _path(conference.account, "Conferences", conference.sid, "Participants", call.sid),
    }


def recording_json(recording: Recording) -> Json:
    """A recording; `call_recording_json` where it is asked for below its call."""
    closed = recording.status in ("completed", "absent")
    return {
        **call_recording_json(recording),
        "price": None,
        "media_url": f"https://api.twilio.com/{API_VERSION}/Accounts/{recording.account.sid}/Recordings/{recording.sid}"
        if closed
        else None,
        "subresource_uris": {},
    }


def call_recording_json(recording: Recording) -> Json:
    """A recording of a call."""
    closed = recording.status in ("completed", "absent")
    return {
        "sid": recording.sid,
        "account_sid": recording.account.sid,
        "call_sid": recording.call.sid,
        "conference_sid": None,
        "status": recording.status,
        "channels": recording.channels,
        "source": recording.source,
        "error_code": None,
        "start_time": rfc2822(recording.started_at),
        "duration": str(round(recording.seconds)) if closed else None,
        "date_created": rfc2822(recording.started_at),
        "date_updated": rfc2822(recording.updated_at),
        "api_version": API_VERSION,
        "encryption_details": None,
        "price": None,
        "price_unit": "USD",
        "uri": _path(recording.account, "Recordings", recording.sid),
    } | ({"track": recording.track} if recording.call else {})


def queue_json(queue: Queue) -> Json:
    """A queue."""
    return {
        "sid": queue.sid,
        "account_sid": queue.account.sid,
        "friendly_name": queue.name,
        "current_size": len(queue.places),
        "average_wait_time": 0,
        "max_size": 100,
        "date_created": rfc2822(queue.created_at),
        "date_updated": rfc2822(queue.created_at),
        "uri": _path(queue.account, "Queues", queue.sid),
    }


def member_json(place: Place) -> Json:
    """Who waits in a queue."""
    return {
        "call_sid": place.call.sid,
        "queue_sid": place.queue.sid,
        "position": place.queue.position(place),
        "wait_time": round(place.queue.world.seconds_since(place.since)),
        "date_enqueued": rfc2822(place.since),
        "uri": _path(place.queue.account, "Queues", place.queue.sid, "Members", place.call.sid),
    }


def number_json(account: Account, number: Number) -> Json:
    """A number of the account's own."""
    return {
        "sid": number.sid,
        "account_sid": account.sid,
        "phone_number": number.number,
        "friendly_name": number.number,
        "voice_url": number.voice_url,
        "voice_method": "POST",
        "status_callback": number.status_callback,
        "status_callback_method": "POST",
        "voice_application_sid": number.application_sid or None,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "status": "in-use",
        "uri": _path(account, "IncomingPhoneNumbers", number.sid),
    }


def application_json(account: Account, application: Application) -> Json:
    """A TwiML application."""
    return {
        "sid": application.sid,
        "account_sid": account.sid,
        "friendly_name": application.name,
        "voice_url": application.voice_url,
        "voice_method": "POST",
        "status_callback": application.status_callback,
        "status_callback_method": "POST",
        "api_version": API_VERSION,
        "uri": _path(account, "Applications", application.sid),
    }


def verified_json(account: Account, number: str) -> Json:
    """A number that the account may show as its own."""
    return {
        "sid": "PN" + "9" * 32,
        "account_sid": account.sid,
        "phone_number": number,
        "friendly_name": number,
        "uri": _path(account, "OutgoingCallerIds", "PN" + "9" * 32),
    }


def country_json(account: Account, iso_code: str) -> Json:
    """Whether calls to a country are allowed."""
    return {
        "iso_code": iso_code,
        "name": iso_code,
        "continent": "EUROPE",
        "country_codes": [],
        "low_risk_numbers_enabled": iso_code in account.countries,
        "high_risk_special_numbers_enabled": False,
        "high_risk_tollfraud_numbers_enabled": False,
        "url": f"https://voice.twilio.com/v1/DialingPermissions/Countries/{iso_code}",
        "links": {},
    }
