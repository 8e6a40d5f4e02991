"""Contacts as rows for files, in the columns that an import understands by their headers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from hookline.db.database import Database
from hookline.db.models import Contact, ContactTag
from hookline.domain.access import Actor
from hookline.errors import NotPermitted
from hookline.services.contact_search import ContactFilters, find
from hookline.text import N_

_CHUNK = 1_000
_FIELDS = ("first_name", "last_name", "company", "email", "city", "region", "language", "time_zone", "notes")
HEADER = ("phone", "phone2", "phone3", "external_id", *_FIELDS, "tags")


class ContactExport:
    """Hands contacts out, piece by piece."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def rows(self, actor: Actor, wanted: ContactFilters) -> Iterator[Sequence[object]]:
        """The contacts that fit and are in the actor's scope (results.export), the header first; not for agents.

        Custom fields follow as columns of their own, those of the first thousand contacts that have any.
        """
        actor.require("results.export")
        if actor.scope.campaigns is not None:
            raise NotPermitted(N_("Agents do not take contacts out."), N_("Ask your supervisor for the file."))
        return self._rows(actor, wanted)

    def _rows(self, actor: Actor, wanted: ContactFilters) -> Iterator[Sequence[object]]:
        after, custom = 0, None
        while True:
            found, tags, last = self._page(actor, replace(wanted), after)
            if custom is None:
                custom = sorted({key for contact in found for key in contact.custom})
                yield [*HEADER, *(f"custom:{key}" for key in custom)]
            for contact in found:
                numbers = [*(number.e164 for number in contact.numbers), "", "", ""][:3]
                own = [contact.custom.get(key, "") for key in custom]
                fields = [getattr(contact, name) for name in _FIELDS]
                yield [*numbers, contact.external_id or "", *fields, ", ".join(tags.get(contact.id, ())), *own]
            if last is None:
                return
            after = last

    def _page(
        self, actor: Actor, wanted: ContactFilters, after: int
    ) -> tuple[list[Contact], dict[int, list[str]], int | None]:
        with self._db.read() as session:
            ids = find(session, actor, wanted, after, _CHUNK)
            asked = select(Contact).where(Contact.id.in_(ids)).order_by(Contact.id)
            found = list(session.scalars(asked.options(selectinload(Contact.numbers))))
            tags: dict[int, list[str]] = {}
            rows = select(ContactTag).where(ContactTag.contact_id.in_(ids)).order_by(ContactTag.tag)
            for row in session.scalars(rows):
                tags.setdefault(row.contact_id, []).append(row.tag)
        return found, tags, ids[-1] if len(ids) == _CHUNK else None
