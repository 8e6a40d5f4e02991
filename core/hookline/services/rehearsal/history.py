"""A campaign's past, read from the stored rows: what each call brought, when agents were at work, what came of it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hookline.db.models import AgentStateChange, Call, Campaign, CampaignAgent, Disposition
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import Category
from hookline.services.dialler.floor import WORKING
from hookline.services.dialler.waiting import GRACE_SECONDS
from hookline.services.outcomes import retry_rule
from hookline.services.rehearsal.case import MACHINE, NOBODY, PERSON, POINTS, Outcome, Reaction

#: Whether an agent was at work before the first day began is told by his last change, which is no older than this.
_LOOK_BACK = timedelta(days=2)

Shift = list[tuple[float, float]]


@dataclass(frozen=True)
class PastCall:
    """One stored call. Moments in seconds since the beginning of the time that is looked at; None for not."""

    contact: int
    who: str
    queued: float
    answered: float | None
    settled: float | None
    connected: float | None
    ended: float  # for the agent, where he left it before its end
    disposed: float | None
    result: str
    success: bool
    agent: int | None

    @property
    def done(self) -> float:
        """When nobody had to do with it any more."""
        return max(self.ended, self.disposed or 0.0)


@dataclass(frozen=True)
class Past:
    """The stored rows of some days. `shifts` by agent; `looks`: seconds from being shown a contact to dialling."""

    begin: datetime
    seconds: float
    calls: Sequence[PastCall]
    shifts: dict[int, Shift]
    looks: Sequence[float]


def read(session: Session, campaign: Campaign, begin: datetime, end: datetime) -> Past:
    """Everything of the campaign between the two moments. Calls that are still up are left out."""
    calls = _calls(session, campaign, begin, end)
    changes = _changes(session, campaign, {call.agent for call in calls if call.agent is not None}, begin, end)
    elsewhere = _elsewhere(session, campaign, list(changes), begin, end)
    seconds = (end - begin).total_seconds()
    shifts = {agent: _without(_at_work(course, seconds), elsewhere[agent]) for agent, course in changes.items()}
    looks = [look for course in changes.values() for look in _looks(course)]
    return Past(begin, seconds, calls, {agent: shift for agent, shift in shifts.items() if shift}, looks)


def last_day_with_calls(session: Session, campaign_id: int, before: datetime) -> datetime | None:
    """When the campaign last called anybody before that moment; None where it never did."""
    latest = select(Call.queued_at).where(
        Call.campaign_id == campaign_id,
        Call.direction == "outbound",
        Call.queued_at < before,
        Call.ended_at.is_not(None),
    )
    return session.scalar(latest.order_by(Call.queued_at.desc()).limit(1))


def _calls(session: Session, campaign: Campaign, begin: datetime, end: datetime) -> list[PastCall]:
    rows = session.execute(
        select(Call, Disposition.category)
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
        .where(
            Call.campaign_id == campaign.id,
            Call.direction == "outbound",
            Call.parent_id.is_(None),
            Call.queued_at >= begin,
            Call.queued_at < end,
            Call.ended_at.is_not(None),
        )
        .order_by(Call.queued_at, Call.id)
    )
    return [_past(call, category, begin) for call, category in rows]


def _past(call: Call, category: str | None, begin: datetime) -> PastCall:
    def since(at: datetime | None) -> float | None:
        return None if at is None else (at - begin).total_seconds()

    ended = since(call.agent_left_at or call.ended_at) or 0.0
    if call.answered_at is None:
        who = NOBODY
    else:
        who = MACHINE if call.answerer == "machine" and call.agent_connected_at is None else PERSON
    return PastCall(
        contact=call.campaign_contact_id,
        who=who,
        queued=since(call.queued_at) or 0.0,
        answered=since(call.answered_at),
        settled=since(call.settled_at or call.answered_at),
        connected=since(call.agent_connected_at),
        ended=ended,
        disposed=since(call.disposed_at),
        result=call.result,
        success=category == Category.SUCCESS.value,
        agent=call.agent_id,
    )


# Agents


def _changes(
    session: Session, campaign: Campaign, callers: set[int], begin: datetime, end: datetime
) -> dict[int, list[tuple[float, str]]]:
    """Each agent's states as (second, state), for those who work in the campaign or called in it."""
    mine = select(CampaignAgent.user_id).where(CampaignAgent.campaign_id == campaign.id)
    rows = session.execute(
        select(AgentStateChange.user_id, AgentStateChange.at, AgentStateChange.state, AgentStateChange.campaign_id)
        .where(
            AgentStateChange.at >= begin - _LOOK_BACK,
            AgentStateChange.at < end,
            or_(AgentStateChange.user_id.in_(mine), AgentStateChange.user_id.in_(callers)),
        )
        .order_by(AgentStateChange.user_id, AgentStateChange.id)
    )
    found: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for agent, at, state, chosen in rows:
        here = chosen in (None, campaign.id)
        found[agent].append(((at - begin).total_seconds(), state if here else AgentState.OFFLINE.value))
    return found


