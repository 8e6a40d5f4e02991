"""A campaign as somebody may see it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hookline.db.models import Campaign
from hookline.domain.access import Scope
from hookline.errors import NotFound
from hookline.text import N_


def campaign_in_scope(session: Session, scope: Scope, campaign_id: int) -> Campaign:
    """The campaign; raises NotFound where there is none, or none within the scope: the two are never told apart."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or not scope.covers_campaign(campaign.client_id, campaign.id):
        raise NotFound(N_("There is no such campaign."))
    return campaign
