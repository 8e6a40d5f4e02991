"""What the Twilio backend says to the person who can mend it."""

from __future__ import annotations

from hookline.errors import Conflict
from hookline.ports.telephony import TelephonyError
from hookline.text import N_


class NoAccount(TelephonyError):
    """No Twilio account may be used for this client."""

    id = "twilio-no-account"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("There is no Twilio account that this client's calls may use."),
            N_("Set the account's SID, API key, auth token and the public address; `hookline twilio doctor` helps."),
            retryable=False,
        )


class NoBrowsers(TelephonyError):
    """Browsers need a TwiML application that they call."""

    id = "twilio-no-application"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("Browsers cannot be telephones: no TwiML application is set."),
            N_("Make one in the Twilio console and set app_sid; docs/how-to/use-twilio.md says how."),
            retryable=False,
        )


class LegNotReady(TelephonyError):
    """The leg has not answered yet, so it has no voice to bridge, hold or send digits to."""

    id = "twilio-leg-not-ready"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("Nobody has answered there yet."), N_("Try again once somebody has."), retryable=True)


class SameLeg(TelephonyError):
    """A leg was to be bridged with itself."""

    id = "twilio-same-leg"
    status = 422

    def __init__(self) -> None:
        super().__init__(N_("A leg cannot be bridged with itself."), N_("Name two legs."), retryable=False)


class IdInUse(TelephonyError):
    """The id of a leg, sound, recording or conversation was used for a second thing while the first is there."""

    id = "twilio-id-in-use"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("Something of this id exists already."), N_("Choose a new id."), retryable=False)


class InvalidDigits(TelephonyError):
    """What no telephone can press."""

    id = "twilio-invalid-digits"
    status = 422

    def __init__(self) -> None:
        super().__init__(N_("These are not keypad digits."), N_("Send 1 to 32 of 0-9, *, # and A-D."), retryable=False)


class UnplayableSound(TelephonyError):
    """The file is no sound that can be played."""

    id = "twilio-unplayable-sound"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            N_("The sound cannot be played."),
            N_("Give a mono WAV file of 16 bit samples with 8000 or 16000 of them a second."),
            retryable=False,
        )


class UnwritableRecording(TelephonyError):
    """The recording's folder cannot be written, so nothing would be kept."""

    id = "twilio-recording-unwritable"

    def __init__(self) -> None:
        super().__init__(
            N_("The folder for recordings cannot be written to."),
            N_("Check that it exists, has free space, and belongs to the user that runs Hookline."),
            retryable=False,
        )


class NoSuchRecording(TelephonyError):
    """The recording has closed."""

    id = "twilio-no-such-recording"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("This recording has ended."), N_("Start another one."), retryable=False)


class RecordingPending(TelephonyError):
    """Twilio has not finished the recording yet."""

    id = "twilio-recording-pending"

    def __init__(self) -> None:
        super().__init__(N_("Twilio still works on this recording."), N_("Wait a moment."), retryable=True)


class AnsweredAlready(TelephonyError):
    """The call is not offered any more: it was answered."""

    id = "twilio-answered-already"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("This call was answered already."), retryable=False)


class NoSupervisor(TelephonyError):
    """The leg is not a supervisor's."""

    id = "twilio-no-supervisor"
    status = 422

    def __init__(self) -> None:
        super().__init__(N_("Only a supervisor's leg can supervise."), N_("Connect it as one."), retryable=False)


class BackendStopped(TelephonyError):
    """The backend was not started, or was stopped already."""

    id = "twilio-backend-stopped"

    def __init__(self) -> None:
        super().__init__(
            N_("The Twilio backend is not running."), N_("Start Hookline's engine and try again."), retryable=True
        )


class AccountInUse(Conflict):
    """Another account of this name or client is there."""

    id = "twilio-account-in-use"