def _at_work(course: Sequence[tuple[float, str]], seconds: float) -> Shift:
    shift: Shift = []
    since: float | None = None
    for at, state in course:
        if state in _WORKING_STATES and since is None:
            since = max(at, 0.0)
        elif state not in _WORKING_STATES and since is not None:
            if at > since:
                shift.append((since, at))
            since = None
    if since is not None and since < seconds:
        shift.append((since, seconds))
    return shift


_WORKING_STATES = {state.value for state in WORKING}


def _looks(course: Sequence[tuple[float, str]]) -> list[float]:
    """How long he looked at each contact that he then dialled."""
    return [
        later - at
        for (at, state), (later, following) in pairwise(course)
        if state == AgentState.RESERVED and following == AgentState.RINGING and at >= 0
    ]


def _elsewhere(
    session: Session, campaign: Campaign, agents: list[int], begin: datetime, end: datetime
) -> dict[int, Shift]:
    """When the agents were busy with other campaigns' calls: then they were not there for this one."""
    rows = session.execute(
        select(Call.agent_id, Call.agent_connected_at, Call.ended_at, Call.disposed_at).where(
            Call.agent_id.in_(agents),
            Call.campaign_id != campaign.id,
            Call.agent_connected_at >= begin,
            Call.agent_connected_at < end,
            Call.ended_at.is_not(None),
        )
    )
    found: dict[int, Shift] = defaultdict(list)
    for agent, connected, ended, disposed in rows:
        over = disposed or ended
        if agent is None or connected is None or over is None:
            continue  # not so, by the question; said for the type checker
        found[agent].append(((connected - begin).total_seconds(), (over - begin).total_seconds()))
    return found


def _without(shift: Shift, taken: Shift) -> Shift:
    for off, on in sorted(taken):
        pieces = [((begins, min(ends, off)), (max(begins, on), ends)) for begins, ends in shift]
        shift = [(begins, ends) for pair in pieces for begins, ends in pair if begins < ends]
    return shift


# What the calls bring


def reactions(campaign: Campaign, past: Past) -> list[Reaction]:
    """The calls as reactions that can be replayed. Talks and wrap-ups that did not come about are taken from others',
    in turn."""
    talks = [talk_of(call) for call in past.calls if call.connected is not None]
    wraps = [wrap for call in past.calls if (wrap := wrap_of(call)) is not None]
    following = _following(past.calls)
    found = []
    for number, call in enumerate(past.calls):
        talk = talk_of(call) if call.connected is not None else _in_turn(talks, number)
        wrap = wrap_of(call)
        found.append(
            Reaction(
                contact=call.contact,
                who=call.who,
                ring=max(0.0, (call.answered if call.answered is not None else call.ended) - call.queued),
                settles=max(0.0, (call.settled or 0.0) - (call.answered or 0.0)),
                patience=_patience(call),
                talk=talk,
                wrap=_in_turn(wraps, number) if wrap is None else wrap,
                success=call.success,
                later=_later(campaign, call, following.get(number)),
            )
        )
    return found


