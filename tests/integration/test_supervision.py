"""A supervisor at an agent's line: who hears whom, what is kept of it, and what he must not hear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.bus import PublishedEvent
from hookline.db.models import Leg, Station, Supervision, SupervisionStep
from hookline.domain.access import Role
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.ports.telephony import SupervisionMode as Mode
from hookline.services.supervision import SupervisionRules
from hookline.testing.centre import Centre

CUSTOMER, OTHER = "+48221234567", "+48227654321"


class Hall:
    """Anna works for Acme and for another client; Sofia supervises Acme's campaigns."""

    def __init__(self, folder: Path) -> None:
        self.centre = Centre(folder, plugins=[])
        self.anna = self.centre.agent("anna")
        self.sofia = self.centre.user("sofia", Role.SUPERVISOR, [self.centre.client_id])
        self.acme = self.centre.campaign([CUSTOMER], agents=[self.anna])
        self.other_client = self.centre.client("Other")
        self.supervision = self.centre.runtime.desk_calls.supervision
        with self.centre.runtime.db.write() as unit:
            station = Station(name="sofia", address="sip:sofia@simulated.invalid", user_id=self.sofia)
            unit.session.add(station)
            unit.session.flush()
            self.station = station.id

    def talk(self) -> str:
        self.centre.runtime.work.dial(self.centre.actor(self.anna))
        self.centre.advance(3)
        return self.centre.calls()[-1].customer_leg_id

    def start(self, mode: Mode) -> str:
        self.supervision.start(self.centre.actor(self.sofia), self.anna, mode, self.station)
        self.centre.advance(1)
        with self.centre.runtime.db.read() as session:
            return session.scalars(select(Leg.id).where(Leg.kind == "supervisor")).all()[-1]

    def hears(self, leg: str) -> set[str]:
        return set(self.centre.network.heard_by(leg))

    def rules(self, reason: str, notice: str) -> None:
        """What the installation says; the desk asks for the same."""
        self.supervision.rules = SupervisionRules.of(reason, notice)
        self.centre.runtime.desk._notice = self.supervision.rules.notice

    def agent_sees(self) -> list[tuple[str, str]]:
        company = self.centre.runtime.desk.view(self.centre.actor(self.anna)).company
        return [(someone.supervisor, someone.mode.value) for someone in company]

    def agent_leg(self) -> str:
        return self.centre.session(self.anna).station_leg_id or ""


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    hall.centre.close()


def test_a_supervisor_listens_whispers_and_barges_in_and_it_is_kept(hall: Hall) -> None:
    hall.centre.start_work(hall.anna)
    customer = hall.talk()
    mine, sofia = hall.start(Mode.LISTEN), hall.centre.actor(hall.sofia)
    agent = hall.agent_leg()
    assert (hall.hears(mine), hall.hears(agent), hall.hears(customer)) == ({agent, customer}, {customer}, {agent})
    hall.supervision.set_mode(sofia, Mode.WHISPER)
    assert (hall.hears(agent), hall.hears(customer)) == ({customer, mine}, {agent})
    hall.supervision.set_mode(sofia, Mode.BARGE)
    assert hall.hears(customer) == {agent, mine}
    hall.supervision.stop(sofia)
    hall.centre.settle()
    assert hall.supervision.current(sofia) is None
    with hall.centre.runtime.db.read() as session:
        steps = session.scalars(select(SupervisionStep).order_by(SupervisionStep.id)).all()
    assert [(step.mode, step.call_id) for step in steps] == [("listen", 1), ("whisper", 1), ("barge", 1)]


def test_a_call_of_another_client_is_not_heard_and_the_next_own_one_is(hall: Hall) -> None:
    hall.centre.campaign([OTHER], agents=[hall.anna], name="Other", client_id=hall.other_client, priority=9)
    hall.centre.start_work(hall.anna)
    mine = hall.start(Mode.BARGE)
    foreign = hall.talk()
    assert (hall.hears(mine), hall.hears(foreign)) == (set(), {hall.agent_leg()})
    hall.centre.runtime.calls.hang_up(hall.centre.actor(hall.anna))
    hall.centre.settle()
    hall.centre.runtime.work.dispose(hall.centre.actor(hall.anna), "SUCCESS")
    hall.centre.settle()
    own = hall.talk()
    assert hall.hears(own) == {hall.agent_leg(), mine}
    with hall.centre.runtime.db.read() as session:
        steps = session.scalars(select(SupervisionStep).order_by(SupervisionStep.id)).all()
    assert [(step.mode, step.call_id) for step in steps] == [("barge", None), ("off", 1), ("barge", 2)]


