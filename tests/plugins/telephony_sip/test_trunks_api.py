"""Trunks in the JSON API: whose token reaches which, and that passwords are in none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hookline.bootstrap import Runtime
from hookline_web.testing import People, make_app
from tests.web.api_world import Program

TRUNKS = "/telephony_sip/trunks"
Programs = Callable[..., Program]


@pytest.fixture
def program(runtime: Runtime, people: People) -> Programs:
    """A program with a token of Acme's, or of every client's; with every permission unless some are named."""
    app, operator = make_app(runtime), runtime.identity.system_actor()

    def make(*permissions: str, every_client: bool = False) -> Program:
        wanted = {
            "name": "test",
            "permissions": list(permissions) or ["telephony_sip.manage"],
            "all_clients": every_client,
            "clients": [people.acme],
            "days": 1,
        }
        return Program(app.test_client(), runtime.tokens.issue(operator, wanted).secret)

    return make


def _new(name: str, client_id: int | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "host": "sip.example.com", "client_id": client_id, **more}


def test_a_trunk_is_added_changed_and_taken_out_of_use(program: Programs, people: People) -> None:
    acme = program()
    login = {"username": "acme", "password_variable": "HOOKLINE_SIP_NONE"}
    made = acme.post(TRUNKS, _new("Main", people.acme, transport="tls", **login))
    assert made.status_code == 201, made.text
    path = f"{TRUNKS}/{made.json['id']}"
    seen = acme.get(path).json
    assert (seen["transport"], seen["port"], seen["standing"]) == ("tls", 5061, "no_front")
    assert (seen["password_set"], seen["answers"]) == (False, None)
    assert acme.send("PATCH", path, {"transport": "udp", "port": 5060}).status_code == 204
    assert acme.get(path).json["standing"] == "no_password"
    assert acme.post(f"{path}/deactivate").status_code == 204
    assert acme.get(path).json["standing"] == "inactive"
    assert acme.post(f"{path}/activate").status_code == 204
    wrong = acme.send("PATCH", path, {"transport": "pigeon"})
    assert (wrong.status_code, "transport" in wrong.text) == (422, True)


def test_a_clients_token_reaches_its_own_trunks_only(program: Programs, people: People) -> None:
    acme, everybody = program(), program(every_client=True)
    own = acme.post(TRUNKS, _new("Own", people.acme)).json["id"]
    theirs = everybody.post(TRUNKS, _new("Theirs", people.globex)).json["id"]
    shared = everybody.post(TRUNKS, _new("Everybody's", None)).json["id"]
    assert [row["id"] for row in acme.items(TRUNKS, limit=1)] == [own]
    assert [row["id"] for row in everybody.items(TRUNKS, limit=1)] == [own, theirs, shared]
    for foreign in (theirs, shared, 2**31 - 1):
        assert acme.get(f"{TRUNKS}/{foreign}").status_code == 404
        assert acme.send("PATCH", f"{TRUNKS}/{foreign}", {"name": "Mine"}).status_code == 404
        assert acme.post(f"{TRUNKS}/{foreign}/deactivate").status_code == 404
    for client_id in (people.globex, None):
        assert acme.post(TRUNKS, _new("Foreign", client_id)).status_code == 404
        assert acme.send("PATCH", f"{TRUNKS}/{own}", {"client_id": client_id}).status_code == 404


def test_without_the_permission_it_is_refused(program: Programs, people: People) -> None:
    made = program().post(TRUNKS, _new("Main", people.acme)).json["id"]
    other = program("campaigns.view")
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{made}"), ("PATCH", f"/{made}")):
        assert other.send(method, TRUNKS + path, _new("Other", people.acme)).status_code == 403
    for act in ("activate", "deactivate"):
        assert other.post(f"{TRUNKS}/{made}/{act}").status_code == 403
