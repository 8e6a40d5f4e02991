"""Imports of contact lists: what comes in, what is merged, what is rejected, and that nothing is doubled."""

from __future__ import annotations

import csv
import io
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from hookline.bootstrap import Runtime
from hookline.db.models import CampaignContact, Contact, ContactList, ImportRun, OutboxEvent
from hookline.domain.access import Role
from hookline.errors import Conflict, NotFound, NotPermitted
from hookline.services.imports import FileRefused, ImportReports, ImportService, ImportState, MappingRefused, NewList
from hookline.services.imports import worker as workers
from hookline.testing.centre import Centre
from tests.integration.importing import Importer, everything

FILE = """Telefon;Imię i nazwisko;E-mail;Miasto;ID klienta
600 100 200;Jan Nowak;jan@example.com;Łódź;A1
;Ola Bez Numeru;;;A2
601100200;Kowalska, Anna Maria;brak;Gdańsk;A3
12;Krótki Numer;;;A4
"""


@pytest.fixture
def importer(centre: Centre) -> Importer:
    return Importer(centre.runtime, centre.runtime.identity.system_actor())


@pytest.fixture
def new_list(centre: Centre) -> NewList:
    return NewList(centre.client_id, "Wiosna", "PL")


def _contact(centre: Centre, external_id: str) -> Contact:
    with centre.runtime.db.read() as session:
        wanted = select(Contact).where(Contact.external_id == external_id).options(selectinload(Contact.numbers))
        return session.scalars(wanted).one()


