"""Consents are handed out, and kept as proof when everything else is erased: withdrawn from then on."""

from __future__ import annotations

from pathlib import Path

from hookline.domain.access import Scope
from hookline.services.data.subjects import SubjectQuery
from hookline.testing.centre import Centre
from hookline_gdpr.models import Consent


def test_hookline_register_data_holders_keeps_the_proof(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    hers, his = centre.contact("+48221234567"), centre.contact("+48221234568")
    with centre.runtime.db.write() as unit:
        now = unit.clock.now()
        for contact in (hers, his):
            consent = Consent(client_id=centre.client_id, contact_id=contact, purpose="marketing", evidence="form 7")
            consent.wording, consent.given_at, consent.recorded_at = "I agree.", now, now
            unit.session.add(consent)
    subject = centre.runtime.data_subjects.subject(Scope.everything(), SubjectQuery(phone="+48221234567"))
    parts = centre.runtime.data_register.export(centre.operator, subject)
    (found,) = [part.records for part in parts if part.holder.name == "gdpr.consents"]
    assert [(r.data["contact_id"], r.data["wording"], r.data["evidence"]) for r in found] == [
        (hers, "I agree.", "form 7")
    ]
    done = centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    (report,) = [part.report for part in done if part.holder.name == "gdpr.consents"]
    assert "17(3)" in report.why
    with centre.runtime.db.read() as session:
        left = {c.contact_id: c.withdrawn_because for c in session.query(Consent)}
    assert left == {hers: "erased", his: ""}
    centre.close()
