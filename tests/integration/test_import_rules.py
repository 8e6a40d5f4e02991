"""What imports do with contacts that are known, with suppressed numbers and with workbooks; cancelled and undone."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from hookline.db.models import Campaign, CampaignContact, Contact, ContactNumber, ContactTag, ImportRun, ListContact
from hookline.errors import Conflict, InvalidInput
from hookline.jobs import Job, JobRun
from hookline.outbound_addresses import AddressBook, AllowList
from hookline.services.contact_search import ContactFilters
from hookline.services.custom_field_kinds import FieldKind, FieldType
from hookline.services.exports_workbook import workbook
from hookline.services.imports import FileRefused, ImportState, NewList, rules_of
from hookline.services.imports import drafting as draftings
from hookline.services.imports.reading import Dialect, Row, chunks
from hookline.services.imports.rows import Form, RowRejected, to_draft
from hookline.services.imports.sources import ImportSources, SourceDraft
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import Centre
from tests.integration.importing import Importer


@pytest.fixture
def importer(centre: Centre) -> Importer:
    return Importer(centre.runtime, centre.runtime.identity.system_actor())


@pytest.fixture
def spring(centre: Centre) -> NewList:
    return NewList(centre.client_id, "Spring", "PL")


def _contact(centre: Centre, e164: str) -> Contact:
    with centre.runtime.db.read() as session:
        held = select(Contact).join(ContactNumber).where(ContactNumber.e164 == e164)
        return session.scalars(held.options(selectinload(Contact.numbers))).one()


@pytest.mark.parametrize(
    ("rule", "notes", "city"),
    [
        ({}, "old", "Łódź"),
        ({"notes": "append", "city": "overwrite"}, "old\nnew", "Kraków"),
        ({"notes": "overwrite", "city": "keep"}, "new", "Łódź"),
    ],
)
def test_each_field_follows_its_rule(
    centre: Centre, importer: Importer, spring: NewList, rule: dict[str, str], notes: str, city: str
) -> None:
    first = importer.bring_in("Telefon;Uwagi;Miasto\n600100200;old;Łódź\n", spring)
    report = importer.bring_in("Telefon;Uwagi;Miasto\n600100200;new;Kraków\n", first.list_id, rules={"merge": rule})
    contact = _contact(centre, "+48600100200")
    assert (report.merged, contact.notes, contact.city) == (1, notes, city)


@pytest.mark.parametrize(
    ("rules", "left_out"),
    [
        ({"leave_out": "none"}, 0),
        ({"leave_out": "file"}, 1),
        ({"leave_out": "list"}, 2),
        ({"leave_out": "client"}, 3),
        ({"leave_out": "client", "window_days": 5}, 1),
    ],
)
def test_rows_about_known_contacts_are_left_out_where_they_are_known(
    centre: Centre, importer: Importer, spring: NewList, rules: dict[str, object], left_out: int
) -> None:
    importer.bring_in("Telefon\n600100200\n", NewList(centre.client_id, "Other", "PL"))
    list_id = importer.bring_in("Telefon\n601100200\n", spring).list_id
    centre.clock.advance(10 * 86400)
    # Known on another list, known on this one, new, and new again further down.
    text = "Telefon\n600100200\n601100200\n602100200\n602100200\n"
    report = importer.bring_in(text, list_id, rules=rules)
    assert (report.duplicates, report.rejected, report.done) == (left_out, left_out, 4)


def test_a_number_with_another_name_is_no_duplicate_by_phone_and_name(
    centre: Centre, importer: Importer, spring: NewList
) -> None:
    list_id = importer.bring_in("Telefon;Imię\n600100200;Jan\n", spring).list_id
    rules = {"key": "phone_and_name", "leave_out": "client"}
    report = importer.bring_in("Telefon;Imię\n600100200;JAN\n600100200;Ola\n", list_id, rules=rules)
    assert (report.duplicates, report.rejected) == (1, 2)  # Ola cannot have Jan's number


def test_suppressed_numbers_stay_out_unless_they_expired(centre: Centre, importer: Importer, spring: NewList) -> None:
    day = centre.clock.now() + timedelta(days=1)
    for number, until in (("600100200", None), ("601100200", day)):
        centre.runtime.suppression.add(
            importer.actor, [number], Reach(), country="PL", reason="r", source="s", expires_at=until
        )
    centre.clock.advance(2 * 86400)
    text = "Telefon;Telefon 2\n600100200;\n601100200;\n602100200;600100200\n"
    report = importer.bring_in(text, spring)
    assert (report.imported, report.suppressed, report.warnings) == (2, 1, 1)
    assert [n.e164 for n in _contact(centre, "+48602100200").numbers] == ["+48602100200"]


def test_numbers_alone_are_a_list(centre: Centre, importer: Importer, spring: NewList) -> None:
    report = importer.bring_in("600100200\n601100200\n602100200\n", spring)
    assert (report.imported, report.rejected) == (3, 0)
    rows = centre.runtime.contacts.search(importer.actor, list_id=report.list_id).rows
    assert [row.title for row in rows] == ["+48600100200", "+48601100200", "+48602100200"]


def test_tags_zones_and_typed_fields_come_from_the_file(centre: Centre, importer: Importer) -> None:
    list_id = centre.runtime.lists.create(importer.actor, centre.client_id, "US", "US")
    types = {"Since": FieldType(FieldKind.DATE), "Plan": FieldType(FieldKind.CHOICE, ("Gold", "Tin"))}
    centre.runtime.lists.set_fields(importer.actor, list_id, types)
    text = "phone;state;tags;Since;Plan\n+12125550123;CA;fair, spring;03.05.2024;gold\n+12125550124;;;no date;Lead\n"
    mapping = {0: "phone", 1: "region", 2: "tags", 3: "custom:Since", 4: "custom:Plan"}
    report = importer.bring_in(text, list_id, mapping, rules={"tags": ["batch 7"]})
    california, new_york = _contact(centre, "+12125550123"), _contact(centre, "+12125550124")
    assert (california.time_zone, california.custom) == ("America/Los_Angeles", {"Since": "2024-05-03", "Plan": "Gold"})
    assert (new_york.time_zone, new_york.custom, report.warnings) == ("America/New_York", {}, 2)
    with centre.runtime.db.read() as session:
        tags = session.scalars(select(ContactTag.tag).where(ContactTag.contact_id == california.id))
        assert sorted(tags) == ["batch 7", "fair", "spring"]


def test_a_workbook_comes_in_as_its_first_sheet_with_rows(centre: Centre, importer: Importer, spring: NewList) -> None:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    book.add_worksheet("empty")
    sheet = book.add_worksheet("people")
    for place, row in enumerate([("Telefon", "Imię", "ID"), (600100200, "Łukasz", 7), ("601 100 200", "=1+1", 8.5)]):
        for column, value in enumerate(row):
            sheet.write_string(place, column, value) if isinstance(value, str) else sheet.write(place, column, value)
    book.close()
    report = importer.bring_in(made.getvalue(), spring)
    assert (report.imported, report.rejected) == (2, 0)
    assert _contact(centre, "+48600100200").external_id == "7"
    with pytest.raises(FileRefused, match=r"ZIP file|cannot be read"):
        importer.upload(made.getvalue()[:3000] + b"PK" + made.getvalue()[3002:4000], report.list_id)


def test_a_cancelled_import_keeps_what_it_wrote_until_it_is_undone(
    centre: Centre, importer: Importer, spring: NewList
) -> None:
    import_id = importer.upload("Telefon\n600100200\n", spring)
    worker = importer.runtime.imports._claim_waiting(importer.actor, import_id)
    importer.runtime.imports.cancel(importer.actor, import_id)
    importer.runtime.imports._worker.run(import_id, worker)
    report = importer.runtime.import_reports.get(importer.actor, import_id)
    assert (report.state, report.done, report.can_be_undone) == (ImportState.CANCELLED, 0, True)
    assert list(centre.runtime.settings.uploads_dir.iterdir()) == []
    with pytest.raises(Conflict):
        importer.runtime.imports.cancel(importer.actor, import_id)


def test_undoing_removes_what_nothing_happened_with_and_says_what_stays(centre: Centre, importer: Importer) -> None:
    anna = centre.agent("anna")
    campaign_id = centre.campaign(["+48600100100"], agents=[anna])
    list_id = centre.runtime.campaigns.list_ids(importer.actor.scope, campaign_id)[0]
    other = centre.runtime.lists.create(importer.actor, centre.client_id, "Other", "PL")
    text = "Telefon\n600100100\n601100200\n602100200\n603100200\n604100200\n"
    report = importer.bring_in(text, list_id)
    centre.clock.advance(60)
    changed, elsewhere = _contact(centre, "+48602100200").id, _contact(centre, "+48603100200")
    centre.runtime.contacts.edit(importer.actor, changed, {"city": "Łódź"})
    importer.bring_in("Telefon\n603100200\n", other)
    with centre.runtime.db.write() as unit:
        record = select(CampaignContact).where(CampaignContact.contact_id == _contact(centre, "+48604100200").id)
        unit.session.scalars(record).one().attempts = 1
    preview = centre.runtime.import_undo.preview(importer.actor, report.id)
    assert (preview.removable, preview.staying) == (1, {"called": 1, "changed": 1, "other_list": 1})
    assert centre.runtime.import_undo.undo(importer.actor, report.id) == 1
    with centre.runtime.db.read() as session:
        held = sorted(session.scalars(select(ContactNumber.e164)))
        assert held == ["+48600100100", "+48602100200", "+48603100200", "+48604100200"]
        assert session.scalar(select(func.count()).select_from(ListContact)) == 5
        assert session.get_one(ImportRun, report.id).removed == 1
    assert centre.runtime.contacts.search(importer.actor, "601100200").rows == ()
    assert elsewhere.id in [row.id for row in centre.runtime.contacts.search(importer.actor, "603100200").rows]
    with pytest.raises(Conflict):
        centre.runtime.import_undo.undo(importer.actor, report.id)


CELLS = (
    "600100200;Jan;Nowak;a@b.pl;pl;x",
    " 601 100 200 ;O'Neil;=1+1;;;",
    "+48 602-100-200;'=x;Ø;bad;Polski;y",
    "603100200;;;;;",
    "x;a;b;;;",
    "0048604100200;Ł\u0301;\u00a0b;;xx;",
    '605100200;"a;b";;c@d.pl;en;z',
    "606100200;a;b;c@d.pl;en;z;too;many",
    "607100200;short",
)


def test_many_rows_at_once_become_what_each_becomes_by_itself(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / "f.csv"
    path.write_text("\n".join(["t;a;b;c;d;e", *CELLS * 3]), encoding="utf-8")
    dialect = Dialect(";", True, ("t", "a", "b", "c", "d", "e"))
    mapping = {0: "phone", 1: "first_name", 2: "last_name", 3: "email", 4: "language", 5: "custom:own"}
    form = Form(mapping, 6, "PL")
    drafter = draftings.Drafter(form)
    for chunk in chunks(path, dialect, size=4):
        made, rejected = drafter.drafts(chunk)
        alone, refused = [], []
        for number, cells in zip(chunk.numbers, chunk.rows, strict=True):
            row = Row(number, tuple(cells))
            try:
                alone.append(to_draft(row, form))
            except RowRejected as why:
                refused.append((row, why.remark))
        assert [(d.phones, d.external_id, d.fields, d.custom, d.warnings, d.time_zone) for d in made] == [
            (d.phones, d.external_id, d.fields, d.custom, d.warnings, d.time_zone) for d in alone
        ]
        assert rejected == refused


def test_rules_that_mean_nothing_are_refused(importer: Importer) -> None:
    with pytest.raises(Exception, match="another look"):
        rules_of({"leave_out": "campaign", "window_days": 0, "merge": {"shoe": "keep"}})


def test_contacts_go_out_as_a_workbook_that_comes_in_again(centre: Centre, importer: Importer, spring: NewList) -> None:
    text = "Telefon;ID;Imię;Tagi;Uwagi\n600100200;A1;Łukasz;targi;=1+1\n601100200;;;;\n"
    importer.bring_in(text, spring)
    rows = centre.runtime.contact_export.rows(importer.actor, ContactFilters(client_id=centre.client_id))
    out = b"".join(workbook(rows))
    other = centre.client("Globex")
    report = importer.bring_in(out, NewList(other, "Back", "PL"))
    assert (report.imported, report.rejected) == (2, 0)
    found = centre.runtime.contacts.search(importer.actor, "łukasz", client_id=other).rows
    assert [(row.number, row.external_id) for row in found] == [("+48600100200", "A1")]
    view = centre.runtime.contacts.get(importer.actor, found[0].id)
    assert (view.tags, view.contact.notes) == (("targi",), "=1+1")


def test_a_folder_is_looked_at_and_a_file_is_taken_once(centre: Centre, importer: Importer) -> None:
    sources, lists = centre.runtime.import_sources, centre.runtime.lists
    list_id = lists.create(importer.actor, centre.client_id, "Shop", "PL")
    draft = SourceDraft(list_id, "Shop", "folder", "shop", mapping={"kto": "first_name"})
    source_id = sources.save(importer.actor, draft)
    (sources.inbox / "shop").mkdir(parents=True)
    for name in ("a.csv", "copy.csv"):
        (sources.inbox / "shop" / name).write_text("Telefon;kto\n600100200;Jan\n", encoding="utf-8")
    (sources.inbox / "shop" / "bad.txt").write_text("just words\nno numbers\n", encoding="utf-8")
    assert sources.look_now(importer.actor, source_id) == 1
    imported = centre.runtime.lists.imports(importer.actor.scope, list_id)[-1].id
    centre.runtime.imports.wait(imported, timeout=30)
    row = sources.get(importer.actor, source_id)
    assert (_contact(centre, "+48600100200").first_name, row.last_ok) == ("Jan", False)
    (sources.inbox / "shop" / "bad.txt").unlink()
    assert sources.look_now(importer.actor, source_id) == 0
    assert sources.get(importer.actor, source_id).last_ok
    with pytest.raises(InvalidInput):
        sources.save(importer.actor, SourceDraft(list_id, "Out", "folder", "../elsewhere"))
    with pytest.raises(InvalidInput):
        sources.save(importer.actor, SourceDraft(list_id, "Own network", "url", "http://127.0.0.1/contacts.csv"))


def test_an_address_is_looked_at_on_its_schedule_and_a_file_is_taken_once(centre: Centre, importer: Importer) -> None:
    answers = {"body": b"Telefon;kto\n600100201;Ewa\n"}
    with _serving(answers) as port:
        book = AddressBook(AllowList([f"127.0.0.1:{port}"]))
        sources = ImportSources(centre.runtime.db, centre.runtime.imports, centre.runtime.import_sources.inbox, book)
        list_id = centre.runtime.lists.create(importer.actor, centre.client_id, "Web", "PL")
        address = f"http://127.0.0.1:{port}/contacts.csv"
        draft = SourceDraft(list_id, "Web", "url", address, mapping={"kto": "first_name"}, every_minutes=60)
        source_id = sources.save(importer.actor, draft)
        (job,) = sources.jobs()
        taken = [_looked(job, centre, list_id)]
        assert _contact(centre, "+48600100201").first_name == "Ewa"
        centre.clock.advance(1800)
        answers["body"] = b"Telefon;kto\n600100202;Jan\n"
        taken.append(_looked(job, centre, list_id))
        centre.clock.advance(1800)
        taken.append(_looked(job, centre, list_id))
        centre.clock.advance(3600)
        taken.append(_looked(job, centre, list_id))
        assert taken == [1, 1, 2, 2], "on the hour, and the same file once"
        answers["status"] = 404
        centre.clock.advance(3600)
        _looked(job, centre, list_id)
        assert not sources.get(importer.actor, source_id).last_ok


def _looked(job: Job, centre: Centre, list_id: int) -> int:
    """Let the job look; how many imports of the list there are then, all ended."""
    job.run(JobRun())
    runs = centre.runtime.lists.imports(centre.operator.scope, list_id)
    for run in runs:
        centre.runtime.imports.wait(run.id, timeout=30)
    return len(runs)


@contextmanager
def _serving(answers: dict[str, Any]) -> Iterator[int]:
    """A web server on a free port of loopback that answers GET with the status and body; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.get("status", 200))
            self.send_header("Content-Length", str(len(answers["body"])))
            self.end_headers()
            self.wfile.write(answers["body"])

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_lists_are_archived_and_deleted_without_their_contacts(centre: Centre, importer: Importer) -> None:
    campaign_id = centre.campaign(["+48600100100"], agents=[centre.agent("anna")])
    lists, actor = centre.runtime.lists, importer.actor
    list_id = centre.runtime.campaigns.list_ids(actor.scope, campaign_id)[0]
    lists.archive(actor, list_id)
    with pytest.raises(Conflict, match="archived"):
        importer.upload("Telefon\n601100200\n", list_id)
    lists.restore(actor, list_id)
    preview = lists.deletion(actor, list_id)
    assert (preview.only_here, preview.elsewhere, [c for c, _ in preview.campaigns]) == (1, 0, [campaign_id])
    lists.delete(actor, list_id)
    assert _contact(centre, "+48600100100").id
    with centre.runtime.db.read() as session:
        assert session.scalar(select(func.count()).select_from(CampaignContact)) == 1
        assert session.get_one(Campaign, campaign_id).allowed_countries == ["PL"]


def test_suppression_lists_have_names_and_go_with_their_numbers(centre: Centre, importer: Importer) -> None:
    lists, entries, actor = centre.runtime.suppression_lists, centre.runtime.suppression, importer.actor
    robinson = lists.create(actor, "Robinson", Reach())
    file = b"phone,reason,since,expires\n600100200,asked,2024-01-02,2031-01-01\n601100200,,,\n"
    report = entries.add_file(actor, io.BytesIO(file), robinson, country="PL", reason="listed", source="register")
    assert report.added == 2
    first = next(e for e in entries.search(actor, list_id=robinson) if e.e164 == "+48600100200")
    assert (first.reason, first.created_at.date().isoformat(), first.in_force) == ("asked", "2024-01-02", True)
    out = "".join(entries.export_csv(actor, list_id=robinson)).encode()
    copy = lists.create(actor, "Copy", Reach(centre.client_id))
    assert entries.add_file(actor, io.BytesIO(out), copy, country="PL", reason="r", source="s").added == 2
    with pytest.raises(Conflict):
        lists.create(actor, "Robinson", Reach())
    assert lists.delete(actor, robinson) == 2
    assert [row.name for row in lists.index(actor)] == ["Copy"]
