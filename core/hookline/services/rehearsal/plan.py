"""What somebody asks of a rehearsal, and the case that it makes of a campaign's past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.models import Campaign, CampaignAgent, CampaignContact
from hookline.domain.campaigns import AbandonRule, DialMode, MachineAction, RecordState
from hookline.errors import InvalidInput
from hookline.services.calling_windows import window_of
from hookline.services.dialler.floor import totals
from hookline.services.figures import DAY_ZONE
from hookline.services.policies import local_midnight
from hookline.services.rehearsal import fitting, history
from hookline.services.rehearsal.case import Case, Outcome
from hookline.services.rehearsal.fitting import Note
from hookline.text import N_

REPLAY, MODEL = "replay", "model"
MOST_DAYS = 31
MOST_AGENTS = 1000
MOST_CONTACTS = 200_000
_ZONE = ZoneInfo(DAY_ZONE)


@dataclass(frozen=True)
class Plan:
    """A rehearsal as it is asked for. None and "" mean: as it was, or as the campaign has it.

    Without days it is yesterday, or the last day before today on which the campaign called anybody. `contacts` is for a
    model only. The same `seed` on the same rows gives the same figures.
    """

    first_day: date | None = None
    last_day: date | None = None
    source: str = REPLAY
    mode: str = ""
    ratio: float | None = None
    ceiling: float | None = None
    agents: int | None = None
    contacts: int | None = None
    seed: int = 1

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` is the reverse."""
        days = {name: day.isoformat() if (day := getattr(self, name)) else None for name in ("first_day", "last_day")}
        return {**asdict(self), **days}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Plan:
        """The reverse of `to_json`."""
        days = {name: date.fromisoformat(text) if (text := data[name]) else None for name in ("first_day", "last_day")}
        return cls(**{**data, **days})

    def check(self, today: date) -> None:
        """Raise InvalidInput with the fields that cannot be."""
        wrong: dict[str, list[str]] = {}
        first, last = self.first_day or self.last_day, self.last_day or self.first_day
        if first is not None and last is not None:
            if first > last:
                wrong["last_day"] = [N_("The last day is before the first.")]
            elif (last - first).days >= MOST_DAYS:
                wrong["last_day"] = [N_("At most 31 days can be rehearsed at once.")]
            if last > today:
                wrong["last_day"] = [N_("This day is yet to come.")]
        if self.source not in (REPLAY, MODEL):
            wrong["source"] = [N_("Choose from the list.")]
        if self.mode and self.mode not in {mode.value for mode in DialMode}:
            wrong["mode"] = [N_("Choose from the list.")]
        for name, least, most in (
            ("ratio", 1, 10),
            ("ceiling", 0, 1),
            ("agents", 1, MOST_AGENTS),
            ("contacts", 1, MOST_CONTACTS),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                wrong[name] = [N_("This number is out of range.")]
        if wrong:
            raise InvalidInput(N_("This cannot be rehearsed."), N_("Mend the marked fields."), wrong)


@dataclass(frozen=True)
class Prepared:
    """A case, the day as it really was (None where nobody was called), and what there is to say of both."""

    case: Case
    begin: datetime
    days: tuple[date, date]
    real: Outcome | None
    notes: Sequence[Note]


def prepare(session: Session, campaign: Campaign, plan: Plan, now: datetime) -> Prepared:
    """The campaign's past as a case under the plan. Raises InvalidInput."""
    plan.check(now.astimezone(_ZONE).date())
    first, last, notes = _days(session, campaign, plan, now)
    begin, end = _midnight(first), min(_midnight(last + timedelta(days=1)), now)
    past = history.read(session, campaign, begin, end)
    assigned = _count(session, select(CampaignAgent.user_id).where(CampaignAgent.campaign_id == campaign.id))
    shifts, of_shifts = fitting.staffed(list(past.shifts.values()), plan.agents, assigned, _opens(campaign, first))
    looks, of_looks = fitting.typical_looks(past.looks)
    case = _as_planned(session, campaign, plan, begin, end, shifts)
    if case.mode in (DialMode.MANUAL, DialMode.PREVIEW):
        case, notes = replace(case, looks=looks), notes + of_looks
    if plan.source == REPLAY and past.calls:
        case = replace(case, reactions=history.reactions(campaign, past))
    else:
        fitted = fitting.fit(past, DAY_ZONE, float(campaign.ring_timeout_seconds))
        wanted = plan.contacts or len(past.calls) or _waiting(session, campaign)
        case = replace(case, model=fitted.model, contacts=min(max(wanted, 1), MOST_CONTACTS))
        notes = notes + fitted.assumed
    real = history.outcome_of(past) if past.calls else None
    return Prepared(case, begin, (first, last), real, notes + of_shifts + _of_ceiling(case) + _of_pacer(campaign, case))


def _days(session: Session, campaign: Campaign, plan: Plan, now: datetime) -> tuple[date, date, list[Note]]:
    today = local_midnight(now, DAY_ZONE)
    yesterday = (today - timedelta(hours=12)).date()
    if plan.first_day or plan.last_day:
        first, last = plan.first_day or plan.last_day, plan.last_day or plan.first_day
        return first or yesterday, last or yesterday, []
    found = history.last_day_with_calls(session, campaign.id, today)
    if found is None:
        return yesterday, yesterday, [(N_("This campaign has called nobody yet: there is no day to replay."), {})]
    day = found.astimezone(_ZONE).date()
    if day == yesterday:
        return day, day, []
    return (
        day,
        day,
        [(N_("Nobody was called yesterday, so this is the last day with calls: %(day)s."), {"day": str(day)})],
    )


def _as_planned(
    session: Session, campaign: Campaign, plan: Plan, begin: datetime, end: datetime, shifts: Sequence[history.Shift]
) -> Case:
    mode = plan.mode or campaign.dial_mode
    if campaign.abandon_rule == AbandonRule.ZERO and mode in (DialMode.POWER, DialMode.PREDICTIVE):
        mode = DialMode.PROGRESSIVE.value  # as the dialler does
    counted = totals(session, campaign, begin, DAY_ZONE)
    by_day = campaign.abandon_rule == AbandonRule.DAY
    nights = [(begin + timedelta(days=n)).date() for n in range(1, (end - begin).days + 1)] if by_day else []
    return Case(
        mode=mode,
        ratio=plan.ratio if plan.ratio is not None else campaign.power_ratio,
        ceiling=plan.ceiling if plan.ceiling is not None else campaign.abandon_limit,
        ring_timeout=float(campaign.ring_timeout_seconds),
        shifts=shifts,
        before=(0, 0) if by_day else (counted.answered, counted.abandoned),
        resets=[(_midnight(night) - begin).total_seconds() for night in nights],
        machines_to_agents=campaign.machine_action in (MachineAction.IGNORE, MachineAction.CONNECT),
        seed=plan.seed,
    )


def _of_ceiling(case: Case) -> list[Note]:
    answered, abandoned = case.before
    pools = case.mode in (DialMode.POWER, DialMode.PREDICTIVE)
    if not pools or not abandoned or abandoned < case.ceiling * answered:
        return []
    note = N_("The ceiling was reached before the day began (%(abandoned)s of %(answered)s): it begins one for one.")
    return [(note, {"abandoned": abandoned, "answered": answered})]


def _of_pacer(campaign: Campaign, case: Case) -> list[Note]:
    if not campaign.pacer or case.mode != DialMode.PREDICTIVE:
        return []
    note = N_("The plugin's pacer “%(name)s” is not rehearsed: Hookline's own stands in for it.")
    return [(note, {"name": campaign.pacer})]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)


def _opens(campaign: Campaign, day: date) -> float:
    """Seconds from midnight to the opening of the calling window; nine o'clock on a day without one."""
    window = window_of(campaign).days.get(day.weekday())
    opens = window.opens if window is not None else time(9)
    return opens.hour * 3600.0 + opens.minute * 60.0


def _waiting(session: Session, campaign: Campaign) -> int:
    rows = select(CampaignContact.id).where(
        CampaignContact.campaign_id == campaign.id, CampaignContact.state != RecordState.DONE.value
    )
    return _count(session, rows)


def _count(session: Session, rows: Any) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0


#: Told how far a rehearsal is: seconds lived through, of how many. May raise to break it off.
Progress = Callable[[int, int], None]
