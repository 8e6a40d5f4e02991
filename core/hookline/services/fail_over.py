"""Fail-over: a running campaign whose telephony cannot dial goes on by another backend, where a rule names one.

The rule is the installation's (`fail_over` in hookline.toml, "from>to"). The campaign's own setting is changed, and
stays so until somebody changes it back: calls that are up end where they are, and agents choose their station anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Campaign
from hookline.domain.campaigns import CampaignState
from hookline.domain.events import CampaignChanged
from hookline.jobs import Job, JobRun
from hookline.ports.hooks import Hooks
from hookline.text import N_

log = structlog.get_logger(__name__)

PATIENCE = 3
"""So many looks in a row must find a backend unable to dial."""


class FailOver:
    """Follows the rules: pairs of backends, "from>to"."""

    def __init__(self, db: Database, hooks: Hooks, rules: Iterable[str]) -> None:
        self._db, self._hooks = db, hooks
        pairs = (rule.partition(">") for rule in rules)
        self._rules = {one.strip(): other.strip() for one, _, other in pairs if one.strip() and other.strip()}
        self._seen_down: dict[int, int] = {}

    def look(self, _run: JobRun | None = None) -> str | None:
        """Move the campaigns whose backend has been unable to dial for `PATIENCE` looks; says how many."""
        moved = sum(self._move(campaign) for campaign in self._running() if self._is_down(campaign))
        return f"{moved}" if moved else None

    def _running(self) -> list[Campaign]:
        if not self._rules:
            return []
        query = select(Campaign).where(Campaign.state == CampaignState.RUNNING.value, Campaign.backend.in_(self._rules))
        with self._db.read() as session:
            return list(session.scalars(query))

    def _is_down(self, campaign: Campaign) -> bool:
        if not self._unable(campaign.backend, campaign.client_id):
            self._seen_down.pop(campaign.id, None)
            return False
        looks = self._seen_down[campaign.id] = self._seen_down.get(campaign.id, 0) + 1
        return looks >= PATIENCE and not self._unable(self._rules[campaign.backend], campaign.client_id)

    def _unable(self, name: str, client_id: int) -> bool:
        backend = self._hooks.backends().get(name)
        return backend is None or self._hooks.is_closing(name) or bool(backend.problems(client_id))

    def _move(self, campaign: Campaign) -> bool:
        with self._db.write() as unit:
            row = unit.session.get_one(Campaign, campaign.id)
            if row.backend != campaign.backend or row.state != CampaignState.RUNNING:
                return False
            # A line is one of the backend's own.
            row.backend, row.line = self._rules[campaign.backend], ""
            unit.emit(CampaignChanged(client_id=row.client_id, campaign_id=row.id, state=row.state))
        self._seen_down.pop(campaign.id, None)
        log.warning("a campaign goes on by another backend", campaign=row.id, former=campaign.backend, now=row.backend)
        return True


def fail_over_jobs(db: Database, hooks: Hooks, rules: Iterable[str]) -> list[Job]:
    """The job that follows the rules."""
    title = N_("Let campaigns go on by another telephony backend where theirs cannot dial")
    return [Job("core.fail-over", title, FailOver(db, hooks, rules).look, every_seconds=20)]
