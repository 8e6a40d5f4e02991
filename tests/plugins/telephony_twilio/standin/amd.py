"""Answering-machine detection, by what the far end says and the thresholds of the request (milliseconds)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin.people import WORD_SECONDS
from tests.plugins.telephony_twilio.standin.world import Webhook

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call


@dataclass(frozen=True)
class Detection:
    """The parameters of Twilio's documentation, with its defaults. `webhook`: the asynchronous result goes there."""

    webhook: Webhook
    speech_threshold: int = 2400
    speech_end_threshold: int = 1200
    silence_timeout: int = 5000
    timeout_seconds: int = 30

    def begin(self, call: Call) -> None:
        """Listen from the answer on."""
        answered_by, seconds = self.verdict(call.person.behaviour.speech)
        call.world.later(seconds, lambda: self._tell(call, answered_by, seconds))

    def verdict(self, speech: str) -> tuple[str, float]:
        """Who it is, and how long after the answer that is certain.

        A short word and a pause is a person; speech beyond the threshold a machine; silence is unknown. The sooner of
        the verdict and the time-out counts.
        """
        if speech == "silent":
            answered_by, seconds = "unknown", self.silence_timeout / 1000
        elif speech == "person" and self.speech_threshold / 1000 > WORD_SECONDS:
            answered_by, seconds = "human", WORD_SECONDS + self.speech_end_threshold / 1000
        else:
            answered_by, seconds = "machine_start", self.speech_threshold / 1000
        return (answered_by, seconds) if seconds <= self.timeout_seconds else ("unknown", float(self.timeout_seconds))

    def _tell(self, call: Call, answered_by: str, seconds: float) -> None:
        if call.is_over():
            return
        call.answered_by = answered_by
        words = {"CallSid": call.sid, "AccountSid": call.account.sid, "AnsweredBy": answered_by}
        words["MachineDetectionDuration"] = str(round(seconds * 1000))
        call.world.tell(call.account, call.sid, self.webhook, words)
