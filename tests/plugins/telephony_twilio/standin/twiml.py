"""TwiML: parsed as XML, and held to the verbs and attributes that Twilio's documentation lists."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

CALLBACKS = {"statusCallback", "statusCallbackMethod", "statusCallbackEvent"}
RECORDINGS = {"recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent"}
AMD = {
    *("machineDetection", "machineDetectionTimeout", "machineDetectionSpeechThreshold", "amdStatusCallback"),
    *("machineDetectionSpeechEndThreshold", "machineDetectionSilenceTimeout", "amdStatusCallbackMethod"),
}
VERBS: dict[str, set[str]] = {
    "Say": {"voice", "language", "loop"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Gather": {
        *("action", "method", "timeout", "finishOnKey", "numDigits", "input", "actionOnEmptyResult", "language"),
        *("hints", "speechTimeout", "speechModel", "partialResultCallback", "profanityFilter", "enhanced", "debug"),
    },
    "Record": {
        *("action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingTrack"),
        *("transcribe", "transcribeCallback", *RECORDINGS),
    },
    "Dial": {
        *("action", "method", "timeout", "callerId", "hangupOnStar", "timeLimit", "record", "trim", "answerOnBridge"),
        *("ringTone", "recordingTrack", "sequential", "referUrl", "referMethod", *RECORDINGS),
    },
    "Enqueue": {"action", "method", "waitUrl", "waitUrlMethod", "maxQueueSize", "workflowSid"},
    "Leave": set(),
    "Hangup": set(),
    "Redirect": {"method"},
    "Reject": {"reason"},
}
"""The verbs, and the attributes each knows."""

NOUNS: dict[str, set[str]] = {
    "Conference": {
        *("muted", "beep", "startConferenceOnEnter", "endConferenceOnExit", "participantLabel", "jitterBufferSize"),
        *("waitUrl", "waitMethod", "maxParticipants", "record", "region", "trim", "coach", "eventCallbackUrl"),
        *CALLBACKS,
        *RECORDINGS,
    },
    "Number": {"sendDigits", "url", "method", "byoc", *CALLBACKS, *AMD},
    "Sip": {"username", "password", "url", "method", *CALLBACKS, *AMD},
    "Client": {"url", "method", *CALLBACKS},
    "Identity": set(),
    "Parameter": {"name", "value"},
}
"""What stands inside Dial, and inside Client."""

INSIDE: dict[str, set[str]] = {
    "Response": set(VERBS),
    "Gather": {"Say", "Play", "Pause"},
    "Dial": {"Conference", "Number", "Sip", "Client"},
    "Client": {"Identity", "Parameter"},
}
CONFERENCE_EVENTS = {"start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"}


class WrongTwiml(AssertionError):
    """What Twilio would not understand."""


@dataclass(frozen=True)
class Verb:
    """One element: its name, attributes, text and what it holds."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple[Verb, ...] = ()

    def flag(self, name: str, default: bool) -> bool:
        """A true or false attribute."""
        value = self.attributes.get(name, "true" if default else "false")
        if value not in ("true", "false"):
            raise WrongTwiml(f"<{self.name} {name}={value!r}> is neither true nor false.")
        return value == "true"

    def number(self, name: str, default: float) -> float:
        """A number's attribute."""
        try:
            return float(self.attributes.get(name, default))
        except ValueError as error:
            raise WrongTwiml(f"<{self.name} {name}={self.attributes[name]!r}> is no number.") from error


def parsed(document: str | bytes) -> tuple[Verb, ...]:
    """The verbs of a document; WrongTwiml where it is no TwiML. An empty answer is an empty document."""
    if not document.strip():
        return ()
    try:
        root = ElementTree.fromstring(document)
    except ElementTree.ParseError as error:
        raise WrongTwiml(f"The answer is no XML: {error}.") from error
    if root.tag != "Response":
        raise WrongTwiml(f"TwiML begins with <Response>, not <{root.tag}>.")
    return tuple(_verb(child, "Response") for child in root)


def _verb(element: ElementTree.Element, parent: str) -> Verb:
    if element.tag not in INSIDE.get(parent, set()):
        raise WrongTwiml(f"<{element.tag}> does not belong into <{parent}>.")
    known = VERBS.get(element.tag, NOUNS.get(element.tag, set()))
    unknown = set(element.attrib) - known
    if unknown:
        raise WrongTwiml(f"<{element.tag}> has no attribute {', '.join(sorted(unknown))}.")
    if element.tag == "Conference":
        events = set(element.get("statusCallbackEvent", "").split()) - CONFERENCE_EVENTS
        if events:
            raise WrongTwiml(f"A conference has no event {', '.join(sorted(events))}.")
    children = tuple(_verb(child, element.tag) for child in element)
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), children)
