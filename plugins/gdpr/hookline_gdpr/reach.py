"""Whose consents somebody may see: contacts of his clients, for an agent those in his campaigns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from hookline.db.models import CampaignContact, Contact
from hookline.domain.access import Scope
from hookline.errors import NotFound
from hookline.text import N_


def contact_in_scope(session: Session, scope: Scope, contact_id: int) -> Contact:
    """The contact; NotFound where there is none or it is outside the scope."""
    contact: Contact | None = session.scalar(within(select(Contact).where(Contact.id == contact_id), scope))
    if contact is None:
        raise NotFound(N_("There is no such contact."))
    return contact


def within(query: Select[Any], scope: Scope) -> Select[Any]:
    """The query, which must select from contacts, narrowed to the scope."""
    if scope.clients is not None:
        query = query.where(Contact.client_id.in_(scope.clients))
    if scope.campaigns is not None:
        query = query.where(_in_campaigns(scope.campaigns))
    return query


def _in_campaigns(campaigns: frozenset[int]) -> ColumnElement[bool]:
    return exists().where(CampaignContact.contact_id == Contact.id, CampaignContact.campaign_id.in_(campaigns))
