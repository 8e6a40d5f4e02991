"""The stand-in's calls go as Twilio's documentation says: status, callbacks, TwiML, who hears whom."""

from __future__ import annotations

import io
import wave
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hookline.testing.tones import channels, level, write_tones
from tests.plugins.telephony_twilio.receiver import Scene
from tests.plugins.telephony_twilio.standin import Behaviour
from tests.plugins.telephony_twilio.standin.accounts import (
    AUTH_TOKEN,
    CALLER_ID,
    SUB_ACCOUNT_SID,
)
from tests.plugins.telephony_twilio.standin.signature import signature

A, B, C = "+48600000001", "+48600000002", "+48600000003"


def room(name: str = "room", more: str = "", noun: str = "") -> str:
    return f"<Response><Dial{more}><Conference waitUrl='' {noun}>{name}</Conference></Dial></Response>"


def test_a_call_rings_is_answered_and_ends_each_told_once_in_order_and_signed(scene: Scene) -> None:
    scene.standin.behaves(A, Behaviour(hangs_up_after=2.0))
    sid = scene.call(A)
    assert scene.get(f"Calls/{sid}.json")["status"] == "queued"
    scene.passes(6.0)
    told = scene.receiver.told("/call")
    assert [one["CallStatus"] for one in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in told] == ["0", "1", "2", "3"]
    assert told[-1]["CallDuration"] == "2"
    for _, form, signed in scene.receiver.received:
        assert signed == signature(AUTH_TOKEN, scene.here("/call"), list(form.items()))
    call = scene.get(f"Calls/{sid}.json")
    assert (call["status"], call["duration"], call["price"], call["price_unit"]) == (
        "completed",
        "2",
        "-0.01450",
        "USD",
    )
    scene.standin.check()


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("busy", "busy", "486"),
        ("declines", "busy", "603"),
        ("invalid", "failed", "404"),
        ("unreachable", "failed", "503"),
    ],
)
def test_a_call_that_is_refused_says_how(scene: Scene, outcome: str, status: str, code: str) -> None:
    scene.standin.behaves(A, Behaviour(outcome=outcome))
    scene.call(A)
    scene.passes(1.0)
    last = scene.receiver.told("/call")[-1]
    assert (last["CallStatus"], last["SipResponseCode"]) == (status, code)


def test_nobody_answers_within_the_timeout_and_its_buffer(scene: Scene) -> None:
    scene.standin.behaves(A, Behaviour(outcome="rings"))
    scene.call(A, Timeout=5)
    scene.passes(9.5, 0.5)
    assert scene.receiver.told("/call")[-1]["CallStatus"] == "ringing"
    scene.passes(1.0, 0.5)
    assert scene.receiver.told("/call")[-1]["CallStatus"] == "no-answer"


def test_a_conference_begins_with_two_and_each_hears_the_others_by_mute_hold_and_coaching(scene: Scene) -> None:
    events = f"statusCallback='{scene.here('/room')}' statusCallbackEvent='start end join leave mute hold'"
    sids = [scene.call(number, room(noun=events)) for number in (A, B, C)]
    scene.passes(1.0)
    one, two, three = (scene.standin.calls_to(number)[0] for number in (A, B, C))
    assert scene.standin.hears(one, two)
    assert scene.standin.hears(two, three)
    conference = scene.get("Conferences.json?FriendlyName=room&Status=in-progress")["conferences"][0]["sid"]
    path = f"Conferences/{conference}/Participants"
    scene.post(f"{path}/{sids[0]}.json", Muted="true")
    assert not scene.standin.hears(two, one)
    assert scene.standin.hears(one, two)
    scene.post(f"{path}/{sids[0]}.json", Muted="false")
    scene.post(f"{path}/{sids[1]}.json", Hold="true")
    assert not scene.standin.hears(two, one)
    assert not scene.standin.hears(three, two)
    scene.post(f"{path}/{sids[1]}.json", Hold="false")
    scene.post(f"{path}/{sids[2]}.json", Coaching="true", CallSidToCoach=sids[0])
    assert scene.standin.hears(one, three)
    assert not scene.standin.hears(two, three)
    scene.standin.act(two.hang_up)
    scene.ask("DELETE", f"{path}/{sids[0]}.json")
    scene.post(f"Calls/{sids[2]}.json", Status="completed")
    scene.passes(0.5)
    told = scene.receiver.told("/room")
    names = [form["StatusCallbackEvent"].removeprefix("participant-") for form in told]
    assert names[:4] == ["join", "join", "conference-start", "join"]
    assert names[4:8] == ["mute", "unmute", "hold", "unhold"]
    assert names[-3:] == ["leave", "leave", "conference-end"]
    assert told[-1]["ReasonConferenceEnded"] == "last-participant-left"
    assert [int(form["SequenceNumber"]) for form in told] == sorted(int(form["SequenceNumber"]) for form in told)
    scene.standin.check()


