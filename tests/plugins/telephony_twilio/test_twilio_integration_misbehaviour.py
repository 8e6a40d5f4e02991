"""Whatever Twilio and the network do wrong, no call is placed twice, no event told twice, and every leg ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from hookline.ports.telephony import HangupCause, LegAnswered, LegEnded, LegRinging
from hookline.testing.telephony_play import Play, broken_rules
from hookline.testing.tones import wav_seconds
from hookline_telephony_twilio.models import RecordingRecord
from tests.plugins.telephony_twilio.rig import TwilioRig
from tests.plugins.telephony_twilio.standin import StandIn
from tests.plugins.telephony_twilio.standin.accounts import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SUB_ACCOUNT_SID,
    SUB_AUTH_TOKEN,
)
from tests.plugins.telephony_twilio.standin.mischief import Answering
from tests.plugins.telephony_twilio.standin.signature import signature

PLACING = "POST .*/Calls.json"
REFUSED = 401
"""As every webhook here whose signature is wrong (`hookline.webhook_in`)."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioRig]:
    """One installation for the module."""
    rig = TwilioRig(tmp_path_factory.mktemp("misbehaviour"))
    yield rig
    rig.close()


@pytest.fixture
def standin(rig: TwilioRig) -> Iterator[StandIn]:
    """The stand-in, behaving again afterwards."""
    yield rig.installation.standin
    rig.installation.standin.mischief.clear()
    rig.installation.standin.check()


@pytest.fixture
def play(rig: TwilioRig) -> Iterator[Play]:
    """A play whose legs are all held to the port's rules at its end."""
    play = Play(rig)
    yield play
    play.finish()


def number_of(play: Play, leg: str) -> str:
    return play._addresses[leg]


def post(rig: TwilioRig, path: str, token: str, form: dict[str, str], url: str = "") -> int:
    """Post what pretends to come from Twilio; the status of the answer."""
    address = rig.installation.web.address + path
    signed = {"X-Twilio-Signature": signature(token, url or address, list(form.items()))}
    return requests.post(address, data=form, headers=signed, timeout=10).status_code


# Placing


@pytest.mark.parametrize("effect", ["lost", "late_500"])
def test_a_call_whose_answer_is_lost_is_found_again_and_never_placed_twice(
    rig: TwilioRig, standin: StandIn, play: Play, effect: Answering
) -> None:
    standin.mischief.answer(PLACING, effect, times=5)
    leg = play.call(play.room(), "answers_late")
    play.until_answered(leg)
    rig.let_pass(5.0)
    assert len(standin.calls_to(number_of(play, leg))) == 1


def test_a_lost_call_is_found_by_rest_where_its_first_messages_are_lost_too(standin: StandIn, play: Play) -> None:
    standin.mischief.answer(PLACING, "lost")
    standin.mischief.deliver("/call/", "dropped", times=2)
    leg = play.call(play.room(), "no_answer")
    play.until("the leg rings in the books", lambda: len(standin.calls_to(number_of(play, leg))) == 1)
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.CANCELLED)
    assert [call.status for call in standin.calls_to(number_of(play, leg))] == ["canceled"]


def test_where_no_call_was_made_a_500_is_tried_again(standin: StandIn, play: Play) -> None:
    standin.mischief.answer(PLACING, "500", times=2)
    leg = play.call(play.room())
    play.until_answered(leg)
    assert len(standin.calls_to(number_of(play, leg))) == 1


def test_a_request_that_never_arrived_ends_its_leg_and_is_not_repeated(standin: StandIn, play: Play) -> None:
    standin.mischief.answer(PLACING, "refused")
    leg = play.call(play.room())
    play.until_ended(leg, HangupCause.FAILED)
    assert not standin.calls_to(number_of(play, leg))


def test_patience_that_twilio_asks_for_is_kept(rig: TwilioRig, standin: StandIn, play: Play) -> None:
    standin.mischief.answer(PLACING, "429", retry_after=4)
    begun = rig.now()
    leg = play.call(play.room())
    answered = play.until_answered(leg)
    assert (answered.at - begun).total_seconds() >= 4.0
    assert len(standin.calls_to(number_of(play, leg))) == 1


