"""What a page that is a phone sends, and what the desk says of it."""

from __future__ import annotations

import uuid

import pytest

from hookline.db.models import Supervision
from hookline.domain.access import Role
from hookline.ports.telephony import ConnectStation, LegKind, StationKind
from hookline.testing.browsing import Browsers
from hookline.testing.centre import Centre

ONE = "+48221234567"
PAGE = "page-one"
OFFER = {"type": "offer", "sdp": "v=0"}


@pytest.fixture
def browsers(centre: Centre) -> Browsers:
    """Opens browsers on the centre's pages."""
    return Browsers(centre)


@pytest.fixture
def anna(centre: Centre) -> int:
    """An agent who has chosen her browser and not yet spoken."""
    centre.network.browser_module = "/p/simulated/phone.js"  # type: ignore[misc]
    user = centre.agent("anna")
    centre.campaign([ONE], agents=[user])
    centre.runtime.agents.start_work(centre.actor(user), None)
    return user


def _leg(centre: Centre, user: int) -> str:
    phone = centre.runtime.phone.phone_of(centre.session(user))
    assert phone is not None
    return phone.leg_id


def test_the_desk_names_the_leg_and_the_backends_script(centre: Centre, anna: int, browsers: Browsers) -> None:
    page = browsers("anna").get("/desk").text
    assert f'data-phone-leg="{_leg(centre, anna)}"' in page
    assert 'data-module="/p/simulated/phone.js?v=' in page
    assert "Your browser becomes your phone" in page


def test_a_message_without_the_forms_token_is_refused(centre: Centre, anna: int, browsers: Browsers) -> None:
    sent = {"leg_id": _leg(centre, anna), "page": PAGE, "message": OFFER}
    assert browsers("anna").post("/desk/phone", json=sent, csrf=False).status_code == 400
    assert centre.session(anna).station_state == "connecting"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"leg_id": "x", "page": PAGE, "message": OFFER},
        {"page": PAGE, "message": OFFER},
        {"page": PAGE, "message": "offer"},
        {"page": PAGE, "message": {"a": {"b": {"c": {"d": {"e": 1}}}}}},
        {"page": PAGE, "message": {"sdp": "x" * 70_000}},
        {"page": "../../x", "message": OFFER},
    ],
)
def test_the_pages_messages_are_checked(centre: Centre, anna: int, browsers: Browsers, sent: dict[str, object]) -> None:
    page = browsers("anna")
    leg = {"leg_id": _leg(centre, anna)} if "page" in sent and sent["page"] == PAGE else {}
    answer = page.post("/desk/phone", json={**leg, **sent})
    good = sent == {"page": PAGE, "message": OFFER}
    assert answer.status_code == (200 if good else 422)
    assert (answer.json == {"type": "answer"}) is good


def test_only_agents_speak_on_the_desks_phone(centre: Centre, anna: int, browsers: Browsers) -> None:
    sent = {"leg_id": _leg(centre, anna), "page": PAGE, "message": OFFER}
    assert browsers(Role.SUPERVISOR).post("/desk/phone", json=sent).status_code in (403, 404)
    assert centre.session(anna).station_state == "connecting"


def test_the_desk_offers_the_browser_first_to_who_has_no_telephone(centre: Centre, browsers: Browsers) -> None:
    carl, dora = centre.user("carl", Role.AGENT), centre.agent("dora")
    centre.campaign([ONE], agents=[carl, dora])
    assert '<option value="browser" selected>' in browsers("carl").get("/desk").text
    page = browsers("dora").get("/desk").text
    assert '<option value="browser">' in page
    assert " selected>dora</option>" in page


def _supervise(centre: Centre, supervisor: int, agent: int) -> str:
    leg, session = uuid.uuid4().hex, centre.session(agent)
    assert session.conversation_id is not None
    command = ConnectStation(
        conversation_id=session.conversation_id,
        leg_id=leg,
        address="",
        caller_id="hookline",
        ring_timeout_seconds=45,
        station=StationKind.BROWSER,
        kind=LegKind.SUPERVISOR,
    )
    with centre.runtime.db.write() as unit:
        unit.session.add(
            Supervision(
                supervisor_id=supervisor,
                agent_id=agent,
                backend="simulated",
                conversation_id=session.conversation_id,
                leg_id=leg,
                station_kind="browser",
                mode="listen",
                started_at=unit.clock.now(),
            )
        )
    centre.network.connect_station(command)
    return leg


def test_a_supervisor_listens_in_his_browser_and_nobody_else_does(
    centre: Centre, anna: int, browsers: Browsers
) -> None:
    supervisor = browsers(Role.SUPERVISOR)
    assert supervisor.get("/desk/phone/listening").json == {}
    leg = _supervise(centre, centre.somebody(Role.SUPERVISOR), anna)
    found = supervisor.get("/desk/phone/listening").json
    assert found["leg"] == leg
    assert found["module"].startswith("/p/simulated/phone.js")
    sent = {"leg_id": leg, "page": PAGE, "message": OFFER}
    assert browsers(Role.ADMINISTRATOR).post(found["post"], json=sent).status_code == 404
    assert browsers("anna").post("/desk/phone", json=sent).status_code == 404
    assert supervisor.post(found["post"], json=sent).json == {"type": "answer"}
