"""What a test call says to the administrator: what happened, and what to do about it. Message ids, untranslated."""

from __future__ import annotations

from dataclasses import dataclass

from hookline.ports.telephony import HangupCause
from hookline.text import N_
from hookline_telephony_sip.trials import Progress

_CREDENTIALS = N_(
    "Compare user name and password with what the provider gave you, and restart after setting the variable."
)
_HOST = N_("Check host and port, and that the firewall lets UDP out and its replies in.")
CERTIFICATE = N_(
    "It must name the trunk's host and be from an authority that this machine knows: correct the host, ask the "
    "provider, or name the provider's authority (tls_authorities in [plugins.telephony_sip])."
)
_FORMAT = N_("Check the number; if it is right, try the other number format of this trunk.")


@dataclass(frozen=True)
class Verdict:
    """`tone` is ok, warn or bad."""

    tone: str
    title: str
    advice: str = ""


_BY_CODE = {
    401: Verdict("bad", N_("The trunk does not accept the log-in."), _CREDENTIALS),
    407: Verdict("bad", N_("The trunk does not accept the log-in."), _CREDENTIALS),
    403: Verdict(
        "bad",
        N_("The trunk refuses us."),
        N_("Check the log-in. A trunk without one must know the address of this machine; some refuse the caller ID."),
    ),
    404: Verdict("bad", N_("The trunk does not know this number."), _FORMAT),
    484: Verdict("bad", N_("The trunk finds the number incomplete."), _FORMAT),
    604: Verdict("bad", N_("The trunk does not know this number."), _FORMAT),
    408: Verdict("bad", N_("The trunk did not answer in time."), _HOST),
    502: Verdict("bad", N_("The host name is not known."), _HOST),
    503: Verdict("bad", N_("The trunk cannot be reached or takes no calls now."), _HOST),
    488: Verdict(
        "bad",
        N_("The trunk does not take our kind of audio."),
        N_("Ask the provider to allow G.711 (PCMA or PCMU) without encryption."),
    ),
}
_BY_CAUSE = {
    HangupCause.BUSY: Verdict(
        "warn", N_("The line is busy."), N_("The trunk works as far as that. Try again with a free line.")
    ),
    HangupCause.NO_ANSWER: Verdict(
        "warn",
        N_("Nobody picked up."),
        N_("The trunk works as far as that. Try again and pick up, to hear of the sound."),
    ),
    HangupCause.DECLINED: Verdict("warn", N_("The call was declined."), N_("The trunk works as far as that.")),
    HangupCause.CANCELLED: Verdict("warn", N_("The test call was stopped before somebody answered.")),
    HangupCause.LOST: Verdict(
        "bad",
        N_("The process that carried the call stopped."),
        N_("Check that the bind address in the settings belongs to this machine, and read the log."),
    ),
}
_NOBODY = Verdict("bad", N_("Nobody answers at this host and port."), _HOST)
_BY_PING = {
    "closed": _NOBODY,
    "certificate": Verdict("bad", N_("The trunk's certificate is not to be trusted, so nothing is sent."), CERTIFICATE),
    "unresolved": Verdict("bad", N_("The host name is not known."), _HOST),
    "kept_in": Verdict(
        "bad",
        N_("Hookline is set up to telephone within this machine only."),
        N_("Set bind_address in [plugins.telephony_sip] to this machine’s address in the network, and restart."),
    ),
}


def verdict(progress: Progress) -> Verdict | None:
    """What came of a test call; None while it runs."""
    if not progress.over:
        return None
    if progress.answered_after is not None:
        return _of_an_answered_call(progress)
    if progress.pong is not None and progress.pong.problem in _BY_PING:
        return _BY_PING[progress.pong.problem]
    if progress.cause is HangupCause.NO_ANSWER and progress.rang_after is None and _silent(progress):
        return _NOBODY
    if progress.code in _BY_CODE and progress.cause not in (HangupCause.CANCELLED, HangupCause.NO_ANSWER):
        return _BY_CODE[progress.code]
    return _BY_CAUSE.get(progress.cause or HangupCause.FAILED) or Verdict(
        "bad", N_("The trunk ended the call."), N_("Ask the provider what this SIP status means for them.")
    )


def _silent(progress: Progress) -> bool:
    """Not even the ping was answered. (Some trunks answer none, but their calls ring.)"""
    return progress.pong is not None and not progress.pong.code


def _of_an_answered_call(progress: Progress) -> Verdict:
    if progress.received:
        return Verdict("ok", N_("The trunk works: the call was answered and sound came in."))
    if progress.received is None:
        return Verdict("warn", N_("The call was answered, and ended before sound could be measured."))
    return Verdict(
        "bad",
        N_("The call was answered, but no sound came in."),
        N_("Mostly a firewall or address translation: let UDP in from the provider’s media addresses."),
    )
