"""What an operator types for a client, a campaign or a separator, and what it stands for."""

from __future__ import annotations

from sqlalchemy import or_, select

from hookline.bootstrap import Runtime
from hookline.db.models import Campaign, Client
from hookline.errors import Conflict, NotFound

_DELIMITERS = {",": ",", ";": ";", "\\t": "\t", "\t": "\t", "comma": ",", "semicolon": ";", "tab": "\t"}
DELIMITER_HELP = "comma, semicolon or tab (or the character itself)"


def client_id_of(runtime: Runtime, text: str) -> int:
    """The client of this id or name; raises NotFound with the names there are."""
    with runtime.db.read() as session:
        clients = session.scalars(select(Client).order_by(Client.name)).all()
    for client in clients:
        if text == str(client.id) or text.casefold() == client.name.casefold():
            return client.id
    names = ", ".join(client.name for client in clients) or "none yet"
    raise NotFound(f"There is no client “{text}”.", f"Clients: {names}.")


def campaign_id_of(runtime: Runtime, text: str) -> int:
    """The campaign of this id or name; raises NotFound, or Conflict where two clients have one of that name."""
    with runtime.db.read() as session:
        named = select(Campaign).where(or_(Campaign.name == text, Campaign.id == (int(text) if text.isdigit() else 0)))
        found = session.scalars(named.order_by(Campaign.id)).all()
    if not found:
        raise NotFound(f"There is no campaign “{text}”.", "`hookline campaigns list` shows all.")
    exact = [campaign for campaign in found if text == str(campaign.id)]
    if not exact and len(found) > 1:
        ids = ", ".join(str(campaign.id) for campaign in found)
        raise Conflict(f"More than one client has a campaign “{text}”.", f"Name it by its id: {ids}.")
    return (exact or list(found))[0].id


def delimiter_of(text: str | None) -> str | None:
    """The separator's character; an unknown word is handed on, to be refused where it is used."""
    return None if text is None else _DELIMITERS.get(text.casefold(), text)
