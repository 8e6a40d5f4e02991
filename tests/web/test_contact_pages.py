"""Contacts and the suppression list in the browser's eyes, and who sees what of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hookline.db.models import DialDecision
from hookline.domain.access import Grant, Role
from hookline.domain.dialling import DialRefused
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import PASSWORD, Centre
from hookline_web.testing import PageClient, make_app


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path)
    yield made
    made.close()


@pytest.fixture
def browse(centre: Centre) -> Callable[[str], PageClient]:
    app = make_app(centre.runtime)

    def log_in(login: str) -> PageClient:
        client = app.test_client()
        assert isinstance(client, PageClient)
        assert client.log_in(login, PASSWORD).status_code == 302
        return client

    return log_in


@pytest.fixture
def admin(centre: Centre, browse: Callable[[str], PageClient]) -> PageClient:
    centre.user("root", Role.ADMINISTRATOR)
    return browse("root")


def _agent_with(centre: Centre, grant: Grant) -> tuple[int, int]:
    """An agent with the grant in a campaign with one contact; ids of contact and another client's contact."""
    agent = centre.agent("anna")
    centre.campaign(["+48600100200"], agents=[agent], grant=grant)
    other = centre.contact("+48601100200", client_id=centre.client("Globex"), first_name="Obcy")
    actor = centre.runtime.identity.system_actor()
    mine = centre.runtime.contacts.search(actor, "600100200").rows[0].id
    return mine, other


def test_a_contact_is_found_opened_and_changed(centre: Centre, admin: PageClient) -> None:
    contact_id = centre.contact("+48600100200", first_name="Łucja", last_name="Żak", custom={"Segment": "złoty"})
    found = admin.get("/contacts?q=łucja").text
    assert "Łucja Żak" in found
    assert "+48600100200" in found
    assert "No contact fits" in admin.get("/contacts?q=nobody").text
    page = admin.get(f"/contacts/{contact_id}").text
    assert "złoty" in page
    assert "Nothing happened yet" in page
    form = {
        "first_name": "Łucja",
        "last_name": "Nowa",
        "time_zone": "Europe/Warsaw",
        "custom-Segment": "",
        "custom_name": "Staż",
        "custom_value": "3",
    }
    assert admin.post(f"/contacts/{contact_id}/edit", data=form).status_code == 302
    page = admin.get(f"/contacts/{contact_id}").text
    assert "Łucja Nowa" in page
    assert "Staż" in page
    assert "złoty" not in page


@pytest.mark.parametrize(
    ("field", "value", "said"), [("email", "no", "not an e-mail"), ("time_zone", "Mars/X", "Choose a time zone")]
)
def test_wrong_fields_are_marked_and_nothing_is_written(
    centre: Centre, admin: PageClient, field: str, value: str, said: str
) -> None:
    contact_id = centre.contact("+48600100200")
    answer = admin.post(f"/contacts/{contact_id}/edit", data={"first_name": "Zmieniony", field: value})
    assert (answer.status_code, said in answer.text) == (422, True)
    assert "Zmieniony" not in admin.get(f"/contacts/{contact_id}").text


def test_numbers_are_added_marked_and_removed(centre: Centre, admin: PageClient) -> None:
    contact_id = centre.contact("+48600100200")
    centre.contact("+48602100200")
    address = f"/contacts/{contact_id}/numbers"
    refused = admin.post(address, data={"number": "12"})
    assert (refused.status_code, "is not" in refused.text or "short" in refused.text) == (422, True)
    taken = admin.post(address, data={"number": "602100200"})
    assert (taken.status_code, "Another contact of this client has the number." in taken.text) == (422, True)
    assert admin.post(address, data={"number": "601 100 200"}).status_code == 302
    page = admin.get(f"/contacts/{contact_id}").text
    assert "+48601100200" in page
    number_id = centre.runtime.contacts.get(centre.runtime.identity.system_actor(), contact_id).numbers[0].id
    assert admin.post(f"{address}/{number_id}/wrong").status_code == 302
    assert "wrong number" in admin.get(f"/contacts/{contact_id}").text
    assert admin.post(f"{address}/{number_id}/remove").status_code == 302
    assert "+48600100200" not in admin.get(f"/contacts/{contact_id}").text


def test_an_agent_without_the_grant_sees_no_number_and_finds_none_by_it(
    centre: Centre, browse: Callable[[str], PageClient]
) -> None:
    mine, _other = _agent_with(centre, Grant(see_numbers=False))
    agent = browse("anna")
    for page in (agent.get("/contacts"), agent.get(f"/contacts/{mine}")):
        assert page.status_code == 200
        assert "600100200" not in page.text
        assert "+48 ••• ••• •00" in page.text
    assert "No contact fits" in agent.get("/contacts?q=600100200").text
    assert "•••" in agent.get("/contacts?q=jan").text


def test_an_agent_with_the_grant_sees_and_finds_numbers(centre: Centre, browse: Callable[[str], PageClient]) -> None:
    mine, _other = _agent_with(centre, Grant(see_numbers=True))
    agent = browse("anna")
    assert "+48600100200" in agent.get(f"/contacts/{mine}").text
    assert "+48600100200" in agent.get("/contacts?q=600100").text


