"""What programs do with the API's resources, by the rules of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.db.models import CampaignContact, CampaignList, Contact
from hookline.domain.access import Actor, Role
from hookline.services.feeds import ContactFilters
from tests.web import api_world
from tests.web.api_world import World
from tests.web.test_api_access import assert_problem


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = api_world.build(tmp_path)
    yield made
    made.centre.close()


def test_a_contact_joins_the_campaigns_of_its_list(world: World) -> None:
    program = world.program()
    sent = {
        "list_id": world.ours["list_id"],
        "numbers": ["22 123 45 90", "+48 22 123 45 91"],
        "external_id": "C-1",
        "first_name": "Łucja",
        "custom": {"tariff": "gold"},
    }
    made = program.post("/contacts", sent)
    assert made.status_code == 201
    assert made.json == {"id": made.json["id"], "is_new": True, "numbers_left_out": 0}
    shown = program.get(made.headers["Location"].removeprefix("/api/v1")).json
    assert [n["number"] for n in shown["numbers"]] == ["+48221234590", "+48221234591"]
    assert (shown["first_name"], shown["custom"], shown["client_id"]) == ("Łucja", {"tariff": "gold"}, world.acme)
    assert [s["campaign_id"] for s in shown["standings"]] == [world.ours["campaign_id"]]
    assert shown["list_ids"] == [world.ours["list_id"]]


def test_a_known_contact_is_filled_not_doubled(world: World) -> None:
    program = world.program()
    sent = {"list_id": world.ours["list_id"], "numbers": [api_world.OURS], "first_name": "Other", "city": "Lublin"}
    again = program.post("/contacts", sent)
    assert (again.status_code, again.json["is_new"]) == (200, False)
    assert again.json["id"] == world.ours["contact_id"]
    shown = program.get(f"/contacts/{world.ours['contact_id']}").json
    assert (shown["first_name"], shown["city"]) == ("Jan", "Lublin")


def test_numbers_of_two_clients_do_not_meet(world: World) -> None:
    made = world.program().post(
        "/contacts", {"list_id": world.ours["list_id"], "numbers": [api_world.THEIRS], "first_name": "Ours"}
    )
    assert made.status_code == 201
    with world.centre.runtime.db.read() as session:
        theirs = session.get_one(Contact, world.theirs["contact_id"])
    assert theirs.first_name == "Jan"


@pytest.mark.parametrize("number", ["112", "22 123", "hidden", "abc"])
def test_a_number_nobody_can_call_is_refused_by_its_place(world: World, number: str) -> None:
    sent = {"list_id": world.ours["list_id"], "numbers": ["22 123 45 92", number]}
    answer = world.program().post("/contacts", sent)
    assert_problem(answer, 422)
    assert set(answer.json["fields"]) == {"numbers.1"}


@pytest.mark.parametrize(
    "query",
    [
        {"external_id": "X1"},
        {"number": api_world.OURS},
        {"query": "testowy"},
        {"list_id": "list_id"},
        {"campaign_id": "campaign_id"},
        {"changed_since": "2025-03-03T09:00:00Z"},
    ],
)
def test_contacts_are_found(world: World, query: dict[str, str]) -> None:
    asked = {name: world.ours.get(value, value) for name, value in query.items()}
    found = list(world.program().items("/contacts", **asked))
    assert [contact["id"] for contact in found] == [world.ours["contact_id"]]


@pytest.mark.parametrize(
    "query",
    [{"external_id": "X2"}, {"number": api_world.THEIRS}, {"client_id": 2}, {"changed_since": "2026-01-01T00:00:00Z"}],
)
def test_contacts_of_others_are_not_found(world: World, query: dict[str, object]) -> None:
    assert list(world.program().items("/contacts", **query)) == []


def test_a_contact_is_changed_in_part(world: World) -> None:
    program, path = world.program(), f"/contacts/{world.ours['contact_id']}"
    assert program.send("PATCH", path, {"city": "Gdynia", "custom": {"a": "1"}}).status_code == 204
    assert program.send("PATCH", path, {"custom": {"a": "", "b": "2"}}).status_code == 204
    shown = program.get(path).json
    assert (shown["city"], shown["first_name"], shown["custom"]) == ("Gdynia", "Jan", {"b": "2"})
    assert_problem(program.send("PATCH", path, {"email": "none"}), 422)
    assert_problem(program.send("PATCH", path, {}), 422)


def test_the_last_number_stays(world: World) -> None:
    program, path = world.program(), f"/contacts/{world.ours['contact_id']}/numbers"
    assert_problem(program.send("DELETE", f"{path}/{world.ours['number_id']}"), 409)
    added = program.post(path, {"number": "22 123 45 93"}).json["id"]
    assert program.send("DELETE", f"{path}/{world.ours['number_id']}").status_code == 204
    shown = program.get(f"/contacts/{world.ours['contact_id']}").json["numbers"]
    assert [(n["id"], n["number"]) for n in shown] == [(added, "+48221234593")]


def test_a_campaign_is_built_changed_started_and_ended(world: World) -> None:
    program = world.program()
    sent = {
        "client_id": world.acme,
        "name": "Autumn",
        "purpose": "service",
        "backend": "simulated",
        "window": [{"day": 0, "opens": "08:00", "closes": "18:30"}],
        "retry_rules": [{"result": "busy", "delay_seconds": 600, "max_attempts": 2}],
        "dispositions": [{"code": "SOLD", "label": "Sold", "category": "success", "final": True}],
    }
    path = f"/campaigns/{program.post('/campaigns', sent).json['id']}"
    shown = program.get(path).json
    assert {name: shown[name] for name in sent} == sent
    assert (shown["state"], shown["attempts_per_day"]) == ("draft", 3)
    assert {m["id"] for m in program.get(f"{path}/check").json["missing"]} == {"no-agents", "no-contacts"}
    assert_problem(program.post(f"{path}/start"), 409)
    more = {
        "list_ids": [world.ours["list_id"]],
        "agents": [{"user_id": world.ours["agent_id"], "dial_by_hand": True}],
        "attempts_per_day": 5,
    }
    assert program.send("PATCH", path, more).status_code == 204
    shown = program.get(path).json
    assert shown["dispositions"] == sent["dispositions"]
    assert (shown["attempts_per_day"], shown["agents"][0]["dial_by_hand"]) == (5, True)
    assert program.post(f"{path}/start").status_code == 204
    assert program.get("/campaigns?state=running").json["items"][0]["name"] == "Autumn"
    assert program.post(f"{path}/pause").status_code == 204
    assert program.post(f"{path}/end").status_code == 204
    assert_problem(program.send("PATCH", path, {"goal": "x"}), 409)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"backend": "none"}, "backend"),
        ({"agents": [{"user_id": 999}]}, "agents"),
        ({"required_policies": ["no.such"]}, "required_policies"),
        ({"allowed_countries": ["QQ"]}, "allowed_countries"),
        ({"caller_id": "112"}, "caller_id"),
        ({"window": [{"day": 0, "opens": "18:00", "closes": "09:00"}]}, "window.0.closes"),
        ({"window": [{"day": 0, "opens": "8:00", "closes": "09:00"}]}, "window.0.opens"),
        ({"retry_rules": [{"result": "busy", "delay_seconds": 61, "max_attempts": 2}]}, "retry_rules.0.delay_seconds"),
        ({"attempts_per_day": 10, "attempts_total": 5}, "attempts_total"),
        ({"script": "scripts:999"}, "script"),
        ({"dial_mode": "psychic"}, "dial_mode"),
        ({"state": "running"}, "state"),
        ({"client_id": 2}, "client_id"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_by_field(world: World, changes: dict[str, object], field: str) -> None:
    answer = world.program().send("PATCH", f"/campaigns/{world.ours['campaign_id']}", changes)
    assert_problem(answer, 422)
    assert field in answer.json["fields"]


def test_a_campaign_takes_no_list_of_another_client(world: World) -> None:
    path = f"/campaigns/{world.ours['campaign_id']}"
    answer = world.program(every_client=True).send("PATCH", path, {"list_ids": [world.theirs["list_id"]]})
    assert_problem(answer, 422)
    with world.centre.runtime.db.read() as session:
        lists = session.scalars(select(CampaignList.list_id).where(CampaignList.campaign_id == 1)).all()
        clients = set(session.scalars(select(CampaignContact.client_id).where(CampaignContact.campaign_id == 1)))
    assert lists == [world.ours["list_id"]]
    assert clients == {world.acme}


def test_results_and_figures_are_fetched(world: World) -> None:
    program, path = world.program(), f"/campaigns/{world.ours['campaign_id']}"
    figures = program.get(f"{path}/figures").json
    assert (figures["in_all"]["answered"], figures["in_all"]["success_rate"]) == (1, 1.0)
    assert figures["calls_by_disposition"]["SUCCESS"] == 1
    rows = program.get(f"{path}/results.csv?per=call")
    assert rows.mimetype == "text/csv"
    assert api_world.OURS in rows.text
    records = program.get(f"{path}/records").json["items"]
    assert [record["contact_id"] for record in records] == [world.ours["contact_id"]]


def test_a_campaign_is_rehearsed_by_a_program(world: World) -> None:
    program = world.program("campaigns.view")
    wanted = {"campaign_id": world.ours["campaign_id"], "source": "model", "contacts": 20, "mode": "power", "agents": 2}
    made = program.post("/rehearsals", {**wanted, "ceiling_percent": 5})
    assert made.status_code == 201, made.text
    path = f"/rehearsals/{made.json['id']}"
    assert program.get(path).json["result"] is None
    world.centre.run_job("core.rehearse")
    done = program.get(path).json
    assert (done["state"], done["result"]["mode"], done["result"]["ceiling"]) == ("done", "power", 0.05)
    assert done["result"]["rehearsed"]["calls"] == 20
    listed = program.get(f"/rehearsals?campaign_id={world.ours['campaign_id']}").json["items"]
    assert done["id"] in [one["id"] for one in listed]


def test_a_recording_is_fetched_in_pieces(world: World) -> None:
    path = f"/calls/{world.ours['call_id']}/recordings/{world.ours['recording_id']}"
    program = world.program("recordings.play")
    whole = program.get(path)
    assert (whole.status_code, whole.mimetype) == (200, "audio/wav")
    piece = program.get(path, headers={"Range": "bytes=0-3"})
    assert (piece.status_code, piece.data) == (206, b"RIFF")
    assert piece.headers["Content-Range"] == f"bytes 0-3/{len(whole.data)}"
    assert_problem(program.get(path, headers={"Range": "bytes=999999-"}), 416)


def test_recordings_are_listed_only_to_who_may_hear_them(world: World) -> None:
    path = f"/calls/{world.ours['call_id']}"
    assert world.program("calls.view").get(path).json["recordings"] == []
    heard = world.program("calls.view", "recordings.play").get(path).json
    assert [r["id"] for r in heard["recordings"]] == [world.ours["recording_id"]]
    assert (heard["talk_seconds"], heard["disposition"]) == (30.0, "SUCCESS")


@pytest.mark.parametrize("query", ["result=answered", "disposition=SUCCESS", "first_day=2025-03-03", "agent_id=1"])
def test_calls_are_found(world: World, query: str) -> None:
    query = query.replace("agent_id=1", f"agent_id={world.ours['agent_id']}")
    assert [c["id"] for c in world.program().get(f"/calls?{query}").json["items"]] == [world.ours["call_id"]]
    assert world.program().get("/calls?result=busy").json["items"] == []


def test_a_file_is_imported(world: World) -> None:
    program = world.program()
    made = program.post("/imports", **api_world.upload(client_id=str(world.acme), list_name="spring", country="PL"))
    path = f"/imports/{made.json['id']}"
    preview = program.get(f"{path}/preview").json
    assert (preview["mapping"], preview["problem"]) == ({"0": "phone", "1": "first_name"}, None)
    assert preview["rows"][0]["phones"] == ["+48221230001"]
    assert_problem(program.send("PUT", f"{path}/mapping", {"mapping": {"0": "first_name"}}), 422, "mapping-refused")
    assert program.post(f"{path}/start").status_code == 204
    world.centre.runtime.imports.wait(made.json["id"], 30)
    shown = program.get(path).json
    assert (shown["state"], shown["imported"], shown["rejected"]) == ("done", 1, 0)
    assert_problem(program.post(f"{path}/start"), 409)
    assert program.get(f"{path}/rejected.csv").mimetype == "text/csv"


@pytest.mark.parametrize("form", [{}, {"list_id": "1", "client_id": "1"}, {"client_id": "1", "list_name": "x"}])
def test_a_file_needs_a_place(world: World, form: dict[str, str]) -> None:
    assert_problem(world.program().post("/imports", **api_world.upload(**form)), 422, "invalid-input")


def test_numbers_are_suppressed_and_released(world: World) -> None:
    program = world.program()
    sent = {"numbers": ["22 123 45 94", "nonsense"], "client_id": world.acme, "reason": "asked", "source": "mail"}
    report = program.post("/suppression", sent).json
    assert (report["added"], report["already_there"], report["unread"][0]["position"]) == (1, 0, 2)
    entry = program.get("/suppression?query=1234594").json["items"][0]
    assert program.get(f"/suppression/{entry['id']}").json["number"] == "+48221234594"
    assert program.send("DELETE", f"/suppression/{entry['id']}").status_code == 204
    assert_problem(program.get(f"/suppression/{entry['id']}"), 404)


def test_only_a_token_for_every_client_suppresses_for_all(world: World) -> None:
    sent = {"numbers": ["22 123 45 95"], "reason": "asked", "source": "mail"}
    assert_problem(world.program().post("/suppression", sent), 403)
    assert world.program(every_client=True).post("/suppression", sent).status_code == 200


def test_a_withdrawn_consent_stays_withdrawn(world: World) -> None:
    program, contact = world.program(), world.ours["contact_id"]
    path = f"/gdpr/consents/{world.ours['consent_id']}"
    assert program.get(path).json["state"] == "valid"
    assert program.post(f"{path}/withdrawal", {}).status_code == 204
    assert program.get(path).json["state"] == "withdrawn"
    answer = program.post("/gdpr/consents", {**api_world.consent_of(contact), "wording": "Once more."})
    assert_problem(answer, 409, "consent-overruled")


@pytest.mark.parametrize("given_at", ["0001-01-01", "9999-12-31", "2026-01-01", "yesterday"])
def test_a_consent_cannot_be_from_any_time(world: World, given_at: str) -> None:
    sent = {**api_world.consent_of(world.ours["contact_id"]), "given_at": given_at}
    answer = world.program().post("/gdpr/consents", sent)
    assert_problem(answer, 422)
    assert set(answer.json["fields"]) == {"given_at"}


def test_an_agents_work_for_another_client_is_not_shown(world: World) -> None:
    world.centre.start_work(world.theirs["agent_id"])
    both = {"agents": [{"user_id": world.ours["agent_id"]}, {"user_id": world.theirs["agent_id"]}]}
    assert world.program().send("PATCH", f"/campaigns/{world.ours['campaign_id']}", both).status_code == 204
    shown = world.program().get(f"/agents/{world.theirs['agent_id']}").json
    assert shown["state"] in ("ready", "paused")
    assert shown["campaign_id"] is None


def test_the_token_tells_what_it_may(world: World) -> None:
    shown = world.program("contacts.view").get("/token").json
    assert shown["permissions"] == ["api.use", "contacts.view"]
    assert [client["name"] for client in shown["clients"]] == ["Acme"]
    assert shown["all_clients"] is False


def test_numbers_are_masked_for_whoever_may_not_see_them(world: World) -> None:
    """A token with contacts.view sees numbers; the list of contacts keeps to the rule for agents all the same."""
    feeds = world.centre.runtime.feeds
    agent = world.centre.actor(world.ours["agent_id"])
    blind = Actor(agent.user_id, agent.name, Role.AGENT, agent.permissions, agent.scope, {})
    shown = feeds.contacts(blind, ContactFilters(), None, 50).rows[0].numbers[0].shown
    assert shown != api_world.OURS
    assert shown.endswith(api_world.OURS[-2:])
    assert world.program("contacts.view").get("/contacts").json["items"][0]["numbers"][0]["number"] == api_world.OURS


def test_a_required_policy_is_dropped_with_a_reason_that_is_kept_and_required_again(world: World) -> None:
    program = world.program()
    sent = {"client_id": world.acme, "name": "Letters", "purpose": "marketing", "backend": "simulated"}
    path = f"/campaigns/{program.post('/campaigns', sent).json['id']}"
    assert program.get(f"{path}/policies").json == {"required_policies": ["gdpr.consent"], "dropped": []}
    drop = {"policy": "gdpr.consent", "reason": "business numbers only"}
    assert_problem(program.post(f"{path}/policies/drop", {**drop, "reason": "so"}), 422)
    assert_problem(world.program("campaigns.manage").post(f"{path}/policies/drop", drop), 403, "not-permitted")
    assert program.post(f"{path}/policies/drop", drop).status_code == 204
    shown = program.get(f"{path}/policies").json
    assert shown["required_policies"] == []
    assert [(d["policy"], d["reason"], d["restored_at"]) for d in shown["dropped"]] == [(*drop.values(), None)]
    assert_problem(program.post(f"{path}/policies/drop", drop), 409)
    assert program.post(f"{path}/policies/require", {"policy": "gdpr.consent"}).status_code == 204
    shown = program.get(f"{path}/policies").json
    assert shown["required_policies"] == ["gdpr.consent"]
    assert shown["dropped"][0]["restored_at"]