def test_a_twilio_that_refuses_for_good_is_not_asked_for_ever(standin: StandIn, play: Play) -> None:
    standin.mischief.answer(PLACING, "429", times=100)
    before = len(standin.requests)
    leg = play.call(play.room(), ring_timeout_seconds=60.0)
    play.until("the leg ends", lambda: bool(play.events(leg, LegEnded)), 60.0)
    assert 2 <= len([one for one in standin.requests[before:] if one[2] == 0]) <= 8


@pytest.mark.parametrize(("to", "cause"), [("+447700900123", HangupCause.FAILED), ("+48", HangupCause.INVALID_NUMBER)])
def test_what_twilio_does_not_allow_ends_the_leg_at_once(
    rig: TwilioRig, play: Play, to: str, cause: HangupCause, standin: StandIn
) -> None:
    leg = rig.fresh_id()
    play._addresses[leg] = to
    rig.backend.place_call(play._command(play.room(), leg, to, 20.0))
    play.until("it ends", lambda: bool(play.events(leg, LegEnded)), 1.0)
    assert play.events(leg, LegEnded)[0].cause is cause


def test_a_hang_up_whose_answer_is_lost_or_refused_for_a_while_still_ends_the_call(
    standin: StandIn, play: Play
) -> None:
    effects: tuple[Answering, ...] = ("lost", "500", "429")
    for effect in effects:
        leg = play.answered_call(play.room())
        standin.mischief.answer("POST .*/Calls/CA", effect)
        play.backend.hang_up(leg)
        play.until_ended(leg, HangupCause.LOCAL)
        assert standin.calls_to(number_of(play, leg))[0].is_over()


def test_two_who_are_to_hear_each_other_do_although_requests_fail_meanwhile(standin: StandIn, play: Play) -> None:
    room = play.room()
    agent, customer = play.answered_station(room), play.answered_call(room)
    standin.mischief.answer("POST .*/Calls/CA", "500", times=2)
    standin.mischief.answer("POST .*/Calls/CA", "lost", times=1)
    play.backend.bridge(room, agent, customer)
    play.until_heard({agent: [customer], customer: [agent]})


# Messages


def test_messages_that_come_twice_late_and_in_the_wrong_order_are_told_once_and_in_order(
    rig: TwilioRig, standin: StandIn, play: Play
) -> None:
    standin.mischief.deliver("/call/", "after_next", times=1, CallStatus="initiated")
    standin.mischief.deliver("/call/", "duplicated", times=1, CallStatus="in-progress")
    standin.mischief.deliver("/call/", "late", times=1, seconds=2.0, CallStatus="ringing")
    standin.mischief.deliver("/call/", "duplicated", times=1, CallStatus="completed")
    leg = play.call(play.room(), "answers_and_hangs_up")
    play.until_ended(leg, HangupCause.NORMAL)
    rig.let_pass(3.0)
    assert len(play.events(leg, LegAnswered)) == len(play.events(leg, LegEnded)) == 1


def test_an_end_that_overtakes_the_answer_is_told_after_it(rig: TwilioRig, standin: StandIn, play: Play) -> None:
    standin.mischief.deliver("/call/", "late", times=1, seconds=5.0, CallStatus="in-progress")
    standin.mischief.deliver("/call/", "late", times=1, seconds=5.0, CallStatus="ringing")
    leg = play.call(play.room(), "answers_and_hangs_up")
    play.until_ended(leg, HangupCause.NORMAL)
    assert len(play.events(leg, LegAnswered)) == 1
    rig.let_pass(5.0)
    assert not play.events(leg, LegRinging)


def test_where_every_message_is_lost_twilio_is_asked(standin: StandIn, play: Play) -> None:
    standin.mischief.deliver("/call/", "dropped", times=10)
    busy = play.call(play.room(), "busy")
    play.until_ended(busy, HangupCause.BUSY)
    leg = play.call(play.room(), "answers_and_hangs_up")
    play.until_ended(leg, HangupCause.NORMAL)
    assert len(play.events(leg, LegAnswered)) == 1


