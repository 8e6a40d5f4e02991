"""No sequence of what agents, customers and fate do leaves an agent stuck, a call open or a contact lost."""

from __future__ import annotations

import contextlib
import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from hookline.db.models import AgentSession, Attempt, Call, CampaignContact
from hookline.domain.agents import AgentState
from hookline.errors import HooklineError
from hookline.services.reconcile import reconcile
from hookline.testing.behaviour import ANSWERS, ANSWERS_AND_HANGS_UP, BUSY, NO_ANSWER
from hookline.testing.centre import Centre
from hookline.testing.databases import POSTGRESQL, SQLITE, fresh_database

NUMBERS = [f"+4822123456{i}" for i in range(4)]
BUSY_STATES = (AgentState.RINGING, AgentState.ON_CALL)


class Floor(RuleBasedStateMachine):
    """Two agents on one campaign; anything may happen at any time."""

    kind = SQLITE

    def __init__(self) -> None:
        super().__init__()
        self.end = ExitStack()
        folder = Path(self.end.enter_context(tempfile.TemporaryDirectory()))
        url = self.end.enter_context(fresh_database(self.kind, folder))
        self.centre = Centre(folder, disabled=("gdpr", "scripts", "monitoring"), database_url=url)
        self.end.callback(self.centre.close)
        self.agents = [self.centre.agent("anna"), self.centre.agent("piotr")]
        self.campaign = self.centre.campaign(NUMBERS, agents=self.agents, wrap_up_seconds=20)
        for number, behaviour in zip(NUMBERS, (ANSWERS, ANSWERS_AND_HANGS_UP, BUSY, NO_ANSWER), strict=True):
            self.centre.network.behaves(number, behaviour)
        for agent in self.agents:
            self.centre.start_work(agent)

    def teardown(self) -> None:
        with self.end:
            self.everybody_can_leave()

    def any_in(self, states: tuple[AgentState, ...]) -> bool:
        return any(self._session(who, "state") in states for who in range(2))

    def _try(self, act: object, *arguments: object) -> None:
        # What is refused in the agent's present state is refused: the invariants must hold all the same.
        with contextlib.suppress(HooklineError):
            act(*arguments)  # type: ignore[operator]
        self.centre.settle()

    @rule(who=st.integers(0, 1))
    def starts(self, who: int) -> None:
        actor = self.centre.actor(self.agents[who])
        self._try(self.centre.runtime.agents.start_work, actor, self.centre.runtime.agents.stations_for(actor)[0].id)
        self.centre.advance(3, step=1)

    @rule(who=st.integers(0, 1), then=st.sampled_from([0, 1, 3]))
    def dials(self, who: int, then: int) -> None:
        self._try(self.centre.runtime.work.dial, self.centre.actor(self.agents[who]))
        self.centre.advance(then, step=1)

    @rule(who=st.integers(0, 1))
    def skips(self, who: int) -> None:
        self._try(self.centre.runtime.work.skip, self.centre.actor(self.agents[who]), "later")

    @precondition(lambda self: self.any_in(BUSY_STATES))
    @rule(who=st.integers(0, 1))
    def hangs_up(self, who: int) -> None:
        self._try(self.centre.runtime.calls.hang_up, self.centre.actor(self.agents[who]))

    @precondition(lambda self: self.any_in(BUSY_STATES))
    @rule(who=st.integers(0, 1))
    def holds(self, who: int) -> None:
        self._try(self.centre.runtime.calls.hold, self.centre.actor(self.agents[who]), True)

    @precondition(lambda self: self.any_in((AgentState.WRAP_UP, AgentState.PAUSED)))
    @rule(who=st.integers(0, 1), code=st.sampled_from(["SUCCESS", "LATER", "WRONG"]))
    def disposes(self, who: int, code: str) -> None:
        self._try(self.centre.runtime.work.dispose, self.centre.actor(self.agents[who]), code)

    @rule(who=st.integers(0, 1))
    def pauses(self, who: int) -> None:
        self._try(self.centre.runtime.agents.pause, self.centre.actor(self.agents[who]), "break")

    @rule(who=st.integers(0, 1))
    def goes_ready(self, who: int) -> None:
        self._try(self.centre.runtime.agents.go_ready, self.centre.actor(self.agents[who]))

    @precondition(lambda self: not self.any_in((AgentState.OFFLINE,)))
    @rule(who=st.integers(0, 1))
    def leaves(self, who: int) -> None:
        self._try(self.centre.runtime.agents.log_out, self.agents[who])

    @rule(who=st.integers(0, 1))
    def cell_dies(self, who: int) -> None:
        self._lose(who)

    def _lose(self, who: int) -> None:
        conversation = self._session(who, "conversation_id")
        if conversation in self.centre.network._network.rooms:
            self._try(self.centre.network.lose_conversation, conversation)

    @rule(who=st.integers(0, 1))
    def phone_is_hung_up(self, who: int) -> None:
        leg = self._session(who, "station_leg_id")
        if leg:
            self._try(self.centre.network.caller_hangs_up, leg)

    @rule(seconds=st.sampled_from([0.5, 2, 5, 25]))
    def time_passes(self, seconds: float) -> None:
        self.centre.advance(seconds, step=1)
        for job in ("core.expire-wrap-ups", "core.present-due-contacts"):
            self.centre.runtime.scheduler.run_now(job)
        self.centre.settle()

    @rule()
    def the_engine_crashes(self) -> None:
        for who in range(2):
            self._lose(who)
        reconcile(self.centre.runtime.db)

    def _session(self, who: int, name: str) -> str | None:
        with self.centre.runtime.db.read() as session:
            row = session.get(AgentSession, self.agents[who])
            return getattr(row, name) if row else None

    @invariant()
    def busy_means_an_open_call(self) -> None:
        with self.centre.runtime.db.read() as session:
            open_calls = {c.agent_id: c for c in session.scalars(select(Call).where(Call.state != "ended"))}
            open_attempts = session.scalar(select(func.count()).where(Attempt.closed_at.is_(None)))
        for who, agent_id in enumerate(self.agents):
            busy = self._session(who, "state") in BUSY_STATES
            assert busy == (agent_id in open_calls), (self._session(who, "state"), open_calls)
        assert open_attempts == len(open_calls)

    @invariant()
    def no_contact_is_lost(self) -> None:
        with self.centre.runtime.db.read() as session:
            records = session.scalars(select(CampaignContact)).all()
        held = {self._session(who, "campaign_contact_id") for who in range(2)}
        assert len(records) == len(NUMBERS)
        for record in records:
            if record.state in ("reserved", "in_call", "wrap_up"):
                assert record.id in held, (record.state, held)

    def everybody_can_leave(self) -> None:
        for agent_id in self.agents:
            self._try(self.centre.runtime.calls.hang_up, self.centre.actor(agent_id))
        self.centre.advance(60, step=5)
        for who, agent_id in enumerate(self.agents):
            self._try(self.centre.runtime.agents.log_out, agent_id)
            assert self._session(who, "state") in (None, AgentState.OFFLINE)
        with self.centre.runtime.db.read() as session:
            assert session.scalar(select(func.count()).where(Call.state != "ended")) == 0
            assert session.scalar(select(func.count()).where(Attempt.closed_at.is_(None))) == 0


class FloorOnPostgresql(Floor):
    """The same there."""

    kind = POSTGRESQL


_SETTINGS = settings(
    stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), max_examples=20
)
TestNoAgentStuck = Floor.TestCase
TestNoAgentStuck.settings = _SETTINGS
TestNoAgentStuckOnPostgresql = FloorOnPostgresql.TestCase
TestNoAgentStuckOnPostgresql.settings = settings(_SETTINGS, max_examples=5)
