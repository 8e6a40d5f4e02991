"""Rehearsals: a stored day lived through again by the dialler's own pacers, beside what really happened. Nobody is
dialled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from hookline.cli import cli
from hookline.db.models import AgentStateChange, Attempt, Call, Disposition, JobStatus
from hookline.domain.access import Scope
from hookline.errors import Conflict, InvalidInput
from hookline.jobs import JobRun
from hookline.services.rehearsal.case import Case, Model, Outcome
from hookline.services.rehearsal.plan import Plan
from hookline.services.rehearsal.service import RehearsalService, here
from hookline.services.rehearsal.world import Rehearsal
from hookline.testing.centre import Centre

WARSAW = ZoneInfo("Europe/Warsaw")
NUMBERS = [f"+4822123{n:04}" for n in range(3000, 3060)]
RING, TALK, WRAP = 8.0, 90.0, 20.0
EVERYTHING = Scope.everything()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, int]:
    """A day made by hand: from nine on two agents, progressively, sixty contacts, every third of whom answers."""
    centre = Centre(tmp_path_factory.mktemp("rehearsed"))
    agents = [centre.agent("anna"), centre.agent("bob")]
    campaign = centre.campaign(NUMBERS, agents=agents, dial_mode="progressive")
    _live(centre, campaign, agents, _nine_yesterday(centre))
    return centre, campaign


def _nine_yesterday(centre: Centre) -> datetime:
    yesterday = centre.clock.now().astimezone(WARSAW).date() - timedelta(days=1)
    return datetime.combine(yesterday, datetime.min.time(), WARSAW) + timedelta(hours=9)


def _live(centre: Centre, campaign: int, agents: Sequence[int], nine: datetime) -> None:
    free = dict.fromkeys(agents, nine)
    for place, number in enumerate(NUMBERS):
        agent = min(free, key=lambda who: free[who])
        free[agent] = _call(centre, campaign, agent, number, free[agent], answers=place % 3 == 0)
    with centre.runtime.db.write() as unit:
        for agent in agents:
            for at, state in ((nine, "ready"), (nine + timedelta(hours=8), "offline")):
                unit.session.add(AgentStateChange(user_id=agent, state=state, at=at))


def _call(centre: Centre, campaign: int, agent: int, number: str, at: datetime, *, answers: bool) -> datetime:
    """Store one call as the engine would have; when the agent is free again."""
    record = centre.record(campaign, number)
    rung, ended = at + timedelta(seconds=RING), at + timedelta(seconds=RING + (TALK if answers else 0))
    free = ended + timedelta(seconds=WRAP if answers else 0)
    with centre.runtime.db.write() as unit:
        success = unit.session.query(Disposition).filter_by(campaign_id=campaign, code="SUCCESS").one()
        whose = {"client_id": centre.client_id, "campaign_id": campaign, "campaign_contact_id": record.id}
        attempt = Attempt(
            **whose, contact_id=record.contact_id, number=number, mode="progressive", opened_at=at, closed_at=ended
        )
        unit.session.add(attempt)
        unit.session.flush()
        unit.session.add(
            Call(
                **whose,
                attempt_id=attempt.id,
                contact_id=record.contact_id,
                agent_id=agent,
                number=number,
                backend="simulated",
                conversation_id=f"c-{number}",
                customer_leg_id=f"l-{number}",
                state="ended",
                result="answered" if answers else "no_answer",
                queued_at=at,
                answered_at=rung if answers else None,
                agent_connected_at=rung if answers else None,
                ended_at=ended,
                disposed_at=free if answers else None,
                disposition_id=success.id if answers else None,
            )
        )
    return free


def test_a_replay_under_the_same_mode_gives_the_days_own_figures(day: tuple[Centre, int]) -> None:
    centre, campaign = day
    before = len(centre.calls())
    result = centre.runtime.rehearsals.rehearse(EVERYTHING, campaign, Plan())
    real, rehearsed = result["real"], result["rehearsed"]
    for figure in ("calls", "answered", "connected", "abandoned", "contacts", "successes"):
        assert rehearsed[figure] == real[figure], figure
    assert (real["calls"], real["answered"], real["successes"]) == (60, 20, 20)
    assert rehearsed["utilisation"] == pytest.approx(real["utilisation"], rel=0.05)
    assert rehearsed["finished"] == pytest.approx(real["finished"], abs=60)
    assert result["days"] == [_nine_yesterday(centre).date().isoformat()] * 2
    assert result["notes"] == []
    assert len(centre.calls()) == before, "nobody was dialled"


def test_more_agents_finish_earlier_and_fewer_later(day: tuple[Centre, int]) -> None:
    centre, campaign = day

    def finished(agents: int) -> float:
        result = centre.runtime.rehearsals.rehearse(EVERYTHING, campaign, Plan(agents=agents))
        return float(result["rehearsed"]["finished"])

    assert finished(4) < finished(2) < finished(1)


def test_dialling_ahead_finishes_earlier_and_the_same_seed_gives_the_same_figures(day: tuple[Centre, int]) -> None:
    centre, campaign = day
    plan = Plan(mode="power", ratio=2.5, ceiling=0.2, source="model", contacts=80, seed=7)
    first, again = (centre.runtime.rehearsals.rehearse(EVERYTHING, campaign, plan) for _ in range(2))
    assert first == again
    slow = centre.runtime.rehearsals.rehearse(EVERYTHING, campaign, Plan(source="model", contacts=80, seed=7))
    assert first["rehearsed"]["finished"] < slow["rehearsed"]["finished"]
    assert first["source"] == "model"


def test_the_ceiling_is_respected() -> None:
    model = Model([(0.0, 0.3)], [4.0, 8.0, 14.0], [2.0, 25.0], [20.0, 60.0, 120.0, 300.0], [10.0, 25.0])
    shifts = [[(0.0, 5400.0)]] * 12
    plan = {"ring_timeout": 30.0, "shifts": shifts, "model": model, "contacts": 100_000}
    ahead = Rehearsal(Case(mode="predictive", ratio=1.5, ceiling=0.03, **plan)).run()
    blind = Rehearsal(Case(mode="power", ratio=4.0, ceiling=1.0, **plan)).run()
    careful = Rehearsal(Case(mode="progressive", ratio=1.5, ceiling=0.03, **plan)).run()
    assert (ahead.abandon_rate or 0.0) <= 0.035
    assert (blind.abandon_rate or 0.0) > 0.1
    assert (careful.utilisation or 0.0) < (ahead.utilisation or 0.0) < (blind.utilisation or 0.0)
    assert ahead.left > 0
    assert ahead.finished is None


def test_without_history_it_says_what_is_assumed(centre: Centre) -> None:
    campaign = centre.campaign(NUMBERS[:3], agents=[centre.agent("anna")], dial_mode="progressive")
    result = centre.runtime.rehearsals.rehearse(EVERYTHING, campaign, Plan())
    assert result["real"] is None
    assert (result["source"], result["agents"], result["rehearsed"]["calls"]) == ("model", 1, 3)
    said = {message for message, _params in result["notes"]}
    assert "This campaign has called nobody yet: there is no day to replay." in said
    assert "How many answer is not known: %(percent)s %% are assumed." in said
    assert "No working time of agents is stored: %(agents)s agents are assumed for %(hours)s hours." in said


def test_what_cannot_be_rehearsed_is_refused_by_field(day: tuple[Centre, int]) -> None:
    centre, campaign = day
    today = centre.clock.now().date()
    with pytest.raises(InvalidInput) as refused:
        centre.runtime.rehearsals.rehearse(
            EVERYTHING,
            campaign,
            Plan(first_day=today, last_day=today + timedelta(days=3), mode="x", ratio=0.5, ceiling=2, agents=0),
        )
    assert set(refused.value.fields) == {"last_day", "mode", "ratio", "ceiling", "agents"}


def test_a_job_rehearses_what_people_asked_for_in_a_process_of_its_own(day: tuple[Centre, int]) -> None:
    centre, campaign = day
    service = centre.runtime.rehearsals
    asked = service.ask(centre.operator, campaign, Plan(mode="predictive"))
    assert service.get(EVERYTHING, asked).state == "waiting"
    assert centre.run_job("core.rehearse") == "1"
    done = service.get(EVERYTHING, asked)
    assert (done.state, done.error) == ("done", "")
    assert done.result == json.loads(json.dumps(service.rehearse(EVERYTHING, campaign, Plan(mode="predictive")))), (
        "there as here"
    )
    with pytest.raises(Conflict):
        service.cancel(centre.operator, asked)


def test_a_rehearsal_is_broken_off_at_its_next_step(day: tuple[Centre, int]) -> None:
    centre, campaign = day
    steps: list[int] = []

    def run(case: Case, progress: object) -> Outcome:
        def told(done: int, total: int) -> None:
            steps.append(done)
            if len(steps) == 2:
                service.cancel(centre.operator, asked)
            assert callable(progress)
            progress(done, total)

        return here(case, told)

    service = RehearsalService(centre.runtime.db, run)
    asked = service.ask(centre.operator, campaign, Plan())
    service.work(JobRun())
    cancelled = service.get(EVERYTHING, asked)
    assert (cancelled.state, cancelled.result, len(steps)) == ("cancelled", {}, 2)
    with centre.runtime.db.read() as session:
        assert session.get(JobStatus, "core.rehearse") is None


def test_the_command_prints_a_table_or_json(day: tuple[Centre, int], monkeypatch: pytest.MonkeyPatch) -> None:
    centre, _campaign = day
    settings = centre.runtime.settings
    monkeypatch.setenv("HOOKLINE_HOME", str(settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HOOKLINE_DISABLED_PLUGINS", "telephony_sip")
    chosen = ["--day", _nine_yesterday(centre).date().isoformat()]
    arguments = ["campaigns", "rehearse", "Spring", "--client", "Acme", *chosen]
    told = CliRunner().invoke(cli, [*arguments, "--mode", "progressive", "--mode", "preview"])
    assert told.exit_code == 0, told.output
    assert "as it was" in told.output
    assert "progressive, 2 agents" in told.output
    assert "preview, 2 agents" in told.output
    assert "contacts done" in told.output
    found = json.loads(CliRunner().invoke(cli, [*arguments, "--agents", "4", "--json"]).output)
    assert (found["agents"], found["real"]["calls"]) == (4, 60)
