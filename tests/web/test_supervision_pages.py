"""The supervisor's panel and the controls on the live list: who hears whom after each button, and who may press it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from hookline.db.models import Station, Supervision
from hookline.domain.access import Role
from hookline.services.supervision import SupervisionRules
from hookline.testing.browsing import Browser, Browsers
from hookline.testing.centre import Centre
from hookline.testing.cheap_passwords import cheaply_hashed

CUSTOMER, OTHER = "+48221234567", "+48227654321"
HTMX = {"HX-Request": "true"}


class Hall:
    """Anna talks to a customer of Acme; Sofia, who has a telephone, supervises Acme's campaigns."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.open = Browsers(centre)
        centre.network.browser_module = "/p/simulated/phone.js"  # type: ignore[misc]
        self.anna, self.stranger = centre.agent("anna"), centre.agent("stranger")
        sofia = centre.user("sofia", Role.SUPERVISOR, [centre.client_id])
        with centre.runtime.db.write() as unit:
            station = Station(name="Sofia's desk phone", address="sip:sofia@simulated.invalid", user_id=sofia)
            unit.session.add(station)
            unit.session.flush()
            self.telephone = str(station.id)
        centre.campaign([CUSTOMER], agents=[self.anna])
        other = centre.client("Other")
        centre.campaign([OTHER], agents=[self.stranger], name="Other", client_id=other)
        centre.start_work(self.anna)
        centre.start_work(self.stranger)
        centre.runtime.work.dial(centre.actor(self.anna))
        centre.advance(3)
        self.customer = centre.calls()[-1].customer_leg_id
        self.agent = centre.session(self.anna).station_leg_id or ""

    def press(self, page: Browser, mode: str, agent: int | None = None, **more: str) -> str:
        sent = {"mode": mode, **more}
        answer = page.post(f"/supervision/agent/{agent or self.anna}", data=sent, headers=HTMX)
        assert answer.status_code == 200, answer.text
        self.centre.advance(1)
        return page.get("/supervision/panel").text

    def leave(self, page: Browser) -> None:
        assert page.post("/supervision/leave", headers=HTMX).status_code == 200
        self.centre.settle()

    def leg(self) -> str:
        with self.centre.runtime.db.read() as session:
            return session.scalars(select(Supervision.leg_id).where(Supervision.ended_at.is_(None))).one()

    def hears(self, leg: str) -> set[str]:
        return set(self.centre.network.heard_by(leg))


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """One for all; each test leaves the line as it found it."""
    with cheaply_hashed():
        centre = Centre(tmp_path_factory.mktemp("hall"), plugins=["monitoring"])
        yield Hall(centre)
        centre.close()


@pytest.fixture(scope="module")
def sofia(hall: Hall) -> Browser:
    """The supervisor's browser."""
    return hall.open("sofia")


def test_each_button_lets_the_right_people_hear(hall: Hall, sofia: Browser) -> None:
    panel = hall.press(sofia, "listen", station_id=hall.telephone)
    mine = hall.leg()
    assert "You listen to Anna" in panel
    assert "data-since" in panel
    assert 'data-leg=""' in panel  # he listens by a telephone
    assert hall.hears(mine) == {hall.agent, hall.customer}
    assert (hall.hears(hall.agent), hall.hears(hall.customer)) == ({hall.customer}, {hall.agent})
    assert "You whisper to Anna" in hall.press(sofia, "whisper")
    assert (hall.hears(hall.agent), hall.hears(hall.customer)) == ({hall.customer, mine}, {hall.agent})
    assert "You talk with Anna and the customer" in hall.press(sofia, "barge")
    assert hall.hears(hall.customer) == {hall.agent, mine}
    hall.leave(sofia)
    assert hall.hears(hall.customer) == {hall.agent}
    assert "data-supervised" not in sofia.get("/supervision/panel").text


def test_the_browser_is_a_station_too(hall: Hall, sofia: Browser) -> None:
    assert "Your browser is being connected" in hall.press(sofia, "listen")
    found = sofia.get("/desk/phone/listening").json
    assert f'data-leg="{found["leg"]}"' in sofia.get("/supervision/panel").text
    sent = {"leg_id": found["leg"], "page": "page-one", "message": {"type": "offer", "sdp": "v=0"}}
    assert sofia.post(found["post"], json=sent).json == {"type": "answer"}
    hall.centre.advance(1)
    assert "You hear both, nobody hears you." in sofia.get("/supervision/panel").text
    assert hall.hears(found["leg"]) == {hall.agent, hall.customer}
    hall.leave(sofia)


