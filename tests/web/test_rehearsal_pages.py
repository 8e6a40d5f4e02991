"""The rehearsal's pages: asked for, followed, read; results sent to an endpoint; the callbacks' calendar."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hookline.testing.centre import Centre
from tests.web.campaign_centre import ONE, THREE, TWO, Floor, furnish


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    centre = Centre(tmp_path_factory.mktemp("rehearsal"))
    made = furnish(centre)
    centre.campaign([ONE, TWO, THREE], agents=[made.anna], name="Spring")
    centre.start_work(made.anna)
    for code in ("SUCCESS", "REFUSED"):
        made.talk(made.anna, code)
    yield made
    centre.close()


def test_a_day_is_rehearsed_and_set_beside_what_really_happened(floor: Floor) -> None:
    boss = floor.browser("boss")
    today = floor.centre.clock.now().date().isoformat()
    asked = boss.post("/campaigns/1/rehearsals", data={"first_day": today, "mode": "progressive", "agents": "2"})
    assert asked.status_code == 302
    page = boss.get(asked.location).text
    assert 'hx-trigger="every 1s"' in page
    assert "It is its turn within seconds." in page
    floor.centre.run_job("core.rehearse")
    page = boss.get(f"{asked.location}/progress").text
    assert "hx-trigger" not in page
    for text in ("As it was", "Utilisation of agents", "line-real", "line-rehearsed", "Progressive"):
        assert text in page, text
    assert "style=" not in page
    former = boss.get("/campaigns/1/rehearsals").text
    assert asked.location in former
    assert floor.browser("anna").get("/campaigns/1/rehearsals").status_code == 403


def test_what_cannot_be_is_said_at_its_field(floor: Floor) -> None:
    page = floor.browser("boss").post("/campaigns/1/rehearsals", data={"ceiling_percent": "300", "agents": "none"})
    assert page.status_code == 422
    assert "Between 0 and 100." in page.text
    assert "Write a whole number." in page.text


def test_it_is_broken_off_while_it_waits_and_belongs_to_its_client(floor: Floor) -> None:
    admin, boss = floor.browser("admin"), floor.browser("boss")
    asked = admin.post("/campaigns/1/rehearsals", data={"source": "model", "contacts": "50"}).location
    page = admin.post(f"{asked}/cancel", follow_redirects=True).text
    assert "The rehearsal was broken off" in page
    theirs = floor.centre.campaign([], agents=[], name="Theirs", client_id=floor.globex, running=False)
    hidden = admin.post(f"/campaigns/{theirs}/rehearsals").location
    assert boss.get(hidden).status_code == 404
    assert boss.post(f"{hidden}/cancel").status_code == 404


def test_results_are_sent_to_an_endpoint_from_a_page(floor: Floor) -> None:
    boss, runtime = floor.browser("boss"), floor.centre.runtime
    assert "An administrator adds the address" in boss.get("/campaigns/1/pushes").text
    data = {
        "client_id": floor.centre.client_id,
        "url": "https://crm.example.com/in",
        "description": "The CRM",
        "event_types": ["CallEnded"],
    }
    endpoint = runtime.webhooks.service.add(floor.centre.operator, data).endpoint_id
    assert boss.post("/campaigns/1/pushes", data={"endpoint_id": "99"}).status_code == 422
    sent = {"endpoint_id": str(endpoint), "per": "contact"}
    page = boss.post("/campaigns/1/pushes", data=sent, follow_redirects=True).text
    for text in ("The CRM", "Under way", "0 / 3", 'hx-trigger="every 2s"'):
        assert text in page, text
    page = boss.post("/campaigns/1/pushes/1/cancel", follow_redirects=True).text
    assert "Go on" in page
    assert "hx-trigger" not in boss.get("/campaigns/1/pushes/rows").text
    assert floor.browser("anna").get("/campaigns/1/pushes").status_code == 403


def test_the_calendar_shows_a_week_or_a_day_everybodys_or_ones_own(floor: Floor) -> None:
    boss = floor.browser("boss")
    assert 'class="hour"' not in boss.get("/callbacks").text
    day = boss.get("/callbacks?view=day&day=2025-03-04&own=true").text
    assert day.count('class="hour"') == 12
    assert "view=day" in day
    assert "own=true" in day
    assert "2025-03-03" in day
    assert "2025-03-05" in day