def test_a_forged_message_is_refused_and_changes_nothing(rig: TwilioRig, standin: StandIn, play: Play) -> None:
    leg = play.answered_call(play.room())
    call = standin.calls_to(number_of(play, leg))[0]
    over = {"AccountSid": ACCOUNT_SID, "CallSid": call.sid, "CallStatus": "completed", "SequenceNumber": "9"}
    path = f"/p/telephony_twilio/call/{leg}"
    elsewhere = rig.installation.web.address + "/p/telephony_twilio/call/another"
    foreign = {**over, "AccountSid": SUB_ACCOUNT_SID}
    assert post(rig, path, "a guess", over) == REFUSED
    assert post(rig, path, "", over) == REFUSED
    assert post(rig, path, AUTH_TOKEN, over, url=elsewhere) == REFUSED
    assert post(rig, path, SUB_AUTH_TOKEN, foreign) == REFUSED
    assert requests.post(rig.installation.web.address + path, data=over, timeout=10).status_code == REFUSED
    for other in ("voice", "digits", "amd", "conference", "recording", "queue", "inbound-wait"):
        assert post(rig, f"/p/telephony_twilio/{other}/{leg}", "a guess", over) == REFUSED
    for other in ("inbound", "inbound-status", "app", "app-status"):
        assert post(rig, f"/p/telephony_twilio/{other}", "a guess", over) == REFUSED
    rig.let_pass(2.0)
    assert not play.events(leg, LegEnded)


def test_a_stranger_learns_nothing_of_which_calls_there_are(rig: TwilioRig, play: Play) -> None:
    leg = play.answered_call(play.room())
    answers = set()
    for key in (leg, "no-such-leg"):
        address = f"{rig.installation.web.address}/p/telephony_twilio/voice/{key}"
        form = {"AccountSid": ACCOUNT_SID, "CallSid": "CA" + "0" * 32, "CallStatus": "in-progress"}
        signed = {"X-Twilio-Signature": signature(AUTH_TOKEN, address, list(form.items()))}
        answer = requests.post(address, data=form, headers=signed, timeout=10)
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1


def test_a_genuine_message_that_is_played_again_changes_nothing(rig: TwilioRig, standin: StandIn, play: Play) -> None:
    leg = play.answered_call(play.room())
    path = f"/p/telephony_twilio/call/{leg}"
    before = [one for one in standin.deliveries if one.url.endswith(path)]
    seen = play.rig.collected
    for delivery in before:
        assert post(rig, path, AUTH_TOKEN, delivery.form) == 204
    assert play.rig.collected == seen
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.LOCAL)
    for delivery in before:
        assert post(rig, path, AUTH_TOKEN, delivery.form) == 204
    assert not broken_rules(play.events(leg, LegAnswered) + play.events(leg, LegEnded))


# Recordings


def test_a_recording_is_fetched_and_deleted_at_twilio_with_a_receipt_whatever_fails_on_the_way(
    rig: TwilioRig, standin: StandIn, play: Play
) -> None:
    standin.mischief.deliver("/recording/", "dropped", times=2)
    standin.mischief.answer("GET .*wav", "500")
    standin.mischief.answer("DELETE .*Recordings", "500")
    room, _, customer = play.talk()
    recording_id, path = play.record(room, customer)
    rig.let_pass(2.0)
    play.backend.hang_up(customer)
    finished = play.until_recorded(customer, recording_id)
    assert finished.complete
    assert wav_seconds(path) == pytest.approx(2.0, abs=0.3)
    play.until("Twilio keeps it no more", lambda: not standin.world.recordings, 30.0)
    rig.let_pass(1.0)
    with rig.installation.runtime.db.read() as session:
        receipt = session.get_one(RecordingRecord, recording_id)
    assert receipt.deleted_at is not None
    assert receipt.fetched_at is not None
    assert receipt.fetched_at <= receipt.deleted_at
    assert (receipt.bytes, len(receipt.sha256)) == (path.stat().st_size, 64)
