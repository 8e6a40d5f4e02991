"""Lists feed campaigns: contacts on a campaign's lists become its campaign contacts. Safe to run again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CursorResult, Select, exists, insert, literal, select

from hookline.db.bulk import among
from hookline.db.database import UnitOfWork
from hookline.db.models import Campaign, CampaignContact, CampaignList, Contact, ListContact
from hookline.domain.campaigns import OVER, RecordState


def feed_campaign(unit: UnitOfWork, campaign_id: int) -> int:
    """Add the contacts of all its lists that the campaign has not; returns how many."""
    return _insert(unit, _missing(unit).where(Campaign.id == campaign_id))


def feed_campaigns(unit: UnitOfWork, list_id: int, contact_ids: Sequence[int] | None = None) -> int:
    """Add the list's contacts (or only `contact_ids` of them) to every campaign it feeds that has not ended."""
    fed = select(CampaignList.campaign_id).where(CampaignList.list_id == list_id).limit(1)
    if unit.session.scalar(fed) is None:
        return 0
    wanted = _missing(unit).where(CampaignList.list_id == list_id, Campaign.state.not_in(OVER))
    if contact_ids is not None:
        wanted = wanted.where(among(unit.session, ListContact.contact_id, contact_ids))
    return _insert(unit, wanted)


def _missing(unit: UnitOfWork) -> Select[*tuple[Any, ...]]:
    there = exists().where(
        CampaignContact.campaign_id == Campaign.id, CampaignContact.contact_id == ListContact.contact_id
    )
    return (
        select(
            Campaign.id,
            ListContact.contact_id,
            Campaign.client_id,
            Contact.time_zone,
            literal(RecordState.NEW.value),
            literal(0),
            literal(0),
            literal(unit.clock.now(), CampaignContact.updated_at.type),
        )
        .join(CampaignList, CampaignList.campaign_id == Campaign.id)
        .join(ListContact, ListContact.list_id == CampaignList.list_id)
        # Data of two clients never mix, whatever a link table says.
        .join(Contact, (Contact.id == ListContact.contact_id) & (Contact.client_id == Campaign.client_id))
        .where(~there)
        .distinct()
    )


def _insert(unit: UnitOfWork, wanted: Select[*tuple[Any, ...]]) -> int:
    columns = ["campaign_id", "contact_id", "client_id", "time_zone", "state", "priority", "attempts", "updated_at"]
    added = unit.session.execute(insert(CampaignContact).from_select(columns, wanted.order_by(ListContact.contact_id)))
    return max(added.rowcount, 0) if isinstance(added, CursorResult) else 0
