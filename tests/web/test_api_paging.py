"""Lists go on where they ended, whatever is added meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web import api_world
from tests.web.api_world import World
from tests.web.test_api_access import assert_problem


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = api_world.build(tmp_path_factory.mktemp("world"))
    yield made
    made.centre.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 5), added=st.lists(st.integers(0, 3), max_size=6))
def test_what_was_there_is_read_once_however_many_come_meanwhile(world: World, limit: int, added: list[int]) -> None:
    program, number = world.program(), 0
    before = [item["id"] for item in program.items("/contacts", limit=200)]
    read: list[int] = []
    query: dict[str, object] = {"limit": limit}
    while True:
        page = program.get("/contacts", query_string=query).json
        assert len(page["items"]) <= limit
        read += [item["id"] for item in page["items"]]
        for _ in range(added.pop() if added else 0):
            number += 1
            world.centre.contact(f"+4822{len(before):04}{number:03}", last_name="Later")
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert read[: len(before)] == before
    assert len(set(read)) == len(read)


def test_newest_first_stays_in_order_while_newer_ones_come(world: World) -> None:
    program = world.program()
    entry = {"client_id": world.acme, "reason": "asked", "source": "mail"}
    for last in range(4):
        assert program.post("/suppression", {**entry, "numbers": [f"22 123 50 0{last}"]}).json["added"] == 1
    there = [item["id"] for item in program.items("/suppression")]
    first = program.get("/suppression?limit=2").json
    program.post("/suppression", {**entry, "numbers": ["22 123 50 09"]})
    rest = list(program.items("/suppression", limit=2, after=first["next"]))
    assert [item["id"] for item in (*first["items"], *rest)] == there


def test_the_header_leads_on_as_the_body_does(world: World) -> None:
    program = world.program()
    world.centre.contact("+48221230101")
    page = program.get("/contacts", query_string={"limit": 1, "client_id": world.acme})
    address, _, relation = page.headers["Link"].partition(">; ")
    assert relation == 'rel="next"'
    following = program.get(address.removeprefix("</api/v1"))
    assert following.status_code == 200
    assert following.json["items"][0]["id"] > page.json["items"][0]["id"]
    by_body = program.get("/contacts", query_string={"limit": 1, "client_id": world.acme, "after": page.json["next"]})
    assert by_body.json == following.json


def test_the_last_page_leads_nowhere(world: World) -> None:
    page = world.program().get("/lists?limit=200")
    assert page.json["next"] is None
    assert "Link" not in page.headers


@pytest.mark.parametrize("after", ["x", "Y29udGFjdHM6MQ", "////", "ż", "AAAA", "Y29udGFjdHMubGlzdF9jb250YWN0czotMQ"])
def test_a_cursor_of_nowhere_is_refused(world: World, after: str) -> None:
    assert_problem(world.program().get("/contacts", query_string={"after": after}), 422, "invalid-input")


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    world.centre.contact("+48221230102")
    cursor = world.program().get("/contacts?limit=1").json["next"]
    assert_problem(world.program().get("/lists", query_string={"after": cursor}), 422, "invalid-input")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1e3"])
def test_a_page_has_a_sensible_size(world: World, limit: str) -> None:
    answer = world.program().get("/contacts", query_string={"limit": limit})
    assert_problem(answer, 422)
    assert "limit" in answer.json["fields"]
