"""Which events an endpoint may ask for: those that concern a client, core's and plugins'."""

from __future__ import annotations

from collections.abc import Iterator

from hookline.domain.events import Event
from hookline.text import N_

#: Events of the installation or of people who work in it: they belong to no client.
_INTERNAL = {
    "AgentStateChanged",
    "DeskMoved",
    "SupervisionChanged",
    "CompanyChanged",
    "StationChanged",
    "ApiTokenIssued",
    "ApiTokenRevoked",
    "JobFailed",
    "PluginsApplied",
    "PluginsChanged",
    "WebhookEndpointStopped",
}
PING = "Ping"

TITLES = {
    "CallPlaced": N_("A call was placed"),
    "CallRang": N_("The customer's phone rings"),
    "CallAnswered": N_("The customer answered"),
    "CallConnected": N_("Customer and agent hear each other"),
    "CallChanged": N_("A call was held, resumed or muted"),
    "CallOffered": N_("A caller, or a colleague's customer, rings at an agent"),
    "CallPartyChanged": N_("Somebody was brought into a call, or left it"),
    "CallPassed": N_("The agent left a call, which goes on without him"),
    "CallEnded": N_("A call is over, with its result"),
    "CallDisposed": N_("The agent said what came of a call"),
    "RecordingStored": N_("A recording can be played"),
    "ContactPresented": N_("A contact was presented to an agent"),
    "DialDecided": N_("The dial gate allowed or refused an attempt"),
    "CallbackChanged": N_("A callback was booked, moved, kept or cancelled"),
    "CallbackDue": N_("A callback is due"),
    "ImportProgressed": N_("An import came further, or ended"),
    "CampaignChanged": N_("A campaign was changed, started, paused or ended"),
}


def offered() -> dict[str, str]:
    """Names of the events that may be asked for and what each says: a message id, a plugin's own words for its."""
    names = {kind.__name__: kind for kind in _kinds(Event) if kind.__name__ not in _INTERNAL}
    known = {name: title for name, title in TITLES.items() if name in names}
    others = {name: _first_line(kind) for name, kind in sorted(names.items()) if name not in TITLES}
    return {**known, **others}


def _first_line(kind: type[Event]) -> str:
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0].rstrip(".")


def _kinds(parent: type[Event]) -> Iterator[type[Event]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from _kinds(kind)
