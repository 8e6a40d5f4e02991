"""Every operation of the API, by its document: without a token, with a wrong one, for another client, and right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from hookline.domain.access import Role
from hookline_web.api.problems import MEDIA_TYPE, ProblemSchema
from hookline_web.testing import make_client
from tests.web import api_world
from tests.web.api_world import Program, World

METHODS = ("get", "put", "patch", "post", "delete")

#: What each operation that reads a body is sent.
BODIES: dict[str, Any] = {
    "contacts.add_contact": lambda w: {"list_id": w.ours["list_id"], "numbers": ["22 123 45 70"]},
    "contacts.change_contact": lambda w: {"city": "Lublin"},
    "contacts.add_number": lambda w: {"number": "22 123 45 71"},
    "contacts.change_number": lambda w: {"valid": False},
    "lists.add_list": lambda w: {"client_id": w.acme, "name": "another", "country": "PL"},
    "lists.rename_list": lambda w: {"name": "renamed"},
    "imports.map_import": lambda w: {"mapping": {"0": "phone", "1": "first_name"}},
    "campaigns.add_campaign": lambda w: {
        "client_id": w.acme,
        "name": "Autumn",
        "purpose": "service",
        "backend": "simulated",
    },
    "campaigns.change_campaign": lambda w: {"goal": "Renew contracts"},
    "suppression.add_entries": lambda w: {
        "numbers": ["22 123 45 72"],
        "client_id": w.acme,
        "reason": "asked",
        "source": "mail",
    },
    "gdpr/consents.record_consent": lambda w: {**api_world.consent_of(w.ours["contact_id"]), "wording": "Yes."},
    "gdpr/consents.withdraw_consent": lambda w: {"because": "asked"},
    "contacts.add_batch": lambda w: {"list_id": w.ours["list_id"], "contacts": [{"numbers": ["22 123 45 73"]}]},
    "contacts.set_tags": lambda w: {"tags": ["premium"]},
    "imports.set_rules": lambda w: {},
    "suppression.add_list": lambda w: {"client_id": w.acme, "name": "Robinson"},
    "campaigns.recycle": lambda w: {"results": ["busy"]},
    "campaigns.drop_policy": lambda w: {"policy": "gdpr.consent", "reason": "by contract, see the file"},
    "campaigns.require_policy": lambda w: {"policy": "gdpr.consent"},
    "rehearsals.add_rehearsal": lambda w: {"campaign_id": w.ours["campaign_id"], "mode": "progressive"},
    "result-pushes.add_push": lambda w: {"campaign_id": w.ours["campaign_id"], "endpoint_id": 1},
}
BODIES |= {
    "campaigns.change_telephones": lambda w: {"targets": [{"label": "Branch", "number": "22 123 45 74"}]},
    "stations.add_station": lambda w: {"name": "Desk 9", "address": "sip:nine@192.0.2.10"},
    "stations.change_station": lambda w: {"address": "+48 22 123 45 75", "kind": "number"},
}
#: What belongs to no client: a token of some clients is refused.
INSTALLATION_WIDE = "stations."
#: What depends on how far the thing has come: a conflict with its state is an answer, too.
BY_STATE = {
    "result-pushes.resume_push",
    "result-pushes.cancel_push",
    "campaigns.archive_campaign",
    "campaigns.recycle",
    "campaigns.drop_policy",
    "campaigns.require_policy",
    "imports.cancel_import",
    "imports.preview_undo",
    "imports.undo_import",
    "lists.delete_list",
}
UPLOADS = {"imports.add_import": lambda w: api_world.upload(list_id=str(w.ours["list_id"]))}
#: Where the body names what is reached, the same with another client's.
FOREIGN_BODIES: dict[str, Any] = {
    "contacts.add_contact": lambda w: {"list_id": w.theirs["list_id"], "numbers": ["22 123 45 70"]},
    "rehearsals.add_rehearsal": lambda w: {"campaign_id": w.theirs["campaign_id"]},
    "result-pushes.add_push": lambda w: {"campaign_id": w.theirs["campaign_id"], "endpoint_id": 2},
    "lists.add_list": lambda w: {"client_id": w.globex, "name": "another", "country": "PL"},
    "campaigns.add_campaign": lambda w: {**BODIES["campaigns.add_campaign"](w), "client_id": w.globex},
    "suppression.add_entries": lambda w: {**BODIES["suppression.add_entries"](w), "client_id": w.globex},
    "gdpr/consents.record_consent": lambda w: api_world.consent_of(w.theirs["contact_id"]),
    "contacts.add_batch": lambda w: {"list_id": w.theirs["list_id"], "contacts": [{"numbers": ["22 123 45 73"]}]},
    "suppression.add_list": lambda w: {"client_id": w.globex, "name": "Robinson"},
}


@dataclass(frozen=True)
class Operation:
    """An operation as the document has it."""

    id: str
    method: str
    path: str
    permission: str

    def address(self, ids: dict[str, int]) -> str:
        """Its path below /api/v1 with these ids in it."""
        return self.path.removeprefix("/api/v1").format(**ids)

    @property
    def parameters(self) -> set[str]:
        """The ids in its path."""
        return set(re.findall(r"{(\w+)}", self.path))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all of them: what is refused changes nothing, and what is not comes last."""
    made = api_world.build(tmp_path_factory.mktemp("world"))
    yield made
    made.centre.close()


