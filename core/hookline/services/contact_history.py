"""What happened with a contact: every attempt over the viewer's campaigns, with the gate's answer and the call."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Attempt, Call, Campaign, Contact, DialDecision, Disposition, User
from hookline.domain.access import Actor, mask_number
from hookline.domain.dialling import Refusal
from hookline.errors import NotFound
from hookline.services.contact_views import HistoryItem
from hookline.services.reach import contacts_within
from hookline.text import N_


class ContactHistory:
    """Reads a contact's past."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, actor: Actor, contact_id: int, before: int | None = None, limit: int = 25) -> list[HistoryItem]:
        """Attempts, newest first, before attempt id `before`; an agent sees those of his campaigns only.

        Numbers are masked by the grant of the attempt's own campaign. Raises NotFound outside the scope.
        """
        actor.require("contacts.view")
        with self._db.read() as session:
            _require_reachable(session, actor, contact_id)
            wanted = (
                select(Attempt, Campaign.name, DialDecision, Call, Disposition.label, User.display_name)
                .join(Campaign, Campaign.id == Attempt.campaign_id)
                .outerjoin(DialDecision, DialDecision.attempt_id == Attempt.id)
                .outerjoin(Call, Call.attempt_id == Attempt.id)
                .outerjoin(Disposition, Disposition.id == Call.disposition_id)
                .outerjoin(User, User.id == Attempt.agent_id)
                .where(Attempt.contact_id == contact_id)
                .order_by(Attempt.id.desc())
                .limit(limit)
            )
            if actor.scope.campaigns is not None:
                wanted = wanted.where(Attempt.campaign_id.in_(actor.scope.campaigns))
            if before is not None:
                wanted = wanted.where(Attempt.id < before)
            return [_item(actor, *row) for row in session.execute(wanted)]


def _require_reachable(session: Session, actor: Actor, contact_id: int) -> None:
    if session.scalar(select(Contact.id).where(Contact.id == contact_id, contacts_within(actor.scope))) is None:
        raise NotFound(N_("There is no such contact."))


def _item(
    actor: Actor,
    attempt: Attempt,
    campaign_name: str,
    decision: DialDecision | None,
    call: Call | None,
    disposition: str | None,
    agent: str | None,
) -> HistoryItem:
    sees = actor.sees_numbers(attempt.campaign_id)
    return HistoryItem(
        attempt_id=attempt.id,
        at=attempt.opened_at,
        campaign_id=attempt.campaign_id,
        campaign_name=campaign_name,
        number=attempt.number if sees else mask_number(attempt.number),
        agent_name=agent or "",
        mode=attempt.mode,
        allowed=decision.allowed if decision else None,
        refusals=tuple(Refusal(**refusal) for refusal in decision.refusals) if decision else (),
        result=(call.result if call else "") or attempt.result,
        call_id=call.id if call else None,
        talk_seconds=talk_seconds(call),
        disposition=disposition or "",
        note=call.note if call else "",
    )


def talk_seconds(call: Call | None) -> int:
    """How long customer and agent were connected, in whole seconds."""
    over = (call.agent_left_at or call.ended_at) if call else None
    if call is None or call.agent_connected_at is None or over is None:
        return 0
    return max(int((over - call.agent_connected_at).total_seconds()), 0)
