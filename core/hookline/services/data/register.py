"""The register of data holders, and what it is for: everything about a person handed out, everything erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.data_holders import DataHolder, DataRecord, ErasureReport, Subject
from hookline.db.database import Database
from hookline.db.models import Attempt, Contact
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, NotFound
from hookline.text import N_

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Exported:
    """What one holder has about the person."""

    holder: DataHolder
    records: tuple[DataRecord, ...]


@dataclass(frozen=True)
class Erased:
    """What one holder did about her."""

    holder: DataHolder
    report: ErasureReport


class DataRegister:
    """Every holder, core's and the plugins'. `missing` names owners whose holders cannot be reached now."""

    def __init__(self, db: Database, holders: Iterable[DataHolder], missing: Callable[[], Iterable[str]]) -> None:
        self._db = db
        self._holders = sorted(holders, key=lambda h: (h.owner != "core", h.owner))
        self._missing = missing

    def holders(self) -> list[DataHolder]:
        """Core's first."""
        return list(self._holders)

    def missing(self) -> list[str]:
        """Plugins that are installed but disabled, unavailable or failed: what they hold is not reached."""
        return sorted(self._missing())

    def export(self, actor: Actor, subject: Subject) -> list[Exported]:
        """Everything about her within the actor's scope, holder by holder; empty ones are left out."""
        actor.require("data.export")
        with self._db.read() as session:
            _require_within(session, actor.scope, subject)
            seen = [Exported(h, tuple(h.export(session, actor.scope, subject))) for h in self._holders]
        log.info("personal data exported", by=actor.user_id, contacts=len(subject.contact_ids))
        return [found for found in seen if found.records]

    def erase(self, actor: Actor, subject: Subject, *, despite_missing: bool = False) -> list[Erased]:
        """Erase or anonymise everything about her, in one go; what is kept is said with the reason.

        Raises Conflict, and changes nothing, while she is being called, and where a plugin's data cannot be reached
        (unless that is accepted).
        """
        actor.require("data.erase")
        if (missing := self.missing()) and not despite_missing:
            raise Conflict(
                N_("What these plugins hold cannot be reached now: %(names)s."),
                N_("Enable or mend them first; nothing was erased."),
                params={"names": ", ".join(missing)},
            )
        with self._db.write() as unit:
            _require_within(unit.session, actor.scope, subject)
            _require_no_call(unit.session, subject)
            # Plugins first: they may look up by core's rows what is theirs.
            reports = [Erased(holder, holder.erase(unit, subject)) for holder in reversed(self._holders)]
        log.info("personal data erased", by=actor.user_id, contacts=len(subject.contact_ids))
        return reports[::-1]


def _require_within(session: Session, scope: Scope, subject: Subject) -> None:
    clients = session.scalars(select(Contact.client_id).where(Contact.id.in_(subject.contact_ids)))
    foreign = subject.user_ids and scope.clients is not None
    if foreign or not all(scope.covers_client(client_id) for client_id in clients):
        raise NotFound(N_("There is no such person."))


def _require_no_call(session: Session, subject: Subject) -> None:
    asked = select(Attempt.id).where(Attempt.contact_id.in_(subject.contact_ids), Attempt.closed_at.is_(None)).limit(1)
    if session.scalar(asked) is not None:
        raise Conflict(
            N_("This contact is being called just now."), N_("Wait until the call is over. Nothing was erased.")
        )
