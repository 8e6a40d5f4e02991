"""Figures of campaigns: each defined here, once, and computed from the calls themselves.

All figures of a period are about the calls placed in it, so that numerators and denominators speak of the same calls:

A call that a colleague took over is a call of its own, with his part in it; to the customer it is the same one. It is
therefore no attempt, answer or connection again, and a success that both write down is one.

* **attempts**: calls placed, whatever came of them.
* **answered**: calls that were picked up at the far end.
* **connected**: answered calls in which customer and agent heard each other.
* **answer rate**: answered / attempts.
* **successes**, **refusals**: calls whose disposition is of that category.
* **success rate**: successes / answered.
* **talk seconds**: from the connection of customer and agent to the end of the call, or until the agent left it to go
  on without him, summed over all agents' parts; its average is per part that is over.

A rate of nothing is None, never 0 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from hookline.db.database import Database
from hookline.db.functions import count_where, seconds_between
from hookline.db.models import AgentSession, Call, Campaign, CampaignAgent, CampaignContact, Client, Disposition
from hookline.domain.access import Scope
from hookline.domain.agents import AgentState
from hookline.domain.campaigns import CampaignState, Category, RecordState
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.policies import local_midnight

#: "Today" is the clients' local day.
DAY_ZONE = "Europe/Warsaw"


@dataclass(frozen=True)
class Figures:
    """One period's figures; see the module for what each means."""

    attempts: int = 0
    answered: int = 0
    connected: int = 0
    successes: int = 0
    refusals: int = 0
    talk_seconds: float = 0.0
    talks: int = 0

    @property
    def answer_rate(self) -> float | None:
        """Answered / attempts, 0 to 1."""
        return self.answered / self.attempts if self.attempts else None

    @property
    def success_rate(self) -> float | None:
        """Successes / answered, 0 to 1."""
        return self.successes / self.answered if self.answered else None

    @property
    def average_talk_seconds(self) -> float | None:
        """Talk seconds per agent's part that is over."""
        return self.talk_seconds / self.talks if self.talks else None


@dataclass(frozen=True)
class Standing:
    """Where a campaign's contacts stand."""

    by_state: Mapping[RecordState, int] = field(default_factory=dict)

    def count(self, *states: RecordState) -> int:
        """Contacts in these states."""
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """All of its contacts."""
        return sum(self.by_state.values())

    @property
    def done(self) -> int:
        """Contacts that need no further call."""
        return self.count(RecordState.DONE)

    @property
    def left(self) -> int:
        """Contacts that are not done."""
        return self.total - self.done

    @property
    def done_share(self) -> float | None:
        """Done / all, 0 to 1."""
        return self.done / self.total if self.total else None


@dataclass(frozen=True)
class DispositionCount:
    """How often a disposition was chosen."""

    code: str
    label: str
    category: Category
    count: int


@dataclass(frozen=True)
class CampaignFigures:
    """Everything a campaign's page counts. `results` are of calls that have ended, most frequent first."""

    today: Figures
    in_all: Figures
    standing: Standing
    results: tuple[tuple[str, int], ...]
    dispositions: tuple[DispositionCount, ...]
    agents_working: int


@dataclass(frozen=True)
class CampaignLine:
    """A campaign in the list."""

    campaign: Campaign
    client_name: str
    standing: Standing
    today: Figures
    in_all: Figures
    agents_working: int


class FigureService:
    """Counts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def overview(self, scope: Scope) -> list[CampaignLine]:
        """Every campaign in the scope with its figures: running ones first, ended ones last, by name."""
        with self._db.read() as session:
            rows = session.execute(
                select(Campaign, Client.name)
                .join(Client, Client.id == Campaign.client_id)
                .where(campaigns_within(scope))
                .order_by(_LIFE_ORDER, func.lower(Campaign.name), Campaign.id)
            )
            found = list(rows)
            ids = [campaign.id for campaign, _ in found]
            standing, working = _standings(session, ids), _working(session, ids)
            today, in_all = _figures(session, ids, self.day_start()), _figures(session, ids, None)
        none = Figures()
        return [
            CampaignLine(
                campaign,
                client,
                standing.get(campaign.id, Standing()),
                today.get(campaign.id, none),
                in_all.get(campaign.id, none),
                working.get(campaign.id, 0),
            )
            for campaign, client in found
        ]

    def of_campaign(self, scope: Scope, campaign_id: int) -> CampaignFigures:
        """The campaign's figures; NotFound outside the scope."""
        with self._db.read() as session:
            campaign_in_scope(session, scope, campaign_id)
            ids = [campaign_id]
            return CampaignFigures(
                today=_figures(session, ids, self.day_start()).get(campaign_id, Figures()),
                in_all=_figures(session, ids, None).get(campaign_id, Figures()),
                standing=_standings(session, ids).get(campaign_id, Standing()),
                results=_results(session, campaign_id),
                dispositions=_dispositions(session, campaign_id),
                agents_working=_working(session, ids).get(campaign_id, 0),
            )

    def day_start(self) -> datetime:
        """When "today" began."""
        return local_midnight(self._db.clock.now(), DAY_ZONE)