def test_who_may_not_or_cannot_is_told_so(hall: Hall) -> None:
    sofia, anna = hall.centre.actor(hall.sofia), hall.centre.actor(hall.anna)
    with pytest.raises(Conflict, match="not at work"):
        hall.supervision.start(sofia, hall.anna, Mode.LISTEN, hall.station)
    with pytest.raises(NotPermitted):
        hall.supervision.start(anna, hall.anna, Mode.LISTEN, hall.station)
    stranger = hall.centre.agent("stranger")
    hall.centre.campaign([OTHER], agents=[stranger], name="Elsewhere", client_id=hall.other_client)
    hall.centre.start_work(stranger)
    with pytest.raises(NotFound):
        hall.supervision.start(sofia, stranger, Mode.LISTEN, hall.station)
    hall.centre.start_work(hall.anna)
    hall.start(Mode.LISTEN)
    with pytest.raises(Conflict, match="already"):
        hall.supervision.start(sofia, hall.anna, Mode.LISTEN, hall.station)
    hall.centre.runtime.agents.log_out(hall.anna)
    hall.centre.settle()
    assert hall.supervision.current(sofia) is None


def test_the_reason_is_kept_and_where_it_is_required_nobody_listens_without(hall: Hall) -> None:
    sofia = hall.centre.actor(hall.sofia)
    hall.centre.start_work(hall.anna)
    hall.rules("required", "never")
    with pytest.raises(InvalidInput) as refused:
        hall.supervision.start(sofia, hall.anna, Mode.LISTEN, hall.station, "  ")
    assert set(refused.value.fields) == {"reason"}
    assert hall.supervision.current(sofia) is None
    hall.supervision.start(sofia, hall.anna, Mode.LISTEN, hall.station, " Complaint 17 ")
    with hall.centre.runtime.db.read() as session:
        assert session.scalars(select(Supervision.reason)).one() == "Complaint 17"


@pytest.mark.parametrize(
    ("notice", "shown", "told"),
    [
        ("never", {}, 0),
        ("coaching", {Mode.WHISPER: "whisper", Mode.BARGE: "barge"}, 4),
        ("always", {Mode.LISTEN: "listen", Mode.WHISPER: "whisper", Mode.BARGE: "barge"}, 5),
    ],
)
def test_the_agent_sees_who_hears_him_as_far_as_the_installation_says(
    hall: Hall, notice: str, shown: dict[Mode, str], told: int
) -> None:
    hall.rules("optional", notice)
    heard: list[PublishedEvent] = []
    hall.centre.runtime.bus.subscribe(heard.append)
    sofia = hall.centre.actor(hall.sofia)
    hall.centre.start_work(hall.anna)
    hall.talk()
    hall.start(Mode.LISTEN)
    for mode in (Mode.LISTEN, Mode.WHISPER, Mode.BARGE, Mode.LISTEN):
        if mode.value != hall.supervision.current(sofia).supervision.mode:  # type: ignore[union-attr]
            hall.supervision.set_mode(sofia, mode)
        assert hall.agent_sees() == ([("Sofia", shown[mode])] if mode in shown else [])
    hall.supervision.stop(sofia)
    hall.centre.settle()
    assert hall.agent_sees() == []
    assert len([event for event in heard if event.type == "CompanyChanged"]) == told


def test_what_the_supervisor_may_not_hear_is_not_shown_as_heard(hall: Hall) -> None:
    hall.rules("optional", "always")
    hall.centre.campaign([OTHER], agents=[hall.anna], name="Other", client_id=hall.other_client, priority=9)
    hall.centre.start_work(hall.anna)
    hall.start(Mode.LISTEN)
    assert hall.agent_sees() == [("Sofia", "listen")]
    hall.talk()
    assert hall.agent_sees() == []
