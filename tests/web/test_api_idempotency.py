"""A POST that is sent again with its key is done once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hookline.db.models import ApiReply, Contact, ContactList, ImportRun
from tests.web import api_world
from tests.web.api_world import Program, World
from tests.web.test_api_access import assert_problem

KEY = {"Idempotency-Key": "5f1e-1"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = api_world.build(tmp_path_factory.mktemp("world"))
    yield made
    made.centre.close()


@pytest.fixture
def program(world: World) -> Program:
    """A token of the test's own: keys of another are other keys."""
    return world.program()


def _count(world: World, model: type[Contact] | type[ContactList] | type[ImportRun]) -> int:
    with world.centre.runtime.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_request_is_answered_the_same_and_done_once(world: World, program: Program) -> None:
    body = {"list_id": world.ours["list_id"], "numbers": ["22 123 60 01"]}
    first = program.post("/contacts", body, headers=KEY)
    count = _count(world, Contact)
    again = program.post("/contacts", body, headers=KEY)
    assert (first.status_code, first.json, first.headers["Location"]) == (
        again.status_code,
        again.json,
        again.headers["Location"],
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert _count(world, Contact) == count


def test_a_batch_sent_again_makes_nobody_twice_and_says_the_same(world: World, program: Program) -> None:
    batch = [{"numbers": [f"22 123 61 {n:02}"], "first_name": f"N{n}"} for n in range(5)]
    body = {"list_id": world.ours["list_id"], "contacts": batch}
    first = program.post("/contacts/batch", body, headers={"Idempotency-Key": "batch-1"})
    count = _count(world, Contact)
    again = program.post("/contacts/batch", body, headers={"Idempotency-Key": "batch-1"})
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    anew = program.post("/contacts/batch", body, headers={"Idempotency-Key": "batch-2"})
    assert anew.status_code == first.status_code
    assert _count(world, Contact) == count, "known by their numbers"


def test_an_empty_answer_is_given_again_too(world: World, program: Program) -> None:
    path = f"/campaigns/{world.ours['campaign_id']}/pause"
    assert program.post(path, headers=KEY).status_code == 204
    assert program.post(path, headers=KEY).status_code == 204


def test_a_file_sent_again_is_the_same_whatever_the_boundary(world: World, program: Program) -> None:
    form = {"list_id": str(world.ours["list_id"])}
    first = program.post("/imports", headers=KEY, **api_world.upload(**form))
    count = _count(world, ImportRun)
    again = program.post("/imports", headers=KEY, **api_world.upload(**form))
    assert first.status_code == again.status_code == 201, again.text
    assert first.json == again.json
    assert _count(world, ImportRun) == count


@pytest.mark.parametrize("name", ["other", "same"])
def test_the_key_of_another_request_is_refused(world: World, program: Program, name: str) -> None:
    program.post("/lists", {"client_id": world.acme, "name": f"first {name}", "country": "PL"}, headers=KEY)
    path, body = (
        ("/lists", {"client_id": world.acme, "name": "another", "country": "PL"})
        if name == "other"
        else ("/contacts", {"list_id": world.ours["list_id"], "numbers": ["22 123 60 02"]})
    )
    assert_problem(program.post(path, body, headers=KEY), 422, "idempotency-key-reused")


def test_a_key_is_the_tokens_own(world: World) -> None:
    made = [
        world.program().post("/lists", {"client_id": world.acme, "name": f"own {n}", "country": "PL"}, headers=KEY)
        for n in range(2)
    ]
    assert made[0].json["id"] != made[1].json["id"]


def test_what_was_refused_may_be_sent_again(world: World, program: Program) -> None:
    body = {"client_id": world.acme, "name": "mended", "country": "QQ"}
    assert_problem(program.post("/lists", body, headers=KEY), 422)
    assert program.post("/lists", {**body, "country": "PL"}, headers=KEY).status_code == 201


def test_two_at_once_are_not_both_done(world: World, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first is being worked on."""
    reached, go_on = threading.Event(), threading.Event()
    create = world.centre.runtime.lists.create

    def slow(*arguments: object, **named: object) -> int:
        reached.set()
        assert go_on.wait(30)
        return create(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(world.centre.runtime.lists, "create", slow)
    body = {"client_id": world.acme, "name": "both", "country": "PL"}
    answers = []
    other = Program(world.app.test_client(), program.secret)
    first = threading.Thread(target=lambda: answers.append(other.post("/lists", body, headers=KEY)))
    first.start()
    assert reached.wait(30)
    assert_problem(program.post("/lists", body, headers=KEY), 409, "idempotency-key-in-use")
    go_on.set()
    first.join(30)
    assert answers[0].status_code == 201
    assert program.post("/lists", body, headers=KEY).json == answers[0].json


def test_a_request_that_broke_half_way_is_not_done_again(
    world: World, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_named: object) -> int:
        raise RuntimeError("in a test")

    body = {"client_id": world.acme, "name": "broken", "country": "PL"}
    monkeypatch.setattr(world.centre.runtime.lists, "create", broken)
    monkeypatch.setitem(world.app.config, "PROPAGATE_EXCEPTIONS", False)
    assert_problem(program.post("/lists", body, headers=KEY), 500, "internal-error")
    monkeypatch.undo()
    assert_problem(program.post("/lists", body, headers=KEY), 409, "idempotency-key-in-use")


def test_a_key_is_forgotten_after_a_day(world: World, program: Program) -> None:
    body = {"client_id": world.acme, "name": "a day", "country": "PL"}
    program.post("/lists", body, headers=KEY)
    world.centre.clock.advance(timedelta(hours=24).total_seconds())
    assert_problem(program.post("/lists", body, headers=KEY), 409, "conflict")  # the name is taken: it was done anew
    with world.centre.runtime.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ApiReply)) == 0


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "ż"])
def test_a_key_that_is_none_is_refused(world: World, program: Program, key: str) -> None:
    answer = program.post("/lists", {}, headers={"Idempotency-Key": key})
    assert_problem(answer, 422, "invalid-input")


def test_no_personal_data_is_kept_with_a_key(world: World, program: Program) -> None:
    contact = {"list_id": world.ours["list_id"], "numbers": ["22 123 60 09"], "first_name": "Wanda"}
    numbers = {"numbers": ["22 123 60 10", "none 77"], "client_id": world.acme, "reason": "asked", "source": "mail"}
    program.post("/contacts", contact, headers={"Idempotency-Key": "p1"})
    report = program.post("/suppression", numbers, headers={"Idempotency-Key": "p2"}).json
    assert report["unread"][0]["position"] == 2
    with world.centre.runtime.db.read() as session:
        kept = " ".join(str(reply.body) for reply in session.scalars(select(ApiReply)))
    assert "Wanda" not in kept
    assert "77" not in kept
    assert "1236010" not in kept
