"""Mails: queued with the change they tell of, sent in the reader's language, again and again, never lost."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import Client, ContactList, ImportRun, Mail
from hookline.domain.access import Role
from hookline.domain.events import ImportProgressed, WebhookEndpointStopped
from hookline.errors import Conflict, InvalidInput, NotPermitted
from hookline.jobs import JobRun
from hookline.services.keyset import Cursor
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from tests.mail_server import Box, free_port, receiving_mail

ADA = "ada@centre.example"
NUMBERS = {"file_name": "a.csv", "list_name": "Solar", "imported": 3, "merged": 2, "rejected": 1, "warnings": 0}
IMPORT = {**NUMBERS, "state": "done"}


@pytest.fixture
def port() -> int:
    """Where the mail server listens, when there is one."""
    return free_port()


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    """Mail by a server on this machine."""
    return dataclasses.replace(
        settings,
        mail_host="127.0.0.1",
        mail_port=port,
        mail_security="none",
        mail_sender="Hookline <no-reply@centre.example>",
    )


def _queue(runtime: Runtime, template: str = "test", language: str = "en", to: str = ADA, **context: object) -> None:
    with runtime.db.write() as unit:
        runtime.mail.send(unit, template, to, language, context)


def _send(runtime: Runtime) -> str | None:
    return runtime.mail.sender.run(JobRun())


def _mails(runtime: Runtime) -> list[Mail]:
    with runtime.db.read() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def _words(box: Box, number: int = 0, kind: str = "plain") -> str:
    part = box.mails[number].get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize(
    ("language", "subject", "says"),
    [
        ("en", "Import finished: Solar", "has finished"),
        ("pl", "Import zakończony: Solar", "został zakończony"),
    ],
)
def test_a_mail_comes_in_the_readers_language_as_text_and_html(
    runtime: Runtime, port: int, language: str, subject: str, says: str
) -> None:
    _queue(runtime, "import_finished", language, **IMPORT)
    with receiving_mail(port) as box:
        assert _send(runtime) == "1 sent"
    (mail,) = box.mails
    assert mail["Subject"] == subject
    assert mail["To"] == ADA
    assert mail["From"] == "Hookline <no-reply@centre.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert says in _words(box)
    assert f'<html lang="{language}">' in _words(box, kind="html")
    (row,) = _mails(runtime)
    assert (row.state, row.context) == ("sent", {})


def test_nothing_is_sent_of_what_was_rolled_back(runtime: Runtime, port: int) -> None:
    def change_and_fail() -> None:
        with runtime.db.write() as unit:
            runtime.mail.send(unit, "test", ADA, "en", {})
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError, match="the change failed"):
        change_and_fail()
    with receiving_mail(port) as box:
        _send(runtime)
    assert box.mails == []


def test_while_the_server_is_down_mails_wait_and_are_sent_when_it_is_back(
    runtime: Runtime, port: int, clock: VirtualClock
) -> None:
    _queue(runtime)
    began = clock.now()
    for minutes in (1, 3, 9):
        _send(runtime)
        row = _mails(runtime)[0]
        assert row.error == "The mail server cannot be reached."
        assert row.due_at == clock.now() + timedelta(minutes=minutes)
        clock.set(row.due_at)
    with receiving_mail(port) as box:
        _send(runtime)
        assert _send(runtime) is None
    assert len(box.mails) == 1
    assert _mails(runtime)[0].sent_at == began + timedelta(minutes=13)


def test_a_restart_loses_nothing(runtime: Runtime, port: int, settings: Settings, clock: VirtualClock) -> None:
    _queue(runtime)
    runtime.close()
    reborn = Runtime(settings, clock)
    with receiving_mail(port) as box:
        assert _send(reborn) == "1 sent"
    reborn.close()
    assert len(box.mails) == 1


def test_a_mail_sent_again_after_a_crash_has_the_same_id(
    runtime: Runtime, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise RuntimeError("killed")

    _queue(runtime)
    with receiving_mail(port) as box:
        with monkeypatch.context() as broken:
            broken.setattr(runtime.mail.sender, "_note", die)
            with pytest.raises(RuntimeError, match="killed"):
                _send(runtime)
        _send(runtime)
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert str(first["Message-ID"]).endswith("@centre.example>")


@pytest.mark.parametrize(
    "to",
    [
        "ada@centre.example\r\nBcc: eve@evil.example",
        "ada@centre.example\nSubject: hello",
        "ada@centre.example, eve@evil.example",
        "Ada <ada@centre.example>",
        "ada@centre.example ",
        "ada",
        "@centre.example",
        "ada@",
        "ada@centre..example",
        "zażółć@centre.example",
        "",
        "a" * 250 + "@b.example",
    ],
)
def test_an_address_that_is_not_one_plain_address_is_refused(runtime: Runtime, to: str) -> None:
    with pytest.raises(InvalidInput, match="not an e-mail address"):
        _queue(runtime, to=to)
    assert _mails(runtime) == []


def test_what_is_filled_in_begins_no_header_and_no_tag(runtime: Runtime, port: int) -> None:
    evil = "Solar\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>"
    _queue(runtime, "import_finished", **{**IMPORT, "list_name": evil})
    with receiving_mail(port) as box:
        _send(runtime)
    assert box.envelopes[0].rcpt_tos == [ADA]
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["Subject"].strip() == "Import finished: Solar Bcc: eve@evil.example <script>alert(1)</script>"
    assert "<script>" not in _words(box, kind="html")
    assert "&lt;script&gt;" in _words(box, kind="html")


def test_what_the_server_refuses_for_good_is_given_up_and_may_be_tried_again(
    runtime: Runtime, port: int, clock: VirtualClock
) -> None:
    operator = runtime.identity.system_actor()
    _queue(runtime)
    with receiving_mail(port) as box:
        box.refuse = "550 no such user"
        _send(runtime)
        (row,) = _mails(runtime)
        assert (row.state, row.error) == ("failed", "The mail server refused the recipient.")
        box.refuse = ""
        runtime.mail.log.try_again(operator, row.id)
        with pytest.raises(Conflict):
            runtime.mail.log.try_again(operator, row.id)
        _send(runtime)
    assert _mails(runtime)[0].state == "sent"


@pytest.mark.parametrize("where", ["refuse", "refuse_data"])
def test_what_the_server_refuses_for_now_is_tried_again_and_holds_up_no_other(
    runtime: Runtime, port: int, clock: VirtualClock, where: str
) -> None:
    _queue(runtime)
    with receiving_mail(port) as box:
        setattr(box, where, "451 try later")
        _send(runtime)
        assert _mails(runtime)[0].state == "waiting"
        setattr(box, where, "")
        _queue(runtime, to="eve@centre.example")
        _send(runtime)
        assert [row.state for row in _mails(runtime)] == ["waiting", "sent"]
        clock.advance(60)
        _send(runtime)
    assert [row.state for row in _mails(runtime)] == ["sent", "sent"]


def test_after_three_days_a_mail_is_no_news_any_more(runtime: Runtime, port: int, clock: VirtualClock) -> None:
    _queue(runtime)
    clock.advance(3 * 86_400 + 1)
    with receiving_mail(port) as box:
        _send(runtime)
    assert box.mails == []
    assert _mails(runtime)[0].state == "failed"
    clock.advance(30 * 86_400)
    runtime.mail.sender.tidy(JobRun())
    assert _mails(runtime) == []


def test_a_mail_whose_template_is_missing_is_given_up_and_the_others_go(runtime: Runtime, port: int) -> None:
    _queue(runtime, "nobody/nothing")
    _queue(runtime, "import_finished", file_name="only this")
    _queue(runtime)
    with receiving_mail(port):
        _send(runtime)
    assert [row.state for row in _mails(runtime)] == ["failed", "failed", "sent"]


def test_without_a_server_mails_wait(runtime: Runtime, settings: Settings, clock: VirtualClock) -> None:
    unset = Runtime(dataclasses.replace(settings, mail_host=""), clock)
    _queue(unset)
    assert _send(unset) is None
    assert not unset.mail.configured
    (row,) = _mails(unset)
    assert (row.state, row.attempts) == ("waiting", 0)
    unset.close()


def test_the_log_masks_recipients_and_is_for_administrators(runtime: Runtime) -> None:
    _queue(runtime)
    operator = runtime.identity.system_actor()
    (line,) = runtime.mail.log.lines(operator, Cursor()).rows
    assert line.recipient == "a•••@centre.example"
    agent = runtime.identity.add_user("ag", "Ag", "long-enough-1", Role.AGENT)
    with pytest.raises(NotPermitted):
        runtime.mail.log.lines(runtime.identity.actor(runtime.identity.get_user(agent)), Cursor())


# Core's own mails


def _import(runtime: Runtime, by: int | None, state: str = "done") -> int:
    with runtime.db.write() as unit:
        now = unit.clock.now()
        client = Client(name="Acme", created_at=now)
        unit.session.add(client)
        unit.session.flush()
        made = ContactList(client_id=client.id, name="Solar", country="PL", created_at=now)
        unit.session.add(made)
        unit.session.flush()
        run = ImportRun(
            client_id=client.id,
            list_id=made.id,
            file_name="solar.csv",
            stored_as="",
            dialect={},
            state=state,
            imported=3,
            created_by=by,
            created_at=now,
        )
        unit.session.add(run)
        unit.session.flush()
        for said in ("running", state):
            unit.emit(ImportProgressed(client_id=client.id, import_id=run.id, state=said, done=3, total=3))
    runtime.bus.pump()
    return run.id


@pytest.mark.parametrize(("state", "subject"), [("done", "Import zakończony"), ("failed", "Import przerwany")])
def test_whoever_started_an_import_hears_of_its_end(runtime: Runtime, port: int, state: str, subject: str) -> None:
    ada = runtime.identity.add_user("ada", "Ada", "long-enough-1", Role.ADMINISTRATOR, "pl", email=ADA)
    _import(runtime, ada, state)
    for happened in runtime.bus.since(0):
        runtime.mail.notices.on_event(happened)  # at least once: it may come again
    with receiving_mail(port) as box:
        _send(runtime)
    assert [str(mail["Subject"]) for mail in box.mails] == [f"{subject}: Solar"]
    assert "solar.csv" in _words(box)


def test_nobody_is_written_to_who_does_not_want_it_or_has_left(runtime: Runtime) -> None:
    add = runtime.identity.add_user
    add("boss", "Boss", "long-enough-1", Role.ADMINISTRATOR)
    _import(runtime, add("eva", "Eva", "long-enough-1", Role.ADMINISTRATOR))
    assert _mails(runtime) == []


def test_old_events_are_no_news(runtime: Runtime, clock: VirtualClock) -> None:
    ada = runtime.identity.add_user("ada", "Ada", "long-enough-1", Role.ADMINISTRATOR, email=ADA)
    _import(runtime, ada)
    (first,) = _mails(runtime)
    clock.advance(2 * 86_400)
    with runtime.db.write() as unit:
        unit.session.delete(unit.session.get_one(Mail, first.id))
    for happened in runtime.bus.since(0):
        runtime.mail.notices.on_event(happened)
    assert _mails(runtime) == []


def test_administrators_hear_of_a_job_that_fails_once_a_day(runtime: Runtime, port: int, clock: VirtualClock) -> None:
    add = runtime.identity.add_user
    add("ada", "Ada", "long-enough-1", Role.ADMINISTRATOR, email=ADA)
    add("sue", "Sue", "long-enough-1", Role.SUPERVISOR, email="sue@centre.example")

    def fail_and_recover() -> None:
        for state in ("failed", "failed", "done"):
            runtime.job_board.started("acme.sweep", quiet=False)
            runtime.job_board.finished("acme.sweep", state, "RuntimeError: disk full", quiet=False)
        runtime.bus.pump()

    fail_and_recover()
    fail_and_recover()
    assert [row.recipient for row in _mails(runtime)] == [ADA]
    clock.advance(86_400)
    fail_and_recover()
    with receiving_mail(port) as box:
        _send(runtime)
    assert [str(mail["Subject"]) for mail in box.mails] == ["A background job fails: acme.sweep"] * 2


def test_administrators_hear_of_an_endpoint_that_was_stopped(runtime: Runtime, port: int) -> None:
    runtime.identity.add_user("ada", "Ada", "long-enough-1", Role.ADMINISTRATOR, email=ADA)
    with runtime.db.write() as unit:
        client = Client(name="Acme & Sons", created_at=unit.clock.now())
        unit.session.add(client)
    data = {
        "client_id": client.id,
        "url": "https://hooks.example/in",
        "description": "CRM",
        "event_types": ["CallEnded"],
    }
    made = runtime.webhooks.service.add(runtime.identity.system_actor(), data)
    with runtime.db.write() as unit:
        for reason in ("failures", "gone"):
            unit.emit(WebhookEndpointStopped(client_id=client.id, endpoint_id=made.endpoint_id, reason=reason))
    runtime.bus.pump()
    with receiving_mail(port) as box:
        _send(runtime)
    assert [str(mail["Subject"]) for mail in box.mails] == [
        "A webhook endpoint was paused: Acme & Sons",
        "A webhook endpoint was switched off: Acme & Sons",
    ]
    assert "https://hooks.example/in (CRM)" in _words(box)
    assert "Acme &amp; Sons" in _words(box, kind="html")


def test_the_health_page_says_that_mails_do_not_get_out(runtime: Runtime, clock: VirtualClock) -> None:
    check = runtime.mail.check
    assert [finding.message for finding in check.run()] == ["No mail waits for long."]
    _queue(runtime)
    _queue(runtime, "nobody/nothing")
    clock.advance(3600)
    assert [finding.message for finding in check.run()] == ["2 mails wait for the mail server."]
