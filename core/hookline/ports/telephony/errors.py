"""How a telephony command fails."""

from __future__ import annotations

from hookline.errors import HooklineError
from hookline.text import N_


class TelephonyError(HooklineError):
    """A command could not be carried out. `retryable` says whether the same command may work a moment later."""

    id = "telephony-error"
    status = 503

    def __init__(self, message: str, advice: str = "", *, retryable: bool) -> None:
        super().__init__(message, advice)
        self.retryable = retryable


class NoSuchLeg(TelephonyError):
    """The leg is unknown to the backend or has ended."""

    id = "no-such-leg"
    status = 404

    def __init__(self, leg_id: str) -> None:
        super().__init__(N_("This leg of the call is not there any more."), retryable=False)
        self.leg_id = leg_id


class NoCapacity(TelephonyError):
    """Every cell or channel of the backend is in use."""

    id = "no-capacity"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, retryable=True)
