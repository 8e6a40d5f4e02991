"""Hooks of telephony."""

from __future__ import annotations

from hookline.domain.dialling import DialRequest
from hookline.hookspecs.markers import hookspec
from hookline.ports.telephony import TelephonyBackend


@hookspec
def hookline_register_telephony_backends() -> list[TelephonyBackend]:
    """Contribute telephony backends. Since 1.0.

    Fires: once at start, before anything is dialled.
    Returns: backends, not yet started; an empty list for none. Two of one name are a start-up error.
    An error: the plugin is marked failed and shown to the operator; its backends are missing, the rest starts.
    """


@hookspec(firstresult=True)
def hookline_select_caller_id(request: DialRequest, backend: str) -> str | None:
    """Choose the caller ID of a call whose campaign names none. Since 1.0.

    Fires: after the gate allowed the attempt, before the customer's leg is placed.
    request: the attempt.
    backend: name of the telephony backend that will place it.
    Returns: E.164, or None to leave the choice to the next plugin; the first answer counts. None from all: the call
    is refused with advice, since a call must show a number that can be called back.
    An error: raises; the call is not placed.
    """
