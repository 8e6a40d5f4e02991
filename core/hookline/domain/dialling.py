"""What the dial gate asks about and how it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hookline.domain.campaigns import Purpose
from hookline.errors import Conflict
from hookline.text import N_, fill


@dataclass(frozen=True, kw_only=True)
class DialRequest:
    """One attempt that somebody wants to make; policies answer with refusals.

    `time_zone` is the contact's (IANA); `at` is UTC; `attempt_id` is the open attempt that the answer will serve.
    """

    attempt_id: int
    client_id: int
    campaign_id: int
    campaign_contact_id: int
    contact_id: int
    number: str
    purpose: Purpose
    time_zone: str
    agent_id: int | None
    mode: str
    at: datetime


@dataclass(frozen=True)
class Refusal:
    """A reason not to dial.

    `rule` is a stable id ("core.suppressed"), `message` a message id for the agent with `params` to fill in, `source`
    the law or setting it rests on.
    """

    rule: str
    message: str
    source: str = ""
    params: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason in English."""
        return fill(self.message, self.params)


@dataclass(frozen=True)
class Decision:
    """The gate's stored answer. It serves one attempt, once, until `expires_at`."""

    id: int
    attempt_id: int
    allowed: bool
    number: str
    refusals: tuple[Refusal, ...]
    decided_at: datetime
    expires_at: datetime


class DialRefused(Conflict):
    """The gate refused; `decision` has the reasons."""

    id = "dial-refused"

    def __init__(self, decision: Decision) -> None:
        reasons = " ".join(r.text for r in decision.refusals)
        super().__init__(N_("This number may not be dialled now. %(reasons)s"), params={"reasons": reasons})
        self.decision = decision


class AttemptOpen(Conflict):
    """Somebody else is already calling this contact or number."""

    id = "attempt-open"

    def __init__(self) -> None:
        super().__init__(
            "This contact or number is being called at this moment.",
            "Wait for that call to end, then try again.",
        )
