"""Whose consents somebody may see: contacts of his clients, for an agent those in his campaigns."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.models import Contact
from hookline.domain.access import Scope
from hookline.errors import NotFound
from hookline.services.reach import contacts_within
from hookline.text import N_


def contact_in_scope(session: Session, scope: Scope, contact_id: int) -> Contact:
    """The contact; NotFound where there is none or it is outside the scope."""
    contact = session.scalar(select(Contact).where(Contact.id == contact_id, contacts_within(scope)))
    if contact is None:
        raise NotFound(N_("There is no such contact."))
    return contact
