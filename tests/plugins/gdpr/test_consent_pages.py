"""The pages: who reaches whose consents, and what they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask, g

from hookline.bootstrap import Runtime
from hookline.contributions import PanelRequest
from hookline.domain.campaigns import Purpose
from hookline.errors import NotFound
from hookline_gdpr.models import Consent
from hookline_gdpr.overview import Overview
from hookline_gdpr.rules import ConsentState
from hookline_gdpr.service import ConsentService
from hookline_web.testing import PageClient, People
from tests.plugins.places import Place, make_place

Browser = Callable[[str | None], PageClient]
Give = Callable[..., int]
Rules = Callable[..., list[str]]
FORM = {"wording": "I agree.", "evidence": "form 7", "given_at": "2025-01-10", "given_time": "", "valid_until": ""}


@pytest.fixture
def elsewhere(runtime: Runtime, people: People) -> Place:
    """A contact of Globex, in a campaign in which the agent does not work."""
    return make_place(runtime, people.globex, people.admin, number="+48600100900")


@pytest.mark.parametrize(
    ("login", "own", "others"), [("agent", 200, 404), ("supervisor", 200, 404), ("admin", 200, 200)]
)
def test_whose_consents_somebody_sees(
    browser: Browser, place: Place, elsewhere: Place, login: str, own: int, others: int
) -> None:
    page = browser(login)
    assert page.get(f"/p/gdpr/contacts/{place.contact_id}").status_code == own
    assert page.get(f"/p/gdpr/contacts/{elsewhere.contact_id}").status_code == others
    assert page.get("/p/gdpr/contacts/999").status_code == 404


def test_agents_see_but_do_not_manage(browser: Browser, place: Place, give: Give) -> None:
    agent, consent_id = browser("agent"), give(date(2025, 1, 10))
    page = agent.get(f"/p/gdpr/contacts/{place.contact_id}").text
    assert "May be called for marketing" in page
    assert "Record a consent" not in page
    assert "/withdraw" not in page
    assert agent.get("/p/gdpr/").status_code == 403
    assert agent.post(f"/p/gdpr/contacts/{place.contact_id}/consents", data=FORM).status_code == 403
    assert agent.post(f"/p/gdpr/consents/{consent_id}/withdraw").status_code == 403


def test_a_consent_is_recorded_and_withdrawn(browser: Browser, place: Place, rules: Rules, runtime: Runtime) -> None:
    page, address = browser("supervisor"), f"/p/gdpr/contacts/{place.contact_id}"
    assert "has given no consent" in page.get(address).text
    done = page.post(f"{address}/consents", data=FORM)
    assert (done.status_code, done.location) == (302, address)
    assert rules() == []
    with runtime.db.read() as session:
        consent = session.query(Consent).one()
    assert f"/p/gdpr/consents/{consent.id}/withdraw" in page.get(address).text
    part = page.post(f"/p/gdpr/consents/{consent.id}/withdraw", headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert part.text.lstrip().startswith('<div id="gdpr-panel">')
    assert rules() == ["gdpr.consent-withdrawn"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wording": "  "}, "This is needed"),
        ({"evidence": ""}, "This is needed"),
        ({"given_at": "2999-01-01"}, "in the future"),
        ({"given_at": "soon"}, "A date is expected"),
        ({"valid_until": "2024-01-01"}, "before it was given"),
    ],
)
def test_what_is_wrong_is_said_in_the_form(
    browser: Browser, place: Place, runtime: Runtime, change: dict[str, str], words: str
) -> None:
    answer = browser("admin").post(f"/p/gdpr/contacts/{place.contact_id}/consents", data={**FORM, **change})
    assert answer.status_code == 422
    assert words in answer.text
    with runtime.db.read() as session:
        assert session.query(Consent).count() == 0


def test_supervisors_cannot_touch_other_clients(browser: Browser, elsewhere: Place, give: Give, rules: Rules) -> None:
    consent_id = give(date(2025, 1, 10), contact_id=elsewhere.contact_id)
    page = browser("supervisor")
    assert page.post(f"/p/gdpr/contacts/{elsewhere.contact_id}/consents", data=FORM).status_code == 404
    assert page.post(f"/p/gdpr/consents/{consent_id}/withdraw").status_code == 404
    assert rules(of=elsewhere) == []


def test_the_overview_counts_and_finds_within_the_scope(
    runtime: Runtime, people: People, place: Place, elsewhere: Place, give: Give, service: ConsentService
) -> None:
    admin = runtime.identity.system_actor()
    supervisor = runtime.identity.actor(runtime.identity.get_user(people.supervisor))
    overview = Overview(runtime.db)
    give(date(2022, 1, 10), until=date(2023, 1, 10))
    give(date(2025, 1, 10))
    service.withdraw(admin, give(date(2025, 1, 11), contact_id=elsewhere.contact_id), "")
    assert [(c.client, c.valid, c.expired, c.withdrawn) for c in overview.counts(admin)] == [
        ("Acme", 1, 1, 0),
        ("Globex", 0, 0, 1),
    ]
    assert [c.client for c in overview.counts(supervisor)] == ["Acme"]
    assert overview.search(admin, "", None, None).total == 3
    assert overview.search(supervisor, "", None, None).total == 2
    assert overview.search(supervisor, "", people.globex, None).total == 0
    assert overview.search(admin, "", None, ConsentState.EXPIRED).total == 1
    assert {row.number for row in overview.search(admin, "600 100 9", None, None).rows} == {"+48600100900"}
    assert overview.search(admin, "łucja NOW", None, None).total == 3
    assert overview.search(admin, "%", None, None).total == 0


def test_the_overview_page(browser: Browser, place: Place, give: Give) -> None:
    page = browser("supervisor")
    assert "No consent is recorded yet" in page.get("/p/gdpr/").text
    give(date(2025, 1, 10))
    found = page.get("/p/gdpr/", query_string={"q": "nowak", "state": "valid"}).text
    assert "Łucja Nowak" in found
    assert "Globex" not in found
    assert "Nothing found" in page.get("/p/gdpr/", query_string={"q": "zzz"}).text
    assert page.get("/p/gdpr/", query_string={"state": "odd"}).status_code == 422


def test_the_tab_of_a_contacts_page(
    app: Flask, runtime: Runtime, people: People, place: Place, elsewhere: Place
) -> None:
    (owned,) = [p for p in runtime.host.panels() if p.plugin == "gdpr"]
    agent = runtime.identity.actor(runtime.identity.get_user(people.agent))
    assert (owned.value.slot, owned.value.permission) == ("contact.tabs", "gdpr.view")
    with app.test_request_context():
        g.user = None
        g.actor = agent
        html = owned.value.render(PanelRequest(agent, {"contact_id": place.contact_id, "campaign_id": None}))
        assert "No marketing calls." in html
        with pytest.raises(NotFound):
            owned.value.render(PanelRequest(agent, {"contact_id": elsewhere.contact_id}))


def test_a_service_campaign_needs_no_consent_to_be_seen(runtime: Runtime, people: People, browser: Browser) -> None:
    place = make_place(runtime, people.acme, people.agent, number="+48600100300", purpose=Purpose.SERVICE, name="S")
    assert browser("agent").get(f"/p/gdpr/contacts/{place.contact_id}").status_code == 200
