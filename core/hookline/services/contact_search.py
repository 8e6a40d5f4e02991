"""How contacts are searched, and whose numbers the searcher sees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session

from hookline.db.models import CampaignContact, Contact, ContactNumber, ListContact
from hookline.domain.access import Actor, Role

_NUMBER_QUERY = re.compile(r"[\d\s()+.\-/]*\d[\d\s()+.\-/]*")
_FEWEST_DIGITS = 3


def in_campaigns(campaign_ids: Sequence[int]) -> ColumnElement[bool]:
    """Contacts that are in one of these campaigns."""
    return (
        exists()
        .where(CampaignContact.contact_id == Contact.id, CampaignContact.campaign_id.in_(campaign_ids))
        .correlate(Contact)
    )


def on_list(list_id: int) -> ColumnElement[bool]:
    """Contacts that are on the list."""
    return exists().where(ListContact.contact_id == Contact.id, ListContact.list_id == list_id).correlate(Contact)


def _seeing_campaigns(actor: Actor) -> list[int]:
    return [campaign_id for campaign_id, grant in actor.grants.items() if grant.see_numbers]


def ids_with_numbers_seen(session: Session, actor: Actor, contact_ids: Sequence[int]) -> set[int]:
    """Of these contacts, those whose numbers the actor sees: by a campaign of his that holds them and grants it."""
    if actor.role is not Role.AGENT:
        return set(contact_ids)
    return set(
        session.scalars(
            select(CampaignContact.contact_id).where(
                CampaignContact.contact_id.in_(contact_ids), CampaignContact.campaign_id.in_(_seeing_campaigns(actor))
            )
        )
    )


def matches(actor: Actor, query: str) -> ColumnElement[bool]:
    """Contacts with all words of the query in name, company, e-mail or identifier; or its digits in a number that the
    actor sees. An empty query matches all."""
    text = " ".join(query.split())
    if not text:
        return true()
    if _NUMBER_QUERY.fullmatch(text):
        return or_(_number_matches(actor, text), Contact.external_id == text)
    condition: ColumnElement[bool] = true()
    name = func.lower(Contact.first_name + " " + Contact.last_name + " " + Contact.company + " " + Contact.email)
    identifier = func.lower(func.coalesce(Contact.external_id, ""))
    for word in text.lower().split():
        pattern = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
        condition &= or_(name.like(pattern, escape="\\"), identifier.like(pattern, escape="\\"))
    return condition


def _number_matches(actor: Actor, text: str) -> ColumnElement[bool]:
    digits = re.sub(r"\D", "", text)
    if len(digits) < _FEWEST_DIGITS:
        return Contact.id.is_(None)
    # A national trunk zero or an international 00 is not part of E.164.
    pattern = f"%{digits.lstrip('0') or digits}%"
    held = exists().where(ContactNumber.contact_id == Contact.id, ContactNumber.e164.like(pattern)).correlate(Contact)
    return held if actor.role is not Role.AGENT else held & in_campaigns(_seeing_campaigns(actor))
