"""A required policy is never taken away unawares: not by what is enabled, not by an edit, only by a reasoned drop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from hookline.domain.access import Actor
from hookline.domain.campaigns import Purpose
from hookline.errors import Conflict, HooklineError, InvalidInput, NotPermitted
from hookline.services.campaigns import CampaignDraft
from hookline.testing.centre import Centre

NUMBER = "+48600100200"
CONSENT = "gdpr.consent"
REASON = "Business numbers only, consent is kept by the client itself."


def _rules(centre: Centre, campaign: int) -> set[str]:
    """What the gate would say now."""
    record = centre.record(campaign, NUMBER)
    return {r.rule for r in centre.runtime.gate.inspect(record.id, NUMBER, None)}


def _stored(centre: Centre, campaign: int) -> list[str]:
    return centre.runtime.campaigns.get(centre.operator.scope, campaign).required_policies


def _marketing(centre: Centre, listed: list[str] | None = None) -> int:
    return centre.campaign([NUMBER], agents=[centre.agent("anna")], purpose=Purpose.MARKETING, required_policies=listed)


STOPPED: dict[str, Callable[[Centre], None]] = {
    "quarantined": lambda c: c.runtime.host.quarantine("gdpr"),
    "disabled": lambda c: c.runtime.host.retire("gdpr"),
    "failed": lambda c: c.runtime.host.mark_failed("gdpr", "It broke", RuntimeError("at work")),
}


@pytest.mark.parametrize("how", STOPPED)
@pytest.mark.parametrize("listed", [None, []])
def test_marketing_stops_and_says_why_while_its_consent_cannot_be_asked(
    centre: Centre, how: str, listed: list[str] | None
) -> None:
    campaign = _marketing(centre, listed)
    assert "core.policy-missing" not in _rules(centre, campaign)
    STOPPED[how](centre)
    assert "core.policy-missing" in _rules(centre, campaign)
    missing = centre.runtime.campaigns.missing(centre.operator.scope, campaign)
    assert "policy-missing" in [m.id for m in missing]


def test_a_marketing_campaign_made_while_gdpr_is_off_requires_its_consent_all_the_same(centre: Centre) -> None:
    centre.runtime.host.retire("gdpr")
    assert centre.runtime.campaigns.default_policies(Purpose.MARKETING) == [CONSENT]
    campaign = centre.campaign(
        [NUMBER], agents=[centre.agent("anna")], purpose=Purpose.MARKETING, required_policies=[], running=False
    )
    assert _stored(centre, campaign) == [CONSENT]


def test_bringing_it_back_lets_the_campaign_go_on(centre: Centre) -> None:
    campaign = _marketing(centre)
    centre.runtime.host.quarantine("gdpr")
    centre.runtime.host.release("gdpr")
    assert "core.policy-missing" not in _rules(centre, campaign)


def test_a_service_campaign_goes_on_without_it(centre: Centre) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")])
    centre.runtime.host.retire("gdpr")
    assert "core.policy-missing" not in _rules(centre, campaign)


def _draft(centre: Centre, campaign: int, **changes: object) -> CampaignDraft:
    stored = centre.runtime.campaigns.get(centre.operator.scope, campaign)
    draft = CampaignDraft(stored.client_id, stored.name, Purpose(stored.purpose), stored.backend)
    return dataclasses.replace(draft, **changes)  # type: ignore[arg-type]


def test_an_edit_cannot_take_a_required_policy_off(centre: Centre) -> None:
    campaign = _marketing(centre)
    with pytest.raises(InvalidInput) as refused:
        centre.runtime.campaigns.update(centre.operator, campaign, _draft(centre, campaign, required_policies=[]))
    assert "required_policies" in refused.value.fields
    assert _stored(centre, campaign) == [CONSENT]


def test_another_purpose_brings_its_own_requirements(centre: Centre) -> None:
    campaign = centre.campaign([NUMBER], agents=[centre.agent("anna")])
    changed = _draft(centre, campaign, purpose=Purpose.MARKETING, required_policies=[])
    centre.runtime.campaigns.update(centre.operator, campaign, changed)
    assert _stored(centre, campaign) == [CONSENT]
    back = _draft(centre, campaign, purpose=Purpose.SERVICE, required_policies=[])
    centre.runtime.campaigns.update(centre.operator, campaign, back)
    assert _stored(centre, campaign) == []


def test_a_drop_is_kept_with_who_and_why_and_survives_edits(centre: Centre) -> None:
    campaign, service = _marketing(centre), centre.runtime.required_policies
    service.drop(centre.operator, campaign, CONSENT, REASON)
    centre.runtime.host.retire("gdpr")
    assert "core.policy-missing" not in _rules(centre, campaign)
    centre.runtime.campaigns.update(centre.operator, campaign, _draft(centre, campaign, required_policies=[]))
    assert _stored(centre, campaign) == []
    (kept,) = service.history(centre.operator.scope, campaign)
    assert (kept.policy, kept.reason, kept.restored_at) == (CONSENT, REASON, None)
    service.restore(centre.operator, campaign, CONSENT)
    assert "core.policy-missing" in _rules(centre, campaign)
    assert service.history(centre.operator.scope, campaign)[0].restored_at is not None


def test_a_dropped_policy_that_works_still_refuses(centre: Centre) -> None:
    campaign = _marketing(centre)
    centre.runtime.required_policies.drop(centre.operator, campaign, CONSENT, REASON)
    assert "gdpr.no-consent" in _rules(centre, campaign)


def _without(actor: Actor, permission: str) -> Actor:
    return dataclasses.replace(actor, permissions=actor.permissions - {permission})


def test_a_drop_needs_its_permission_a_reason_and_a_policy_that_is_required(centre: Centre) -> None:
    campaign, service = _marketing(centre), centre.runtime.required_policies
    cases: list[tuple[type[HooklineError], Callable[[], None]]] = [
        (NotPermitted, lambda: service.drop(_without(centre.operator, "policies.drop"), campaign, CONSENT, REASON)),
        (InvalidInput, lambda: service.drop(centre.operator, campaign, CONSENT, "because")),
        (Conflict, lambda: service.drop(centre.operator, campaign, "other.rule", REASON)),
        (Conflict, lambda: service.restore(centre.operator, campaign, CONSENT)),
    ]
    for error, act in cases:
        with pytest.raises(error):
            act()
    assert _stored(centre, campaign) == [CONSENT]
    assert service.history(centre.operator.scope, campaign) == []