def test_the_live_list_has_a_control_for_each_agent_at_work(hall: Hall, sofia: Browser) -> None:
    page = sofia.get("/p/monitoring/").text
    assert 'hx-get="/supervision/panel"' in page
    assert "supervision.js" in page
    assert f'id="take-part-{hall.anna}-listen"' in page
    assert f"take-part-{hall.stranger}-" not in page
    assert f"take-part-{hall.anna}-leave" not in page
    hall.press(sofia, "whisper", station_id=hall.telephone)
    board = sofia.get("/p/monitoring/board").text
    assert f'id="take-part-{hall.anna}-leave"' in board
    pressed = board.split(f'id="take-part-{hall.anna}-whisper"')[1].split("</button>")[0]
    assert 'aria-pressed="true"' in pressed
    hall.leave(sofia)


def test_the_station_that_was_taken_is_offered_again(hall: Hall, sofia: Browser) -> None:
    hall.press(sofia, "listen", station_id=hall.telephone)
    hall.leave(sofia)
    panel = sofia.get("/supervision/panel").text
    assert "this browser" in panel
    assert f'<option value="{hall.telephone}" selected>' in panel


@pytest.mark.parametrize(
    ("path", "sent", "status", "words"),
    [
        ("agent/{anna}", {"mode": "off"}, 422, "Choose a mode."),
        ("agent/{anna}", {}, 422, ""),
        ("agent/{stranger}", {"mode": "listen"}, 404, "There is no such agent."),
        ("agent/999", {"mode": "listen"}, 404, "There is no such agent."),
        ("leave", {}, 409, "You are on no agent&#39;s line."),
    ],
)
def test_what_cannot_be_is_told(
    hall: Hall, sofia: Browser, path: str, sent: dict[str, str], status: int, words: str
) -> None:
    answer = sofia.post(f"/supervision/{path.format(anna=hall.anna, stranger=hall.stranger)}", data=sent, headers=HTMX)
    assert answer.status_code == status
    assert words in answer.text


def test_a_reason_that_is_required_is_asked_for_at_its_field(hall: Hall, sofia: Browser) -> None:
    supervision = hall.centre.runtime.desk_calls.supervision
    former, supervision.rules = supervision.rules, SupervisionRules.of("required", "never")
    sent = {"mode": "listen", "station_id": hall.telephone}
    answer = sofia.post(f"/supervision/agent/{hall.anna}", data=sent, headers=HTMX)
    assert answer.status_code == 422
    assert "Say why you listen." in answer.text
    assert f'<option value="{hall.telephone}" selected>' in answer.text
    assert "You listen to Anna" in hall.press(sofia, "listen", station_id=hall.telephone, reason="Training")
    hall.leave(sofia)
    supervision.rules = former


def test_the_agents_desk_says_who_coaches_him(hall: Hall, sofia: Browser) -> None:
    desk = hall.open("anna")
    hall.press(sofia, "listen", station_id=hall.telephone)
    assert "Sofia" not in desk.get("/desk").text
    hall.press(sofia, "whisper")
    assert "Sofia coaches you: the customer does not hear it" in desk.get("/desk").text
    hall.leave(sofia)
    assert "Sofia" not in desk.get("/desk").text


def test_agents_and_strangers_may_not(hall: Hall) -> None:
    anna, nobody = hall.open("anna"), hall.open(None)
    for page, status in ((anna, 403), (nobody, 401)):
        assert page.get("/supervision/panel", headers=HTMX).status_code == status
        sent = {"mode": "listen"}
        assert page.post(f"/supervision/agent/{hall.stranger}", data=sent, headers=HTMX).status_code == status
        assert page.post("/supervision/leave", headers=HTMX).status_code == status


def test_a_request_without_the_forms_token_is_refused(hall: Hall, sofia: Browser) -> None:
    answer = sofia.post(f"/supervision/agent/{hall.anna}", data={"mode": "barge"}, csrf=False)
    assert answer.status_code == 400
    assert hall.hears(hall.customer) == {hall.agent}
