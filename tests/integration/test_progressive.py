"""Progressive mode: the dialler places one call per ready agent, inside the gate, and stops when it should."""

from __future__ import annotations

import contextlib
import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hookline.db.models import DialDecision, Suppression
from hookline.domain.agents import AgentState
from hookline.errors import HooklineError
from hookline.testing.behaviour import ANSWERS, ANSWERS_AND_HANGS_UP, BUSY, NO_ANSWER
from hookline.testing.centre import Centre
from hookline.testing.databases import POSTGRESQL, SQLITE, fresh_database

NUMBERS = [f"+4822123456{i}" for i in range(6)]


def test_a_ready_agent_is_dialled_for_without_a_click(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign(NUMBERS, agents=[anna], dial_mode="progressive")
    centre.start_work(anna)
    centre.advance(2)
    assert centre.session(anna).state == AgentState.ON_CALL
    assert len(centre.calls()) == 1
    with centre.runtime.db.read() as session:
        assert session.query(DialDecision).count() == 1


def test_unanswered_calls_lead_to_the_next_contact_at_once(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign(NUMBERS[:3], agents=[anna], dial_mode="progressive")
    centre.network.behaves(NUMBERS[0], BUSY)
    centre.network.behaves(NUMBERS[1], BUSY)
    centre.start_work(anna)
    centre.advance(6)
    assert [c.result for c in centre.calls()] == ["busy", "busy", ""]
    assert centre.session(anna).state == AgentState.ON_CALL


def test_what_the_gate_refuses_is_not_dialled(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign(NUMBERS[:2], agents=[anna], dial_mode="progressive")
    with centre.runtime.db.write() as unit:
        unit.session.add(Suppression(e164=NUMBERS[0], reason="r", source="s", created_at=centre.clock.now()))
    centre.start_work(anna)
    assert [c.number for c in centre.calls()] == [NUMBERS[1]]


def test_nothing_is_dialled_for_a_paused_agent_or_campaign(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS, agents=[anna], dial_mode="progressive")
    centre.network.behaves_by_default(number=NO_ANSWER)
    centre.start_work(anna)
    centre.runtime.agents.pause(centre.actor(anna), "lunch")
    centre.advance(60, step=1)
    assert len(centre.calls()) == 1
    assert centre.session(anna).state == AgentState.PAUSED

    centre.runtime.agents.go_ready(centre.actor(anna))
    centre.runtime.campaigns.pause(centre.operator, campaign)
    centre.runtime.scheduler.run_now("core.present-due-contacts")
    centre.advance(5)
    assert len(centre.calls()) == 1
    assert centre.session(anna).state == AgentState.READY


class Dialler(RuleBasedStateMachine):
    """Three agents, one progressive campaign that people start and pause at will."""

    kind = SQLITE

    def __init__(self) -> None:
        super().__init__()
        self.end = ExitStack()
        folder = Path(self.end.enter_context(tempfile.TemporaryDirectory()))
        url = self.end.enter_context(fresh_database(self.kind, folder))
        self.centre = Centre(folder, disabled=("gdpr", "scripts", "monitoring"), database_url=url)
        self.end.callback(self.centre.close)
        self.agents = [self.centre.agent(name) for name in ("anna", "piotr", "marta")]
        self.campaign = self.centre.campaign(
            NUMBERS, agents=self.agents, dial_mode="progressive", attempts_per_day=50, attempts_total=100
        )
        behaviours = (ANSWERS, ANSWERS_AND_HANGS_UP, BUSY, NO_ANSWER, BUSY, ANSWERS_AND_HANGS_UP)
        for number, behaviour in zip(NUMBERS, behaviours, strict=True):
            self.centre.network.behaves(number, behaviour)
        self.paused_with: int | None = None

    def teardown(self) -> None:
        self.end.close()

    def _try(self, act: object, *arguments: object) -> None:
        with contextlib.suppress(HooklineError):
            act(*arguments)  # type: ignore[operator]
        self.centre.settle()

    @rule(who=st.integers(0, 2))
    def starts_work(self, who: int) -> None:
        actor = self.centre.actor(self.agents[who])
        station = self.centre.runtime.agents.stations_for(actor)[0].id
        self._try(self.centre.runtime.agents.start_work, actor, station)
        self.centre.advance(1, step=1)

    @rule(who=st.integers(0, 2))
    def pauses(self, who: int) -> None:
        self._try(self.centre.runtime.agents.pause, self.centre.actor(self.agents[who]), "break")

    @rule(who=st.integers(0, 2))
    def goes_ready(self, who: int) -> None:
        self._try(self.centre.runtime.agents.go_ready, self.centre.actor(self.agents[who]))

    @rule(who=st.integers(0, 2))
    def disposes(self, who: int) -> None:
        self._try(self.centre.runtime.work.dispose, self.centre.actor(self.agents[who]), "LATER")

    @rule(who=st.integers(0, 2))
    def hangs_up(self, who: int) -> None:
        self._try(self.centre.runtime.calls.hang_up, self.centre.actor(self.agents[who]))

    @rule(who=st.integers(0, 2))
    def leaves(self, who: int) -> None:
        self._try(self.centre.runtime.agents.log_out, self.agents[who])

    @rule()
    def campaign_is_paused(self) -> None:
        self._try(self.centre.runtime.campaigns.pause, self.centre.operator, self.campaign)
        self.paused_with = len(self.centre.calls())

    @rule()
    def campaign_is_started(self) -> None:
        self.paused_with = None
        self._try(self.centre.runtime.campaigns.start, self.centre.operator, self.campaign)

    @rule(seconds=st.integers(1, 12))
    def time_passes(self, seconds: int) -> None:
        for _ in range(seconds):
            self.centre.advance(1, step=1)
            self.centre.runtime.scheduler.run_now("core.present-due-contacts")
        self.centre.settle()

    @invariant()
    def one_call_for_each_agent_who_is_with_one(self) -> None:
        open_calls = [c for c in self.centre.calls() if c.state != "ended"]
        assert len({c.agent_id for c in open_calls}) == len(open_calls)
        with_one = (AgentState.RINGING, AgentState.ON_CALL)
        for call in open_calls:
            assert self.centre.session(call.agent_id or 0).state in with_one

    @invariant()
    def nobody_is_left_before_a_contact_he_cannot_act_on(self) -> None:
        with self.centre.runtime.db.read() as session:
            from hookline.db.models import AgentSession

            states = [s.state for s in session.query(AgentSession).all()]
        assert AgentState.RESERVED not in states

    @invariant()
    def a_paused_campaign_places_no_call(self) -> None:
        if self.paused_with is not None:
            assert len(self.centre.calls()) == self.paused_with


class DiallerOnPostgresql(Dialler):
    """The same there."""

    kind = POSTGRESQL


_SETTINGS = settings(
    stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), max_examples=25
)
TestDialler = Dialler.TestCase
TestDialler.settings = _SETTINGS
TestDiallerOnPostgresql = DiallerOnPostgresql.TestCase
TestDiallerOnPostgresql.settings = settings(_SETTINGS, max_examples=4)
