"""What can keep the SIP backend from dialling, with what to do about it."""

from __future__ import annotations

from hookline.ports.telephony import Problem
from hookline.text import N_


def package_missing() -> Problem:
    """The library is not installed."""
    return Problem(
        id="sip-package-missing",
        message=N_("The SIP library (pjsua2) is not installed, so no call can go out."),
        advice=N_("Run: pip install 'hookline[sip]', then restart Hookline."),
    )


def cells_failing() -> Problem:
    """Cells die before they are ready."""
    return Problem(
        id="sip-cells-failing",
        message=N_("The processes that carry calls stop as soon as they are started."),
        advice=N_("Check that the SIP bind address belongs to this machine, and read the engine's log."),
    )


def trunk_distrusted() -> Problem:
    """The certificates of all its ways out did not hold."""
    return Problem(
        id="sip-trunk-distrusted",
        message=N_("The trunk's certificate is not to be trusted, so nothing is sent."),
        advice=N_("Look under Trunks which one it is: its test call says what to do."),
    )


def no_trunk() -> Problem:
    """The client has no way out."""
    return Problem(
        id="sip-no-trunk",
        message=N_("There is no SIP trunk that this client's calls may use."),
        advice=N_("Add a trunk, allow an existing one for the client, or set the password of the one it has."),
    )
