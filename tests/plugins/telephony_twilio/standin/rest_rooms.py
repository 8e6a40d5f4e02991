"""The REST API's conferences, participants and queues."""

from __future__ import annotations

from tests.plugins.telephony_twilio.standin.conferences import Conference, Participant, conference_named
from tests.plugins.telephony_twilio.standin.queues import Place, Queue
from tests.plugins.telephony_twilio.standin.resources import (
    Json,
    conference_json,
    member_json,
    participant_json,
    queue_json,
)
from tests.plugins.telephony_twilio.standin.rest import ACCOUNT, Asked, not_found, page, serves
from tests.plugins.telephony_twilio.standin.world import Webhook


@serves("GET", f"{ACCOUNT}/Conferences.json")
def list_conferences(asked: Asked) -> tuple[int, Json | None]:
    """The account's conferences, by name and status."""
    name, status = asked.query.get("FriendlyName"), asked.query.get("Status")
    mine = [one for one in asked.world.conferences.values() if one.account is asked.account]
    found = [one for one in mine if name in (None, one.name) and status in (None, one.status)]
    return 200, page(asked, "conferences", [conference_json(one) for one in reversed(found)], "Conferences")


def _conference(asked: Asked, name: str = "ConferenceSid") -> Conference:
    sid = asked.ids[name]
    found = asked.world.conferences.get(sid) or conference_named(asked.world, asked.account, sid)
    if found is None or found.account is not asked.account:
        raise not_found(f"/Conferences/{sid}")
    return found


@serves("GET", f"{ACCOUNT}/Conferences/{{Sid}}.json")
def fetch_conference(asked: Asked) -> tuple[int, Json | None]:
    """One conference."""
    return 200, conference_json(_conference(asked, "Sid"))


@serves("POST", f"{ACCOUNT}/Conferences/{{Sid}}.json")
def update_conference(asked: Asked) -> tuple[int, Json | None]:
    """End it, or announce something to everybody."""
    conference = _conference(asked, "Sid")
    if asked.form.get("Status") == "completed":
        conference.end("conference-ended-via-api")
    if address := asked.form.get("AnnounceUrl"):
        for participant in conference.participants.values():
            participant.announcement.start(Webhook(address, asked.form.get("AnnounceMethod", "POST")))
    return 200, conference_json(conference)


def _participant(asked: Asked) -> Participant:
    conference, name = _conference(asked), asked.ids["CallSid"]
    for participant in conference.participants.values():
        if name in (participant.call.sid, participant.label):
            return participant
    raise not_found(f"/Participants/{name}")


@serves("GET", f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants.json")
def list_participants(asked: Asked) -> tuple[int, Json | None]:
    """Who is in a conference."""
    conference = _conference(asked)
    muted, hold = asked.query.get("Muted"), asked.query.get("Hold")
    found = [
        participant_json(one)
        for one in conference.participants.values()
        if muted in (None, str(one.muted).lower()) and hold in (None, str(one.hold).lower())
    ]
    return 200, page(asked, "participants", found, f"Conferences/{conference.sid}/Participants")


@serves("GET", f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json")
def fetch_participant(asked: Asked) -> tuple[int, Json | None]:
    """One participant."""
    return 200, participant_json(_participant(asked))


@serves("POST", f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json")
def update_participant(asked: Asked) -> tuple[int, Json | None]:
    """Mute, hold, coach, or announce something to one participant."""
    participant = _participant(asked)
    conference = participant.conference
    _mute(asked, participant)
    _hold(asked, participant)
    coaching, ends = asked.flag("Coaching"), asked.flag("EndConferenceOnExit")
    if coaching is not None:
        participant.coaching = coaching
        participant.coached = asked.form.get("CallSidToCoach", participant.coached) if coaching else None
        if coaching and participant.coached not in conference.participants:
            asked.world.fault(f"The call to coach is not in the conference: {participant.coached}.")
    if ends is not None:
        participant.ends = ends
    if coaching is not None or ends is not None:
        conference.tell("modify", participant)
    if address := asked.form.get("AnnounceUrl"):
        participant.announcement.start(Webhook(address, asked.form.get("AnnounceMethod", "POST")))
    asked.world.changed()
    return 200, participant_json(participant)


def _mute(asked: Asked, participant: Participant) -> None:
    muted = asked.flag("Muted")
    if muted is not None and muted != participant.muted:
        participant.muted = muted
        participant.conference.tell("mute" if muted else "unmute", participant)


def _hold(asked: Asked, participant: Participant) -> None:
    hold, address = asked.flag("Hold"), asked.form.get("HoldUrl")
    if hold is not None and hold != participant.hold:
        participant.hold = hold
        participant.conference.tell("hold" if hold else "unhold", participant)
        participant.music.interrupt()
    if participant.hold and address:
        participant.music.start(Webhook(address, asked.form.get("HoldMethod", "POST")))


@serves("DELETE", f"{ACCOUNT}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json")
def kick_participant(asked: Asked) -> tuple[int, Json | None]:
    """Take one out of the conference; the call goes on after its Dial."""
    participant = _participant(asked)
    participant.conference.leave(participant, kicked=True)
    participant.call.program.dialled(None)
    return 204, None


@serves("GET", f"{ACCOUNT}/Queues.json")
def list_queues(asked: Asked) -> tuple[int, Json | None]:
    """The account's queues."""
    found = [queue_json(one) for one in asked.world.queues.values() if one.account is asked.account]
    return 200, page(asked, "queues", found, "Queues")


@serves("POST", f"{ACCOUNT}/Queues.json")
def create_queue(asked: Asked) -> tuple[int, Json | None]:
    """A queue."""
    return 201, queue_json(Queue(asked.world, asked.account, asked.form["FriendlyName"]))


def _queue(asked: Asked, name: str) -> Queue:
    queue = asked.world.queues.get(asked.ids[name])
    if queue is None or queue.account is not asked.account:
        raise not_found(f"/Queues/{asked.ids[name]}")
    return queue


@serves("GET", f"{ACCOUNT}/Queues/{{Sid}}.json")
def fetch_queue(asked: Asked) -> tuple[int, Json | None]:
    """One queue."""
    return 200, queue_json(_queue(asked, "Sid"))


@serves("GET", f"{ACCOUNT}/Queues/{{QueueSid}}/Members.json")
def list_members(asked: Asked) -> tuple[int, Json | None]:
    """Who waits in it."""
    queue = _queue(asked, "QueueSid")
    return 200, page(asked, "queue_members", [member_json(one) for one in queue.places], f"Queues/{queue.sid}/Members")


def _member(asked: Asked) -> Place:
    queue, name = _queue(asked, "QueueSid"), asked.ids["CallSid"]
    for place in queue.places:
        if name == place.call.sid or (name == "Front" and place is queue.places[0]):
            return place
    raise not_found(f"/Members/{name}")


@serves("GET", f"{ACCOUNT}/Queues/{{QueueSid}}/Members/{{CallSid}}.json")
def fetch_member(asked: Asked) -> tuple[int, Json | None]:
    """One who waits."""
    return 200, member_json(_member(asked))


@serves("POST", f"{ACCOUNT}/Queues/{{QueueSid}}/Members/{{CallSid}}.json")
def dequeue_member(asked: Asked) -> tuple[int, Json | None]:
    """Take somebody out of the queue, to other TwiML."""
    place = _member(asked)
    told = member_json(place)
    place.call.redirect(Webhook(asked.form["Url"], asked.form.get("Method", "POST")), "")
    return 200, told
