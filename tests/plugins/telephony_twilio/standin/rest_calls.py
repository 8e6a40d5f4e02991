"""The REST API's calls and their recordings."""

from __future__ import annotations

from datetime import timedelta

from tests.plugins.telephony_twilio.standin.amd import Detection
from tests.plugins.telephony_twilio.standin.calls import Call
from tests.plugins.telephony_twilio.standin.people import Person
from tests.plugins.telephony_twilio.standin.recordings import Recording
from tests.plugins.telephony_twilio.standin.resources import Json, call_json, call_recording_json, recording_json
from tests.plugins.telephony_twilio.standin.rest import ACCOUNT, Asked, Refused, not_found, page, serves
from tests.plugins.telephony_twilio.standin.world import Webhook

COUNTRIES = {"+48": "PL", "+49": "DE", "+420": "CZ", "+44": "GB", "+1": "US"}


@serves("POST", f"{ACCOUNT}/Calls.json")
def create_call(asked: Asked) -> tuple[int, Json | None]:
    """Place a call, where the account may."""
    to, from_ = asked.form["To"], asked.form["From"]
    _check_numbers(asked, to, from_)
    account, world = asked.account, asked.world
    if account.concurrent_calls and len(list(world.live_calls(account))) >= account.concurrent_calls:
        raise Refused(429, 10004, "Call concurrency limit exceeded")
    call = Call(
        world,
        account,
        to,
        from_,
        "outbound-api",
        Person(world.pitch(to), world.behaviour(to)),
        voice=_voice(asked),
        document=asked.form.get("Twiml", ""),
        callback=_webhook(asked, "StatusCallback", "completed"),
        timeout=float(asked.form.get("Timeout", 60)),
        detection=_detection(asked),
    )
    call.dial(_turn(asked))
    return 201, call_json(call)


def _check_numbers(asked: Asked, to: str, from_: str) -> None:
    owned = {*asked.account.numbers, *asked.account.verified}
    if not to.startswith(("sip:", "client:")):
        if not (to.startswith("+") and to[1:].isdigit() and 8 <= len(to) <= 16):
            raise Refused(400, 21211, f"The 'To' number {to} is not a valid phone number.")
        country = next((iso for prefix, iso in COUNTRIES.items() if to.startswith(prefix)), "")
        if country not in asked.account.countries:
            raise Refused(400, 21215, f"Account not authorized to call {to}. Perhaps you need to enable it.")
        if from_ not in owned:
            raise Refused(400, 21210, f"The source phone number provided, {from_}, is not yet verified.")


def _turn(asked: Asked) -> float:
    """How long the call waits for its turn: the account's calls per second."""
    account, now = asked.account, asked.world.now()
    if not account.calls_per_second:
        return 0.0
    begins = max(now, account.next_call_at or now)
    account.next_call_at = begins + timedelta(seconds=1 / account.calls_per_second)
    return (begins - now).total_seconds()


def _voice(asked: Asked) -> Webhook:
    if sid := asked.form.get("ApplicationSid"):
        return Webhook(asked.account.applications[sid].voice_url)
    if "Url" not in asked.form and "Twiml" not in asked.form:
        raise Refused(400, 21205, "Url parameter is required.")
    return Webhook(asked.form.get("Url", ""), asked.form.get("Method", "POST"))


def _webhook(asked: Asked, name: str, default: str) -> Webhook:
    method = asked.form.get(f"{name}Method", "POST")
    return Webhook(asked.form.get(name, ""), method, asked.events(f"{name}Event", default))


def _detection(asked: Asked) -> Detection | None:
    if "MachineDetection" not in asked.form:
        return None
    if asked.form.get("AsyncAmd") != "true":
        raise Refused(400, 20001, "The stand-in detects asynchronously only.")
    given = {
        "speech_threshold": "MachineDetectionSpeechThreshold",
        "speech_end_threshold": "MachineDetectionSpeechEndThreshold",
        "silence_timeout": "MachineDetectionSilenceTimeout",
        "timeout_seconds": "MachineDetectionTimeout",
    }
    values = {field: int(asked.form[name]) for field, name in given.items() if name in asked.form}
    _check_detection(values)
    return Detection(Webhook(asked.form["AsyncAmdStatusCallback"]), **values)


LIMITS = {
    "speech_threshold": (1000, 6000),
    "speech_end_threshold": (500, 5000),
    "silence_timeout": (2000, 10000),
    "timeout_seconds": (3, 59),
}
"""The ranges of the documentation."""


def _check_detection(values: dict[str, int]) -> None:
    for name, value in values.items():
        least, most = LIMITS[name]
        if not least <= value <= most:
            raise Refused(400, 20001, f"Answering-machine detection: {name} is {value}, not {least} to {most}.")


