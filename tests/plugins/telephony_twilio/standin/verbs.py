"""What each verb of TwiML does to a call."""

from __future__ import annotations

from tests.plugins.telephony_twilio.standin import conferences, dialling, queues
from tests.plugins.telephony_twilio.standin.keys import Gathering, Voicemail
from tests.plugins.telephony_twilio.standin.media import SILENCE, Sound
from tests.plugins.telephony_twilio.standin.program import DO, Program
from tests.plugins.telephony_twilio.standin.twiml import Verb, WrongTwiml

SPOKEN_PER_SECOND = 15
"""Letters that Say speaks in a second."""
DIGIT_SECONDS = 0.1
WAIT_SECONDS = 0.5
"""A `w` among the digits to play."""
DIGITS = frozenset("0123456789*#ABCDabcdwW")


def _say(program: Program, verb: Verb) -> None:
    program.call.person.told.append(verb.text)
    program.play(SILENCE, max(0.5, len(verb.text) / SPOKEN_PER_SECOND), program.next)


def _play(program: Program, verb: Verb) -> None:
    digits = verb.attributes.get("digits")
    if digits is not None:
        _play_digits(program, digits)
        return
    times = int(verb.number("loop", 1))

    def arrived(sound: Sound | None) -> None:
        if sound is None:
            program.next()
        else:
            program.play(sound, sound.seconds * times if times else None, program.next)

    address = program.resolved(verb.text)
    program.call.world.fetch_sound(program.call.account, program.call.sid, address, program.when_current(arrived))


def _play_digits(program: Program, digits: str) -> None:
    if not digits or not set(digits) <= DIGITS:
        raise WrongTwiml(f"<Play digits={digits!r}> plays no digits.")
    heard = "".join(digit for digit in digits if digit not in "wW")

    def arrived() -> None:
        program.call.person.digits += heard
        program.next()

    program.wait(len(heard) * DIGIT_SECONDS + (len(digits) - len(heard)) * WAIT_SECONDS, arrived)


def _pause(program: Program, verb: Verb) -> None:
    program.wait(verb.number("length", 1), program.next)


def _gather(program: Program, verb: Verb) -> None:
    program.gather = Gathering(program, verb)
    program.nest(verb.children, Verb("_Gathered"))


def _gathered(program: Program, verb: Verb) -> None:
    """The nested verbs of Gather are done: now it waits."""
    if program.gather is not None:
        program.gather.wait()


def _record(program: Program, verb: Verb) -> None:
    program.voicemail = Voicemail(program, verb)


def _dial(program: Program, verb: Verb) -> None:
    rooms = [child for child in verb.children if child.name == "Conference"]
    if rooms and len(verb.children) > 1:
        raise WrongTwiml("A conference is dialled alone.")
    program.dials(verb, lambda: dialling.leave(program.call))
    if rooms:
        conferences.enter(program.call, rooms[0])
    else:
        dialling.call_others(program, verb)


def _enqueue(program: Program, verb: Verb) -> None:
    queues.enter(program, verb)


def _leave(program: Program, verb: Verb) -> None:
    place = program.call.place
    if place is None:
        raise WrongTwiml("<Leave> outside a queue.")
    place.queue.remove(place, "leave")


def _hangup(program: Program, verb: Verb) -> None:
    program.call.end("completed", 200)


def _redirect(program: Program, verb: Verb) -> None:
    program.goto(verb.text, verb.attributes.get("method", "POST"))


def _reject(program: Program, verb: Verb) -> None:
    reason = verb.attributes.get("reason", "rejected")
    program.call.end("busy" if reason == "busy" else "no-answer", 486 if reason == "busy" else 603)


# `_Gathered` is our own mark of the end of a Gather's nested verbs.
DO |= {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "_Gathered": _gathered,
    "Record": _record,
    "Dial": _dial,
    "Enqueue": _enqueue,
    "Leave": _leave,
    "Hangup": _hangup,
    "Redirect": _redirect,
    "Reject": _reject,
}