def test_whose_exit_ends_the_conference_ends_it_and_others_go_on_after_dial(scene: Scene) -> None:
    scene.receiver.documents["/after"] = "<Response><Play digits='7'/><Hangup/></Response>"
    scene.call(A, room(noun="endConferenceOnExit='true'"))
    scene.call(B, room(more=f" action='{scene.here('/after')}'"))
    scene.passes(1.0)
    scene.standin.act(scene.standin.calls_to(A)[0].hang_up)
    scene.passes(1.0)
    assert scene.standin.calls_to(B)[0].person.digits == "7"
    assert scene.standin.calls_to(B)[0].status == "completed"


def test_twiml_is_obeyed_verb_after_verb(scene: Scene, tmp_path: Path) -> None:
    write_tones(tmp_path / "sound.wav", [(2.0, [3100])])
    scene.receiver.documents |= {
        "/sound.wav": (tmp_path / "sound.wav").read_bytes(),
        "/first": "<Response><Play>/sound.wav</Play><Redirect>/second</Redirect></Response>",
        "/second": "<Response><Gather numDigits='2' action='/digits'><Pause length='30'/></Gather></Response>",
        "/digits": lambda form: f"<Response><Play digits='{form['Digits']}'/><Pause length='60'/></Response>",
    }
    sid = scene.call(A, "", Url=scene.here("/first"), Twiml="")
    scene.passes(1.0)
    call = scene.standin.calls_to(A)[0]
    assert scene.standin.hears_pitch(call, 3100)
    scene.passes(2.0)
    assert not scene.standin.hears_pitch(call, 3100)
    for digit in "42":
        scene.standin.act(partial(call.press, digit))
    scene.passes(1.0)
    assert call.person.digits == "42"
    scene.post(f"Calls/{sid}.json", Twiml="<Response><Hangup/></Response>")
    scene.passes(0.2)
    assert call.status == "completed"
    assert scene.ask("POST", f"Calls/{sid}.json", Url=scene.here("/first")).json()["code"] == 21220
    scene.standin.check()


def test_who_calls_in_hears_it_ring_waits_in_the_queue_and_is_taken_out(scene: Scene) -> None:
    scene.receiver.documents |= {
        "/in": "<Response><Pause length='2'/><Enqueue waitUrl='/wait'>line</Enqueue></Response>",
        "/wait": lambda form: f"<Response><Say>You are number {form['QueuePosition']}</Say></Response>",
        "/agent": "<Response><Dial>+48600000002</Dial></Response>",
    }
    scene.standin.account.numbers[CALLER_ID].voice_url = scene.here("/in")
    caller = scene.standin.call_in(A)
    scene.passes(1.0)
    assert caller.status == "ringing"
    scene.passes(2.0)
    assert caller.status == "in-progress"
    queue = scene.get("Queues.json")["queues"][0]["sid"]
    assert scene.get(f"Queues/{queue}/Members.json")["queue_members"][0]["position"] == 1
    assert scene.receiver.told("/wait")[0]["QueuePosition"] == "1"
    scene.post(f"Queues/{queue}/Members/Front.json", Url=scene.here("/agent"))
    scene.passes(1.0)
    agent = scene.standin.calls_to(B)[0]
    assert scene.standin.hears(caller, agent)
    scene.standin.act(agent.hang_up)
    scene.passes(0.3)
    assert caller.status == "completed"
    scene.standin.check()