def test_rows_come_in_or_are_rejected_with_row_and_reason(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    report = importer.bring_in(FILE, new_list)
    assert (report.imported, report.merged, report.rejected, report.done) == (2, 0, 2, 4)
    assert report.state is ImportState.DONE
    lines = centre.runtime.import_reports.rejections(importer.actor, report.id)
    assert [line.row_number for line in lines] == [3, 5]
    jan, anna = _contact(centre, "A1"), _contact(centre, "A3")
    assert (jan.first_name, jan.last_name, jan.city, jan.time_zone) == ("Jan", "Nowak", "Łódź", "Europe/Warsaw")
    assert [n.e164 for n in jan.numbers] == ["+48600100200"]
    assert (anna.first_name, anna.last_name, anna.email) == ("Anna Maria", "Kowalska", "")
    assert report.warnings == 1


def test_the_upload_is_gone_after_the_import(centre: Centre, importer: Importer, new_list: NewList) -> None:
    folder = centre.runtime.settings.uploads_dir
    import_id = importer.upload(FILE, new_list)
    assert [path.name for path in folder.iterdir()] != []
    centre.runtime.imports.run(importer.actor, import_id)
    assert list(folder.iterdir()) == []


def test_rejected_rows_come_back_as_a_file_that_can_be_mended(importer: Importer, new_list: NewList) -> None:
    text = "Telefon;Uwagi;Telefon\nx;=cmd;1\n600100200;dobre;\n;+ręcznie;2\n"
    report = importer.bring_in(text, new_list)
    back = importer.rejected(report.id)
    rows = list(csv.reader(io.StringIO(back.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0] == ["Telefon", "Uwagi", "Telefon", "row", "reason"]
    assert rows[1][:4] == ["x", "'=cmd", "1", "2"]
    assert rows[2][:4] == ["", "'+ręcznie", "2", "4"]
    mended = back.replace("\r\nx;", "\r\n602100200;").replace("\r\n;'+", "\r\n603100200;'+")
    again = importer.bring_in(mended, report.list_id)
    assert (again.imported, again.rejected) == (2, 0)
    with importer.runtime.db.read() as session:
        notes = session.scalars(select(Contact.notes).order_by(Contact.id)).all()
    assert notes == ["dobre", "=cmd", "+ręcznie"]


def test_the_same_file_again_changes_nothing(centre: Centre, importer: Importer, new_list: NewList) -> None:
    first = importer.bring_in(FILE, new_list)
    before = everything(centre.runtime)
    centre.clock.advance(3600)
    again = importer.bring_in(FILE, first.list_id)
    assert (again.imported, again.merged, again.rejected) == (0, 2, 2)
    assert everything(centre.runtime) == before


def test_merging_fills_what_is_empty_and_never_overwrites(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    list_id = importer.bring_in("Telefon;Imię;Miasto\n600100200;Jan;\n", new_list).list_id
    report = importer.bring_in("Telefon;Imię;Miasto;ID\n600100200;Janusz;Łódź;X9\n", list_id)
    assert (report.imported, report.merged) == (0, 1)
    contact = _contact(centre, "X9")
    assert (contact.first_name, contact.city) == ("Jan", "Łódź")
    importer.bring_in("Telefon;Imię;Miasto;ID;Telefon 2\n;;;X9;601100200\n", list_id)
    assert [n.e164 for n in _contact(centre, "X9").numbers] == ["+48600100200", "+48601100200"]
    assert (_contact(centre, "X9").first_name, _contact(centre, "X9").city) == ("Jan", "Łódź")


def test_a_number_stays_with_the_contact_that_has_it(centre: Centre, importer: Importer, new_list: NewList) -> None:
    text = "Telefon;Telefon 2;ID\n600100200;;A\n600100200;;B\n602100200;600100200;C\n"
    report = importer.bring_in(text, new_list)
    assert (report.imported, report.rejected, report.warnings) == (2, 1, 1)
    assert [n.e164 for n in _contact(centre, "C").numbers] == ["+48602100200"]


def test_one_client_never_sees_the_others_contact(centre: Centre, importer: Importer, new_list: NewList) -> None:
    other = centre.client("Globex")
    importer.bring_in("Telefon;ID\n600100200;A\n", new_list)
    report = importer.bring_in("Telefon;ID\n600100200;A\n", NewList(other, "Wiosna", "PL"))
    assert (report.imported, report.merged) == (1, 0)


def test_custom_fields_are_kept_and_unmapped_columns_are_not(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    importer.bring_in(
        "Telefon;Segment;PESEL;ID\n600100200;złoty;1;A\n",
        new_list,
        {0: "phone", 1: "custom:Segment", 2: "ignore", 3: "external_id"},
    )
    assert _contact(centre, "A").custom == {"Segment": "złoty"}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({0: "first_name"}, "No column is mapped to the phone"),
        ({0: "phone", 1: "phone"}, "both mapped"),
        ({0: "phone", 1: "shoe_size"}, "no field “shoe_size”"),
        ({0: "phone", 1: "custom:"}, "cannot name a custom field"),
        ({0: "phone", 9: "city"}, "no column 10"),
    ],
)
def test_a_mapping_that_makes_no_contacts_is_refused(
    importer: Importer, new_list: NewList, mapping: dict[int, str], said: str
) -> None:
    import_id = importer.upload("Telefon;Imię\n600100200;Jan\n", new_list)
    with pytest.raises(MappingRefused, match=said):
        importer.runtime.imports.set_mapping(importer.actor, import_id, mapping)


def test_a_file_without_phones_is_shown_but_cannot_be_started(importer: Importer, new_list: NewList) -> None:
    import_id = importer.upload("Imię;Miasto\nJan;Łódź\n", new_list)
    assert importer.runtime.imports.preview(importer.actor, import_id).problem is not None
    with pytest.raises(MappingRefused, match="No column is mapped to the phone"):
        importer.runtime.imports.start(importer.actor, import_id)


def test_a_refused_file_leaves_nothing(centre: Centre, importer: Importer, new_list: NewList) -> None:
    with pytest.raises(FileRefused):
        importer.upload("Telefon\nżółć\n".encode("cp1250"), new_list)
    with centre.runtime.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ContactList)) == 0
    assert list(centre.runtime.settings.uploads_dir.iterdir()) == []


def test_a_discarded_upload_takes_its_new_list_along_but_not_an_old_one(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    lists = centre.runtime.lists
    importer.runtime.imports.discard(importer.actor, importer.upload(FILE, new_list))
    assert lists.index(importer.actor.scope) == []
    old = lists.create(importer.actor, centre.client_id, "Stara", "PL")
    importer.runtime.imports.discard(importer.actor, importer.upload(FILE, old))
    assert [row.name for row in lists.index(importer.actor.scope)] == ["Stara"]


def test_the_preview_shows_the_first_rows_as_they_would_come_in(importer: Importer, new_list: NewList) -> None:
    import_id = importer.upload(FILE, new_list)
    preview = importer.runtime.imports.preview(importer.actor, import_id)
    assert preview.total == 4
    assert [row.phones for row in preview.rows] == [("+48600100200",), (), ("+48601100200",), ()]
    assert [row.number for row in preview.rows] == [2, 3, 4, 5]
    assert preview.rows[1].remarks[0].message == "The phone number is missing."


def test_another_separator_or_header_reads_the_file_anew(importer: Importer, new_list: NewList) -> None:
    import_id = importer.upload(FILE, new_list)
    importer.runtime.imports.reread(importer.actor, import_id, delimiter=None, has_header=False)
    assert importer.runtime.imports.preview(importer.actor, import_id).total == 5
    importer.runtime.imports.reread(importer.actor, import_id, delimiter=",", has_header=True)
    assert len(importer.runtime.imports.preview(importer.actor, import_id).dialect.columns) == 1


def test_contacts_become_records_of_the_campaigns_that_the_list_feeds(centre: Centre, importer: Importer) -> None:
    campaign_id = centre.campaign(["+48600100100"], agents=[centre.agent("anna")])
    list_id = centre.runtime.campaigns.list_ids(importer.actor.scope, campaign_id)[0]
    importer.bring_in("Telefon\n601100200\n600100100\n602100200\n", list_id)
    importer.bring_in("Telefon\n601100200\n600100100\n602100200\n", list_id)
    with centre.runtime.db.read() as session:
        records = select(CampaignContact).where(CampaignContact.campaign_id == campaign_id)
        assert [record.client_id for record in session.scalars(records)] == [centre.client_id] * 3


def test_progress_is_told_without_personal_data(
    centre: Centre, importer: Importer, new_list: NewList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "BATCH", 2)
    report = importer.bring_in("Telefon\n" + "".join(f"60010020{n}\n" for n in range(5)), new_list)
    with centre.runtime.db.read() as session:
        told = session.scalars(select(OutboxEvent.details).where(OutboxEvent.type == "ImportProgressed")).all()
    assert told == [
        {"import_id": report.id, "state": state, "done": done, "total": 5}
        for state, done in (("running", 2), ("running", 4), ("running", 5), ("done", 5))
    ]


class _StopAfter(threading.Event):
    """Is set once it was asked a number of times: a process that ends between two batches."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def is_set(self) -> bool:
        self._times -= 1
        return self._times < 0


def _interrupted(importer: Importer, import_id: int, batches: int) -> None:
    worker = importer.runtime.imports._claim_waiting(importer.actor, import_id)
    uploads = importer.runtime.imports._uploads
    workers.ImportWorker(importer.runtime.db, uploads, _StopAfter(batches)).run(import_id, worker)


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_an_interrupted_import_goes_on_where_it_stopped(
    centre: Centre, importer: Importer, new_list: NewList, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(workers, "BATCH", 2)
    import_id = importer.upload("Telefon\n" + "".join(f"60010020{n}\n" for n in range(5)) + "x\n", new_list)
    _interrupted(importer, import_id, batches)
    assert importer.runtime.import_reports.get(importer.actor, import_id).done == 2 * batches
    again = ImportService(centre.runtime.db, centre.runtime.settings.uploads_dir)
    again.recover()
    again.wait(import_id, timeout=30)
    again.stop()
    report = importer.runtime.import_reports.get(importer.actor, import_id)
    assert (report.state, report.imported, report.merged, report.rejected) == (ImportState.DONE, 5, 0, 1)


def test_the_worker_that_was_replaced_writes_no_more(centre: Centre, importer: Importer, new_list: NewList) -> None:
    import_id = importer.upload("Telefon\n600100200\n", new_list)
    old = importer.runtime.imports._claim_waiting(importer.actor, import_id)
    with centre.runtime.db.write() as unit:
        unit.session.get_one(ImportRun, import_id).worker = "another"
    importer.runtime.imports._worker.run(import_id, old)
    report = importer.runtime.import_reports.get(importer.actor, import_id)
    assert (report.state, report.done) == (ImportState.RUNNING, 0)


def test_an_import_whose_file_is_gone_fails_with_advice(centre: Centre, importer: Importer, new_list: NewList) -> None:
    import_id = importer.upload(FILE, new_list)
    worker = importer.runtime.imports._claim_waiting(importer.actor, import_id)
    for path in centre.runtime.settings.uploads_dir.iterdir():
        path.unlink()
    importer.runtime.imports._worker.run(import_id, worker)
    report = importer.runtime.import_reports.get(importer.actor, import_id)
    assert report.state is ImportState.FAILED
    assert "import the file again" in report.error


def test_uploads_that_nobody_starts_are_deleted_after_a_day(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    importer.upload(FILE, new_list)
    centre.clock.advance(25 * 3600)
    importer.runtime.imports.recover()
    with centre.runtime.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ImportRun)) == 0
    assert centre.runtime.lists.index(importer.actor.scope) == []


def test_an_import_is_started_once(importer: Importer, new_list: NewList) -> None:
    report = importer.bring_in(FILE, new_list)
    with pytest.raises(Conflict):
        importer.runtime.imports.run(importer.actor, report.id)


def test_only_those_permitted_import_and_only_for_their_clients(
    centre: Centre, importer: Importer, new_list: NewList
) -> None:
    identity = centre.runtime.identity
    other = centre.client("Globex")
    import_id = importer.upload(FILE, new_list)
    supervisor = identity.actor(identity.get_user(centre.user("sue", Role.SUPERVISOR, clients=[other])))
    with pytest.raises(NotPermitted):
        centre.runtime.imports.upload(supervisor, io.BytesIO(FILE.encode()), "f.csv", new_list)
    allowed = replace(supervisor, permissions=supervisor.permissions | {"contacts.import"})
    for act in (
        lambda: centre.runtime.imports.upload(allowed, io.BytesIO(FILE.encode()), "f.csv", new_list),
        lambda: centre.runtime.imports.preview(allowed, import_id),
        lambda: centre.runtime.imports.start(allowed, import_id),
        lambda: centre.runtime.imports.discard(allowed, import_id),
        lambda: ImportReports(centre.runtime.db).get(allowed, import_id),
        lambda: next(ImportReports(centre.runtime.db).rejected_csv(allowed, import_id)),
    ):
        with pytest.raises(NotFound):
            act()


_PHONES = st.sampled_from(
    ["600100200", "601100200", "602 100 200", "+48600100200", "", "x", "112", "603100200;604100200"]
)
_IDS = st.sampled_from(["", "", "A", "B", "C"])
_NAMES = st.sampled_from(["", "Jan", "Ola", "=1+1"])
_ROWS = st.lists(st.tuples(_PHONES, _PHONES, _IDS, _NAMES, st.sampled_from(["", "Łódź"])), min_size=1, max_size=12)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_ROWS, second=_ROWS)
def test_every_row_is_imported_merged_or_rejected_and_again_nothing_changes(
    centre: Centre, importer: Importer, first: list[tuple[str, ...]], second: list[tuple[str, ...]]
) -> None:
    runtime: Runtime = centre.runtime
    client_id = centre.client(f"client {id(first)}-{centre.clock.now().isoformat()}")
    centre.clock.advance(1)
    list_id = runtime.lists.create(importer.actor, client_id, "L", "PL")
    mapping = {0: "phone", 1: "phone2", 2: "external_id", 3: "first_name", 4: "city"}
    for rows in (first, second):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["p", "q", "i", "n", "c"], *rows])
        data_rows = sum(1 for row in rows if any(row))
        if not data_rows:
            continue
        reports = []
        states = []
        for _ in range(2):
            import_id = importer.upload(out.getvalue(), list_id)
            runtime.imports.reread(importer.actor, import_id, delimiter=",", has_header=True)
            runtime.imports.set_mapping(importer.actor, import_id, mapping)
            centre.clock.advance(60)
            runtime.imports.run(importer.actor, import_id)
            reports.append(runtime.import_reports.get(importer.actor, import_id))
            states.append(everything(runtime))
        for report in reports:
            assert report.imported + report.merged + report.rejected == report.done == report.total == data_rows
        assert states[0] == states[1]
        assert (reports[1].imported, reports[1].rejected) == (0, reports[0].rejected)
        lines = runtime.import_reports.rejections(importer.actor, reports[0].id)
        assert len(lines) == reports[0].rejected
