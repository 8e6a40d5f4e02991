"""A running campaign whose telephony cannot dial goes on by the backend that a rule names, and only then."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from hookline.db.models import Campaign
from hookline.ports.telephony import Problem
from hookline.services.fail_over import PATIENCE, FailOver
from hookline.testing.centre import Centre

_names = itertools.count(1)
DOWN = [Problem(id="down", message="It is down.", advice="Mend it.")]


class Telephony:
    """Two backends: the campaign's own, and the one that stands in."""

    def __init__(self, own: str) -> None:
        self.problems_of: dict[str, list[Problem]] = {own: [], "other": []}

    def backends(self) -> dict[str, SimpleNamespace]:
        """Both."""
        return {
            name: SimpleNamespace(problems=lambda _client, name=name: self.problems_of[name])
            for name in self.problems_of
        }

    def is_closing(self, _name: str) -> bool:
        """None is."""
        return False


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = Centre(tmp_path_factory.mktemp("fail_over"), plugins=())
    yield made
    made.close()


@pytest.fixture
def campaign(centre: Centre) -> Campaign:
    name = f"campaign {next(_names)}"
    agent = centre.agent(name.replace(" ", "-"))
    campaign_id = centre.campaign([], agents=[agent], running=False, name=name)
    with centre.runtime.db.write() as unit:
        found = unit.session.get_one(Campaign, campaign_id)
        found.state, found.line = "running", "a line"
        return found


def backend_of(centre: Centre, campaign: Campaign) -> str:
    with centre.runtime.db.read() as session:
        return session.get_one(Campaign, campaign.id).backend


def test_it_moves_once_its_own_was_down_for_a_while(centre: Centre, campaign: Campaign) -> None:
    telephony = Telephony(campaign.backend)
    fail_over = FailOver(centre.runtime.db, telephony, [f"{campaign.backend} > other"])  # type: ignore[arg-type]
    fail_over.look()
    telephony.problems_of[campaign.backend] = DOWN
    for _ in range(PATIENCE - 1):
        fail_over.look()
    assert backend_of(centre, campaign) == campaign.backend
    fail_over.look()
    assert backend_of(centre, campaign) == "other"
    with centre.runtime.db.read() as session:
        assert session.get_one(Campaign, campaign.id).line == "", "a line is one of the former backend's"


def test_it_stays_where_the_other_cannot_dial_either_or_no_rule_says_so(centre: Centre, campaign: Campaign) -> None:
    telephony = Telephony(campaign.backend)
    telephony.problems_of = {campaign.backend: DOWN, "other": DOWN}
    for rules in ([f"{campaign.backend}>other"], [], ["another>other"]):
        fail_over = FailOver(centre.runtime.db, telephony, rules)  # type: ignore[arg-type]
        for _ in range(PATIENCE + 1):
            fail_over.look()
        assert backend_of(centre, campaign) == campaign.backend
