"""The one table from SIP status codes to the field's words for why a leg ended."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hookline.ports.telephony import HangupCause

_FIRST_ERROR = 400


class Asked(StrEnum):
    """Who on our side asked for the end of the leg, if anybody."""

    NOBODY = ""
    COMMAND = "command"  # hang_up, close_conversation, stop
    RING_TIMER = "ring_timer"
    NO_SOUND = "no_sound"  # the far side has vanished without a BYE
    NO_REPLY = "no_reply"  # not even 100 Trying has come in time
    VANISHED = "vanished"  # the browser did not come back


SIP_CAUSES: Final = MappingProxyType(
    {
        200: HangupCause.NO_ANSWER,  # the far side said BYE before it had answered
        404: HangupCause.INVALID_NUMBER,
        408: HangupCause.UNREACHABLE,
        480: HangupCause.NO_ANSWER,
        484: HangupCause.INVALID_NUMBER,
        486: HangupCause.BUSY,
        487: HangupCause.NO_ANSWER,
        502: HangupCause.UNREACHABLE,  # PJSIP's own code where a host name does not resolve
        503: HangupCause.UNREACHABLE,
        600: HangupCause.BUSY,
        603: HangupCause.DECLINED,
        604: HangupCause.INVALID_NUMBER,
    }
)
"""Final status of an INVITE that nobody on our side ended → cause; a code that is not here is FAILED."""


FAIL_OVER_CODES: Final = frozenset({0, 401, 407, 408, 500, 502, 503, 504})
"""What makes the next trunk be tried, where nothing has rung yet: the line's own failures, never the called one's. 401
and 407 are a log-in that was refused; 0 is no reply at all, or an INVITE that could not be sent."""


def hangup_cause(*, answered: bool, asked: Asked, code: int) -> HangupCause:
    """Why the leg ended. What we asked for wins over the code, which then only echoes our own CANCEL or BYE."""
    if answered:
        return _after_answer(asked, code)
    if asked == Asked.COMMAND:
        return HangupCause.CANCELLED
    if asked == Asked.RING_TIMER:
        return HangupCause.NO_ANSWER
    if asked == Asked.NO_REPLY:
        return HangupCause.UNREACHABLE
    return SIP_CAUSES.get(code, HangupCause.FAILED)


def _after_answer(asked: Asked, code: int) -> HangupCause:
    if asked == Asked.COMMAND:
        return HangupCause.LOCAL
    # No BYE carries an error: the library gave the call up (no common codec, a re-INVITE nobody knew what to do with).
    lost = asked in (Asked.NO_SOUND, Asked.VANISHED)
    return HangupCause.LOST if lost or code >= _FIRST_ERROR else HangupCause.NORMAL
