"""Clients, users, stations and plugins, as an administrator uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.access import Role, Scope
from hookline_web.testing import PASSWORD, PageClient, People

Browser = Callable[[str | None], PageClient]


def test_a_client_is_added_changed_and_deactivated(browser: Browser, runtime: Runtime) -> None:
    admin = browser("admin")
    sent = {
        "name": "  Initech \t SA ",
        "legal_name": "Initech Spółka Akcyjna",
        "privacy_contact": "iod@initech.example",
    }
    assert admin.post("/clients/new", data=sent).location == "/clients"
    added = next(c for c in runtime.clients.list_clients(Scope.everything()) if c.name == "Initech SA")
    assert "Initech Spółka Akcyjna" in admin.get("/clients").text
    admin.post(f"/clients/{added.id}", data={"name": "Initech", "address": "ul. Prosta 1\n00-001 Warszawa"})
    changed = runtime.clients.get_client(Scope.everything(), added.id)
    assert (changed.name, changed.legal_name) == ("Initech", "")
    admin.post(f"/clients/{added.id}/deactivate")
    assert not runtime.clients.get_client(Scope.everything(), added.id).active
    admin.post(f"/clients/{added.id}/activate")
    assert runtime.clients.get_client(Scope.everything(), added.id).active


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"name": "   "}, "Fill this in."),
        ({"name": "ACME"}, "Another client has this name."),
        ({"name": "x" * 81}, "This is too long."),
        ({"name": "a\x00b"}, "cannot be shown"),
    ],
)
def test_a_client_that_is_refused_says_so_at_the_field_and_keeps_what_was_typed(
    browser: Browser, runtime: Runtime, sent: dict[str, str], message: str
) -> None:
    answer = browser("admin").post("/clients/new", data={**sent, "legal_name": "Typed <b>here</b>"})
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="Typed &lt;b&gt;here&lt;/b&gt;"' in answer.text
    assert len(runtime.clients.list_clients(Scope.everything())) == 2


def test_a_user_is_added_and_logs_in(browser: Browser, runtime: Runtime, people: People) -> None:
    sent = {
        "display_name": "Zofia Wójcik",
        "login": "Zofia",
        "password": PASSWORD,
        "role": "supervisor",
        "language": "pl",
        "clients": [str(people.globex)],
    }
    assert browser("admin").post("/users/new", data=sent).location == "/users"
    zofia = browser("zofia")
    page = zofia.get("/account").text
    assert "Zofia Wójcik" in page
    assert "Twoje konto" in page
    user = next(u for u in runtime.identity.list_users() if u.login == "zofia")
    assert runtime.identity.actor(user).scope == Scope(frozenset({people.globex}))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"login": "Admin"}, "This log-in name is taken."),
        ({"login": "has spaces"}, "Use 2 to 64 letters"),
        ({"password": "short"}, "Use at least 10 characters."),
        ({"role": "owner"}, "Choose from the list."),
        ({"language": "de"}, "Choose from the list."),
        ({"clients": ["4711"]}, "There is no such client."),
        ({"clients": ["one"]}, "Choose from the list."),
    ],
)
def test_a_user_that_is_refused_says_why(
    browser: Browser, runtime: Runtime, changed: dict[str, object], message: str
) -> None:
    sent = {
        "display_name": "Z",
        "login": "z-1",
        "password": PASSWORD,
        "role": "supervisor",
        "language": "en",
        **changed,
    }
    answer = browser("admin").post("/users/new", data=sent)
    assert answer.status_code == 422
    assert message in answer.text
    assert PASSWORD not in answer.text
    assert len(runtime.identity.list_users()) == 3


def test_a_user_is_changed_deactivated_and_given_a_password(browser: Browser, runtime: Runtime, people: People) -> None:
    admin, agent = browser("admin"), browser("agent")
    sent = {"display_name": "Andy A.", "role": "supervisor", "language": "pl", "clients": [str(people.acme)]}
    admin.post(f"/users/{people.agent}", data=sent)
    user = runtime.identity.get_user(people.agent)
    assert (user.display_name, user.role, user.language) == ("Andy A.", Role.SUPERVISOR.value, "pl")
    assert runtime.identity.clients_of(people.agent) == [people.acme]
    admin.post(f"/users/{people.agent}/password", data={"password": "another-good-password"})
    assert agent.get("/account").status_code == 302
    assert browser(None).log_in("agent", "another-good-password").status_code == 302
    admin.post(f"/users/{people.agent}/deactivate")
    assert browser(None).log_in("agent", "another-good-password").status_code == 401
    assert "inactive" in admin.get("/users").text


def test_the_last_administrator_stays(browser: Browser, runtime: Runtime, people: People) -> None:
    admin = browser("admin")
    assert admin.post(f"/users/{people.admin}/deactivate").status_code == 409
    sent = {"display_name": "Ada", "role": "agent", "language": "en"}
    assert admin.post(f"/users/{people.admin}", data=sent).status_code == 409
    assert runtime.identity.get_user(people.admin).role == Role.ADMINISTRATOR.value


def test_users_are_never_deleted(browser: Browser) -> None:
    addresses = [r.rule for r in browser(None).application.url_map.iter_rules() if r.rule.startswith("/users")]
    assert addresses
    assert not [a for a in addresses if "delete" in a or "remove" in a]


def test_a_station_is_added_changed_and_taken_out_of_use(browser: Browser, runtime: Runtime, people: People) -> None:
    admin, actor = browser("admin"), runtime.identity.system_actor()
    admin.post("/stations/new", data={"name": "Desk 1", "address": "agent1@PBX.example.com", "user_id": ""})
    [(station, user)] = runtime.stations.list_stations(actor)
    assert (station.address, user) == ("sip:agent1@pbx.example.com", None)
    sent = {"name": "Desk 1", "address": "sip:agent1@192.0.2.10:5070", "user_id": str(people.agent)}
    admin.post(f"/stations/{station.id}", data=sent)
    [(station, user)] = runtime.stations.list_stations(actor)
    assert station.address == "sip:agent1@192.0.2.10:5070"
    assert user is not None
    assert user.id == people.agent
    admin.post(f"/stations/{station.id}/deactivate")
    assert not runtime.stations.get_station(actor, station.id).active
    assert "out of use" in admin.get("/stations").text


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"address": "sip:agent1"}, "This is not the SIP address of a phone."),
        ({"address": "sip:a@host:70000"}, "A port is a number"),
        ({"user_id": "4711"}, "There is no such user."),
        ({"user_id": "x"}, "Choose from the list."),
        ({"name": ""}, "Fill this in."),
    ],
)
def test_a_station_that_is_refused_says_why(
    browser: Browser, runtime: Runtime, changed: dict[str, str], message: str
) -> None:
    sent = {"name": "Desk 1", "address": "sip:agent1@192.0.2.10", "user_id": "", **changed}
    answer = browser("admin").post("/stations/new", data=sent)
    assert answer.status_code == 422
    assert message in answer.text
    assert runtime.stations.list_stations(runtime.identity.system_actor()) == []


def test_plugins_are_shown_with_their_state_and_what_to_do(browser: Browser, runtime: Runtime) -> None:
    client = browser("admin")
    runtime.host.mark_failed("scripts", "It could not be loaded: %(error)s", RuntimeError("the reason"))
    page = client.get("/plugins").text
    assert "the reason" in page
    assert "failed" in page
    assert all(status.title in page for status in runtime.host.statuses.values())
