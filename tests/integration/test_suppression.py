"""The suppression list: who may add what, what is kept of it, and that it stops attempts that wait to be placed."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from hookline.db.models import Attempt
from hookline.domain.access import Role
from hookline.errors import InvalidInput, NotFound, NotPermitted
from hookline.services.imports import FileRefused, MappingRefused
from hookline.services.revocation import revoke_open_attempts
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import Centre

WHY = {"country": "PL", "reason": "objection", "source": "letter of 3 May"}


def test_numbers_are_added_once_with_reason_source_and_date(centre: Centre) -> None:
    service = centre.runtime.suppression
    numbers = ["600 100 200", "+48600100200", "nonsense", "601100200"]
    report = service.add(centre.operator, numbers, Reach(centre.client_id), **WHY)
    assert (report.added, report.already_there) == (2, 0)
    assert [(u.line, u.text) for u in report.unread] == [(3, "nonsense")]
    assert service.add(centre.operator, numbers[:1], Reach(centre.client_id), **WHY).already_there == 1
    newest, oldest = service.search(centre.operator)
    assert (oldest.e164, oldest.reason, oldest.source) == ("+48600100200", "objection", "letter of 3 May")
    assert oldest.created_at == newest.created_at == centre.clock.now()


def test_the_same_number_may_stand_for_a_client_and_for_all(centre: Centre) -> None:
    service = centre.runtime.suppression
    for reach in (Reach(centre.client_id), Reach()):
        assert service.add(centre.operator, ["600100200"], reach, **WHY).added == 1
    assert [entry.client_name for entry in service.search(centre.operator, "600100200")] == ["", "Acme"]


def test_a_file_of_numbers_is_added_and_its_upload_deleted(centre: Centre) -> None:
    service = centre.runtime.suppression
    data = b"Nazwisko;Telefon\nNowak;600100200\nKowalska;brak\n"
    report = service.add_file(centre.operator, io.BytesIO(data), Reach(centre.client_id), **WHY)
    assert (report.added, [u.line for u in report.unread]) == (1, [2])
    assert list(centre.runtime.settings.uploads_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "error"), [("Nazwisko\nżółw\n".encode("cp1250"), FileRefused), (b"Name;City\nJan;Rome\n", MappingRefused)]
)
def test_a_file_that_holds_no_numbers_adds_nothing(centre: Centre, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        centre.runtime.suppression.add_file(centre.operator, io.BytesIO(data), Reach(), **WHY)
    assert centre.runtime.suppression.search(centre.operator) == []


def test_the_list_is_searched_by_digits_and_words(centre: Centre) -> None:
    service = centre.runtime.suppression
    service.add(centre.operator, ["600100200"], Reach(centre.client_id), **WHY)
    service.add(centre.operator, ["601100200"], Reach(), country="PL", reason="100%_sure", source="list")
    assert [e.e164 for e in service.search(centre.operator, "600-100")] == ["+48600100200"]
    assert [e.e164 for e in service.search(centre.operator, "LETTER")] == ["+48600100200"]
    assert [e.e164 for e in service.search(centre.operator, "0%_s")] == ["+48601100200"]
    assert service.search(centre.operator, "%") == service.search(centre.operator, "100%_sure")


def test_a_supervisor_reaches_his_clients_entries_and_never_changes_those_for_all(centre: Centre) -> None:
    service, identity = centre.runtime.suppression, centre.runtime.identity
    other = centre.client("Globex")
    for reach, number in ((Reach(centre.client_id), "600100200"), (Reach(other), "601100200"), (Reach(), "602100200")):
        service.add(centre.operator, [number], reach, **WHY)
    sue = identity.actor(identity.get_user(centre.user("sue", Role.SUPERVISOR, clients=[centre.client_id])))
    assert {e.e164 for e in service.search(sue)} == {"+48600100200", "+48602100200"}
    with pytest.raises(NotPermitted):
        service.add(sue, ["603100200"], Reach(centre.client_id), **WHY)
    manager = replace(sue, permissions=sue.permissions | {"suppression.manage"})
    ids = {e.e164: e.id for e in service.search(centre.operator)}
    with pytest.raises(NotPermitted):
        service.remove(manager, ids["+48602100200"])
    with pytest.raises(NotFound):
        service.remove(manager, ids["+48601100200"])
    with pytest.raises(NotPermitted):
        service.add(manager, ["603100200"], Reach(), **WHY)
    with pytest.raises(NotFound):
        service.add(manager, ["603100200"], Reach(other), **WHY)
    assert service.remove(manager, ids["+48600100200"]).e164 == "+48600100200"


def test_a_campaigns_entry_needs_the_campaign_of_that_client(centre: Centre) -> None:
    campaign_id = centre.campaign(["+48600100200"], agents=[centre.agent("anna")])
    other = centre.client("Globex")
    with pytest.raises(NotFound):
        centre.runtime.suppression.add(centre.operator, ["600100200"], Reach(other, campaign_id), **WHY)
    with pytest.raises(InvalidInput):
        centre.runtime.suppression.add(centre.operator, ["600100200"], Reach(None, campaign_id), **WHY)
    assert centre.runtime.suppression.add(
        centre.operator, ["600100200"], Reach(centre.client_id, campaign_id), **WHY
    ).added


def _attempt(centre: Centre, campaign_id: int, number: str, *, placed: bool = False) -> int:
    record = centre.record(campaign_id, number)
    with centre.runtime.db.write() as unit:
        attempt = Attempt(
            client_id=record.client_id,
            campaign_id=campaign_id,
            campaign_contact_id=record.id,
            contact_id=record.contact_id,
            number=number,
            mode="preview",
            opened_at=unit.clock.now(),
            placed_at=unit.clock.now() if placed else None,
        )
        unit.session.add(attempt)
        unit.session.flush()
        return attempt.id


def _revoked(centre: Centre) -> dict[str, str]:
    with centre.runtime.db.read() as session:
        found = session.scalars(select(Attempt).where(Attempt.revoked_at.is_not(None)))
        return {attempt.number: attempt.revoked_because for attempt in found}


def test_adding_a_number_revokes_the_attempt_that_waits_to_be_placed(centre: Centre) -> None:
    campaign_id = centre.campaign(["+48600100200", "+48601100200", "+48602100200"], agents=[centre.agent("anna")])
    _attempt(centre, campaign_id, "+48600100200")
    _attempt(centre, campaign_id, "+48601100200", placed=True)
    _attempt(centre, campaign_id, "+48602100200")
    numbers = ["600100200", "601100200"]
    centre.runtime.suppression.add(centre.operator, numbers, Reach(centre.client_id), **WHY)
    assert _revoked(centre) == {"+48600100200": "the number was put on the suppression list"}


def test_an_entry_of_another_client_revokes_nothing(centre: Centre) -> None:
    campaign_id = centre.campaign(["+48600100200"], agents=[centre.agent("anna")])
    _attempt(centre, campaign_id, "+48600100200")
    centre.runtime.suppression.add(centre.operator, ["600100200"], Reach(centre.client("Globex")), **WHY)
    assert _revoked(centre) == {}


def test_revoking_needs_a_number_or_a_contact(centre: Centre) -> None:
    with centre.runtime.db.write() as unit, pytest.raises(ValueError, match="name a number or a contact"):
        revoke_open_attempts(unit, because="x")