def test_a_recording_has_both_sides_apart_and_nothing_of_its_pause(scene: Scene, tmp_path: Path) -> None:
    sids = [scene.call(number, room()) for number in (A, B)]
    scene.passes(1.0)
    told = {"RecordingChannels": "dual", "RecordingStatusCallback": scene.here("/recording")}
    recording = scene.post(f"Calls/{sids[0]}/Recordings.json", **told)["sid"]
    scene.passes(2.0)
    scene.post(f"Calls/{sids[0]}/Recordings/{recording}.json", Status="paused", PauseBehavior="skip")
    scene.passes(3.0)
    scene.post(f"Calls/{sids[0]}/Recordings/{recording}.json", Status="in-progress")
    scene.passes(1.0)
    scene.standin.act(scene.standin.calls_to(A)[0].hang_up)
    scene.passes(1.0)
    assert scene.receiver.told("/recording")[0]["RecordingDuration"] == "3"
    path = tmp_path / "recording.wav"
    path.write_bytes(scene.ask("GET", f"Recordings/{recording}.wav?RequestedChannels=2").content)
    own, other = (scene.standin.calls_to(number)[0].person.hertz for number in (A, B))
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(3.0, abs=0.01)
    assert channels(path) == 2
    assert level(path, own, 0) > 0.1 > level(path, own, 1)
    assert level(path, other, 1) > 0.1 > level(path, other, 0)
    assert scene.ask("DELETE", f"Recordings/{recording}.json").status_code == 204
    assert scene.ask("GET", f"Recordings/{recording}.wav").status_code == 404
    scene.standin.check()


def test_who_answers_is_told_by_what_they_say_and_the_thresholds(scene: Scene) -> None:
    asked: dict[str, Any] = {"MachineDetection": "Enable", "AsyncAmd": "true", "MachineDetectionSpeechThreshold": 1500}
    for number, speech in ((A, "person"), (B, "machine")):
        scene.standin.behaves(number, Behaviour(speech=speech))
        scene.call(number, AsyncAmdStatusCallback=scene.here(f"/amd/{speech}"), **asked)
    scene.passes(3.0)
    told = {speech: scene.receiver.told(f"/amd/{speech}")[0] for speech in ("person", "machine")}
    assert told["person"]["AnsweredBy"] == "human"
    assert told["machine"]["AnsweredBy"] == "machine_start"
    assert told["machine"]["MachineDetectionDuration"] == "1500"


def test_what_the_account_may_not_do_is_refused_with_twilios_codes(scene: Scene) -> None:
    def refused(**form: str) -> tuple[int, int]:
        asked = {"To": A, "From": CALLER_ID, "Url": scene.here("/v"), **form}
        answer = scene.ask("POST", "Calls.json", **asked)
        return answer.status_code, answer.json()["code"]

    assert refused(From="+48221999999") == (400, 21210)
    assert refused(To="nobody") == (400, 21211)
    assert refused(To="+447700900000") == (400, 21215)
    scene.standin.account.concurrent_calls = 1
    scene.call(A)
    assert refused() == (429, 10004)
    assert scene.ask("GET", f"../{SUB_ACCOUNT_SID}/Calls.json").status_code == 401
    assert scene.ask("GET", f"Calls/CA{'0' * 32}.json").json()["code"] == 20404
    scene.standin.check()


def test_calls_per_second_are_kept_by_waiting(scene: Scene) -> None:
    scene.standin.account.calls_per_second = 2.0
    for number in (A, B, C):
        scene.call(number)
    scene.passes(0.6)
    assert len([one for one in scene.receiver.told("/call") if one["CallStatus"] == "initiated"]) == 2
    scene.passes(0.6)
    assert len([one for one in scene.receiver.told("/call") if one["CallStatus"] == "initiated"]) == 3


def test_it_misbehaves_when_asked_to(scene: Scene) -> None:
    mischief = scene.standin.mischief
    mischief.answer("POST .*Calls.json", "429", retry_after=2)
    answer = scene.ask("POST", "Calls.json", To=A, From=CALLER_ID, Url=scene.here("/v"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    mischief.answer("POST .*Calls.json", "lost")
    with pytest.raises(Exception, match="Connection"):
        scene.call(A)
    assert len(scene.standin.calls_to(A)) == 1
    scene.passes(1.0)
    scene.receiver.received.clear()
    mischief.deliver("/call", "duplicated", CallStatus="ringing")
    mischief.deliver("/call", "after_next", CallStatus="initiated")
    mischief.deliver("/call", "late", seconds=3.0, CallStatus="in-progress")
    scene.standin.behaves(B, Behaviour(hangs_up_after=1.0))
    scene.call(B)
    scene.passes(5.0)
    told = [one["CallStatus"] for one in scene.receiver.told("/call") if one["To"] == B]
    assert told == ["ringing", "initiated", "ringing", "completed", "in-progress"]
