"""The campaign's form: everything it says arrives, nothing typed is lost, each error stands at its field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hookline.domain.access import Grant
from hookline.domain.campaigns import CallingWindow
from hookline.testing.centre import Centre
from hookline_web.schemas.campaigns import code_from
from hookline_web.testing import PageClient
from tests.web.campaign_centre import ONE, Floor, form_of, furnish
from tests.web.sent_form import fields_of


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    centre = Centre(tmp_path)
    yield furnish(centre)
    centre.close()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Floor, PageClient]]:
    """One floor for all forms that are refused: each test sees that nothing was written."""
    centre = Centre(tmp_path_factory.mktemp("untouched"))
    floor = furnish(centre)
    yield floor, floor.browser("admin")
    centre.close()


@pytest.fixture
def admin(floor: Floor) -> PageClient:
    return floor.browser("admin")


def _sent(floor: Floor, **changes: Any) -> dict[str, Any]:
    return form_of(floor.centre.client_id, **changes)


def test_everything_the_form_says_is_stored(floor: Floor, admin: PageClient) -> None:
    contacts = floor.centre.contact_list([floor.centre.contact(ONE)], "Mine")
    sent = _sent(
        floor,
        list_ids=[str(contacts)],
        agent_ids=[str(floor.anna)],
        dial_by_hand=[str(floor.anna)],
        see_numbers=[str(floor.bob)],  # a grant of somebody who is not assigned means nothing
        required_policies=["gdpr.marketing-consent"] if "gdpr.marketing-consent" in _policies(floor) else [],
    )
    answer = admin.post("/campaigns/new", data=sent)
    assert answer.status_code == 302, answer.text

    service, scope = floor.centre.runtime.campaigns, floor.centre.operator.scope
    campaign = service.list_campaigns(scope)[0]
    assert answer.location.endswith(f"/campaigns/{campaign.id}")
    assert (campaign.name, campaign.goal, campaign.purpose, campaign.state) == (
        "Autumn",
        "Renew contracts",
        "service",
        "draft",
    )
    assert campaign.caller_id == "+48221234567"
    assert campaign.allowed_countries == ["PL", "DE"]
    assert campaign.retry_rules == {
        "busy": {"delay_seconds": 900, "max_attempts": 4},
        "no_answer": {"delay_seconds": 900, "max_attempts": 4},
    }
    window = CallingWindow.from_json(campaign.window)
    assert sorted(window.days) == [0, 1, 2, 3, 4]
    assert window.days[0].closes.isoformat("minutes") == "18:00"
    assert service.list_ids(scope, campaign.id) == [contacts]
    assert [(u.id, g) for u, g in service.assigned(scope, campaign.id)] == [
        (floor.anna, Grant(dial_by_hand=True, see_numbers=False))
    ]
    stored = [(d.code, d.label, d.category, d.final) for d in service.get(scope, campaign.id).dispositions]
    assert stored == [("SOLD", "Sold", "success", True), ("NIE_TERAZ", "Nie teraz", "retry", False)]


def _policies(floor: Floor) -> set[str]:
    return set(floor.centre.runtime.host.policies())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"client_id": ""}, "Choose a client."),
        ({"name": " "}, "Fill this in."),
        ({"purpose": "fun"}, "Choose from the list."),
        ({"backend": "carrier-pigeon"}, "Choose from the list."),
        ({"script": "scripts:99"}, "Choose from the list."),
        ({"caller_id": "12"}, "is too short"),
        ({"caller_id": "112"}, "This is an emergency number."),
        ({"caller_id": "+48701234567"}, "A premium-rate number cannot be the caller ID."),
        ({"allowed_countries": "Poland"}, "Write two-letter country codes"),
        ({"attempts_per_day": ""}, "Fill this in."),
        ({"attempts_per_day": "three"}, "Write a whole number."),
        ({"attempts_per_day": "5", "attempts_total": "4"}, "In all it cannot be fewer than on one day."),
        ({"ring_timeout_seconds": "5"}, "Between 10 and 120 seconds."),
        ({"closes_0": "08:00"}, "It must close after it opens."),
        ({"opens_1": "soon"}, "Like 09:00."),
        ({"delay_busy": "0"}, "Between a minute and 31 days"),
        ({"most_busy": ""}, "Fill this in."),
        ({"disposition_code": ["A B", "X"]}, "Letters A to Z, digits"),
        ({"disposition_code": ["X", "x"]}, "Two dispositions have this code."),
        ({"disposition_label": ["", "Nie teraz"]}, "Fill this in."),
        ({"list_ids": ["999"]}, "Lists must belong to the campaign"),
        ({"agent_ids": ["999"]}, "Choose from the list."),
        ({"required_policies": ["nobody.knows"]}, "Choose from the list."),
    ],
)
def test_what_cannot_be_saved_is_said_at_its_field_and_nothing_typed_is_lost(
    untouched: tuple[Floor, PageClient], changes: dict[str, Any], message: str
) -> None:
    floor, admin = untouched
    answer = admin.post("/campaigns/new", data=_sent(floor, **changes))
    assert answer.status_code == 422
    assert message in answer.text
    assert "Renew contracts" in answer.text
    assert "Nie teraz" in answer.text
    assert floor.centre.runtime.campaigns.list_campaigns(floor.centre.operator.scope) == []


def test_a_name_the_client_has_already_is_refused(floor: Floor, admin: PageClient) -> None:
    assert admin.post("/campaigns/new", data=_sent(floor)).status_code == 302
    again = admin.post("/campaigns/new", data=_sent(floor))
    assert again.status_code == 422
    assert "This client has a campaign of that name." in again.text


def test_saving_an_unchanged_form_changes_nothing(floor: Floor, admin: PageClient) -> None:
    centre = floor.centre
    campaign = centre.campaign([ONE], agents=[floor.anna], grant=Grant(True, True, True, False))
    before = _snapshot(centre, campaign)
    page = admin.get(f"/campaigns/{campaign}/edit")
    assert page.status_code == 200
    answer = admin.post(f"/campaigns/{campaign}/edit", data=fields_of(page.text))
    assert answer.status_code == 302, answer.text
    assert _snapshot(centre, campaign) == before


def _snapshot(centre: Centre, campaign_id: int) -> dict[str, Any]:
    service, scope = centre.runtime.campaigns, centre.operator.scope
    campaign = service.get(scope, campaign_id)
    plain = {
        name: value for name, value in vars(campaign).items() if name not in ("_sa_instance_state", "dispositions")
    }
    return {
        **plain,
        "dispositions": [(d.code, d.label, d.category, d.final, d.active) for d in campaign.dispositions],
        "agents": {user.id: grant for user, grant in service.assigned(scope, campaign_id)},
        "lists": service.list_ids(scope, campaign_id),
    }


def test_a_policy_that_is_not_in_force_stays_required_and_is_marked(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna], running=False, required_policies=["gone.rule"])
    page = admin.get(f"/campaigns/{campaign}/edit")
    assert "gone.rule" in page.text
    assert "not in force" in page.text
    assert admin.post(f"/campaigns/{campaign}/edit", data=fields_of(page.text)).status_code == 302
    stored = floor.centre.runtime.campaigns.get(floor.centre.operator.scope, campaign)
    assert stored.required_policies == ["gone.rule"]


def test_choosing_a_client_brings_his_lists_and_no_others(floor: Floor, admin: PageClient) -> None:
    floor.centre.contact_list([floor.centre.contact(ONE)], "Acme's list")
    theirs = floor.centre.contact("+48221234500", client_id=floor.globex)
    floor.centre.contact_list([theirs], "Globex's list", floor.globex)
    answer = admin.post("/campaigns/form/client", data={"client_id": str(floor.globex), "agent_ids": [str(floor.bob)]})
    assert "Globex&#39;s list" in answer.text
    assert "Acme&#39;s list" not in answer.text
    assert 'hx-swap-oob="true"' in answer.text
    assert f'name="agent_ids" value="{floor.bob}" checked' in answer.text


def test_choosing_a_purpose_ticks_the_policies_it_wants(floor: Floor, admin: PageClient) -> None:
    wanted = floor.centre.runtime.campaigns.default_policies
    for purpose in ("marketing", "service"):
        page = admin.post("/campaigns/form/purpose", data={"purpose": purpose}).text
        for name in _policies(floor):
            ticked = f'value="{name}" checked' in page
            assert ticked is (name in wanted(purpose))


def test_dispositions_are_added_moved_and_taken_away(floor: Floor, admin: PageClient) -> None:
    rows = {k: v for k, v in _sent(floor).items() if k.startswith("disposition_")}
    added = admin.post("/campaigns/form/dispositions?act=add", data=rows).text
    assert added.count('name="disposition_label"') == 3
    moved = admin.post("/campaigns/form/dispositions?act=down&index=0", data=rows).text
    assert moved.index("Nie teraz") < moved.index("Sold")
    removed = admin.post("/campaigns/form/dispositions?act=remove&index=1", data=rows).text
    assert "Nie teraz" not in removed
    assert "Sold" in removed
    unchanged = admin.post("/campaigns/form/dispositions?act=remove&index=9", data=rows).text
    assert unchanged.count('name="disposition_label"') == 2


def test_an_ended_campaign_cannot_be_changed(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna])
    floor.centre.runtime.campaigns.end(floor.centre.operator, campaign)
    assert admin.get(f"/campaigns/{campaign}/edit").status_code == 409


def test_a_code_is_made_from_the_label() -> None:
    assert code_from("Zgłoszenie usługi – Łódź!") == "ZGLOSZENIE_USLUGI_LODZ"
    assert code_from("…") == ""
    assert len(code_from("x" * 80)) == 24


def test_default_dispositions_come_in_the_administrators_language(floor: Floor, admin: PageClient) -> None:
    runtime = floor.centre.runtime
    user = next(u for u in runtime.identity.list_users() if u.login == "admin")
    runtime.identity.set_language(user.id, "pl")
    page = admin.get("/campaigns/new").text
    assert "Niezainteresowany" in page
    assert "Not interested" not in page
