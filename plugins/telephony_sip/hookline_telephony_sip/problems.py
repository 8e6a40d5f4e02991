"""What can keep the SIP backend from dialling, with what to do about it."""

from __future__ import annotations

from hookline.ports.telephony import Problem


def package_missing() -> Problem:
    """The library is not installed."""
    return Problem(
        id="sip-package-missing",
        message="The SIP library (pjsua2) is not installed, so no call can go out.",
        advice="Run: pip install 'hookline[sip]', then restart Hookline.",
    )


def cells_failing() -> Problem:
    """Cells die before they are ready."""
    return Problem(
        id="sip-cells-failing",
        message="The processes that carry calls stop as soon as they are started.",
        advice="Check that the SIP bind address belongs to this machine, and read the engine's log.",
    )


def no_trunk() -> Problem:
    """The client has no way out."""
    return Problem(
        id="sip-no-trunk",
        message="There is no SIP trunk that this client's calls may use.",
        advice="Add a trunk, or allow an existing one for the client.",
    )
