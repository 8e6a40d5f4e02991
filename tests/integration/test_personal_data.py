"""Everything about a person is found, handed out and erased, and nothing about anybody else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from hookline.cli import cli
from hookline.data_holders import Classification, DataHolder, ErasureReport, Subject
from hookline.db.base import Base
from hookline.db.models import Contact, ImportRejection, ImportRun, Mail, User
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.hookspecs import hookimpl
from hookline.jobs import JobRun
from hookline.plugin_host.host import NameClash, PluginHost
from hookline.services.data.register import Erased
from hookline.services.data.subjects import SubjectQuery
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"
TRACES = ("221234567", "Kowalska", "owalska@example.com", "K-77", "asthma", "wants to think")


def _work(centre: Centre) -> int:
    """A contact with something in every corner: custom fields, a call with a recording and note, a rejected row."""
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    with centre.runtime.db.write() as unit:
        contact = unit.session.scalars(select(Contact).where(Contact.numbers.any(e164=ONE))).one()
        contact.first_name, contact.last_name, contact.email = "Ewa", "Kowalska", "Kowalska@example.com"
        contact.external_id, contact.custom = "K-77", {"health": "asthma", "shoe size": "38"}
        made = {"file_name": "x.csv", "stored_as": "x", "dialect": {}, "created_at": unit.clock.now()}
        run = ImportRun(client_id=centre.client_id, list_id=1, **made)
        unit.session.add(run)
        unit.session.flush()
        for row, number in enumerate(("22 123 45 67", "22 123 45 68")):
            cells = ["Kowalska" if row == 0 else "Nowak", f"0048 {number}"]
            unit.session.add(ImportRejection(import_id=run.id, row_number=row, reason="x", cells=cells))
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(5)
    centre.runtime.calls.save_note(centre.actor(anna), "wants to think")
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(2)
    assert centre.record(campaign, ONE).state == "wrap_up"
    return contact.id


def _subject(centre: Centre, **query: Any) -> Subject:
    return centre.runtime.data_subjects.subject(Scope.everything(), SubjectQuery(**query))


def _exported(centre: Centre, subject: Subject, actor: Actor | None = None) -> dict[str, list[dict[str, Any]]]:
    found = centre.runtime.data_register.export(actor or centre.operator, subject)
    return {part.holder.name: [dict(record.data) for record in part.records] for part in found}


def _everything_stored(centre: Centre) -> str:
    """Every row of every table, as text."""
    with centre.runtime.db.read() as session:
        return "\n".join(
            f"{table} {tuple(row)}"
            for table in Base.metadata.tables
            if table not in ("suppressions", "gdpr_consents")
            for row in session.execute(text(f"SELECT * FROM {table}"))
        )


@pytest.mark.parametrize(
    "query",
    [
        {"phone": "+48 22 123 45 67"},
        {"email": " KOWALSKA@example.com"},
        {"name": "ewa kowalska"},
        {"name": "Kowalska"},
        {"external_id": "K-77"},
        {"phone": ONE, "name": "Kowalska"},
    ],
)
def test_a_person_is_found_by_whatever_is_known(centre: Centre, query: dict[str, str]) -> None:
    contact = _work(centre)
    subject = _subject(centre, **query)
    assert subject.contact_ids == {contact}
    assert (subject.numbers, subject.emails) == ({ONE}, {"kowalska@example.com"})
    (match,) = centre.runtime.data_subjects.matches(Scope.everything(), SubjectQuery(**query))
    assert (match.name, match.client_name, match.numbers) == ("Ewa Kowalska", "Acme", (ONE,))


def test_asking_for_nobody_is_refused_and_for_a_stranger_finds_nobody(centre: Centre) -> None:
    _work(centre)
    with pytest.raises(InvalidInput):
        _subject(centre, phone="  ")
    assert _subject(centre, name="Nobody") == Subject()
    assert _subject(centre, name="Kowalska", phone=TWO).contact_ids == frozenset()


def test_an_export_has_everything_and_nobody_elses(centre: Centre) -> None:
    contact = _work(centre)
    centre.runtime.custom_fields.declare(
        centre.operator, centre.client_id, {"health": ("Ailments", Classification.SPECIAL)}
    )
    found = _exported(centre, _subject(centre, phone=ONE))
    assert set(found) >= {
        "core.contacts", "core.imports", "core.campaign_contacts", "core.calls", "core.recordings", "core.events"
    }  # fmt: skip
    assert found["core.contacts"][0]["custom"] == {"health": "asthma", "shoe size": "38"}
    assert found["core.contacts"][0]["custom_classifications"] == {"health": "special"}
    assert found["core.contacts"][0]["custom_labels"] == {"health": "Ailments"}
    assert [row["cells"][0] for row in found["core.imports"]] == ["Kowalska"]
    assert all(row.get("contact_id", contact) == contact for rows in found.values() for row in rows)
    assert TWO not in str(found)
    json.dumps(found)


def test_a_recording_comes_with_its_sound(centre: Centre) -> None:
    _work(centre)
    parts = centre.runtime.data_register.export(centre.operator, _subject(centre, phone=ONE))
    (record,) = next(p.records for p in parts if p.holder.name == "core.recordings")
    assert record.file is not None
    assert b"".join(record.file.open())[:4] == b"RIFF"


def test_after_an_erasure_no_trace_is_left_in_any_table(centre: Centre) -> None:
    contact = _work(centre)
    before = _everything_stored(centre)
    assert [trace for trace in TRACES if trace not in before] == []
    done = centre.runtime.data_register.erase(centre.operator, _subject(centre, phone=ONE), despite_missing=True)
    centre.runtime.recording_moves.run(JobRun())
    after = _everything_stored(centre)
    assert [trace for trace in TRACES if trace in after] == []
    assert TWO in after
    assert not list(centre.runtime.settings.recordings_dir.rglob("*.wav"))
    assert centre.calls()[0].contact_id == contact, "the call stays, without the person"
    assert _reports(done)["core.imports"].erased == 1
    assert all(bool(r.kept) == bool(r.why) for r in _reports(done).values())


def _reports(done: list[Erased]) -> dict[str, ErasureReport]:
    return {part.holder.name: part.report for part in done}


def test_erasing_twice_is_safe(centre: Centre) -> None:
    _work(centre)
    subject = _subject(centre, phone=ONE)
    for _ in range(2):
        centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    assert _subject(centre, phone=ONE).contact_ids == frozenset()


def test_an_objection_outlives_the_erasure(centre: Centre) -> None:
    _work(centre)
    reach = Reach(centre.client_id)
    centre.runtime.suppression.add(centre.operator, [ONE], reach, country="PL", reason="asked for it", source="phone")
    subject = _subject(centre, phone=ONE)
    assert _exported(centre, subject)["core.suppressions"][0]["e164"] == ONE
    done = centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    assert "called again" in _reports(done)["core.suppressions"].why
    assert _exported(centre, _subject(centre, phone=ONE))["core.suppressions"]


def test_nobody_is_erased_in_the_middle_of_a_call(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(5)
    with pytest.raises(Conflict):
        centre.runtime.data_register.erase(centre.operator, _subject(centre, phone=ONE), despite_missing=True)
    assert _subject(centre, phone=ONE).contact_ids


def test_each_client_answers_for_its_own(centre: Centre) -> None:
    _work(centre)
    globex = centre.client("Globex")
    theirs = centre.contact(ONE, client_id=globex, last_name="Kowalska")
    actor = dataclasses.replace(centre.operator, scope=Scope(frozenset({globex})))
    subject = centre.runtime.data_subjects.subject(actor.scope, SubjectQuery(phone=ONE))
    assert subject.contact_ids == {theirs}
    assert set(_exported(centre, subject, actor)) == {"core.contacts"}
    with pytest.raises(NotFound):
        centre.runtime.data_register.export(actor, _subject(centre, phone=ONE))
    with pytest.raises(NotFound):
        centre.runtime.data_register.erase(actor, _subject(centre, phone=ONE), despite_missing=True)
    centre.runtime.data_register.erase(actor, subject, despite_missing=True)
    assert _exported(centre, _subject(centre, phone=ONE))["core.imports"], "Acme's rejected rows are Acme's"


def test_only_who_may_gets_or_erases_it(centre: Centre) -> None:
    boss = centre.actor(centre.user("boss", Role.SUPERVISOR, clients=[centre.client_id]))
    for act in (centre.runtime.data_register.export, centre.runtime.data_register.erase):
        with pytest.raises(NotPermitted):
            act(boss, Subject())


def test_agents_own_data_is_held_too(centre: Centre) -> None:
    _work(centre)
    with centre.runtime.db.write() as unit:
        user = unit.session.scalars(select(User).where(User.login == "anna")).one()
        user.email = "anna@example.com"
        mail = {"template": "x", "language": "en", "recipient": "Anna@example.com", "message_id": "m", "context": {}}
        unit.session.add(Mail(**mail, due_at=unit.clock.now(), created_at=unit.clock.now()))
    subject = _subject(centre, login="Anna")
    found = _exported(centre, subject)
    assert set(found) == {"core.users", "core.working_time", "core.mails"}
    assert "password_hash" not in str(found)
    assert any(row.get("state") == "on_call" for row in found["core.working_time"])
    with pytest.raises(Conflict):
        centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    centre.runtime.identity.set_active(user.id, False)
    centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    assert "anna" not in _everything_stored(centre).lower()
    assert centre.calls()[0].agent_id == user.id, "statistics stay"


def test_a_plugin_that_cannot_be_reached_stops_an_erasure_unless_that_is_accepted(centre: Centre) -> None:
    _work(centre)
    centre.runtime.host.mark_failed("gdpr", "It could not be loaded: %(error)s", RuntimeError("at work"))
    assert "gdpr" in centre.runtime.data_register.missing()
    with pytest.raises(Conflict) as refused:
        centre.runtime.data_register.erase(centre.operator, _subject(centre, phone=ONE))
    assert "gdpr" in refused.value.message


class _Plugin:
    def __init__(self, holder: DataHolder) -> None:
        self._holder = holder

    @hookimpl
    def hookline_register_data_holders(self) -> list[DataHolder]:
        return [self._holder]


def test_hookline_register_data_holders_takes_only_ones_own_names(centre: Centre) -> None:
    holder = dataclasses.replace(centre.runtime.data_register.holders()[0], name="crm.people")
    host = PluginHost()
    host.register("crm", _Plugin(holder))
    assert list(host.data_holders()) == ["crm.people"]
    host.register("other", _Plugin(dataclasses.replace(holder, name="crm.more")))
    with pytest.raises(NameClash):
        host.data_holders()


def test_custom_fields_are_declared_per_client(centre: Centre) -> None:
    _work(centre)
    fields = centre.runtime.custom_fields
    seen = fields.fields(Scope.everything(), centre.client_id)
    assert [(f.key, f.classification, f.declared) for f in seen] == [
        ("health", Classification.ORDINARY, False),
        ("shoe size", Classification.ORDINARY, False),
    ]
    fields.declare(centre.operator, centre.client_id, {"health": ("Ailments", Classification.SPECIAL)})
    first = fields.fields(Scope.everything(), centre.client_id)[0]
    assert (first.label, first.classification, first.declared) == ("Ailments", Classification.SPECIAL, True)
    assert fields.fields(Scope.everything(), centre.client("Globex")) == []
    with pytest.raises(NotFound):
        fields.fields(Scope(frozenset()), centre.client_id)


@pytest.fixture
def home(centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The centre, as commands find it."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(centre.runtime.settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", centre.runtime.db.engine.url.render_as_string(hide_password=False))
    return tmp_path


def test_the_commands_print_the_register_and_one_persons_data(centre: Centre, home: Path) -> None:
    _work(centre)
    run = CliRunner()
    register = run.invoke(cli, ["data", "holders"]).output
    for part in ("core.contacts · Contacts", "scripts.answers", "gdpr.consents", "180 days", "files: recordings"):
        assert part in register
    assert len(json.loads(run.invoke(cli, ["data", "holders", "--json"]).output)) >= 10
    out = run.invoke(cli, ["data", "export", "--phone", ONE, "--files", str(home / "files")])
    found = json.loads(out.stdout)
    recordings = next(h for h in found["holders"] if h["holder"] == "core.recordings")
    assert Path(recordings["records"][0]["file"]["written_to"]).read_bytes()[:4] == b"RIFF"
    nobody = run.invoke(cli, ["data", "export", "--phone", "+48221234999"])
    assert isinstance(nobody.exception, NotFound)
