"""Domain events: past tense, plain data, written in the transaction that made them true, published after commit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_ENVELOPE = ("client_id", "campaign_id", "contact_id", "call_id", "agent_id")


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event says: whom it concerns. None where it does not apply. No names or numbers: ids only."""

    client_id: int | None = None
    campaign_id: int | None = None
    contact_id: int | None = None
    call_id: int | None = None
    agent_id: int | None = None

    @property
    def type(self) -> str:
        """The event's name, as streams and webhooks carry it."""
        return self.__class__.__name__

    def details(self) -> dict[str, Any]:
        """The fields beyond the envelope, JSON-ready."""
        return {k: v for k, v in asdict(self).items() if k not in _ENVELOPE}


@dataclass(frozen=True, kw_only=True)
class AgentStateChanged(Event):
    """An agent's state changed."""

    state: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StationChanged(Event):
    """An agent's station is connecting, connected or gone; lost: a browser that is away and may come back."""

    state: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DeskMoved(Event):
    """The agent's desk is used in another window from now on."""


@dataclass(frozen=True, kw_only=True)
class ContactPresented(Event):
    """A campaign contact was reserved for the agent (screen pop)."""


@dataclass(frozen=True, kw_only=True)
class DialDecided(Event):
    """The gate allowed or refused an attempt."""

    allowed: bool
    rules: list[str]


@dataclass(frozen=True, kw_only=True)
class CallPlaced(Event):
    """The customer's leg was placed."""


@dataclass(frozen=True, kw_only=True)
class CallRang(Event):
    """The customer's phone rings."""


@dataclass(frozen=True, kw_only=True)
class CallAnswered(Event):
    """The customer answered."""


@dataclass(frozen=True, kw_only=True)
class CallConnected(Event):
    """Customer and agent hear each other."""


@dataclass(frozen=True, kw_only=True)
class CallChanged(Event):
    """Hold, mute or the pause of the recording changed."""

    on_hold: bool
    muted: bool
    recording_paused: bool = False


@dataclass(frozen=True, kw_only=True)
class CallOffered(Event):
    """A caller, or a customer whom a colleague hands on, rings at the agent."""

    direction: str


@dataclass(frozen=True, kw_only=True)
class CallPartyChanged(Event):
    """Somebody whom the agent brought into his call rings, talks, waits aside, was handed the customer or is gone."""

    party_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class CallPassed(Event):
    """The agent left the call, which goes on without him."""


@dataclass(frozen=True, kw_only=True)
class SupervisionChanged(Event):
    """A supervisor (`supervisor_id`) takes part in an agent's calls, in this mode, or does so no more."""

    supervisor_id: int
    state: str
    mode: str


@dataclass(frozen=True, kw_only=True)
class CompanyChanged(Event):
    """What an agent is told of the supervisors in his calls may have changed."""


@dataclass(frozen=True, kw_only=True)
class CallEnded(Event):
    """The call is over."""

    result: str


@dataclass(frozen=True, kw_only=True)
class CallDisposed(Event):
    """The agent said what came of the call."""

    code: str
    category: str


@dataclass(frozen=True, kw_only=True)
class RecordingStored(Event):
    """A recording can be played."""

    recording_id: int


@dataclass(frozen=True, kw_only=True)
class ImportProgressed(Event):
    """An import came further, or ended."""

    import_id: int
    state: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class CampaignChanged(Event):
    """A campaign was changed, started, paused or ended."""

    state: str


@dataclass(frozen=True, kw_only=True)
class ApiTokenIssued(Event):
    """Somebody (`agent_id`) made a token of the JSON API."""

    token_id: int
    permissions: list[str]
    all_clients: bool


@dataclass(frozen=True, kw_only=True)
class ApiTokenRevoked(Event):
    """Somebody (`agent_id`) revoked a token of the JSON API."""

    token_id: int


@dataclass(frozen=True, kw_only=True)
class CallbackChanged(Event):
    """A callback was booked, moved, kept or cancelled; `agent_id` is its owner, None for anyone."""

    callback_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class CallbackDue(Event):
    """A callback is due within minutes; `agent_id` is its owner, None for anyone of the campaign."""

    callback_id: int
    due_at: str


@dataclass(frozen=True, kw_only=True)
class JobFailed(Event):
    """A background job failed that had not failed before."""

    job: str


@dataclass(frozen=True, kw_only=True)
class WebhookEndpointStopped(Event):
    """Hookline sends no more to an endpoint; `reason`: failures (paused), gone (it answered 410)."""

    endpoint_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PluginsChanged(Event):
    """Somebody (`agent_id`, None for a command or the settings file) changed which plugins are enabled, or their
    settings: release set `number`."""

    number: int
    origin: str


@dataclass(frozen=True, kw_only=True)
class PluginsApplied(Event):
    """The running server has release set `number` in force; `sound` is False where something of it did not work."""

    number: int
    sound: bool
