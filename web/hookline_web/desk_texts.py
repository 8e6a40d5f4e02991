"""Words of the desktop: states, results and notices as an agent reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hookline.text import N_

PAUSES = {
    "station_lost": N_("your phone was hung up"),
    "restarted": N_("Hookline was restarted"),
    "wrap_up_expired": N_("the wrap-up time ran out"),
    "browser_gone": N_("your browser was away"),
    "call_missed": N_("you let a call ring"),
    "declined": N_("you let a call go"),
}

STATION_NOTES = {
    "no_answer": N_("Your phone was not answered."),
    "busy": N_("Your phone is busy."),
    "declined": N_("The call to your phone was declined."),
    "unreachable": N_("Your phone cannot be reached: is it switched on and registered?"),
    "invalid_number": N_("Your phone's address is not known there: ask your administrator to check the station."),
    "normal": N_("Your phone was hung up."),
    "lost": N_("The connection to your phone was lost."),
    "failed": N_("The call to your phone failed."),
    "restarted": N_("Hookline was restarted; connect your phone again."),
}

_BROWSER_NOTES = {
    "no_answer": N_("Your browser did not become your phone: allow the microphone, then start again."),
    "lost": N_("Your browser was away for too long."),
}


def station_notes(kind: str) -> dict[str, str]:
    """Why a station of this kind is gone, by what the session keeps of it."""
    return {**STATION_NOTES, **(_BROWSER_NOTES if kind == "browser" else {})}


IDLE = {
    "not_running": N_("not running now"),
    "other_backend": N_("uses another telephony than your station"),
    "no_contacts": N_("has no contacts yet"),
    "all_done": N_("all contacts are done"),
    "window_closed": N_("outside the calling window"),
    "none_due": N_("nobody is due yet"),
    "coming": N_("next contact in a moment"),
}


_WORDS = {
    "missed": {"abandoned": N_("the caller hung up"), "ringing": N_("the call went to somebody else")},
    "returned": {"": N_("nobody took the customer, who is back with you")},
}


@dataclass(frozen=True)
class Notice:
    """A line about what just happened: a call result or "", and when the contact is due again, if ever."""

    result: str
    due_at: datetime | None
    words: str = ""


def notice_of(stored: str) -> Notice | None:
    """Read a session's notice ("result:busy:<time>", "retry:<time>"); None where there is none."""
    kind, _, rest = stored.partition(":")
    if kind == "result":
        result, _, due = rest.partition(":")
        return Notice(result, datetime.fromisoformat(due) if due else None)
    if kind in _WORDS:
        return Notice("", None, _WORDS[kind].get(rest.strip(":"), ""))
    if kind == "retry" and rest:
        return Notice("", datetime.fromisoformat(rest))
    return None


def shortcut_digits(count: int) -> list[str]:
    """The key for each disposition: 1 to 9, then none."""
    return [str(i + 1) if i < 9 else "" for i in range(count)]
