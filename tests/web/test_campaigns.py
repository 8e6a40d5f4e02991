"""The campaigns' pages: the list, the check list, starting and pausing, counters, contacts, reasons, results."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.testing.behaviour import BUSY
from hookline.testing.centre import Centre
from hookline_web.testing import PageClient
from tests.web.campaign_centre import ONE, THREE, TWO, Floor, furnish


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    centre = Centre(tmp_path)
    yield furnish(centre)
    centre.close()


@pytest.fixture
def admin(floor: Floor) -> PageClient:
    return floor.browser("admin")


def test_the_empty_list_says_what_to_do_next(floor: Floor, admin: PageClient) -> None:
    assert "Build the first one" in admin.get("/campaigns").text
    assert "An administrator builds campaigns" in floor.browser("boss").get("/campaigns").text


def test_the_list_shows_only_campaigns_of_ones_clients(floor: Floor, admin: PageClient) -> None:
    floor.centre.campaign([ONE], agents=[floor.anna], name="Ours")
    theirs = floor.centre.campaign([TWO], agents=[floor.anna], name="Theirs", client_id=floor.globex)
    everything, own = admin.get("/campaigns").text, floor.browser("boss").get("/campaigns").text
    assert "Ours" in everything
    assert "Theirs" in everything
    assert "Ours" in own
    assert "Theirs" not in own
    for path in ("", "/live", "/head", "/contacts", "/settings", "/results.csv", "/contacts/1/why"):
        assert floor.browser("boss").get(f"/campaigns/{theirs}{path}").status_code == 404


def test_agents_have_no_campaign_pages_and_supervisors_change_none(floor: Floor) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna])
    assert floor.browser("anna").get(f"/campaigns/{campaign}").status_code == 403
    boss = floor.browser("boss")
    assert boss.get(f"/campaigns/{campaign}").status_code == 200
    for act in ("start", "pause", "end", "edit"):
        assert boss.post(f"/campaigns/{campaign}/{act}").status_code == 403


def test_the_check_list_names_what_is_missing_and_where_to_mend_it(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([], agents=[], running=False)
    page = admin.get(f"/campaigns/{campaign}").text
    assert "2 things are missing before it can start." in page
    assert "No agent is assigned to it." in page
    assert f"/campaigns/{campaign}/edit#agents" in page
    assert f"/campaigns/{campaign}/edit#list_ids" in page

    answer = admin.post(f"/campaigns/{campaign}/start", follow_redirects=True)
    assert answer.status_code == 200
    assert "The campaign cannot start: No agent is assigned to it." in answer.text
    assert floor.centre.runtime.campaigns.get(floor.centre.operator.scope, campaign).state == "draft"


def test_a_campaign_is_started_paused_and_ended(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna], running=False)
    assert "Everything is there" in admin.get(f"/campaigns/{campaign}").text
    for act, state in (("start", "running"), ("pause", "paused"), ("start", "running"), ("end", "ended")):
        admin.post(f"/campaigns/{campaign}/{act}")
        assert floor.centre.runtime.campaigns.get(floor.centre.operator.scope, campaign).state == state
    page = admin.post(f"/campaigns/{campaign}/start", follow_redirects=True).text
    assert "This campaign has ended." in page


def _stat(page: str, label: str) -> str:
    found = re.search(rf'stat-label">{label}</div><div class="stat-value">([^<]*)<', page)
    assert found is not None
    return found.group(1).strip()


def test_the_counters_follow_the_calls(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE, TWO, THREE], agents=[floor.anna])
    address = f"/campaigns/{campaign}/live"
    assert _stat(admin.get(address).text, "Attempts") == "0"
    floor.centre.start_work(floor.anna)
    floor.talk(floor.anna, "SUCCESS")
    floor.talk(floor.anna, "REFUSED")
    page = admin.get(address).text
    assert _stat(page, "Attempts") == "2"
    assert _stat(page, "Answered") == "2"
    assert _stat(page, "Successes") == "1"
    assert _stat(page, "Success rate") == "50%"
    assert "2 of 3 done" in page
    assert "1 left" in page
    assert "style=" not in page


def test_the_page_asks_for_the_counters_again_when_calls_end(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna])
    page = admin.get(f"/campaigns/{campaign}").text
    for event in ("CallEnded", "CallDisposed"):
        assert f"hookline:{event}:campaign-{campaign} from:body throttle:2s" in page
    assert f'hx-get="/campaigns/{campaign}/live"' in page


def test_contacts_are_filtered_by_state_and_found_by_name_and_number(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE, TWO], agents=[floor.anna])
    floor.centre.network.behaves(ONE, BUSY)
    floor.centre.start_work(floor.anna)
    floor.centre.runtime.work.dial(floor.centre.actor(floor.anna))
    floor.centre.advance(3)
    record = floor.centre.record(campaign, ONE)
    address = f"/campaigns/{campaign}/contacts"
    why = f"{address}/{record.contact_id}/why"
    assert admin.get(address).text.count("Why?") >= 2
    waiting = admin.get(f"{address}?state=retry").text
    assert why in waiting
    assert "Europe/Warsaw" in waiting
    assert "Busy" in waiting
    assert why not in admin.get(f"{address}?state=done").text
    assert why in admin.get(f"{address}?q=22 123 45 67").text
    assert why in admin.get(f"{address}?q=testow").text
    assert "No contact fits" in admin.get(f"{address}?q=nobody").text
    assert admin.get(f"{address}?state=nonsense&after=x").status_code == 200


def test_long_lists_are_walked_page_by_page_without_a_gap(floor: Floor, admin: PageClient) -> None:
    numbers = [f"+482212{n:05d}" for n in range(120)]
    campaign = floor.centre.campaign(numbers, agents=[floor.anna])
    seen: list[str] = []
    address: str | None = f"/campaigns/{campaign}/contacts"
    pages = []
    while address is not None:
        page = admin.get(address).text
        pages.append(re.findall(r"/contacts/(\d+)/why", page))
        seen += pages[-1]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following.group(1).replace("&amp;", "&") if following else None
    assert [len(p) for p in pages] == [50, 50, 20]
    assert len(set(seen)) == 120
    back = re.search(r'rel="prev" href="([^"]+)"', page)
    assert back is not None
    assert re.findall(r"/contacts/(\d+)/why", admin.get(back.group(1).replace("&amp;", "&")).text) == pages[1]


def test_why_shows_past_decisions_and_the_gate_as_it_stands(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna])
    floor.centre.start_work(floor.anna)
    floor.talk(floor.anna, "WRONG")
    contact = floor.centre.record(campaign, ONE).contact_id
    page = admin.get(f"/campaigns/{campaign}/contacts/{contact}/why").text
    assert "allowed and dialled" in page
    assert "Not on the suppression list" in page
    assert "may not be dialled" in page
    assert "The number was marked as wrong." in page
    assert f"hookline explain {campaign} {contact}" in page
    assert admin.get(f"/campaigns/{campaign}/contacts/999/why").status_code == 404


def test_results_come_as_csv_per_call_and_per_contact(floor: Floor) -> None:
    campaign = floor.centre.campaign([ONE, TWO], agents=[floor.anna], name="Spring offer")
    floor.centre.start_work(floor.anna)
    floor.talk(floor.anna, "SUCCESS", "=1+1")
    boss = floor.browser("boss")
    answer = boss.get(f"/campaigns/{campaign}/results.csv")
    assert answer.mimetype == "text/csv"
    assert f'filename="spring-offer-{campaign}-calls.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["number"], row["disposition"], row["note"]) for row in rows] == [(ONE, "SUCCESS", "'=1+1")]
    per_contact = boss.get(f"/campaigns/{campaign}/results.csv?per=contact").text.lstrip("\ufeff")
    assert len(list(csv.DictReader(io.StringIO(per_contact)))) == 2
    assert floor.browser("anna").get(f"/campaigns/{campaign}/results.csv").status_code == 403


def test_notes_of_hooklines_own_are_in_the_readers_language(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE], agents=[floor.anna], dial_mode="preview", preview_seconds=5)
    floor.centre.start_work(floor.anna)
    floor.centre.clock.advance(30)
    assert floor.centre.runtime.dial_watch.expire_previews() == [floor.anna]
    contact = floor.centre.record(campaign, ONE).contact_id
    pages = (f"/campaigns/{campaign}/contacts", f"/campaigns/{campaign}/contacts/{contact}/why", f"/contacts/{contact}")
    assert all("The time for looking at it was over." in admin.get(page).text for page in pages)
    admin.post("/account/language", data={"language": "pl"})
    assert all("Minął czas na podgląd kontaktu." in admin.get(page).text for page in pages)
