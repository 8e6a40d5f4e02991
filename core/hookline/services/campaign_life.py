"""The rest of a campaign's life: copied, filed away and brought back, its contacts called once more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign, CampaignContact, Disposition
from hookline.domain.access import Actor, Scope
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import (
    OVER,
    CallingWindow,
    CampaignState,
    Category,
    DispositionSpec,
    Purpose,
    RecordState,
)
from hookline.domain.events import CampaignChanged
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.services.campaigns import DIALLING, CampaignDraft, CampaignService
from hookline.text import N_

#: Outcomes after which nobody is called again, whatever an administrator wishes: the contact's own word, or the law.
_NEVER = (Category.DO_NOT_CALL.value, Category.WRONG_NUMBER.value)
_COPIED = ("backend", "goal", "dial_mode", "caller_id", "script", "attempts_per_day", "attempts_total")
_COPIED_TOO = ("ring_timeout_seconds", "wrap_up_seconds", "record_calls", *DIALLING)


@dataclass(frozen=True)
class Recycling:
    """Which contacts that are done with are to be called once more: by last call result, by disposition's code."""

    results: Collection[str] = ()
    dispositions: Collection[str] = ()


class CampaignLife:
    """What happens to campaigns besides starting, pausing and ending."""

    def __init__(self, db: Database, campaigns: CampaignService) -> None:
        self._db = db
        self._campaigns = campaigns

    def clone(self, actor: Actor, campaign_id: int, name: str) -> int:
        """Make a draft with everything of a campaign but its contacts' standing; its id.

        Raises InvalidInput where the name is taken, NotFound. Contacts of its lists join the copy as not yet called.
        """
        actor.require("campaigns.manage")
        # Its schedule is left out: it is of the past.
        draft = replace(self.draft_of(actor.scope, campaign_id), name=name.strip(), starts_at=None, ends_at=None)
        return self._campaigns.create(actor, draft)

    def draft_of(self, scope: Scope, campaign_id: int) -> CampaignDraft:
        """The campaign as it is, in the form it could be saved again. Raises NotFound outside the scope."""
        campaign = self._campaigns.get(scope, campaign_id)
        plain = {field: getattr(campaign, field) for field in (*_COPIED, *_COPIED_TOO)}
        return CampaignDraft(
            client_id=campaign.client_id,
            name=campaign.name,
            purpose=Purpose(campaign.purpose),
            window=CallingWindow.from_json(campaign.window),
            retry_rules=dict(campaign.retry_rules),
            required_policies=list(campaign.required_policies),
            allowed_countries=list(campaign.allowed_countries),
            list_ids=self._campaigns.list_ids(scope, campaign_id),
            agents={user.id: grant for user, grant in self._campaigns.assigned(scope, campaign_id)},
            dispositions=[
                DispositionSpec(d.code, d.label, Category(d.category), d.final)
                for d in campaign.dispositions
                if d.active
            ],
            **plain,
        )

    def archive(self, actor: Actor, campaign_id: int) -> None:
        """File an ended campaign away; its results stay. Raises Conflict for one that has not ended."""
        self._file(actor, campaign_id, CampaignState.ENDED, CampaignState.ARCHIVED)

    def bring_back(self, actor: Actor, campaign_id: int) -> None:
        """Take a campaign out of the archive; it stays ended."""
        self._file(actor, campaign_id, CampaignState.ARCHIVED, CampaignState.ENDED)

    def _file(self, actor: Actor, campaign_id: int, present: CampaignState, wanted: CampaignState) -> None:
        actor.require("campaigns.manage")
        with self._db.write() as unit:
            campaign = unit.find_held(Campaign, campaign_id)
            if campaign is None or not actor.scope.covers_campaign(campaign.client_id, campaign.id):
                raise NotFound(N_("There is no such campaign."))
            if campaign.state != present:
                raise Conflict(N_("Only a campaign that has ended can be archived."), N_("End it first."))
            campaign.state = wanted.value
            unit.emit(CampaignChanged(client_id=campaign.client_id, campaign_id=campaign.id, state=campaign.state))

    # Once more

    def recyclable(self, actor: Actor, campaign_id: int) -> dict[str, dict[str, int]]:
        """How many contacts that are done with ended how: {"results": {…}, "dispositions": {code: …}}."""
        self._campaigns.get(actor.scope, campaign_id)
        done = (CampaignContact.campaign_id == campaign_id, CampaignContact.state == RecordState.DONE.value)
        with self._db.read() as session:
            results = session.execute(
                select(CampaignContact.last_result, func.count())
                .where(*done, CampaignContact.disposition_id.is_(None), CampaignContact.last_result != "")
                .group_by(CampaignContact.last_result)
            )
            dispositions = session.execute(
                select(Disposition.code, func.count())
                .join(CampaignContact, CampaignContact.disposition_id == Disposition.id)
                .where(*done, Disposition.category.not_in(_NEVER))
                .group_by(Disposition.code)
            )
            return {"results": dict(results.all()), "dispositions": dict(dispositions.all())}

    def recycle(self, actor: Actor, campaign_id: int, which: Recycling) -> int:
        """Let contacts be called once more; how many. Attempts made count on; who asked not to be called stays so.

        Raises InvalidInput where nothing is chosen or a result is unknown, Conflict for a campaign that is over.
        """
        actor.require("campaigns.manage")
        if not which.results and not which.dispositions:
            raise InvalidInput(N_("Choose at least one outcome."), fields={"results": [N_("Choose at least one.")]})
        if not {result.value for result in CallResult}.issuperset(which.results):
            raise InvalidInput(N_("This is no call result."), fields={"results": [N_("Choose from the list.")]})
        with self._db.write() as unit:
            campaign = unit.find_held(Campaign, campaign_id)
            if campaign is None or not actor.scope.covers_campaign(campaign.client_id, campaign.id):
                raise NotFound(N_("There is no such campaign."))
            if campaign.state in OVER:
                raise Conflict(N_("This campaign has ended."), N_("Make a new one."))
            return _call_again(unit.session, campaign_id, which, unit.clock.now())


def _call_again(session: Session, campaign_id: int, which: Recycling, now: datetime) -> int:
    records = session.scalars(
        select(CampaignContact)
        .outerjoin(Disposition, Disposition.id == CampaignContact.disposition_id)
        .where(
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.state == RecordState.DONE.value,
            _chosen(which),
        )
    ).all()
    for record in records:
        record.state, record.next_due_at, record.updated_at = RecordState.RETRY, now, now
        record.disposition_id = None
    return len(records)


def _chosen(which: Recycling) -> ColumnElement[bool]:
    return or_(
        and_(CampaignContact.disposition_id.is_(None), CampaignContact.last_result.in_(which.results)),
        and_(Disposition.code.in_(which.dispositions), Disposition.category.not_in(_NEVER)),
    )
