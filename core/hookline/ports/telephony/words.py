"""The words of the telephony port: what a backend can do, whose leg it is, why it ended, which kind of station."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """What a backend says it can do; callers ask before they offer a control."""

    STATION = "station"  # ring a station that is a SIP phone
    NUMBER_STATION = "number_station"  # ring a station that is a phone number
    BROWSER_STATION = "browser_station"  # the agent's voice in his browser
    PLACE = "place"
    INBOUND = "inbound"  # offers calls that come in
    BRIDGE = "bridge"
    EARLY_MEDIA = "early_media"  # a bridge made before the answer lets ring tones and announcements through
    JOIN = "join"  # takes an answered leg from one conversation into another
    TRANSFER = "transfer"  # lets two legs go on without the agent
    HOLD = "hold"
    MUTE = "mute"
    DTMF_SEND = "dtmf_send"
    DTMF_RECEIVE = "dtmf_receive"
    PLAY = "play"
    RECORD = "record"
    RECORD_STEREO = "record_stereo"  # customer left, agent right
    RECORD_PAUSE = "record_pause"
    SUPERVISE = "supervise"
    DETECT_ANSWERER = "detect_answerer"  # tells people from answering machines
    HEADERS = "headers"  # carries custom signalling headers, out and in


class LegKind(StrEnum):
    """Whose leg it is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    CONSULT = "consult"  # somebody whom the agent calls in: a colleague, a transfer's target
    SUPERVISOR = "supervisor"


class StationKind(StrEnum):
    """What a station is."""

    SIP = "sip"  # a SIP phone; its address is a URI
    NUMBER = "number"  # any phone; its address is an E.164 number, called through a trunk
    BROWSER = "browser"  # the agent's browser; its address is empty


class SupervisionMode(StrEnum):
    """How a supervisor takes part. The customer never hears a whisper."""

    LISTEN = "listen"  # hears both, is heard by nobody
    WHISPER = "whisper"  # hears both, is heard by the agent
    BARGE = "barge"  # hears both, is heard by both
    OFF = "off"  # stays connected, hears and says nothing


class Answerer(StrEnum):
    """Who answered, as far as the first seconds of sound tell."""

    PERSON = "person"
    MACHINE = "machine"
    UNDECIDED = "undecided"  # nothing certain within 2 s of the answer: treated as a person


class HangupCause(StrEnum):
    """Why a leg ended, in the field's words. Backends map their own codes to these by one table."""

    NORMAL = "normal"  # hung up after it was answered, by the far side
    LOCAL = "local"  # hung up by our own `hang_up`, after it was answered
    CANCELLED = "cancelled"  # our own `hang_up` before it was answered
    BUSY = "busy"  # SIP 486, 600
    NO_ANSWER = "no_answer"  # our ring timer, SIP 480, 487 not asked for by us
    DECLINED = "declined"  # SIP 603
    INVALID_NUMBER = "invalid_number"  # SIP 404, 484, 604
    UNREACHABLE = "unreachable"  # SIP 408, 503, no route
    FAILED = "failed"  # anything else
    LOST = "lost"  # the cell or the media path died under it
