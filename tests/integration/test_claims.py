"""Whose turn it is: the order of claims, windows by time zone, and no contact claimed twice, whoever dies meanwhile."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import event, select, update

from hookline.db.models import Campaign, CampaignContact, Contact
from hookline.domain.campaigns import CallingWindow, RecordState
from hookline.services import claims
from hookline.services.claims import Source, claim
from hookline.services.work_shares import in_shares
from hookline.settings import Settings
from hookline.testing.centre import Centre
from tests.integration.together import together

NUMBERS = [f"+4822123{n:04}" for n in range(4500, 4520)]


def _source(centre: Centre, campaign: int, rank: int = 0) -> Source:
    with centre.runtime.db.read() as session:
        window = session.get_one(Campaign, campaign).window
    return Source(campaign, CallingWindow.from_json(window), rank)


def _set(centre: Centre, campaign: int, number: str, **values: object) -> int:
    record = centre.record(campaign, number).id
    with centre.runtime.db.write() as unit:
        unit.session.execute(update(CampaignContact).where(CampaignContact.id == record).values(**values))
    return record


def _claim(centre: Centre, *sources: Source, agent: int | None = None) -> int | None:
    with centre.runtime.db.write() as unit:
        record = claim(unit, sources, agent)
        return record.id if record else None


def test_callbacks_come_first_then_priority_then_retries_then_age(centre: Centre) -> None:
    campaign = centre.campaign(NUMBERS[:6], agents=[centre.agent("anna")])
    ago = centre.clock.now() - timedelta(minutes=1)
    oldest, second = centre.record(campaign, NUMBERS[0]).id, centre.record(campaign, NUMBERS[1]).id
    again = _set(centre, campaign, NUMBERS[2], state="retry", next_due_at=ago)
    urgent = _set(centre, campaign, NUMBERS[3], priority=5)
    promised = _set(centre, campaign, NUMBERS[4], state="callback", next_due_at=ago)
    _set(centre, campaign, NUMBERS[5], state="retry", next_due_at=centre.clock.now() + timedelta(hours=1))
    source = _source(centre, campaign)
    assert [_claim(centre, source) for _ in range(6)] == [promised, urgent, again, oldest, second, None]


def test_a_campaign_of_a_better_rank_is_emptied_first(centre: Centre) -> None:
    anna = centre.agent("anna")
    one = centre.campaign(NUMBERS[:2], agents=[anna], name="One")
    other = centre.campaign(NUMBERS[2:4], agents=[anna], name="Other")
    sources = _source(centre, one, rank=1), _source(centre, other, rank=0)
    claimed = [_claim(centre, *sources) for _ in range(4)]
    with centre.runtime.db.read() as session:
        assert [session.get_one(CampaignContact, c).campaign_id for c in claimed if c] == [other, other, one, one]


def test_contacts_where_it_is_night_are_not_taken(centre: Centre) -> None:
    campaign = centre.campaign(NUMBERS[:2], agents=[centre.agent("anna")])
    asleep, awake = centre.record(campaign, NUMBERS[0]), centre.record(campaign, NUMBERS[1])
    with centre.runtime.db.write() as unit:  # the record's zone follows the contact's
        unit.session.execute(update(Contact).where(Contact.id == asleep.contact_id).values(time_zone="Asia/Tokyo"))
    source = _source(centre, campaign)
    late = centre.clock.now().replace(hour=15, minute=0)
    centre.clock.advance((late - centre.clock.now()).total_seconds())
    assert [_claim(centre, source), _claim(centre, source)] == [awake.id, None]


def test_a_callback_waits_for_its_owner(centre: Centre) -> None:
    anna, bob = centre.agent("anna"), centre.agent("bob")
    campaign = centre.campaign(NUMBERS[:1], agents=[anna, bob])
    promised = _set(
        centre, campaign, NUMBERS[0], state="callback", next_due_at=centre.clock.now(), callback_owner_id=anna
    )
    source = _source(centre, campaign)
    assert [_claim(centre, source, agent=who) for who in (bob, None, anna)] == [None, None, promised]


def test_claimers_at_the_same_moment_never_get_the_same_contact(centre: Centre) -> None:
    campaign = centre.campaign(NUMBERS, agents=[centre.agent("anna")])
    source = _source(centre, campaign)

    def work() -> list[int]:
        return [record for _ in range(6) if (record := _claim(centre, source))]

    got = [record for each in together([work] * 4) for record in cast("list[int]", each)]
    assert len(got) == len(set(got)) == len(NUMBERS)


def test_what_a_dead_claimer_had_comes_back_once(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS[:2], agents=[anna])
    centre.start_work(anna)  # the first contact is before her
    forgotten = _claim(centre, _source(centre, campaign))
    centre.clock.advance(claims.LEASE_SECONDS - 1)
    assert _expired(centre) == 0
    centre.clock.advance(2)
    assert [_expired(centre), _expired(centre)] == [1, 0]
    with centre.runtime.db.read() as session:
        states = {id_: state for id_, state in session.execute(select(CampaignContact.id, CampaignContact.state))}  # noqa: C416 - rows
    assert states[cast("int", forgotten)] == RecordState.NEW
    assert sorted(states.values()) == [RecordState.NEW, RecordState.RESERVED]


def test_a_claim_reads_from_its_indexes_however_many_contacts_wait(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    source = _source(centre, centre.campaign(NUMBERS[:2], agents=[centre.agent("anna")]))
    plans: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if "campaign_contacts" in statement:
            plans.extend(row[3] for row in cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(centre.runtime.db.engine, "before_cursor_execute", explain)
    assert _claim(centre, source)
    centre.clock.advance(claims.LEASE_SECONDS + 1)
    assert _expired(centre) == 1
    centre.close()
    used = {name for plan in plans for name in re.findall(r" campaign_contacts USING (?:COVERING )?INDEX (\w+)", plan)}
    own = {f"ix_campaign_contacts_{name}" for name in ("waiting", "sleeping", "promised", "reserved")}
    assert used == own
    assert not [plan for plan in plans if plan.startswith("SCAN campaign_contacts")]
    assert not [plan for plan in plans if "TEMP B-TREE" in plan and "RIGHT PART" in plan]


def _expired(centre: Centre) -> int:
    with centre.runtime.db.write() as unit:
        return claims.give_back_expired(unit)


_CLAIMS_UNTIL_KILLED = """
import sys
from pathlib import Path
from hookline.bootstrap import Runtime
from hookline.domain.campaigns import CallingWindow, DayWindow
from hookline.services.claims import Source, claim
from hookline.settings import Settings
from datetime import time
runtime = Runtime(Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2]))
always = CallingWindow({day: DayWindow(time(0), time(23, 59, 59, 999999)) for day in range(7)})
while True:
    with runtime.db.write() as unit:
        record = claim(unit, [Source(int(sys.argv[3]), always)], None)
    print(record.id if record else "", flush=True)
