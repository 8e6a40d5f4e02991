"""The pages of plugins and release sets: what they tell, and that they change what runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.domain.campaigns import Purpose
from hookline.services.campaigns import CampaignDraft
from tests.integration.live_installation import LiveInstallation

NO_SIP = 'disabled_plugins = ["telephony_sip"]\n[plugins.monitoring]\nlong_pause_seconds = 60\n'


@pytest.fixture
def there(tmp_path: Path) -> Iterator[LiveInstallation]:
    """An installation with every plugin that needs no telephone."""
    made = LiveInstallation(tmp_path / "home", NO_SIP)
    yield made
    made.close()


def test_the_list_and_a_plugins_page_tell_what_it_is_and_adds(there: LiveInstallation) -> None:
    listed = there.browser.get("/plugins").text
    assert "Calls through SIP trunks" in listed
    assert "/plugins/telephony_sip/enable" in listed
    assert "/plugins/gdpr/disable" in listed
    page = there.browser.get("/plugins/gdpr").text
    for word in ("hookline_dial_refusals", "gdpr.manage", "gdpr.consent", "gdpr.consents", "/p/gdpr/"):
        assert word in page
    page = there.browser.get("/plugins/monitoring").text
    assert "HOOKLINE_MONITORING__LONG_PAUSE_SECONDS" in page
    assert "A pause that lasts longer is marked." in page
    assert there.browser.get("/plugins/nonsense").status_code == 404


def test_titles_and_help_of_settings_are_polish_for_polish_people(there: LiveInstallation) -> None:
    runtime = there.runtime
    admin = runtime.identity.get_user(there.people.admin)
    with runtime.db.write() as unit:
        unit.session.merge(admin).language = "pl"
    listed = there.browser.get("/plugins").text
    assert "Ochrona danych" in listed
    assert "Pokazuje kierownikom na żywo" in listed
    assert "Dłuższa przerwa jest oznaczana." in there.browser.get("/plugins/monitoring").text


def test_disabling_says_what_it_means_and_does_it_at_once(there: LiveInstallation) -> None:
    operator = there.runtime.identity.system_actor()
    draft = CampaignDraft(there.people.acme, "Spring sale", Purpose.MARKETING, "simulated")
    campaign_id = there.runtime.campaigns.create(operator, draft)
    with there.runtime.db.write() as unit:
        unit.session.merge(there.runtime.campaigns.get(operator.scope, campaign_id)).state = "running"
    asked = there.browser.get("/plugins/gdpr/disable").text
    assert "will not dial without: Spring sale" in asked
    done = there.browser.post("/plugins/gdpr/disable", data={"note": "No marketing"}, follow_redirects=False)
    assert done.status_code == 302
    assert "Data protection is disabled. Its data stay." in there.browser.get("/plugins").text
    assert there.browser.get("/p/gdpr/").status_code == 404
    newest = there.runtime.release_sets.history()[0]
    assert (newest.by, newest.row.note, newest.row.origin) == ("admin", "No marketing", "page")
    assert newest.row.applied_at is not None
    assert there.browser.post("/plugins/gdpr/disable", data={}).status_code == 409


def test_enabling_checks_first(there: LiveInstallation) -> None:
    there.wants(NO_SIP.replace("telephony_sip", 'telephony_sip", "monitoring'))
    there.wants(NO_SIP.replace("telephony_sip", 'telephony_sip", "monitoring').replace("60", '"long"'))
    refused = there.browser.post("/plugins/monitoring/enable", data={})
    assert refused.location == "/plugins/monitoring/enable"
    assert not there.runtime.host.is_active("monitoring")
    told = there.browser.get("/plugins/monitoring/enable").text
    assert "Its settings cannot be used" in told
    assert "It is not enabled as it is." in told
    there.wants(NO_SIP.replace("telephony_sip", 'telephony_sip", "monitoring'))
    assert there.browser.post("/plugins/monitoring/enable", data={}).location == "/plugins/monitoring"
    assert there.browser.get("/p/monitoring/").status_code == 200
    assert "It keeps no personal data of its own." in there.browser.get("/plugins/monitoring/check").text


def test_a_set_is_compared_and_brought_back(there: LiveInstallation) -> None:
    there.wants(NO_SIP.replace("60", "90").replace("telephony_sip", 'telephony_sip", "scripts'))
    listed = there.browser.get("/release-sets").text
    assert "hookline.toml was edited" in listed
    compared = there.browser.get("/release-sets/diff?old=1&new=2").text
    assert "Conversation scripts" in compared
    assert "monitoring.long_pause_seconds" in compared
    assert "60 → 90" in compared
    assert "Bring back" in there.browser.get("/release-sets/1").text
    assert there.browser.post("/release-sets/1/rollback", data={"note": "as it was"}).status_code == 302
    assert there.browser.get("/p/scripts/").status_code == 200
    assert there.runtime.plugin_settings("monitoring").loaded().long_pause_seconds == 60
    assert there.runtime.release_sets.history()[0].row.restores == 1
    for number in ("99", "99999999999999999999"):
        assert there.browser.get(f"/release-sets/{number}").status_code == 404


def test_only_administrators_change_plugins(there: LiveInstallation) -> None:
    browser = there.browser
    browser.post("/logout")
    browser.log_in("supervisor")
    assert browser.get("/plugins").status_code == 403
    for address in ("/plugins/gdpr/disable", "/plugins/gdpr/enable", "/release-sets/1/rollback"):
        assert browser.post(address, data={}).status_code == 403
    assert there.runtime.host.is_active("gdpr")
