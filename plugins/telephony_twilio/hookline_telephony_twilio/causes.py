"""Why a leg ended: Twilio's words and SIP's codes, as Hookline's."""

from __future__ import annotations

from hookline.ports.telephony import HangupCause

FINAL = frozenset({"completed", "busy", "no-answer", "canceled", "failed"})
"""The states in which a call stays."""

_OF_SIP = {
    404: HangupCause.INVALID_NUMBER,
    484: HangupCause.INVALID_NUMBER,
    604: HangupCause.INVALID_NUMBER,
    408: HangupCause.UNREACHABLE,
    480: HangupCause.NO_ANSWER,
    486: HangupCause.BUSY,
    487: HangupCause.NO_ANSWER,
    500: HangupCause.UNREACHABLE,
    502: HangupCause.UNREACHABLE,
    503: HangupCause.UNREACHABLE,
    504: HangupCause.UNREACHABLE,
    600: HangupCause.BUSY,
    603: HangupCause.DECLINED,
}
_OF_STATUS = {
    "busy": HangupCause.BUSY,
    "no-answer": HangupCause.NO_ANSWER,
    "canceled": HangupCause.CANCELLED,
    "completed": HangupCause.NORMAL,
}
#: Twilio's error codes of a refused request to call: https://www.twilio.com/docs/api/errors
_OF_ERROR = {
    21201: HangupCause.INVALID_NUMBER,
    21211: HangupCause.INVALID_NUMBER,
    21214: HangupCause.UNREACHABLE,
    21217: HangupCause.INVALID_NUMBER,
    21421: HangupCause.INVALID_NUMBER,
}


def cause_of(status: str, sip_code: int, *, answered: bool) -> HangupCause:
    """Why a call that nobody here hung up has ended."""
    if answered:
        return HangupCause.LOST if status == "failed" else HangupCause.NORMAL
    if status == "completed":  # nobody answered, yet it is over: it was not refused either
        return HangupCause.FAILED
    return _OF_SIP.get(sip_code) or _OF_STATUS.get(status, HangupCause.FAILED)


def cause_of_refusal(code: int) -> HangupCause:
    """Why Twilio did not take a call on."""
    return _OF_ERROR.get(code, HangupCause.FAILED)
