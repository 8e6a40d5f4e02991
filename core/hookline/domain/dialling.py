"""What the dial gate asks about and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hookline.domain.campaigns import Purpose
from hookline.errors import Conflict


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
    """A reason not to dial: `rule` a stable id ("core.suppressed"), `message` for the agent, `source` its law."""

    rule: str
    message: str
    source: str = ""


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
        reasons = " ".join(r.message for r in decision.refusals)
        super().__init__(f"This number may not be dialled now. {reasons}".strip())
        self.decision = decision


class AttemptOpen(Conflict):
    """Somebody else is already calling this contact or number."""

    id = "attempt-open"

    def __init__(self) -> None:
        super().__init__(
            "This contact or number is being called at this moment.",
            "Wait for that call to end, then try again.",
        )