def test_an_agent_reaches_only_contacts_of_his_campaigns_whatever_id_he_guesses(
    centre: Centre, browse: Callable[[str], PageClient]
) -> None:
    mine, other = _agent_with(centre, Grant(see_numbers=True, edit_contacts=True))
    outside = centre.contact("+48603100200", first_name="Poza")
    agent = browse("anna")
    assert agent.get(f"/contacts/{mine}/edit").status_code == 200
    for foreign in (other, outside, 999):
        assert agent.get(f"/contacts/{foreign}").status_code == 404
        assert agent.get(f"/contacts/{foreign}/history").status_code == 404
        assert agent.get(f"/contacts/{foreign}/edit").status_code == 404
        assert agent.post(f"/contacts/{foreign}/edit", data={"first_name": "x"}).status_code == 404
        assert agent.post(f"/contacts/{foreign}/numbers", data={"number": "604100200"}).status_code == 404
    listed = agent.get("/contacts").text
    assert "Obcy" not in listed
    assert "Poza" not in listed
    assert agent.get("/suppression").status_code == 403
    assert agent.get("/lists").status_code == 403


def test_an_agent_without_the_grant_changes_nothing(centre: Centre, browse: Callable[[str], PageClient]) -> None:
    mine, _other = _agent_with(centre, Grant(edit_contacts=False))
    agent = browse("anna")
    assert agent.get(f"/contacts/{mine}/edit").status_code == 403
    assert agent.post(f"/contacts/{mine}/edit", data={"first_name": "x"}).status_code == 403
    assert agent.post(f"/contacts/{mine}/numbers", data={"number": "604100200"}).status_code == 403


def test_the_history_tells_of_a_refused_attempt(centre: Centre, browse: Callable[[str], PageClient]) -> None:
    mine, _other = _agent_with(centre, Grant(see_numbers=True))
    root = centre.runtime.identity.system_actor()
    anna = centre.runtime.identity.get_user(1)
    centre.start_work(anna.id)
    centre.runtime.suppression.add(
        root, ["600100200"], Reach(centre.client_id), country="PL", reason="objection", source="letter"
    )
    with pytest.raises(DialRefused):
        centre.runtime.work.dial(centre.actor(anna.id))
    page = browse("anna").get(f"/contacts/{mine}").text
    assert "not called" in page
    assert "suppression list since" in page
    assert "suppressed" in page


def test_suppression_is_added_searched_and_removed(centre: Centre, admin: PageClient) -> None:
    assert "No number is suppressed" in admin.get("/suppression").text
    form = {"reach": f"client-{centre.client_id}", "country": "PL", "reason": "objection", "source": "letter"}
    assert admin.post("/suppression/new", data={**form, "numbers": "600 100 200\n601100200"}).status_code == 302
    partly = admin.post("/suppression/new", data={**form, "numbers": "600100200\nnonsense"})
    assert "1 was there already." in partly.text
    assert "“nonsense” is not a phone number." in partly.text
    assert "+48600100200" in admin.get("/suppression?q=600 100").text
    assert "+48600100200" not in admin.get("/suppression?q=601").text
    file = (io.BytesIO(b"Telefon;x\n602100200;1\n"), "lista.csv")
    assert admin.post("/suppression/new", data={**form, "reach": "everywhere", "file": file}).status_code == 302
    assert "every client" in admin.get("/suppression").text
    assert "+48602100200" in admin.get("/suppression/export.csv").text
    assert admin.post("/suppression/1/remove").status_code == 302
    admin.get("/suppression")
    assert "+48600100200" not in admin.get("/suppression").text


@pytest.mark.parametrize("missing", ["reach", "reason", "source"])
def test_suppression_needs_reach_reason_and_source(centre: Centre, admin: PageClient, missing: str) -> None:
    form = {"reach": "everywhere", "country": "PL", "reason": "r", "source": "s", "numbers": "600100200"}
    answer = admin.post("/suppression/new", data={**form, missing: ""})
    assert answer.status_code == 422
    assert "No number is suppressed" in admin.get("/suppression").text


def test_a_supervisor_sees_his_clients_entries_and_those_for_all(
    centre: Centre, admin: PageClient, browse: Callable[[str], PageClient]
) -> None:
    other = centre.client("Globex")
    for reach, number in (
        (f"client-{centre.client_id}", "600100200"),
        (f"client-{other}", "601100200"),
        ("everywhere", "602100200"),
    ):
        admin.post(
            "/suppression/new", data={"reach": reach, "country": "PL", "reason": "r", "source": "s", "numbers": number}
        )
    centre.user("sue", Role.SUPERVISOR, clients=[centre.client_id])
    page = browse("sue").get("/suppression").text
    assert "+48600100200" in page
    assert "+48602100200" in page
    assert "+48601100200" not in page
    assert browse("sue").post("/suppression/1/remove").status_code == 403


def test_a_number_is_called_by_a_click_through_the_same_gate(centre: Centre) -> None:
    anna = centre.agent("anna")
    granted = Grant(dial_by_hand=True, see_numbers=False)
    campaign = centre.campaign(["+48221234561", "+48221234562"], agents=[anna], dial_mode="manual", grant=granted)
    centre.start_work(anna)
    record = centre.record(campaign, "+48221234562")
    client = make_app(centre.runtime).test_client()
    assert isinstance(client, PageClient)
    client.log_in("anna", PASSWORD)
    page = client.get(f"/contacts/{record.contact_id}").text
    assert "+48221234562" not in page, "he need not see it"
    found = re.search(rf"/contacts/{record.contact_id}/numbers/(\d+)/call", page)
    assert found is not None
    other = centre.record(campaign, "+48221234561").contact_id
    strange = client.post(f"/contacts/{other}/numbers/{found.group(1)}/call", data={"campaign_id": str(campaign)})
    assert strange.location == f"/contacts/{other}"
    called = client.post(found.group(0), data={"campaign_id": str(campaign)})
    assert called.location == "/desk"
    centre.advance(1)
    call = centre.calls()[-1]
    assert (call.number, call.agent_id) == ("+48221234562", anna)
    with centre.runtime.db.read() as session:
        assert session.query(DialDecision).filter_by(number="+48221234562", allowed=True).count() == 1
