"""One tick of the dialler: each running power or predictive campaign asks its pacer how many calls to place, and why.

No ready agent, no call: whatever a pacer says, a campaign without an agent who works is not dialled. Everything stops
within one tick of a pause, since each tick reads the campaigns anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Call, Campaign, CampaignContact, PacingTick
from hookline.domain.campaigns import AbandonRule, CampaignState, DialMode
from hookline.domain.dialling import DialRefused
from hookline.errors import HooklineError
from hookline.pacing import Pacer, PacingSnapshot, create_pacer
from hookline.ports.hooks import Hooks
from hookline.services import claims, outcomes, record_notes
from hookline.services.calling_windows import window_of
from hookline.services.calls import CallService
from hookline.services.claims import Kind, Source
from hookline.services.dialler import floor
from hookline.services.dialler.waiting import WaitingCustomers
from hookline.services.figures import DAY_ZONE
from hookline.services.gate import DialAsk, DialGate, Line

log = structlog.get_logger(__name__)

#: A campaign places at most so many calls in one tick, however many its pacer wants.
MOST_AT_ONCE = 200
#: Contacts that the policies refuse are put aside with the reason; after so many the rest waits for the next tick.
_REFUSED_AT_MOST = 50
_KEPT = timedelta(hours=48)


class Dialler:
    """Paces campaigns. `tick` is run every second by the one process that runs the engine."""

    def __init__(
        self, db: Database, gate: DialGate, calls: CallService, waiting: WaitingCustomers, hooks: Hooks
    ) -> None:
        self._db = db
        self._gate = gate
        self._calls = calls
        self._waiting = waiting
        self._hooks = hooks
        self._pacers: dict[int, tuple[tuple[Any, ...], Pacer]] = {}
        self._last: dict[int, datetime] = {}

    def tick(self) -> int:
        """Place what the pacers want now; how many calls were placed."""
        self._waiting.attend()
        with self._db.read() as session:
            campaigns = session.scalars(
                select(Campaign)
                .where(
                    Campaign.state == CampaignState.RUNNING.value,
                    Campaign.direction == "outbound",
                    Campaign.dial_mode.in_([DialMode.POWER.value, DialMode.PREDICTIVE.value]),
                )
                .order_by(Campaign.priority.desc(), Campaign.id)
            ).all()
        for gone in self._pacers.keys() - {campaign.id for campaign in campaigns}:
            del self._pacers[gone]
        taken: set[int] = set()
        return sum(self._guarded(campaign, taken) for campaign in campaigns)

    def _guarded(self, campaign: Campaign, taken: set[int]) -> int:
        """One campaign's trouble is not the others'."""
        try:
            return self._pace(campaign, taken)
        except Exception as error:
            log.error("a campaign could not be paced", campaign_id=campaign.id, exc_info=error)
            return 0

    def _pace(self, campaign: Campaign, taken: set[int]) -> int:
        now = self._db.clock.now()
        since = self._last.get(campaign.id, now - timedelta(seconds=1))
        self._last[campaign.id] = now
        with self._db.read() as session:
            agents = floor.agents_of(session, campaign, taken, now)
            counted = floor.totals(session, campaign, now, DAY_ZONE)
            seen = floor.snapshot(session, campaign, agents, counted, since, now, MOST_AT_ONCE)
        pacer = self._pacer(campaign)
        wanted = min(pacer.calls_to_place(seen), MOST_AT_ONCE) if agents.logged_in else 0
        placed = self._place(campaign, wanted)
        if placed or seen.ringing or seen.queued:
            taken.update(agents.idle)  # they are meant for this campaign's answers
        self._keep(campaign, seen, pacer, placed, wanted)
        return placed

    def _pacer(self, campaign: Campaign) -> Pacer:
        """The campaign's pacer with what it has learnt; a new one where the campaign dials differently by now."""
        more = {kind.name: kind.make for kind in self._hooks.pacers().values()}
        name = pacer_name(campaign, more)
        made_for = (name, campaign.abandon_limit, campaign.power_ratio, more.get(name))
        known = self._pacers.get(campaign.id)
        if known is not None and known[0] == made_for:
            return known[1]
        pacer = create_pacer(name, campaign.abandon_limit, ratio=campaign.power_ratio, more=more)
        self._pacers[campaign.id] = (made_for, pacer)
        return pacer

    # Placing

    def _place(self, campaign: Campaign, wanted: int) -> int:
        placed = refused = 0
        while placed < wanted and refused < _REFUSED_AT_MOST:
            record_id, number = self._claim(campaign)
            if record_id is None:
                break
            if number is not None and self._dial(campaign, record_id, number):
                placed += 1
            else:
                refused += 1
        return placed

    def _claim(self, campaign: Campaign) -> tuple[int | None, str | None]:
        source = Source(campaign.id, window_of(campaign), kind=Kind.WITHOUT_AGENT)
        with self._db.write() as unit:
            record = claims.claim(unit, [source], None)
            if record is None:
                return None, None
            number = outcomes.next_number(unit.session, record)
            if number is None:
                outcomes.out_of_numbers(unit, record)
            return record.id, number

    def _dial(self, campaign: Campaign, record_id: int, number: str) -> bool:
        """Take the contact through the gate and place the call; False where it was put aside with the reason."""
        line = Line(f"dialled-{uuid.uuid4().hex}", uuid.uuid4().hex)
        try:
            decision = self._gate.decide(DialAsk(record_id, number, None, campaign.dial_mode))
        except HooklineError as error:
            self._put_aside(record_id, error)
            return False
        try:
            if not decision.allowed:
                raise DialRefused(decision)
            self._gate.place(decision, line, self._calls.backend(campaign.backend), seat=_nobody)
        except Exception as error:
            self._gate.abandon(decision.attempt_id)
            self._calls.could_not_place(line, error)
            if not isinstance(error, HooklineError):
                raise
            self._put_aside(record_id, error)
            return False
        return True

    def _put_aside(self, record_id: int, error: HooklineError) -> None:
        with self._db.write() as unit:
            record = unit.session.get_one(CampaignContact, record_id)
            if record.state != "reserved":
                return  # its call was stored, and its end has settled it
            if isinstance(error, DialRefused):
                outcomes.after_refusals(unit, record, list(error.decision.refusals))
            else:
                outcomes.after_skip(unit, record, record_notes.of_error(error))

    # Explaining

    def _keep(self, campaign: Campaign, seen: PacingSnapshot, pacer: Pacer, placed: int, wanted: int) -> None:
        decision = pacer.last_decision
        why = str(decision.reason) if decision is not None else ""
        if not seen.logged_in:
            why = "no-agents"
        elif placed < wanted:
            why = "no-contacts"
        elif campaign.pacer and campaign.dial_mode == DialMode.PREDICTIVE and pacer.name == DialMode.PROGRESSIVE:
            why = why if campaign.abandon_rule == AbandonRule.ZERO else "pacer-missing"
        numbers = dict(decision.numbers) if decision is not None else {}
        with self._db.write() as unit:
            unit.session.add(
                PacingTick(
                    campaign_id=campaign.id,
                    at=self._last[campaign.id],
                    pacer=pacer.name,
                    calls=placed,
                    why=why,
                    inputs={**_told(seen), "wanted": wanted},
                    estimates={name: value for name, value in numbers.items() if name not in _told(seen)},
                )
            )

    def forget_old_ticks(self) -> int:
        """Delete decisions that are older than two days; how many."""
        with self._db.write() as unit:
            limit = unit.clock.now() - _KEPT
            old = select(PacingTick.id).where(PacingTick.at < limit).limit(5000)
            rows = unit.session.scalars(select(PacingTick).where(PacingTick.id.in_(old))).all()
            for row in rows:
                unit.session.delete(row)
            return len(rows)


def pacer_name(campaign: Campaign, known: Collection[str]) -> str:
    """The pacer that a power or predictive campaign is dialled by: its mode's, or the plugin's that it chose.

    Progressive where nobody may be abandoned, and where the chosen pacer's plugin is not there: dialling less is safe.
    """
    if campaign.abandon_rule == AbandonRule.ZERO:
        return DialMode.PROGRESSIVE.value
    if campaign.dial_mode != DialMode.PREDICTIVE or not campaign.pacer:
        return campaign.dial_mode
    return campaign.pacer if campaign.pacer in known else DialMode.PROGRESSIVE.value


def _told(seen: PacingSnapshot) -> dict[str, int]:
    """The snapshot in numbers, for the record and the chart."""
    return {
        "logged_in": seen.logged_in,
        "idle": seen.idle,
        "talking": len(seen.talking),
        "wrapping": len(seen.wrapping),
        "ringing": len(seen.ringing),
        "queued": len(seen.queued),
        "answered": seen.answered,
        "abandoned": seen.abandoned,
    }


def _nobody(_unit: UnitOfWork, _call: Call) -> None:
    """The call is placed for whoever is free when it is answered."""
