"""A marketing campaign of Acme with a contact, and consents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.campaigns import Purpose
from hookline.testing.databases import KINDS
from hookline_gdpr.service import ConsentService
from hookline_web.testing import People
from tests.plugins.places import Place, ask, make_place

Give = Callable[..., int]
Rules = Callable[..., list[str]]


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def place(runtime: Runtime, people: People) -> Place:
    """A running marketing campaign of Acme with a contact and the agent in it."""
    return make_place(runtime, people.acme, people.agent)


@pytest.fixture
def service(runtime: Runtime) -> ConsentService:
    """Consents."""
    return ConsentService(runtime.db)


@pytest.fixture
def give(runtime: Runtime, place: Place, service: ConsentService) -> Give:
    """Records a consent of the place's contact, given on a day."""

    def record(given: date | datetime, until: date | datetime | None = None, contact_id: int = place.contact_id) -> int:
        data = {
            "wording": "I agree to marketing calls by Acme.",
            "wording_version": "1",
            "evidence": "form 7",
            "given_at": given,
            "valid_until": until,
        }
        return service.give(runtime.identity.system_actor(), contact_id, data)

    return record


@pytest.fixture
def rules(runtime: Runtime, place: Place) -> Rules:
    """What the gdpr plugin answers through the plugin host, as ids of rules."""

    def refused_by(purpose: Purpose = Purpose.MARKETING, of: Place = place) -> list[str]:
        answers = runtime.host.dial_refusals(ask(runtime, of, purpose))
        return [refusal.rule for answer in answers if answer.plugin == "gdpr" for refusal in answer.refusals]

    return refused_by
