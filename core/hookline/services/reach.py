"""What a scope reaches, as conditions that every question about contacts and lists carries."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, true

from hookline.db.models import CampaignContact, CampaignList, Client, Contact, ContactList
from hookline.domain.access import Scope


def contacts_within(scope: Scope) -> ColumnElement[bool]:
    """Contacts of the scope's clients; for agents only those in their campaigns."""
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= Contact.client_id.in_(scope.clients)
    if scope.campaigns is not None:
        condition &= (
            exists()
            .where(CampaignContact.contact_id == Contact.id, CampaignContact.campaign_id.in_(scope.campaigns))
            .correlate(Contact)
        )
    return condition


def lists_within(scope: Scope) -> ColumnElement[bool]:
    """Lists of the scope's clients; for agents only those that feed their campaigns."""
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= ContactList.client_id.in_(scope.clients)
    if scope.campaigns is not None:
        condition &= (
            exists()
            .where(CampaignList.list_id == ContactList.id, CampaignList.campaign_id.in_(scope.campaigns))
            .correlate(ContactList)
        )
    return condition


def clients_within(scope: Scope) -> ColumnElement[bool]:
    """The scope's clients."""
    return true() if scope.clients is None else Client.id.in_(scope.clients)
