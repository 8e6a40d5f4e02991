"""What the SIP backend says to the person who can mend it."""

from __future__ import annotations

from hookline.errors import Conflict, InvalidInput
from hookline.ports.telephony import TelephonyError
from hookline.text import N_


class NoTrunk(TelephonyError):
    """No SIP trunk may be used for this client."""

    id = "sip-no-trunk"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("There is no SIP trunk that this client's calls may use."),
            N_("Ask an administrator to add a trunk or to allow an existing one for the client."),
            retryable=False,
        )


class Distrusted(TelephonyError):
    """The certificate of every trunk that may be used is not to be trusted."""

    id = "sip-trunk-distrusted"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("The trunk's certificate is not to be trusted, so nothing is sent."),
            N_("An administrator finds under Trunks which one it is, and what to do."),
            retryable=False,
        )


class InvalidSipValue(TelephonyError):
    """An address, number, header or digit string that must not reach the SIP signalling."""

    id = "sip-invalid-value"
    status = 422

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message, advice, retryable=False)


class LegNotReady(TelephonyError):
    """The leg has not answered yet, so it has no voice to bridge, hold or send digits to."""

    id = "sip-leg-not-ready"
    status = 409

    def __init__(self, leg_id: str) -> None:
        super().__init__(f"Leg {leg_id} has not answered yet.", "Try again once it has.", retryable=True)


class SameLeg(TelephonyError):
    """A leg was to be bridged with itself."""

    id = "sip-same-leg"
    status = 422

    def __init__(self, leg_id: str) -> None:
        super().__init__(f"Leg {leg_id} cannot be bridged with itself.", "Name two legs.", retryable=False)


class DuplicateLeg(TelephonyError):
    """A leg or recording id was used for a second thing while the first is still there."""

    id = "sip-duplicate-id"
    status = 409

    def __init__(self, what: str, value: str) -> None:
        super().__init__(f"{what} {value} exists already.", "Choose a new id.", retryable=False)


class UnwritableRecording(TelephonyError):
    """The recording's folder cannot be written, so nothing would be recorded."""

    id = "sip-recording-unwritable"

    def __init__(self) -> None:
        super().__init__(
            N_("The folder for recordings cannot be written to."),
            N_("Check that it exists, has free space, and belongs to the user that runs Hookline."),
            retryable=False,
        )


class NoSuchRecording(TelephonyError):
    """The recording has closed."""

    id = "sip-no-such-recording"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("This recording has ended."), N_("Start another one."), retryable=False)


class RecordingInUse(TelephonyError):
    """The recording is still being written by a process that outlived the one that asked for it."""

    id = "sip-recording-in-use"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("This recording is still being written."), N_("Wait a moment."), retryable=True)


class AnsweredAlready(TelephonyError):
    """The call is not offered any more: it was answered."""

    id = "sip-answered-already"
    status = 409

    def __init__(self) -> None:
        super().__init__(N_("This call was answered already."), retryable=False)


class NoSupervisor(TelephonyError):
    """The leg is not a supervisor's."""

    id = "sip-no-supervisor"
    status = 422

    def __init__(self) -> None:
        super().__init__(N_("Only a supervisor's leg can supervise."), N_("Connect it as one."), retryable=False)


class UnplayableSound(TelephonyError):
    """The file is no sound that a cell can play."""

    id = "sip-unplayable-sound"
    status = 422

    def __init__(self) -> None:
        super().__init__(
            N_("The sound cannot be played."),
            N_("Give a mono WAV file of 16 bit samples with 8000 or 16000 of them a second."),
            retryable=False,
        )


class BrowserUnheard(TelephonyError):
    """What the browser's phone said to its cell found no answer."""

    id = "sip-browser-unheard"

    def __init__(self, message: str = N_("The telephone in the browser does not reach its cell.")) -> None:
        super().__init__(message, N_("Reload the page; if that does not help, report it."), retryable=True)


class BackendStopped(TelephonyError):
    """The backend was not started, or was stopped already."""

    id = "sip-backend-stopped"

    def __init__(self) -> None:
        super().__init__(
            N_("The SIP backend is not running."), N_("Start Hookline's engine and try again."), retryable=True
        )


class TestCallRunning(Conflict):
    """Test calls are placed one at a time."""

    __test__ = False  # nothing for pytest
    id = "sip-test-call-running"

    def __init__(self) -> None:
        super().__init__(
            N_("Another test call is under way."), N_("Wait until it is over: that takes less than a minute.")
        )


class TestCallRefused(InvalidInput):
    """This number may not be called by way of a test."""

    __test__ = False
    id = "sip-test-call-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(N_("No test call to this number."), "", {"number": [reason]})
