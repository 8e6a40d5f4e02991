"""The TwiML that calls are answered with. Every document that goes on ends with a way back to us."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

ASIDE_SECONDS = 600
"""A leg that waits comes back so often; nothing is heard of it meanwhile."""
_CONFERENCE_EVENTS = "start end join leave"


@dataclass(frozen=True)
class Talk:
    """Where a leg talks: a conference, and how it takes part."""

    conference: str
    muted: bool = False
    coaches: str = ""
    ends_it: bool = False


def aside(back: str, digits_to: str, sound: str = "", *, loop: bool = False) -> str:
    """The leg waits apart from the others: with a sound or in silence, its keys heard.

    A sound that is played once goes on whatever is pressed: without it the leg would miss a message.
    """
    response = VoiceResponse()
    if sound and not loop:
        response.play(sound)
    else:
        gather = Gather(
            input="dtmf", finish_on_key="", timeout=1, action=digits_to, method="POST", action_on_empty_result=False
        )
        if sound:
            gather.play(sound, loop=0)
        else:
            gather.pause(length=ASIDE_SECONDS)
        response.append(gather)
    response.redirect(back, method="POST")
    return str(response)


def talk(place: Talk, back: str, events_to: str, label: str) -> str:
    """The leg enters its conference, and comes `back` when that has ended."""
    response = VoiceResponse()
    dial = Dial()
    dial.conference(
        place.conference,
        muted=place.muted,
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=place.ends_it,
        wait_url="",
        participant_label=label,
        status_callback=events_to,
        status_callback_event=_CONFERENCE_EVENTS,
        status_callback_method="POST",
    )
    response.append(dial)
    response.redirect(back, method="POST")
    return str(response)


def digits(keys: str, back: str) -> str:
    """Press keys at the far side, then come back."""
    response = VoiceResponse()
    response.play(digits=keys)
    response.redirect(back, method="POST")
    return str(response)


def ringing(back: str) -> str:
    """Somebody calls in: he goes on hearing it ring, since a pause that comes first does not answer."""
    response = VoiceResponse()
    response.pause(length=10)
    response.redirect(back, method="POST")
    return str(response)


def queued(queue: str, wait_url: str) -> str:
    """Somebody calls in and waits with music."""
    response = VoiceResponse()
    response.enqueue(queue, wait_url=wait_url, wait_url_method="POST")
    return str(response)


def waiting(say: str, language: str, music: str) -> str:
    """What one hears in the queue: the place, then music; Twilio asks again when it is over."""
    response = VoiceResponse()
    if say:
        response.say(say, language=language)
    response.play(music)
    return str(response)


def voicemail(say: str, language: str, done: str, callback: str) -> str:
    """A message may be left after the tone."""
    response = VoiceResponse()
    response.say(say, language=language)
    response.record(
        action=done,
        method="POST",
        max_length=180,
        finish_on_key="#",
        play_beep=True,
        trim="do-not-trim",
        recording_status_callback=callback,
        recording_status_callback_method="POST",
    )
    response.hangup()
    return str(response)


def hang_up() -> str:
    """The call is over."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def refused() -> str:
    """A call that comes in is not taken, and costs nothing."""
    response = VoiceResponse()
    response.reject(reason="busy")
    return str(response)
