"""Tokens: shown once, kept as a fingerprint, refused when they are over, never more than their maker."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import ApiToken, OutboxEvent
from hookline.domain.access import Actor
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services.tokens import TokenRefused
from hookline.testing.clock import VirtualClock
from hookline_web.testing import People, make_client
from tests.web.api_world import Program
from tests.web.test_api_access import assert_problem


def _admin(runtime: Runtime, people: People) -> Actor:
    return runtime.identity.actor(runtime.identity.get_user(people.admin))


def _asked(people: People, **changes: Any) -> dict[str, Any]:
    return {
        "name": "CRM",
        "permissions": ["contacts.view"],
        "all_clients": False,
        "clients": [people.acme],
        "days": 90,
        **changes,
    }


def test_only_a_fingerprint_is_kept(runtime: Runtime, people: People) -> None:
    issued = runtime.tokens.issue(_admin(runtime, people), _asked(people))
    with runtime.db.read() as session:
        kept = session.scalars(select(ApiToken)).one()
    stored = " ".join(str(value) for value in vars(kept).values())
    assert issued.secret not in stored
    assert issued.secret.startswith(kept.prefix)
    assert issued.secret.rpartition(f"{kept.prefix}_")[2] not in stored
    assert len(issued.secret) > 50


def test_a_token_acts_within_what_it_was_made_for(runtime: Runtime, people: People) -> None:
    issued = runtime.tokens.issue(_admin(runtime, people), _asked(people))
    actor = runtime.tokens.recognise(issued.secret).actor
    assert actor.permissions == {"contacts.view", "api.use"}
    assert actor.scope.clients == {people.acme}
    assert actor.user_id is None


def test_a_token_for_every_client_reaches_those_added_later(runtime: Runtime, people: People) -> None:
    issued = runtime.tokens.issue(_admin(runtime, people), _asked(people, all_clients=True, clients=[]))
    assert runtime.tokens.recognise(issued.secret).actor.scope.clients is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"permissions": []}, "permissions"),
        ({"permissions": ["no.such"]}, "permissions"),
        ({"permissions": ["desk.use"]}, "permissions"),  # an administrator does not hold it
        ({"clients": []}, "clients"),
        ({"clients": [999]}, "clients"),
    ],
)
def test_what_nobody_can_give_is_refused(runtime: Runtime, people: People, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        runtime.tokens.issue(_admin(runtime, people), _asked(people, **changes))
    assert field in refused.value.fields


def test_nobody_gives_more_than_he_has(runtime: Runtime, people: People) -> None:
    admin = _admin(runtime, people)
    some = Actor(admin.user_id, "", admin.role, frozenset({"tokens.manage"}), admin.scope)
    with pytest.raises(InvalidInput):
        runtime.tokens.issue(some, _asked(people))
    supervisor = runtime.identity.actor(runtime.identity.get_user(people.supervisor))
    with pytest.raises(NotPermitted):
        runtime.tokens.issue(supervisor, _asked(people))
    narrow = Actor(None, "", supervisor.role, admin.permissions, supervisor.scope)
    for changes in ({"clients": [people.globex]}, {"all_clients": True}):
        with pytest.raises(InvalidInput):
            runtime.tokens.issue(narrow, _asked(people, **changes))


def test_a_token_expires_to_the_second(runtime: Runtime, people: People, clock: VirtualClock) -> None:
    issued = runtime.tokens.issue(_admin(runtime, people), _asked(people, days=1))
    clock.advance(24 * 3600 - 1)
    assert runtime.tokens.recognise(issued.secret).name == "CRM"
    clock.advance(1)
    with pytest.raises(TokenRefused, match="expired"):
        runtime.tokens.recognise(issued.secret)


def test_a_revoked_token_is_refused_at_once(app: Flask, runtime: Runtime, people: People) -> None:
    admin = _admin(runtime, people)
    issued = runtime.tokens.issue(admin, _asked(people))
    program = Program(app.test_client(), issued.secret)
    assert program.get("/contacts").status_code == 200
    runtime.tokens.revoke(admin, issued.id)
    assert_problem(program.get("/contacts"), 401, "token-refused")
    with pytest.raises(Conflict):
        runtime.tokens.revoke(admin, issued.id)
    with pytest.raises(NotFound):
        runtime.tokens.revoke(admin, 999)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer hkl_00000000_zzz", "Token x"])
def test_what_is_no_token_is_refused(app: Flask, header: str) -> None:
    answer = app.test_client().get("/api/v1/contacts", headers={"Authorization": header})
    assert_problem(answer, 401, "token-refused")


def test_its_use_is_noted_by_the_minute(runtime: Runtime, people: People, clock: VirtualClock) -> None:
    admin = _admin(runtime, people)
    issued = runtime.tokens.issue(admin, _asked(people))
    used = []
    for seconds in (0, 30, 31):
        clock.advance(seconds)
        runtime.tokens.recognise(issued.secret)
        used.append(runtime.tokens.list_tokens(admin)[0].token.last_used_at)
    assert used[0] == used[1]
    assert used[2] == used[0] + timedelta(seconds=61)


def test_who_made_and_who_revoked_is_on_record(runtime: Runtime, people: People) -> None:
    admin = _admin(runtime, people)
    runtime.tokens.revoke(admin, runtime.tokens.issue(admin, _asked(people)).id)
    with runtime.db.read() as session:
        events = session.scalars(select(OutboxEvent).order_by(OutboxEvent.id)).all()
    told = [(event.type, event.agent_id, event.details["token_id"]) for event in events]
    assert told == [("ApiTokenIssued", people.admin, 1), ("ApiTokenRevoked", people.admin, 1)]


def test_a_program_that_asks_too_often_waits(app: Flask, runtime: Runtime, people: People, clock: VirtualClock) -> None:
    issued = [runtime.tokens.issue(_admin(runtime, people), _asked(people)) for _ in range(2)]
    program, other = (Program(app.test_client(), i.secret) for i in issued)
    most = runtime.settings.api_requests_per_minute
    assert {program.get("/token").status_code for _ in range(most)} == {200}
    answer = program.get("/token")
    assert_problem(answer, 429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) >= 1
    assert other.get("/token").status_code == 200
    clock.advance(int(answer.headers["Retry-After"]))
    assert program.get("/token").status_code == 200


# Pages


def test_an_administrator_makes_a_token_that_is_shown_once(app: Flask, people: People) -> None:
    browser = make_client(app, "admin")
    form = browser.get("/tokens/new").text
    assert 'value="contacts.view"' in form
    assert 'value="api.use"' not in form
    sent = {"name": "CRM", "days": "30", "permissions": ["contacts.view"], "clients": [str(people.acme)]}
    made = browser.post("/tokens/new", data=sent)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    found = re.search(r'<code id="token">(\S+)</code>', made.text)
    assert found is not None
    assert Program(app.test_client(), found.group(1)).get("/token").json["name"] == "CRM"
    listed = browser.get("/tokens").text
    assert found.group(1) not in listed
    assert found.group(1)[:12] in listed


def test_a_form_that_is_wrong_says_where(app: Flask) -> None:
    answer = make_client(app, "admin").post("/tokens/new", data={"name": "", "days": "400"})
    assert answer.status_code == 422
    assert "Between 1 and 365 days." in answer.text


def test_an_administrator_revokes_by_the_page(app: Flask, runtime: Runtime, people: People) -> None:
    issued = runtime.tokens.issue(_admin(runtime, people), _asked(people))
    browser = make_client(app, "admin")
    assert browser.post(f"/tokens/{issued.id}/revoke").status_code == 302
    with pytest.raises(TokenRefused, match="revoked"):
        runtime.tokens.recognise(issued.secret)


def test_a_token_whose_maker_has_left_is_marked(app: Flask, runtime: Runtime, people: People) -> None:
    runtime.tokens.issue(_admin(runtime, people), _asked(people))
    other = runtime.identity.add_user("second", "Second", "correct-horse-battery", _admin(runtime, people).role)
    assert "has left" not in make_client(app, "second").get("/tokens").text
    runtime.identity.set_active(people.admin, False)
    assert other
    assert "has left" in make_client(app, "second").get("/tokens").text