def talk_of(call: PastCall) -> float:
    """Seconds for which customer and agent heard each other."""
    return max(0.0, call.ended - (call.connected if call.connected is not None else call.ended))


def wrap_of(call: PastCall) -> float | None:
    """Seconds of wrap-up; None where there was none, or no end of it is stored."""
    if call.connected is None or call.disposed is None:
        return None
    return max(0.0, call.disposed - call.ended)


def _in_turn(samples: Sequence[float], number: int) -> float:
    return samples[number % len(samples)] if samples else 0.0


def _patience(call: PastCall) -> float:
    if call.who != PERSON or call.connected is not None or call.settled is None:
        return GRACE_SECONDS
    return min(GRACE_SECONDS, max(0.0, call.ended - call.settled))


def _following(calls: Sequence[PastCall]) -> dict[int, PastCall]:
    """By a call's place: the next one of the same contact."""
    last: dict[int, int] = {}
    found = {}
    for number, call in enumerate(calls):
        if call.contact in last:
            found[last[call.contact]] = call
        last[call.contact] = number
    return found


def _later(campaign: Campaign, call: PastCall, following: PastCall | None) -> float:
    """How soon he could have been called again: by the retry rule, and no later than he was."""
    if following is None:
        return 0.0
    gap = max(0.0, following.queued - call.done)
    rule = retry_rule(campaign, CallResult(call.result)) if call.result else None
    return min(gap, float(rule.delay_seconds)) if rule is not None else gap


# What came of it


def outcome_of(past: Past) -> Outcome:
    """The figures of the day as it was."""
    calls = past.calls
    last = max((call.done for call in calls), default=0.0)
    shifts = [(begins, min(ends, last)) for shift in past.shifts.values() for begins, ends in shift if begins < last]
    done_at = {call.contact: call.done for call in sorted(calls, key=lambda call: call.done)}
    counts = Counter(call.who == PERSON for call in calls)
    out = Outcome(
        calls=len(calls),
        answered=counts[True],
        connected=sum(call.connected is not None for call in calls),
        abandoned=sum(abandoned(call) for call in calls),
        contacts=len(done_at),
        successes=sum(call.success for call in calls),
        busy_seconds=sum(talk_of(call) + (wrap_of(call) or 0.0) for call in calls),
        work_seconds=sum(ends - begins for begins, ends in shifts),
        finished=last if calls else None,
    )
    out.course = _course(calls, shifts, sorted(done_at.values()), last)
    return out


def abandoned(call: PastCall) -> bool:
    """Whether a person answered and no agent was with him within the grace (as `floor.totals` counts it)."""
    if call.who != PERSON or call.settled is None:
        return False
    return call.connected is None or call.connected - call.settled > GRACE_SECONDS


def _course(
    calls: Sequence[PastCall], shifts: Shift, done_at: Sequence[float], last: float
) -> list[tuple[float, int, int, int, int, int]]:
    first = min((*(begins for begins, _ends in shifts), *(call.queued for call in calls)), default=0.0)
    step = max(10.0, (last - first) / POINTS)
    moments = [first + number * step for number in range(int((last - first) // step) + 1)] + [last]
    talks = [call for call in calls if call.connected is not None]
    busy = _during([(call.connected or 0.0, call.done) for call in talks])
    here = _during(shifts)
    answers = sorted(call.answered or 0.0 for call in calls if call.who == PERSON)
    losses = sorted(call.ended for call in calls if abandoned(call))
    return [
        (at, bisect_right(done_at, at), busy(at), here(at), bisect_right(answers, at), bisect_right(losses, at))
        for at in moments
    ]


def _during(spans: Sequence[tuple[float, float]]) -> Callable[[float], int]:
    """How many of the spans a moment falls into."""
    begins, ends = sorted(b for b, _ in spans), sorted(e for _, e in spans)
    return lambda at: bisect_right(begins, at) - bisect_right(ends, at)
