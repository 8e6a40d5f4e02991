"""The plugin's data holder: consents, which are kept as the proof that they are."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.data_holders import DataCategory, DataHolder, DataRecord, ErasureReport, Subject, record_of
from hookline.db.database import UnitOfWork
from hookline.domain.access import Scope
from hookline.text import N_
from hookline_gdpr.models import Consent

_ERASED = "erased"


def consent_holder() -> DataHolder:
    """Consents and their withdrawals."""
    return DataHolder(
        name="gdpr.consents",
        title=N_("Consents"),
        category=DataCategory.CONSENT_PROOF,
        what=N_("Purpose, wording, channel, evidence and times of consents and of their withdrawal"),
        why=N_("To be able to demonstrate that calls were allowed (GDPR art. 7(1))"),
        retention_days=2190,
        tables=frozenset({"gdpr_consents"}),
        export=_export,
        erase=_erase,
    )


def _export(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    asked = select(Consent).where(Consent.contact_id.in_(subject.contact_ids)).order_by(Consent.id)
    return [record_of(row, leave_out=("recorded_by", "withdrawn_by")) for row in session.scalars(asked)]


def _erase(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    """Who wants to be forgotten consents to nothing any more; the proof of the past stays."""
    rows = unit.session.scalars(
        select(Consent).where(Consent.contact_id.in_(subject.contact_ids), Consent.withdrawn_at.is_(None))
    ).all()
    for consent in rows:
        consent.withdrawn_at, consent.withdrawn_because = unit.clock.now(), _ERASED
    return ErasureReport(
        kept=N_("Consents with their evidence, all of them withdrawn now"),
        why=N_("To demonstrate that past calls were allowed, as long as claims may be raised (GDPR art. 17(3)(e))."),
    )
