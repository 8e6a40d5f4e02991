"""A campaign that works with some plugins only: the others keep out, but never a rule that protects people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import g

from hookline.contributions import Panel, Policy
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.errors import InvalidInput
from hookline.hookspecs import hookimpl
from hookline.testing.centre import PASSWORD, Centre
from hookline_web.slots import slot_panels
from hookline_web.testing import make_app, make_client
from tests.web.sent_form import fields_of

NUMBER = "+48221234567"
FUSSY = Policy("fussy.mood", "Mood", "Only in a good mood.")


class Fussy:
    """A plugin that never wants a call, and says so on the contact's page."""

    @hookimpl
    def hookline_register_policies(self) -> list[Policy]:
        return [FUSSY]

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        return [Refusal("fussy.mood", "Not in the mood.")]

    @hookimpl
    def hookline_register_panels(self) -> list[Panel]:
        return [Panel("contact.tabs", "Mood", "contacts.view", lambda _request: "<p>in no mood</p>")]


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path)
    made.runtime.host.register("fussy", Fussy())
    yield made
    made.close()


def _rules(centre: Centre, campaign_id: int) -> set[str]:
    record = centre.record(campaign_id, NUMBER)
    return {refusal.rule for refusal in centre.runtime.gate.inspect(record.id, NUMBER, None)}


def test_without_a_choice_every_plugin_is_asked(centre: Centre) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")])
    assert "fussy.mood" in _rules(centre, campaign)


def test_a_plugin_that_is_not_chosen_has_no_say(centre: Centre) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")])
    centre.runtime.campaign_plugins.choose(centre.operator, campaign, ["simulated_telephony"])
    assert "fussy.mood" not in _rules(centre, campaign)
    centre.runtime.campaign_plugins.choose(centre.operator, campaign, ["simulated_telephony", "fussy"])
    assert "fussy.mood" in _rules(centre, campaign)
    centre.runtime.campaign_plugins.choose(centre.operator, campaign, [])
    assert centre.runtime.campaign_plugins.of(campaign) == frozenset()


def test_a_required_policy_holds_whatever_is_chosen(centre: Centre) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")], required_policies=["fussy.mood"])
    centre.runtime.campaign_plugins.choose(centre.operator, campaign, ["simulated_telephony"])
    assert "fussy.mood" in _rules(centre, campaign)


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "quarantined"])
def test_marketing_keeps_its_consent_even_where_the_campaign_requires_nothing(centre: Centre, stopped: bool) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")], purpose=Purpose.MARKETING, required_policies=[])
    centre.runtime.campaign_plugins.choose(centre.operator, campaign, ["simulated_telephony"])
    if stopped:
        centre.runtime.host.quarantine("gdpr")
    assert any(rule.startswith("gdpr.") for rule in _rules(centre, campaign))


def test_telephony_and_script_must_come_from_chosen_plugins(centre: Centre) -> None:
    check = centre.runtime.campaign_plugins.check
    check([], "simulated", "scripts:1")
    check(["simulated_telephony", "scripts"], "simulated", "scripts:1")
    with pytest.raises(InvalidInput) as refused:
        check(["fussy"], "simulated", "scripts:1")
    assert len(refused.value.fields["only_plugins"]) == 2


def test_panels_of_others_are_not_shown_in_the_campaign_and_the_form_keeps_the_choice(centre: Centre) -> None:
    centre.runtime.identity.add_user("boss", "Boss", PASSWORD, centre.operator.role)
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")])
    app = make_app(centre.runtime)
    browser = make_client(app)
    browser.log_in("boss", PASSWORD)
    with app.test_request_context():
        g.actor = centre.operator
        assert "Mood" in [title for title, _ in slot_panels("contact.tabs", contact_id=1, campaign_id=campaign)]
        centre.runtime.campaign_plugins.choose(centre.operator, campaign, ["simulated_telephony"])
        assert "Mood" not in [title for title, _ in slot_panels("contact.tabs", contact_id=1, campaign_id=campaign)]
        assert "Mood" in [title for title, _ in slot_panels("contact.tabs", contact_id=1, campaign_id=None)]
    page = browser.get(f"/campaigns/{campaign}/edit").text
    assert 'name="only_plugins" value="simulated_telephony" checked' in page
    assert 'name="only_plugins" value="fussy">' in page
    sent = {**fields_of(page), "only_plugins": ["fussy"]}
    refused = browser.post(f"/campaigns/{campaign}/edit", data=sent)
    assert refused.status_code == 422
    assert "Its telephony comes from a plugin that is not chosen." in refused.text
    assert centre.runtime.campaign_plugins.of(campaign) == {"simulated_telephony"}
    sent["only_plugins"] = ["fussy", "simulated_telephony"]
    assert browser.post(f"/campaigns/{campaign}/edit", data=sent).status_code == 302
    assert centre.runtime.campaign_plugins.of(campaign) == {"fussy", "simulated_telephony"}
