"""The one table from SIP status codes to the field's words for why a leg ended."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hookline.ports.telephony import HangupCause


class Asked(StrEnum):
    """Who on our side asked for the end of the leg, if anybody."""

    NOBODY = ""
    COMMAND = "command"  # hang_up, close_conversation, stop
    RING_TIMER = "ring_timer"


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


def hangup_cause(*, answered: bool, asked: Asked, code: int) -> HangupCause:
    """Why the leg ended. What we asked for wins over the code, which then only echoes our own CANCEL or BYE."""
    if answered:
        return HangupCause.LOCAL if asked == Asked.COMMAND else HangupCause.NORMAL
    if asked == Asked.COMMAND:
        return HangupCause.CANCELLED
    if asked == Asked.RING_TIMER:
        return HangupCause.NO_ANSWER
    return SIP_CAUSES.get(code, HangupCause.FAILED)