@serves("GET", f"{ACCOUNT}/Calls.json")
def list_calls(asked: Asked) -> tuple[int, Json | None]:
    """The account's calls, newest first, by the filters of the query."""
    fields = {"To": "to", "From": "from", "Status": "status", "ParentCallSid": "parent_call_sid"}
    wanted = {fields[name]: value for name, value in asked.query.items() if name in fields}
    calls = [call for call in asked.world.calls.values() if call.account is asked.account]
    if since := asked.query.get("StartTime>"):
        calls = [call for call in calls if call.created_at.isoformat() >= since[:10]]
    found = [call_json(call) for call in sorted(calls, key=lambda call: call.created_at, reverse=True)]
    return 200, page(asked, "calls", [one for one in found if wanted.items() <= one.items()], "Calls")


def call_of(asked: Asked, name: str = "Sid") -> Call:
    """The call that the path names."""
    call = asked.world.calls.get(asked.ids[name])
    if call is None or call.account is not asked.account:
        raise not_found(f"/Calls/{asked.ids[name]}")
    return call


@serves("GET", f"{ACCOUNT}/Calls/{{Sid}}.json")
def fetch_call(asked: Asked) -> tuple[int, Json | None]:
    """One call."""
    return 200, call_json(call_of(asked))


@serves("POST", f"{ACCOUNT}/Calls/{{Sid}}.json")
def update_call(asked: Asked) -> tuple[int, Json | None]:
    """Hang a call up, or give it other TwiML."""
    call = call_of(asked)
    status = asked.form.get("Status")
    if call.is_over():
        raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
    if status is not None:
        begun = call.status == "in-progress"
        if status == "completed" or not begun:
            call.end("completed" if begun else "canceled", 200 if begun else 487)
    elif call.status != "in-progress" and call.direction != "inbound":
        raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
    else:
        call.redirect(_voice(asked), asked.form.get("Twiml", ""))
    return 200, call_json(call)


@serves("POST", f"{ACCOUNT}/Calls/{{CallSid}}/Recordings.json")
def record_call(asked: Asked) -> tuple[int, Json | None]:
    """Record a call."""
    call = call_of(asked, "CallSid")
    if call.status != "in-progress":
        raise Refused(400, 21220, "Requested resource is not eligible for recording")
    channels = 2 if asked.form.get("RecordingChannels", "mono") == "dual" else 1
    callback = _webhook(asked, "RecordingStatusCallback", "completed")
    recording = Recording(asked.world, call, callback, channels, asked.form.get("RecordingTrack", "both"))
    return 201, call_recording_json(recording)


@serves("GET", f"{ACCOUNT}/Calls/{{CallSid}}/Recordings.json")
def list_call_recordings(asked: Asked) -> tuple[int, Json | None]:
    """A call's recordings."""
    call = call_of(asked, "CallSid")
    found = [call_recording_json(one) for one in asked.world.recordings.values() if one.call is call]
    return 200, page(asked, "recordings", found, f"Calls/{call.sid}/Recordings")


def recording_of(asked: Asked) -> Recording:
    """The recording that the path names."""
    recording = asked.world.recordings.get(asked.ids["Sid"])
    if recording is None or recording.account is not asked.account:
        raise not_found(f"/Recordings/{asked.ids['Sid']}")
    return recording


@serves("POST", f"{ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json")
def update_recording(asked: Asked) -> tuple[int, Json | None]:
    """Pause a recording, go on with it, or close it."""
    recording, status = recording_of(asked), asked.form["Status"]
    if recording.status not in ("in-progress", "paused"):
        raise Refused(400, 21220, "The recording has ended.")
    if status == "paused":
        recording.pause(asked.form.get("PauseBehavior", "silence"))
    elif status == "in-progress":
        recording.go_on()
    else:
        recording.stop()
    return 200, call_recording_json(recording)


@serves("GET", f"{ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json")
def fetch_call_recording(asked: Asked) -> tuple[int, Json | None]:
    """One recording of a call."""
    return 200, call_recording_json(recording_of(asked))


@serves("GET", f"{ACCOUNT}/Recordings.json")
def list_recordings(asked: Asked) -> tuple[int, Json | None]:
    """The account's recordings, or a call's."""
    wanted = asked.query.get("CallSid")
    mine = [one for one in asked.world.recordings.values() if one.account is asked.account]
    found = [recording_json(one) for one in mine if wanted in (None, one.call.sid)]
    return 200, page(asked, "recordings", found, "Recordings")


@serves("GET", f"{ACCOUNT}/Recordings/{{Sid}}.json")
def fetch_recording(asked: Asked) -> tuple[int, Json | None]:
    """One recording."""
    return 200, recording_json(recording_of(asked))


@serves("DELETE", f"{ACCOUNT}/Recordings/{{Sid}}.json")
@serves("DELETE", f"{ACCOUNT}/Calls/{{CallSid}}/Recordings/{{Sid}}.json")
def delete_recording(asked: Asked) -> tuple[int, Json | None]:
    """Delete a recording and its sound, for good."""
    del asked.world.recordings[recording_of(asked).sid]
    return 204, None
