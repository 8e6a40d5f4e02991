"""Pacers that plugins bring: campaigns choose one, and whatever it wants the bounds of every pacer hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from hookline.contributions import PacerKind
from hookline.db.models import PacingTick
from hookline.domain.access import Scope
from hookline.errors import InvalidInput
from hookline.hookspecs import hookimpl
from hookline.pacing import PacingDecision, PacingSnapshot, create_pacer
from hookline.plugin_host.host import NameClash
from hookline.testing.centre import Centre

NUMBERS = [f"+4822123{n:04}" for n in range(4600, 4640)]


class Bold:
    """Always wants seven, and gives no reason."""

    name = "bold.seven"
    last_decision: PacingDecision | None = None

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        return 7


class BoldPlugin:
    """Brings it, by a name of its choice."""

    def __init__(self, name: str = "bold.seven") -> None:
        self._name = name

    @hookimpl
    def hookline_register_pacers(self) -> list[PacerKind]:
        return [PacerKind(self._name, "Always seven", Bold)]


def test_a_campaign_is_dialled_by_the_pacer_it_chose_and_progressively_without_its_plugin(centre: Centre) -> None:
    centre.runtime.host.register("bold", BoldPlugin())
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS, agents=[anna], dial_mode="predictive", pacer="bold.seven")
    assert centre.runtime.dialler.tick() == 0, "no agent, no call"
    centre.start_work(anna)
    centre.advance(1)
    assert centre.runtime.dialler.tick() == 7
    centre.runtime.host.pacers().clear()  # as where the plugin has been taken away
    centre.advance(1)
    assert centre.runtime.dialler.tick() == 0, "one call for each ready agent, and seven ring"
    with centre.runtime.db.read() as session:
        ticks = list(session.scalars(select(PacingTick).order_by(PacingTick.id)))
    assert [(t.pacer, t.why) for t in ticks][1:] == [("bold.seven", "plugin"), ("progressive", "pacer-missing")]
    draft = centre.runtime.campaign_life.draft_of(Scope.everything(), campaign)
    centre.runtime.campaigns.update(centre.operator, campaign, replace(draft, goal="The missing pacer stays"))
    with pytest.raises(InvalidInput) as refused:
        centre.runtime.campaigns.update(centre.operator, campaign, replace(draft, pacer="bold.eight"))
    assert "pacer" in refused.value.fields


def test_whatever_a_pacer_wants_the_bounds_hold() -> None:
    pacer = create_pacer("bold.seven", 0.03, more={"bold.seven": Bold})
    ready = PacingSnapshot(now=0, logged_in=5, idle=3, dialled=400, answered=100, abandoned=1)
    asked = [pacer.calls_to_place(replace(ready, **what)) for what in BOUNDS]  # type: ignore[arg-type]
    assert asked == [7, 5, 0, 0, 2]


BOUNDS = ({}, {"limit": 5}, {"limit": 0}, {"idle": 0}, {"abandoned": 3, "ringing": (1.0,)})


@pytest.mark.parametrize("name", ["predictive", "other.seven"])
def test_names_that_are_not_the_plugins_own_are_refused(centre: Centre, name: str) -> None:
    centre.runtime.host.register("bold", BoldPlugin(name))
    with pytest.raises(NameClash):
        centre.runtime.host.require_no_clash()