"""


def test_a_claimer_that_is_killed_has_claimed_what_it_said_and_nothing_twice(
    centre: Centre, settings: Settings
) -> None:
    campaign = centre.campaign(NUMBERS, agents=[centre.agent("anna")])
    command = [sys.executable, "-c", _CLAIMS_UNTIL_KILLED, str(settings.data_dir), centre.runtime.settings.database_url]
    with subprocess.Popen([*command, str(campaign)], stdout=subprocess.PIPE, text=True) as doomed:
        assert doomed.stdout is not None
        said = [int(doomed.stdout.readline()) for _ in range(5)]
        doomed.send_signal(signal.SIGKILL)
        doomed.wait(timeout=10)
        said += [int(line) for line in doomed.stdout.read().split("\n")[:-1] if line]
    with centre.runtime.db.read() as session:
        reserved = set(
            session.scalars(select(CampaignContact.id).where(CampaignContact.state == RecordState.RESERVED.value))
        )
    assert len(said) == len(set(said))
    assert set(said) <= reserved
    assert len(reserved - set(said)) <= 1  # what it had claimed and not yet said


def test_an_agents_shares_are_kept_over_many_draws() -> None:
    one, three, never = (cast("Campaign", SimpleNamespace(id=i)) for i in range(3))
    draw = random.Random(1)
    firsts = [in_shares([(one, 1), (three, 3), (never, 0)], draw) for _ in range(400)]
    assert {order[-1] is never for order in firsts} == {True}
    assert 250 < sum(order[0] is three for order in firsts) < 350
