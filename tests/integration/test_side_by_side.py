"""What two people or threads do at the same moment happens once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from functools import partial

from sqlalchemy import func, select

from hookline.bus import EventBus, PublishedEvent
from hookline.db.models import (
    AgentSession,
    AgentStateChange,
    Attempt,
    Call,
    CampaignContact,
    Contact,
    ContactNumber,
    OutboxEvent,
    Station,
    Suppression,
)
from hookline.domain.access import Grant, Role
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallState
from hookline.domain.campaigns import Purpose, RecordState
from hookline.domain.dialling import AttemptOpen, Decision, DialRefused
from hookline.domain.events import CallChanged
from hookline.errors import Conflict
from hookline.services.campaigns import CampaignDraft
from hookline.services.gate import DialAsk
from hookline.services.imports import ImportState, NewList
from hookline.services.revocation import hold_dialling, revoke_open_attempts
from hookline.testing.centre import Centre
from tests.integration.importing import Importer
from tests.integration.together import raised, together

ONE, TWO = "+48221234567", "+48221234568"


def _count(centre: Centre, column: object) -> int:
    with centre.runtime.db.read() as session:
        return session.scalar(select(func.count(column))) or 0  # type: ignore[arg-type]


def _talked(centre: Centre, agent: int) -> None:
    """The agent dials what is presented to him, talks, hangs up: his call waits for a disposition."""
    centre.runtime.work.dial(centre.actor(agent))
    centre.advance(3)
    centre.runtime.calls.hang_up(centre.actor(agent))
    centre.advance(1)


def test_two_who_ask_the_gate_for_one_contact_get_one_attempt(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    ask = DialAsk(centre.record(campaign, ONE).id, ONE, anna, "preview")
    outcomes = together([partial(centre.runtime.gate.decide, ask)] * 4)
    assert raised(outcomes) == [AttemptOpen] * 3
    assert [o.allowed for o in outcomes if isinstance(o, Decision)] == [True]
    assert _count(centre, Attempt.id) == 1


def test_one_number_in_two_campaigns_is_called_once(centre: Centre) -> None:
    agents = [centre.agent(name) for name in ("anna", "piotr")]
    acme = centre.campaign([ONE], agents=agents[:1], name="A")
    other = centre.client("Globex")
    globex = centre.campaign([ONE], agents=agents[1:], name="B", client_id=other)
    for agent, campaign in zip(agents, (acme, globex), strict=True):
        centre.start_work(agent, campaign)
    outcomes = together([partial(centre.runtime.work.dial, centre.actor(agent)) for agent in agents])
    centre.settle()
    assert raised(outcomes) == [AttemptOpen]
    assert len(centre.calls()) == 1
    assert sorted(centre.session(agent).state for agent in agents) == [AgentState.RESERVED, AgentState.RINGING]


def test_two_clicks_on_dial_place_one_call(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    outcomes = together([partial(centre.runtime.work.dial, centre.actor(anna))] * 3)
    assert len(raised(outcomes)) == 2
    assert len(centre.calls()) == 1
    centre.advance(3)
    assert centre.session(anna).state == AgentState.ON_CALL


def test_agents_never_get_the_same_contact(centre: Centre) -> None:
    numbers = [f"+4822123456{n}" for n in range(8)]
    agents = [centre.agent(f"agent{n}") for n in range(8)]
    campaign = centre.campaign(numbers, agents=agents, running=False)
    for agent in agents:
        centre.start_work(agent)
    centre.runtime.campaigns.start(centre.operator, campaign)
    acts = [partial(centre.runtime.presenter.present, agent) for agent in agents]
    # Each twice: the scheduler's and the agent's own.
    assert raised(together([*acts, *acts])) == []
    centre.runtime.presenter.present_to_all()
    held = [centre.session(agent).campaign_contact_id for agent in agents]
    assert None not in held
    assert len(set(held)) == 8
    with centre.runtime.db.read() as session:
        records = session.scalars(select(CampaignContact)).all()
    assert {(r.id, r.owner_id) for r in records} == set(zip(held, agents, strict=True))
    assert {r.state for r in records} == {RecordState.RESERVED}


def test_one_station_is_taken_by_one_agent(centre: Centre) -> None:
    agents = [centre.user(name, Role.AGENT) for name in ("anna", "piotr", "ola")]
    centre.campaign([ONE], agents=agents, running=False)
    with centre.runtime.db.write() as unit:
        station = Station(name="desk 1", address="sip:desk1@simulated.invalid")
        unit.session.add(station)
    acts = [partial(centre.runtime.agents.start_work, centre.actor(agent), station.id) for agent in agents]
    assert raised(together(acts)) == [Conflict, Conflict]
    with centre.runtime.db.read() as session:
        assert len(session.scalars(select(AgentSession).where(AgentSession.station_state != "gone")).all()) == 1


def test_a_shift_that_is_begun_twice_begins_once(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna], running=False)
    actor = centre.actor(anna)
    station = centre.runtime.agents.stations_for(actor)[0]
    assert raised(together([partial(centre.runtime.agents.start_work, actor, station.id)] * 3)) == []
    centre.advance(3)
    assert centre.session(anna).state == AgentState.READY
    assert _count(centre, AgentStateChange.id) == 1


def test_two_dispositions_of_one_call_are_one(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    _talked(centre, anna)
    actor = centre.actor(anna)
    outcomes = together([partial(centre.runtime.work.dispose, actor, code) for code in ("SUCCESS", "REFUSED", "DNC")])
    assert len(raised(outcomes)) == 2
    assert centre.record(campaign, ONE).state == RecordState.DONE
    with centre.runtime.db.read() as session:
        told = session.scalars(select(OutboxEvent).where(OutboxEvent.type == "CallDisposed")).all()
        changes = session.scalars(select(AgentStateChange).order_by(AgentStateChange.id)).all()
        suppressed = session.scalar(select(func.count(Suppression.id)))
    assert len(told) == 1
    assert suppressed == (1 if told[0].details["code"] == "DNC" else 0)
    assert [c.state for c in changes][-2:] == [AgentState.WRAP_UP, AgentState.READY]


def test_an_end_of_call_and_the_agents_acts_at_once_leave_him_free(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    actor = centre.actor(anna)
    for _ in range(3):
        centre.runtime.work.dial(actor)
        centre.advance(3)
        centre.runtime.calls.hang_up(actor)
        outcomes = together(
            [
                centre.settle,
                partial(centre.runtime.agents.pause, actor, "tea"),
                partial(centre.runtime.calls.save_note, actor, "called"),
                partial(centre.runtime.agents.heartbeat, anna),
            ]
        )
        assert raised(outcomes) == []
        centre.advance(1)
        centre.runtime.work.dispose(actor, "LATER")
        assert centre.session(anna).state == AgentState.PAUSED
        assert centre.calls()[-1].state == CallState.ENDED
        centre.clock.advance(86_400)
        centre.runtime.agents.go_ready(actor)
        centre.runtime.presenter.present(anna)


def test_two_agents_who_type_one_new_number_make_one_contact(centre: Centre) -> None:
    agents = [centre.agent(name) for name in ("anna", "piotr")]
    campaign = centre.campaign([ONE], agents=agents, running=False, grant=Grant(dial_by_hand=True))
    for agent in agents:
        centre.start_work(agent)
    centre.runtime.campaigns.start(centre.operator, campaign)
    acts = [partial(centre.runtime.work.dial_by_hand, centre.actor(agent), campaign, TWO) for agent in agents]
    assert raised(together(acts)) == [AttemptOpen]
    assert len(centre.calls()) == 1
    assert _count(centre, Contact.id) == 2
    assert sorted(centre.session(agent).state for agent in agents) == [AgentState.READY, AgentState.RINGING]


def test_an_attempt_waits_for_a_withdrawal_that_is_being_written(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    ask = DialAsk(centre.record(campaign, ONE).id, ONE, anna, "preview")
    decided: list[Decision] = []
    asking = threading.Thread(target=lambda: decided.append(centre.runtime.gate.decide(ask)))
    with centre.runtime.db.write() as unit:
        hold_dialling(unit)
        unit.session.add(Suppression(e164=ONE, reason="asked", source="letter", created_at=centre.clock.now()))
        revoke_open_attempts(unit, number=ONE, because="asked")
        asking.start()
        asking.join(0.3)
        assert asking.is_alive(), "it waits"
    asking.join(30)
    assert [r.rule for d in decided for r in d.refusals] == ["core.suppressed"]


def test_a_withdrawal_comes_before_the_dial_or_after_it(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    record = centre.record(campaign, ONE)

    def withdraw() -> None:
        with centre.runtime.db.write() as unit:
            revoke_open_attempts(unit, contact_id=record.contact_id, because="objection")

    decision = centre.runtime.gate.decide(DialAsk(record.id, ONE, anna, "preview"))
    dialled, withdrawn = together(
        [partial(centre.runtime.placer.place, centre.session(anna), record.id, decision), withdraw]
    )
    assert withdrawn is None
    with centre.runtime.db.read() as session:
        attempt = session.scalars(select(Attempt)).one()
        placed = session.scalar(select(func.count(Call.id)))
    if isinstance(dialled, DialRefused):
        assert (placed, attempt.revoked_because) == (0, "objection")
        assert attempt.placed_at is None
    else:
        assert (placed, attempt.revoked_at) == (1, None)


def test_events_get_one_number_each_whoever_publishes(centre: Centre) -> None:
    heard: list[PublishedEvent] = []
    lock = threading.Lock()

    def hear(happened: PublishedEvent) -> None:
        with lock:
            heard.append(happened)

    buses = [EventBus(centre.runtime.db) for _ in range(2)]
    for bus in buses:
        bus.subscribe(hear)

    def tell(call: int) -> None:
        for change in range(15):
            with centre.runtime.db.write() as unit:
                unit.emit(CallChanged(call_id=call, on_hold=change % 2 == 0, muted=False))

    def publish(bus: EventBus) -> None:
        for _ in range(15):
            bus.pump()

    before = centre.runtime.bus.last_sequence()
    acts = [*(partial(tell, call) for call in range(3)), *(partial(publish, bus) for bus in buses)]
    assert raised(together(acts)) == []
    buses[0].pump()
    numbers = sorted(e.sequence for e in heard)
    assert numbers == list(range(before + 1, before + 46)), "no gap, none twice"
    for call in range(3):
        told = [e.details["on_hold"] for e in sorted(heard, key=lambda e: e.sequence) if e.call_id == call]
        assert told == [change % 2 == 0 for change in range(15)], "in order for each call"


def test_two_imports_at_once_add_each_number_once(centre: Centre) -> None:
    importer = Importer(centre.runtime, centre.operator)
    rows = [f"+4822123{n:04}" for n in range(60)]
    first = importer.upload("phone\n" + "\n".join(rows), NewList(centre.client_id, "first", "PL"))
    second = importer.upload("phone\n" + "\n".join(reversed(rows)), NewList(centre.client_id, "second", "PL"))
    runs = [partial(centre.runtime.imports.run, centre.operator, i) for i in (first, second)]
    assert raised(together(runs)) == []
    reports = [centre.runtime.import_reports.get(centre.operator, i) for i in (first, second)]
    assert [r.state for r in reports] == [ImportState.DONE, ImportState.DONE]
    assert sum(r.imported for r in reports) == sum(r.merged for r in reports) == len(rows)
    assert _count(centre, ContactNumber.id) == len(rows)


def test_an_import_is_started_once(centre: Centre) -> None:
    importer = Importer(centre.runtime, centre.operator)
    import_id = importer.upload(f"phone\n{ONE}\n", NewList(centre.client_id, "list", "PL"))
    outcomes = together([partial(centre.runtime.imports.run, centre.operator, import_id)] * 3)
    assert raised(outcomes) == [Conflict, Conflict]
    assert _count(centre, Contact.id) == 1


def test_a_list_given_to_a_campaign_during_its_import_loses_no_contact(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna], running=False)
    importer = Importer(centre.runtime, centre.operator)
    rows = "phone\n" + "\n".join(f"+4822999{n:04}" for n in range(40))
    import_id = importer.upload(rows, NewList(centre.client_id, "late", "PL"))
    late = centre.runtime.import_reports.get(centre.operator, import_id).list_id
    draft = CampaignDraft(
        client_id=centre.client_id,
        name="Spring",
        purpose=Purpose.SERVICE,
        backend="simulated",
        list_ids=[late],
        agents={anna: Grant()},
    )
    outcomes = together(
        [
            partial(centre.runtime.imports.run, centre.operator, import_id),
            partial(centre.runtime.campaigns.update, centre.operator, campaign, draft),
        ]
    )
    assert raised(outcomes) == []
    assert _count(centre, CampaignContact.id) == 41


def test_one_administrator_stays(centre: Centre) -> None:
    admins = [centre.user(name, Role.ADMINISTRATOR) for name in ("ada", "ewa")]
    outcomes = together([partial(centre.runtime.identity.set_active, admin, False) for admin in admins])
    assert raised(outcomes) == [Conflict]
    assert sum(centre.runtime.identity.get_user(admin).active for admin in admins) == 1


def test_changes_of_one_contact_add_up(centre: Centre) -> None:
    contact_id = centre.contact(ONE)
    edits = [
        partial(centre.runtime.contacts.edit, centre.operator, contact_id, {}, {f"field{n}": str(n)}) for n in range(5)
    ]
    assert raised(together(edits)) == []
    with centre.runtime.db.read() as session:
        custom = session.get_one(Contact, contact_id).custom
    assert custom == {f"field{n}": str(n) for n in range(5)}
