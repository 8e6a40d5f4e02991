"""Whatever goes wrong, a program is told by problem details."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web import api_world
from tests.web.api_world import World
from tests.web.test_api_access import assert_problem


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = api_world.build(tmp_path_factory.mktemp("world"))
    yield made
    made.centre.close()


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v1/nothing", "/api/v2/contacts", "/api/v1/contacts/x"])
def test_an_address_that_is_not_there(world: World, path: str) -> None:
    assert_problem(world.app.test_client().get(path), 404, "not-found")


@pytest.mark.parametrize("number", [0, 2**31, 10**30])
def test_an_id_that_no_row_can_have(world: World, number: int) -> None:
    assert_problem(world.program().get(f"/contacts/{number}"), 404, "not-found")


def test_a_method_that_is_not_answered(world: World) -> None:
    answer = world.program().send("DELETE", "/contacts")
    assert_problem(answer, 405, "method-not-allowed")
    assert {"GET", "POST"} <= {name.strip() for name in answer.headers["Allow"].split(",")}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"a": NaN, }',
    ],
)
def test_a_body_that_is_no_json(world: World, text: bytes) -> None:
    answer = world.program().post("/lists", data=text, content_type="application/json")
    assert_problem(answer, 400, "malformed-json")


def test_a_body_of_another_kind(world: World) -> None:
    program = world.program()
    assert_problem(program.post("/lists", data="name=x", content_type="text/plain"), 415, "unsupported-media-type")
    assert_problem(program.post("/lists", data={"name": "x"}), 415)
    assert_problem(program.post("/imports", {"file": "x"}), 415)


def test_a_body_that_is_too_large(world: World) -> None:
    answer = world.program().post("/lists", data=b'"' + b"x" * 2_000_000 + b'"', content_type="application/json")
    assert_problem(answer, 413, "too-large")


def test_each_field_that_is_wrong_is_named(world: World) -> None:
    sent = {"list_id": "1", "numbers": ["", "22 123 45 67"], "nonsense": 1, "custom": {"a": 1}}
    answer = world.program().post("/contacts", sent)
    assert_problem(answer, 422, "invalid-input")
    assert set(answer.json["fields"]) == {"list_id", "numbers.0", "nonsense", "custom.a.value"}


def test_a_parameter_that_is_not_known_is_refused(world: World) -> None:
    answer = world.program().get("/contacts?limti=5")
    assert_problem(answer, 422)
    assert set(answer.json["fields"]) == {"limti"}


@pytest.mark.parametrize("path", ["/contacts?query=%00", "/suppression?query=a%00b", "/calls?disposition=%01"])
def test_text_that_no_database_stores_is_refused(world: World, path: str) -> None:
    assert_problem(world.program().get(path), 422)


def test_text_that_no_database_stores_is_refused_in_a_body(world: World) -> None:
    answer = world.program().post(
        "/lists",
        data=rb'{"client_id": 1, "name": "\ud800", "country": "PL"}',
        content_type="application/json",
    )
    assert_problem(answer, 422)


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2025-01-01T00:00:00", "x"])
def test_a_moment_that_cannot_be(world: World, when: str) -> None:
    assert_problem(world.program().get("/contacts", query_string={"changed_since": when}), 422)


def test_what_nobody_foresaw(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("secret details")

    monkeypatch.setattr(world.centre.runtime.lists, "get", broken)
    monkeypatch.setitem(world.app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = world.program().get(f"/lists/{world.ours['list_id']}")
    assert_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text


def test_a_conflict_says_what_to_do(world: World) -> None:
    body = {"client_id": world.acme, "name": "twice", "country": "PL"}
    assert world.program().post("/lists", body).status_code == 201
    answer = world.program().post("/lists", body)
    assert_problem(answer, 409, "conflict")
    assert answer.json["advice"]


def test_the_reader_gets_his_language(world: World) -> None:
    answer = world.app.test_client().get("/api/v1/contacts", headers={"Accept-Language": "pl"})
    assert_problem(answer, 401, "token-refused")
    assert answer.json["detail"] == "Tu potrzebny jest token."


def test_pages_keep_their_own_errors(world: World) -> None:
    assert world.app.test_client().get("/nothing").mimetype == "text/html"
