"""Verbs that wait for keys: Gather and Record."""

from __future__ import annotations

from tests.plugins.telephony_twilio.standin.program import Program
from tests.plugins.telephony_twilio.standin.recordings import Recording
from tests.plugins.telephony_twilio.standin.twiml import Verb
from tests.plugins.telephony_twilio.standin.world import Webhook


class Gathering:
    """A Gather that waits for digits."""

    def __init__(self, program: Program, verb: Verb) -> None:
        self._program, self._verb = program, verb
        self._timeout = verb.number("timeout", 5)
        self._most = int(verb.number("numDigits", 0))
        self._finish = verb.attributes.get("finishOnKey", "#")
        self.digits = ""

    def press(self, digit: str) -> None:
        """A key ends what is being played, and with the last one the wait."""
        if not self.digits:
            self._program.drop_until("_Gathered")
        if digit in self._finish:
            self.finish()
            return
        self.digits += digit
        if self._most and len(self.digits) >= self._most:
            self.finish()
        else:
            self.wait()

    def wait(self) -> None:
        """Wait for the next digit."""
        self._program.quiet()
        self._program.wait(self._timeout, self.finish)

    def finish(self) -> None:
        """No more digits: go on with the action, or after Gather where nobody pressed any."""
        program = self._program
        program.gather = None
        program.drop_until("_Gathered")
        empty = not self.digits
        if empty and not self._verb.flag("actionOnEmptyResult", False):
            program.skip()
            return
        words = {"Digits": self.digits, "FinishedOnKey": ""}
        if not program.act(self._verb, words):
            program.goto(program.source.url, program.source.method, words)


class Voicemail:
    """A Record verb at work: until a key, the longest time, or the caller hangs up."""

    def __init__(self, program: Program, verb: Verb) -> None:
        self._program, self._verb = program, verb
        events = frozenset(verb.attributes.get("recordingStatusCallbackEvent", "completed").split())
        callback = Webhook(verb.attributes.get("recordingStatusCallback", ""), "POST", events)
        call = program.call
        self.recording = Recording(call.world, call, callback, channels=1, track="inbound", source="RecordVerb")
        program.wait(verb.number("maxLength", 3600), self.finish)

    def press(self, digit: str) -> None:
        """A key that ends it."""
        if digit in self._verb.attributes.get("finishOnKey", "1234567890*#"):
            self.finish()

    def finish(self) -> None:
        """Close the recording and go on with the action."""
        program, call = self._program, self._program.call
        program.voicemail = None
        self.recording.stop()
        address = f"/2010-04-01/Accounts/{call.account.sid}/Recordings/{self.recording.sid}"
        words = {"RecordingUrl": address, "RecordingSid": self.recording.sid}
        words["RecordingDuration"] = str(round(self.recording.seconds))
        if not program.act(self._verb, words):
            program.next()
