"""The TwiML that calls are answered with, the tokens that browsers get, and recordings made Hookline's."""

from __future__ import annotations

import wave
from pathlib import Path
from xml.etree import ElementTree

import jwt
import pytest

from hookline.ports.telephony import HangupCause
from hookline.testing.tones import level, wav_seconds, write_stereo_tones
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.causes import cause_of, cause_of_refusal
from hookline_telephony_twilio.gaps import MARK_HZ, MARK_SECONDS, finish_wav
from hookline_telephony_twilio.provider import twiml
from hookline_telephony_twilio.provider.tokens import TOKEN_SECONDS, browser_token, identity_of

BACK = "https://calls.example.com/voice/1?a=1&b=2"


def verbs(document: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(document)]


@pytest.mark.parametrize(
    "document",
    [
        twiml.aside(BACK, BACK),
        twiml.aside(BACK, BACK, BACK, loop=True),
        twiml.aside(BACK, BACK, BACK),
        twiml.talk(twiml.Talk("hl-1"), BACK, BACK, "leg"),
        twiml.digits("12#", BACK),
        twiml.ringing(BACK),
    ],
)
def test_every_document_that_goes_on_comes_back_to_us(document: str) -> None:
    last = list(ElementTree.fromstring(document))[-1]
    assert (last.tag, last.text, last.get("method")) == ("Redirect", BACK, "POST")


def test_a_waiting_caller_is_not_answered() -> None:
    assert verbs(twiml.ringing(BACK))[0] == "Pause", "any other first verb would answer, and cost"
    assert verbs(twiml.refused()) == ["Reject"]


def test_keys_are_heard_aside_but_for_a_message_that_must_be_heard_to_its_end() -> None:
    assert verbs(twiml.aside(BACK, BACK))[0] == "Gather"
    assert verbs(twiml.aside(BACK, BACK, BACK, loop=True))[0] == "Gather"
    assert verbs(twiml.aside(BACK, BACK, BACK))[0] == "Play"


def test_a_transferred_pair_ends_its_conference_when_one_leaves_and_then_asks_us() -> None:
    document = twiml.talk(twiml.Talk("hl-1", ends_it=True), BACK, BACK, "leg")
    assert verbs(document) == ["Dial", "Redirect"]
    conference = ElementTree.fromstring(document).find("Dial/Conference")
    assert conference is not None
    assert conference.get("endConferenceOnExit") == "true"


def test_a_browsers_token_is_short_lived_and_lets_it_call_one_application() -> None:
    account = Account(
        account_sid="AC" + "1" * 32, api_key_sid="SK" + "2" * 32, api_key_secret="x" * 32, auth_token="", app_sid="AP1"
    )
    told = jwt.decode(browser_token(account, "leg1"), "x" * 32, algorithms=["HS256"], options={"verify_nbf": False})
    assert told["grants"]["identity"] == identity_of("leg1")
    assert told["grants"]["voice"] == {"outgoing": {"application_sid": "AP1"}}
    issued = int(str(told["jti"]).rpartition("-")[2])
    assert told["exp"] - issued == TOKEN_SECONDS
    assert (told["iss"], told["sub"]) == (account.api_key_sid, account.account_sid)


@pytest.mark.parametrize(
    ("status", "code", "answered", "cause"),
    [
        ("busy", 486, False, HangupCause.BUSY),
        ("busy", 603, False, HangupCause.DECLINED),
        ("no-answer", 0, False, HangupCause.NO_ANSWER),
        ("failed", 404, False, HangupCause.INVALID_NUMBER),
        ("failed", 503, False, HangupCause.UNREACHABLE),
        ("failed", 0, False, HangupCause.FAILED),
        ("canceled", 487, False, HangupCause.NO_ANSWER),
        ("completed", 0, True, HangupCause.NORMAL),
        ("failed", 0, True, HangupCause.LOST),
    ],
)
def test_why_a_call_ended(status: str, code: int, answered: bool, cause: HangupCause) -> None:
    assert cause_of(status, code, answered=answered) is cause


def test_why_a_call_was_not_taken_on() -> None:
    assert cause_of_refusal(21211) is HangupCause.INVALID_NUMBER
    assert cause_of_refusal(21215) is HangupCause.FAILED


def test_a_recordings_pause_is_marked_by_a_tone_on_both_sides(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write_stereo_tones(path, [(3.0, [440], [700])])
    seconds, gaps = finish_wav(path, [(1.0, 4.0), (2.0, 5.0)])
    assert seconds == pytest.approx(3.0 + 2 * MARK_SECONDS) == wav_seconds(path)
    assert gaps == (pytest.approx((1.0, 4.0)), pytest.approx((2.0 + MARK_SECONDS, 5.0)))
    for side in (0, 1):
        assert level(path, MARK_HZ, side) > 0.005


def test_a_recording_without_a_pause_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write_stereo_tones(path, [(1.0, [440], [])])
    before = path.read_bytes()
    assert finish_wav(path, ()) == (1.0, ())
    assert path.read_bytes() == before
    path.write_bytes(b"no sound")
    with pytest.raises((wave.Error, EOFError)):
        finish_wav(path, ())