#: Not one that a colleague took over.
_FIRST = Call.parent_id.is_(None)
_Former, _FormerDisposition = aliased(Call), aliased(Disposition)

_LIFE_ORDER = case(
    (Campaign.state == CampaignState.RUNNING.value, 0),
    (Campaign.state == CampaignState.PAUSED.value, 1),
    (Campaign.state == CampaignState.DRAFT.value, 2),
    else_=3,
)


def campaigns_within(scope: Scope) -> ColumnElement[bool]:
    """Campaigns that the scope reaches, as a condition."""
    condition: ColumnElement[bool] = Campaign.id.is_not(None)
    if scope.clients is not None:
        condition &= Campaign.client_id.in_(scope.clients)
    if scope.campaigns is not None:
        condition &= Campaign.id.in_(scope.campaigns)
    return condition


def _newly(category: Category) -> ColumnElement[bool]:
    """Calls with this outcome, unless whoever handed the customer on has written it down already."""
    former = func.coalesce(_FormerDisposition.category, "")
    return (Disposition.category == category.value) & (former != category.value)


def _figures(session: Session, ids: list[int], since: datetime | None) -> dict[int, Figures]:
    talk = seconds_between(Call.agent_connected_at, func.coalesce(Call.agent_left_at, Call.ended_at))
    query = (
        select(
            Call.campaign_id,
            count_where(_FIRST),
            count_where(_FIRST & Call.answered_at.is_not(None)),
            count_where(_FIRST & Call.agent_connected_at.is_not(None)),
            count_where(_newly(Category.SUCCESS)),
            count_where(_newly(Category.REFUSAL)),
            func.coalesce(func.sum(talk), 0.0),
            count_where(talk.is_not(None)),
        )
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
        .outerjoin(_Former, _Former.id == Call.parent_id)
        .outerjoin(_FormerDisposition, _FormerDisposition.id == _Former.disposition_id)
        .where(Call.campaign_id.in_(ids))
        .group_by(Call.campaign_id)
    )
    if since is not None:
        query = query.where(Call.queued_at >= since)
    return {
        campaign_id: Figures(attempts, answered, connected, successes, refusals, float(seconds), talks)
        for campaign_id, attempts, answered, connected, successes, refusals, seconds, talks in session.execute(query)
    }


def _standings(session: Session, ids: list[int]) -> dict[int, Standing]:
    rows = session.execute(
        select(CampaignContact.campaign_id, CampaignContact.state, func.count())
        .where(CampaignContact.campaign_id.in_(ids))
        .group_by(CampaignContact.campaign_id, CampaignContact.state)
    )
    counted: dict[int, dict[RecordState, int]] = {}
    for campaign_id, state, count in rows:
        counted.setdefault(campaign_id, {})[RecordState(state)] = count
    return {
        campaign_id: Standing({state: by_state[state] for state in RecordState if state in by_state})
        for campaign_id, by_state in counted.items()
    }


def _working(session: Session, ids: list[int]) -> dict[int, int]:
    """Agents who are not offline and whose shift takes in the campaign."""
    rows = session.execute(
        select(CampaignAgent.campaign_id, func.count())
        .join(AgentSession, AgentSession.user_id == CampaignAgent.user_id)
        .where(
            CampaignAgent.campaign_id.in_(ids),
            AgentSession.state != AgentState.OFFLINE.value,
            or_(AgentSession.campaign_id.is_(None), AgentSession.campaign_id == CampaignAgent.campaign_id),
        )
        .group_by(CampaignAgent.campaign_id)
    )
    return dict(rows.all())


def _results(session: Session, campaign_id: int) -> tuple[tuple[str, int], ...]:
    rows = session.execute(
        select(Call.result, func.count().label("calls"))
        .where(Call.campaign_id == campaign_id, Call.ended_at.is_not(None), _FIRST)
        .group_by(Call.result)
        .order_by(func.count().desc(), Call.result)
    )
    return tuple(rows.all())


def _dispositions(session: Session, campaign_id: int) -> tuple[DispositionCount, ...]:
    """Every active disposition, also with no call yet, and those taken out that calls still have."""
    rows = session.execute(
        select(Disposition, func.count(Call.id))
        .outerjoin(Call, Call.disposition_id == Disposition.id)
        .where(Disposition.campaign_id == campaign_id)
        .group_by(Disposition.id)
        .order_by(Disposition.position, Disposition.id)
    )
    return tuple(
        DispositionCount(d.code, d.label, Category(d.category), count) for d, count in rows if d.active or count
    )
