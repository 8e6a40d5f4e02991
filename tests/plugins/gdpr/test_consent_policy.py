"""The policy gdpr.consent: marketing is dialled only with a consent that is valid at that moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from hookline.bootstrap import Runtime
from hookline.db.models import Attempt, Campaign, ContactNumber
from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRefused
from hookline.domain.results import DisposedCall
from hookline.errors import InvalidInput
from hookline.services.gate import DialAsk, Line
from hookline.settings import Settings
from hookline.testing.clock import START, VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline_gdpr.errors import ConsentOverruled
from hookline_gdpr.models import Consent
from hookline_gdpr.rules import LAW, refusal_for
from hookline_gdpr.service import ConsentService
from hookline_web.testing import People, add_people
from tests.plugins.places import ZONE, Place, ask, make_place, open_attempt

Give = Callable[..., int]
Rules = Callable[..., list[str]]


def consent(given: datetime, until: datetime | None = None, withdrawn: datetime | None = None) -> Consent:
    return Consent(given_at=given, valid_until=until, withdrawn_at=withdrawn)


def test_the_policy_is_the_default_of_marketing_only(runtime: Runtime) -> None:
    assert runtime.host.policies()["gdpr.consent"].default_for == frozenset({Purpose.MARKETING})


def test_no_consent_no_marketing_call(rules: Rules) -> None:
    assert rules() == ["gdpr.no-consent"]


def test_a_valid_consent_lets_it_through(give: Give, rules: Rules) -> None:
    give(date(2025, 1, 10))
    assert rules() == []


@pytest.mark.parametrize("purpose", [Purpose.SERVICE, Purpose.RESEARCH, Purpose.COLLECTION])
def test_other_purposes_have_other_bases(rules: Rules, purpose: Purpose) -> None:
    assert rules(purpose) == []


def test_the_rule_follows_the_purpose_not_the_campaigns_list(runtime: Runtime, place: Place) -> None:
    with runtime.db.write() as unit:
        unit.session.get_one(Campaign, place.campaign_id).required_policies = []
    decision = runtime.gate.decide(DialAsk(place.record_id, place.number, place.agent_id, "preview"))
    assert not decision.allowed
    assert "gdpr.no-consent" in [refusal.rule for refusal in decision.refusals]


def test_a_consent_ends_with_its_last_day_where_the_contact_is(
    give: Give, rules: Rules, clock: VirtualClock, runtime: Runtime, place: Place
) -> None:
    give(date(2025, 1, 10), until=date(2025, 3, 3))
    clock.set(datetime(2025, 3, 3, 22, 59, tzinfo=UTC))  # 23:59 in Warsaw
    assert rules() == []
    clock.set(datetime(2025, 3, 3, 23, 0, tzinfo=UTC))
    assert rules() == ["gdpr.consent-expired"]
    (answer,) = [a for a in runtime.host.dial_refusals(ask(runtime, place)) if a.plugin == "gdpr"]
    assert answer.refusals[0].params == {"day": "2025-03-03"}
    assert answer.refusals[0].source == LAW


def test_a_consent_of_the_other_client_counts_for_nothing(
    runtime: Runtime, people: People, give: Give, rules: Rules
) -> None:
    give(date(2025, 1, 10))
    other = make_place(runtime, people.globex, people.agent, number="+48600100201")
    assert rules(of=other) == ["gdpr.no-consent"]
    same_contact_id = replace(ask(runtime, other), contact_id=1)
    (answer,) = [a for a in runtime.host.dial_refusals(same_contact_id) if a.plugin == "gdpr"]
    assert [r.rule for r in answer.refusals] == ["gdpr.no-consent"]


def test_withdrawal_counts_at_once_and_for_every_consent(
    runtime: Runtime, service: ConsentService, give: Give, rules: Rules
) -> None:
    give(date(2025, 1, 10))
    newer = give(date(2025, 2, 10))
    service.withdraw(runtime.identity.system_actor(), newer, "by letter")
    assert rules() == ["gdpr.consent-withdrawn"]


def test_after_a_withdrawal_only_a_later_consent_counts(
    runtime: Runtime, service: ConsentService, give: Give, rules: Rules, clock: VirtualClock
) -> None:
    service.withdraw(runtime.identity.system_actor(), give(date(2025, 1, 10)), "")
    with pytest.raises(ConsentOverruled):
        give(date(2025, 3, 1))
    clock.advance(60)
    give(clock.now() - timedelta(seconds=30))
    assert rules() == []


@pytest.mark.parametrize(
    ("consents", "rule"),
    [
        ([consent(START - timedelta(days=1))], None),
        ([consent(START)], None),
        ([consent(START + timedelta(seconds=1))], "gdpr.no-consent"),
        ([consent(START - timedelta(days=9), until=START)], "gdpr.consent-expired"),
        ([consent(START - timedelta(days=9), until=START), consent(START - timedelta(days=2))], None),
        ([consent(START - timedelta(days=9), withdrawn=START)], "gdpr.consent-withdrawn"),
        (
            [
                consent(START - timedelta(days=9), withdrawn=START - timedelta(days=1)),
                consent(START - timedelta(days=2)),
            ],
            "gdpr.consent-withdrawn",
        ),
        (
            [
                consent(START - timedelta(days=9), withdrawn=START - timedelta(days=1)),
                consent(START - timedelta(hours=2)),
            ],
            None,
        ),
        ([], "gdpr.no-consent"),
    ],
)
def test_the_rule_over_what_can_be_recorded(consents: list[Consent], rule: str | None) -> None:
    refusal = refusal_for(consents, START, ZONE)
    assert (refusal.rule if refusal else None) == rule


def test_a_withdrawal_revokes_what_is_not_yet_dialled(
    runtime: Runtime, service: ConsentService, give: Give, place: Place
) -> None:
    given = give(date(2025, 1, 10))
    attempt_id = open_attempt(runtime, place)
    service.withdraw(runtime.identity.system_actor(), given, "")
    with runtime.db.read() as session:
        attempt = session.get_one(Attempt, attempt_id)
    assert attempt.revoked_at == runtime.clock.now()
    assert attempt.revoked_because == "the consent to marketing calls was withdrawn"


def test_a_withdrawal_leaves_other_purposes_alone(
    runtime: Runtime, people: People, service: ConsentService, give: Give
) -> None:
    place = make_place(
        runtime, people.acme, people.agent, number="+48600100299", purpose=Purpose.SERVICE, name="Service"
    )
    given = give(date(2025, 1, 10), contact_id=place.contact_id)
    attempt_id = open_attempt(runtime, place)
    service.withdraw(runtime.identity.system_actor(), given, "")
    with runtime.db.read() as session:
        assert session.get_one(Attempt, attempt_id).revoked_at is None


def test_a_withdrawal_between_decision_and_dial_wins(
    runtime: Runtime, service: ConsentService, give: Give, place: Place
) -> None:
    given = give(date(2025, 1, 10))
    decision = runtime.gate.decide(DialAsk(place.record_id, place.number, place.agent_id, "preview"))
    assert decision.allowed, decision.refusals
    service.withdraw(runtime.identity.system_actor(), given, "")
    backend = SimulatedBackend(VirtualClock())
    with pytest.raises(DialRefused):
        runtime.gate.place(decision, Line("c1", "l1"), backend, lambda unit, call: None)


def disposed(runtime: Runtime, place: Place, category: Category) -> DisposedCall:
    return DisposedCall(
        call_id=place.call_id,
        client_id=place.client_id,
        campaign_id=place.campaign_id,
        contact_id=place.contact_id,
        number=place.number,
        agent_id=place.agent_id,
        code=category.name,
        category=category,
        at=runtime.clock.now(),
    )


def test_asking_not_to_be_called_withdraws(runtime: Runtime, place: Place, give: Give, rules: Rules) -> None:
    given = give(date(2025, 1, 10))
    runtime.host.call_disposed(disposed(runtime, place, Category.REFUSAL))
    assert rules() == []
    told = disposed(runtime, place, Category.DO_NOT_CALL)
    runtime.host.call_disposed(told)
    assert rules() == ["gdpr.consent-withdrawn"]
    with runtime.db.read() as session:
        row = session.get_one(Consent, given)
    assert (row.withdrawn_at, row.withdrawn_by) == (told.at, place.agent_id)


def test_the_consents_go_with_the_contacts_last_number(
    runtime: Runtime, place: Place, give: Give, rules: Rules
) -> None:
    give(date(2025, 1, 10))
    with runtime.db.write() as unit:
        other = ContactNumber(client_id=place.client_id, contact_id=place.contact_id, e164="+48221239998", position=1)
        unit.session.add(other)
        unit.session.execute(update(ContactNumber).where(ContactNumber.e164 == place.number).values(state="wrong"))
    runtime.host.call_disposed(disposed(runtime, place, Category.WRONG_NUMBER))
    assert rules() == [], "his other number is his"
    with runtime.db.write() as unit:
        unit.session.execute(update(ContactNumber).where(ContactNumber.e164 == "+48221239998").values(state="wrong"))
    runtime.host.call_disposed(disposed(runtime, place, Category.WRONG_NUMBER))
    assert rules() == ["gdpr.consent-withdrawn"]


def test_hearing_of_it_twice_undoes_no_new_consent(
    runtime: Runtime, place: Place, give: Give, rules: Rules, clock: VirtualClock
) -> None:
    give(date(2025, 1, 10))
    told = disposed(runtime, place, Category.DO_NOT_CALL)
    runtime.host.call_disposed(told)
    clock.advance(3600)
    give(clock.now() - timedelta(seconds=60))
    attempt_id = open_attempt(runtime, place)
    runtime.host.call_disposed(told)
    assert rules() == []
    with runtime.db.read() as session:
        assert session.get_one(Attempt, attempt_id).revoked_at is None


def test_impossible_dates_are_refused(give: Give, clock: VirtualClock) -> None:
    with pytest.raises(InvalidInput) as future:
        give(clock.now() + timedelta(seconds=1))
    assert list(future.value.fields) == ["given_at"]
    with pytest.raises(InvalidInput) as reverse:
        give(date(2025, 1, 10), until=date(2025, 1, 9))
    assert list(reverse.value.fields) == ["valid_until"]


def test_without_the_plugin_a_campaign_that_requires_it_does_not_dial(settings: Settings, clock: VirtualClock) -> None:
    runtime = Runtime(replace(settings, disabled_plugins=("gdpr",)), clock)
    try:
        people = add_people(runtime)
        place = make_place(runtime, people.acme, people.agent)
        assert "gdpr.consent" not in runtime.host.policies()
        decision = runtime.gate.decide(DialAsk(place.record_id, place.number, place.agent_id, "preview"))
        assert not decision.allowed
        assert any("gdpr.consent" in refusal.text for refusal in decision.refusals)
    finally:
        runtime.close()
