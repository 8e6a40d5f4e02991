"""Trunks: what is taken in, which one is used, and what is never shown."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound, NotPermitted
from hookline.validation import load
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.errors import Distrusted
from hookline_telephony_sip.models import TrunkCheck, TrunkRecord
from hookline_telephony_sip.outbound import usable_trunks
from hookline_telephony_sip.schemas import SettingsSchema, TrunkSchema
from hookline_telephony_sip.service import Standing, TrunkDraft, TrunkService
from hookline_telephony_sip.trunk import NumberFormat, Transport
from hookline_web.testing import People

GOOD = {"name": "Main", "host": "sip.example.com", "caller_id": "+48 22 123 45 67"}


@pytest.fixture
def service(runtime: Runtime) -> TrunkService:
    """The trunks, with one password in the environment."""
    return TrunkService(runtime.db, {"HOOKLINE_SIP_ONE": "s3cret-pass"})


@pytest.fixture
def operator(runtime: Runtime) -> Actor:
    """Somebody who may do everything."""
    return runtime.identity.system_actor()


def _draft(**fields: Any) -> TrunkDraft:
    return TrunkDraft(**load(TrunkSchema(), {**GOOD, **fields}))


def _names(service: TrunkService, client_id: int | None) -> list[str]:
    return [trunk.name for trunk in service.trunks_for(client_id)]


def test_a_form_is_read_with_its_gaps_filled() -> None:
    draft = _draft(port="", priority="", client_id="", number_format="plain")
    assert (draft.port, draft.priority, draft.client_id) == (5060, 0, None)
    assert draft.caller_id == "+48221234567"
    assert draft.number_format == NumberFormat.PLAIN


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("host", "sip:example.com"),
        ("host", "example.com:5060"),
        ("host", "a b"),
        ("host", "x;transport=tcp"),
        ("port", "0"),
        ("port", "many"),
        ("client_id", "Acme"),
        ("username", "me@example.com"),
        ("username", "me\r\nX-Evil: 1"),
        ("caller_id", "22 123 45 67"),
        ("caller_id", "hello"),
        ("number_format", "morse"),
        ("transport", "pigeon"),
        ("priority", "100000"),
        ("password_variable", "PATH"),
        ("password_variable", "hookline_sip_one"),
        ("password_variable", "hunter2"),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        _draft(**{field: value})
    assert field in refused.value.fields


def test_a_log_in_is_whole_or_not_there() -> None:
    with pytest.raises(InvalidInput) as alone:
        _draft(username="acme")
    assert "password_variable" in alone.value.fields
    with pytest.raises(InvalidInput) as nameless:
        _draft(password_variable="HOOKLINE_SIP_ONE")
    assert "username" in nameless.value.fields


def test_a_client_uses_its_own_trunks_and_those_of_everybody(
    service: TrunkService, operator: Actor, people: People
) -> None:
    service.add_trunk(operator, _draft(name="everybody"))
    service.add_trunk(operator, _draft(name="acme", client_id=people.acme))
    service.add_trunk(operator, _draft(name="globex", client_id=people.globex))
    service.add_trunk(operator, _draft(name="best", priority=5))
    assert _names(service, people.acme) == ["best", "acme", "everybody"]
    assert _names(service, people.globex) == ["best", "globex", "everybody"]
    assert _names(service, None) == ["best", "everybody"]


def test_only_a_trunk_that_can_log_in_is_used(service: TrunkService, operator: Actor) -> None:
    login = {"username": "acme", "password_variable": "HOOKLINE_SIP_ONE"}
    able = service.add_trunk(operator, _draft(name="able", **login))
    unable = service.add_trunk(operator, _draft(name="unable", **{**login, "password_variable": "HOOKLINE_SIP_TWO"}))
    by_address = service.add_trunk(operator, _draft(name="by address"))
    assert _names(service, None) == ["able", "by address"]
    assert service.trunks_for(None)[0].password == "s3cret-pass"
    views = {view.record.id: view for view in service.list_trunks(operator)}
    assert [views[i].standing for i in (able, unable)] == [Standing.READY, Standing.NO_PASSWORD]
    assert [views[i].password for i in (able, unable, by_address)] == [True, False, None]


def test_the_password_is_neither_stored_nor_shown(service: TrunkService, operator: Actor, runtime: Runtime) -> None:
    service.add_trunk(operator, _draft(username="acme", password_variable="HOOKLINE_SIP_ONE"))
    with runtime.db.read() as session:
        stored = session.execute(select(*TrunkRecord.__table__.columns)).one()
    assert "s3cret-pass" not in str(stored)
    assert "s3cret-pass" not in repr(service.trunks_for(None))


def test_a_trunk_out_of_use_is_not_used_and_comes_back(service: TrunkService, operator: Actor) -> None:
    trunk_id = service.add_trunk(operator, _draft())
    service.set_trunk_active(operator, trunk_id, False)
    assert _names(service, None) == []
    assert service.get_trunk(operator, trunk_id).standing is Standing.INACTIVE
    service.set_trunk_active(operator, trunk_id, True)
    assert _names(service, None) == ["Main"]


def test_a_change_is_used_from_the_next_call_on(service: TrunkService, operator: Actor) -> None:
    trunk_id = service.add_trunk(operator, _draft())
    service.change_trunk(operator, trunk_id, _draft(host="192.0.2.10", port=5080, number_format="plain"))
    assert service.trunks_for(None)[0].request_uri("+48600100100") == "sip:48600100100@192.0.2.10:5080"


def test_a_trunk_by_tls_takes_a_proxy_in_front(service: TrunkService, operator: Actor, runtime: Runtime) -> None:
    trunk_id = service.add_trunk(operator, _draft(transport="tls"))
    assert service.get_trunk(operator, trunk_id).standing is Standing.NO_FRONT
    assert not service.trunks_for(None)
    (trunk,) = TrunkService(runtime.db, front=True).trunks_for(None)
    assert (trunk.transport, trunk.port) == (Transport.TLS, 5061)


def test_a_trunk_whose_certificate_did_not_hold_is_not_called(operator: Actor, runtime: Runtime) -> None:
    service = TrunkService(runtime.db, front=True)
    trunk_id, now = service.add_trunk(operator, _draft(transport="tls")), runtime.clock.now()
    with runtime.db.write() as unit:
        unit.session.add(
            TrunkCheck(trunk_id=trunk_id, answers=False, problem="certificate", since_at=now, checked_at=now)
        )
    backend = SipBackend(service.trunks_for)
    assert [problem.id for problem in backend.problems(None) if "trunk" in problem.id] == ["sip-trunk-distrusted"]
    with pytest.raises(Distrusted):
        usable_trunks(service.trunks_for(None), lambda _: 0)


def test_names_are_taken_once(service: TrunkService, operator: Actor) -> None:
    own = service.add_trunk(operator, _draft())
    with pytest.raises(InvalidInput) as refused:
        service.add_trunk(operator, _draft(name="MAIN"))
    assert "name" in refused.value.fields
    service.change_trunk(operator, own, _draft(name="main"))
    assert service.named(operator, "Main").record.id == own


def test_what_is_not_there_is_said_to_be_so(service: TrunkService, operator: Actor) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.add_trunk(operator, _draft(client_id=99))
    assert "client_id" in refused.value.fields
    for act in (service.get_trunk, service.usable):
        with pytest.raises(NotFound):
            act(operator, 99)
    with pytest.raises(NotFound):
        service.set_trunk_active(operator, 99, False)
    with pytest.raises(NotFound):
        service.named(operator, "nothing")


@pytest.mark.parametrize("login", ["agent", "supervisor"])
def test_only_administrators_manage_trunks(service: TrunkService, runtime: Runtime, people: People, login: str) -> None:
    actor = runtime.identity.actor(runtime.identity.get_user(getattr(people, login)))
    for act in (
        lambda: service.list_trunks(actor),
        lambda: service.add_trunk(actor, _draft()),
        lambda: service.set_trunk_active(actor, 1, False),
    ):
        with pytest.raises(NotPermitted):
            act()


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"bind_adress": "10.0.0.1"}, "bind_adress"),
        ({"bind_address": "everywhere"}, "bind_address"),
        ({"max_cells": "plenty"}, "max_cells"),
        ({"warm_cells": 9, "max_cells": 3}, "warm_cells"),
        ({"hold_music": "no/such.wav"}, "hold_music"),
    ],
)
def test_settings_that_cannot_be_used_are_named(table: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SettingsSchema().load(table)
    assert named in refused.value.messages_dict


def test_settings_have_defaults_and_are_taken_over() -> None:
    assert SettingsSchema().load({}).bind_address == "127.0.0.1"
    assert SettingsSchema().load({"max_cells": 40, "bind_address": "10.1.2.3"}).max_cells == 40