def operations(world: World) -> list[Operation]:
    """Every operation: what only reads first, what takes things away or ends them last."""
    document = world.app.test_client().get("/api/v1/openapi.json").json
    found = [
        Operation(operation["operationId"], method.upper(), path, operation["x-hookline-permission"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]
    last = ("archive_", "restore_", "cancel_", "undo_import", "end_", "delete_list")
    return sorted(found, key=lambda o: (METHODS.index(o.method.lower()), any(word in o.id for word in last)))


def send(world: World, program: Program, operation: Operation, ids: dict[str, int], bodies: Any) -> Any:
    """Send the operation with the body that is prepared for it."""
    options = UPLOADS[operation.id](world) if operation.id in UPLOADS else {}
    body = bodies[operation.id](world) if operation.id in bodies else None
    return program.send(operation.method, operation.address(ids), body, **options)


def assert_problem(answer: Any, status: int, kind: str | None = None) -> None:
    assert answer.status_code == status, (answer.request.path, answer.text)
    assert answer.mimetype == MEDIA_TYPE
    assert ProblemSchema().validate(answer.json) == {}
    assert answer.json["status"] == status
    assert kind is None or answer.json["type"] == f"urn:hookline:problem:{kind}"


def check_that_nothing_foreign_exists(world: World) -> None:
    """Ids of another client, in paths and in bodies, are answered 404."""
    program = world.program()
    reached = 0
    for operation in operations(world):
        if operation.id.startswith(INSTALLATION_WIDE):
            continue
        if operation.parameters:
            assert_problem(send(world, program, operation, world.theirs, BODIES), 404, "not-found")
            reached += 1
        if operation.id in FOREIGN_BODIES:
            assert_problem(send(world, program, operation, world.ours, FOREIGN_BODIES), 404, "not-found")
            reached += 1
    foreign_list = api_world.upload(list_id=str(world.theirs["list_id"]))
    assert_problem(program.post("/imports", **foreign_list), 404, "not-found")
    assert reached > 30


def check_that_everything_answers(world: World) -> None:
    """Every operation, with a token that has its permission only."""
    everything = world.program()
    second = everything.post("/imports", **api_world.upload(list_id=str(world.ours["list_id"]))).json["id"]
    number = everything.post(f"/contacts/{world.ours['contact_id']}/numbers", {"number": "22 123 45 80"}).json["id"]
    special = {"imports.discard_import": {"import_id": second}, "contacts.remove_number": {"number_id": number}}
    for operation in operations(world):
        ids = {**world.ours, **special.get(operation.id, {})}
        wide = operation.id.startswith(INSTALLATION_WIDE)
        program = world.program(operation.permission, every_client=wide)
        answer = send(world, program, operation, ids, BODIES)
        good = (200, 201, 204, 409) if operation.id in BY_STATE else (200, 201, 204)
        assert answer.status_code in good, (operation, answer.text)
        if operation.method == "POST" and answer.status_code == 201:
            assert answer.headers["Location"].startswith(operation.path.partition("/{")[0])


def test_every_operation_names_a_permission_there_is(world: World) -> None:
    found = operations(world)
    assert len(found) > 40
    assert {o.permission for o in found} <= set(world.centre.runtime.permissions)


def test_without_a_token_nothing_is_answered(world: World) -> None:
    for operation in operations(world):
        answer = world.app.test_client().open(f"/api/v1{operation.address(world.ours)}", method=operation.method)
        assert_problem(answer, 401, "token-refused")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browsers_session_lets_nobody_in(world: World) -> None:
    world.centre.runtime.identity.add_user("admin", "Ada", "correct-horse-battery", Role.ADMINISTRATOR)
    browser = make_client(world.app, "admin")
    assert browser.get("/users").status_code == 200
    for operation in operations(world):
        answer = browser.open(f"/api/v1{operation.address(world.ours)}", method=operation.method)
        assert_problem(answer, 401, "token-refused")


def test_without_the_permission_it_is_refused(world: World) -> None:
    every = set(world.centre.operator.permissions) - {"tokens.manage", "api.use"}
    programs: dict[str, Program] = {}
    for operation in operations(world):
        if operation.permission == "api.use":
            continue  # every token may
        if operation.permission not in programs:
            programs[operation.permission] = world.program(*sorted(every - {operation.permission}))
        answer = send(world, programs[operation.permission], operation, world.ours, BODIES)
        assert_problem(answer, 403, "not-permitted")
        assert operation.permission in answer.json["detail"]


def test_what_belongs_to_another_client_does_not_exist(world: World) -> None:
    check_that_nothing_foreign_exists(world)


def test_ids_of_one_client_do_not_open_those_below_of_another(world: World) -> None:
    program = world.program()
    mixed = {**world.ours, "number_id": world.theirs["number_id"], "recording_id": world.theirs["recording_id"]}
    for operation in operations(world):
        if operation.parameters & {"number_id", "recording_id"}:
            assert_problem(send(world, program, operation, mixed, BODIES), 404, "not-found")


def test_lists_hold_only_what_is_within_reach(world: World) -> None:
    ours, both = world.program(), world.program(every_client=True)
    counted = 0
    for operation in operations(world):
        if operation.id.startswith(INSTALLATION_WIDE):
            assert_problem(send(world, ours, operation, world.ours, BODIES), 403, "not-permitted")
        elif operation.method == "GET" and not operation.parameters and operation.id != "token.show_token":
            path = operation.address({})
            mine, all_of_them = len(list(ours.items(path))), len(list(both.items(path)))
            assert 0 < mine < all_of_them, operation.id
            counted += 1
    assert counted == 12


def test_with_the_right_token_everything_answers(world: World) -> None:
    check_that_everything_answers(world)


def test_a_plugin_that_failed_has_no_resources(world: World) -> None:
    world.centre.runtime.host.mark_failed("gdpr", "broke", RuntimeError("in a test"))
    assert_problem(world.program().get("/gdpr/consents"), 404, "not-found")
    assert world.program().get("/contacts").status_code == 200
