"""What tests of imports share."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import Contact, ListContact
from hookline.domain.access import Actor
from hookline.services.imports import NewList, Report, rules_of


@dataclass
class Importer:
    """Imports text into lists, as an administrator."""

    runtime: Runtime
    actor: Actor

    def upload(self, text: str | bytes, target: int | NewList) -> int:
        """Upload only; returns the import's id."""
        data = text.encode() if isinstance(text, str) else text
        return self.runtime.imports.upload(self.actor, io.BytesIO(data), "file.csv", target)

    def bring_in(
        self,
        text: str | bytes,
        target: int | NewList,
        mapping: dict[int, str] | None = None,
        rules: Mapping[str, object] | None = None,
    ) -> Report:
        """Upload and import; returns the report."""
        import_id = self.upload(text, target)
        if mapping is not None:
            self.runtime.imports.set_mapping(self.actor, import_id, mapping)
        if rules is not None:
            self.runtime.imports.set_rules(self.actor, import_id, rules_of(rules))
        self.runtime.imports.run(self.actor, import_id)
        return self.runtime.import_reports.get(self.actor, import_id)

    def rejected(self, import_id: int) -> str:
        """The file of rejected rows."""
        return "".join(self.runtime.import_reports.rejected_csv(self.actor, import_id))


def everything(runtime: Runtime) -> list[tuple[object, ...]]:
    """Every contact with its fields, numbers and lists, to compare before and after."""
    with runtime.db.read() as session:
        return [
            (
                c.id,
                c.client_id,
                c.external_id,
                c.first_name,
                c.last_name,
                c.company,
                c.email,
                c.city,
                c.language,
                c.notes,
                c.time_zone,
                sorted(c.custom.items()),
                c.updated_at,
                [(n.e164, n.position, n.state) for n in c.numbers],
                sorted(session.scalars(select(ListContact.list_id).where(ListContact.contact_id == c.id))),
            )
            for c in session.scalars(select(Contact).order_by(Contact.id))
        ]
