"""A campaign's telephones: whether it calls or is called, on which line, and where its agents may send a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign
from hookline.domain.access import Actor
from hookline.domain.campaigns import CampaignState
from hookline.domain.events import CampaignChanged
from hookline.errors import Conflict, InvalidInput
from hookline.ports.hooks import Hooks
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.phones import country_of, normalise
from hookline.text import N_

_MANAGE = "campaigns.manage"
_MOST_TARGETS = 12


@dataclass(frozen=True)
class CampaignTelephones:
    """What an administrator says. `line` is of an inbound campaign, "" for any line; `targets` are (label, number)."""

    direction: str = "outbound"
    line: str = ""
    targets: Sequence[tuple[str, str]] = field(default=())


class CampaignLines:
    """Keeps them."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def lines(self, campaign: Campaign) -> Mapping[str, str]:
        """The lines by which its client's calls may come in: id and title."""
        backend = self._hooks.backends().get(campaign.backend)
        return backend.inbound_lines(campaign.client_id) if backend else {}

    def set(self, actor: Actor, campaign_id: int, wanted: CampaignTelephones) -> None:
        """Change them. Raises NotFound, InvalidInput for a bad target or an unknown line, Conflict.

        Conflict: another campaign that is not over takes this line's calls already (one inbound campaign per line), or
        the direction of a running campaign is to be turned.
        """
        actor.require(_MANAGE)
        with self._db.write() as unit:
            campaign = campaign_in_scope(unit.session, actor.scope, campaign_id)
            targets = [_target(campaign, label, number) for label, number in wanted.targets]
            if len(targets) > _MOST_TARGETS:
                raise InvalidInput(N_("A campaign has at most %(most)s targets."), params={"most": _MOST_TARGETS})
            if wanted.direction != campaign.direction and campaign.state == CampaignState.RUNNING:
                raise Conflict(N_("The campaign is running."), N_("Pause it, then change its direction."))
            line = wanted.line if wanted.direction == "inbound" else ""
            if line and line not in self.lines(campaign):
                raise InvalidInput(N_("There is no such line."), fields={"line": [N_("Choose from the list.")]})
            if wanted.direction == "inbound":
                _refuse_taken(unit.session, campaign, line)
            campaign.direction, campaign.line, campaign.transfer_targets = wanted.direction, line, targets
            unit.emit(CampaignChanged(client_id=campaign.client_id, campaign_id=campaign.id, state=campaign.state))


def _target(campaign: Campaign, label: str, number: str) -> dict[str, str]:
    country = campaign.allowed_countries[0] if campaign.allowed_countries else country_of(campaign.caller_id) or "PL"
    phone = normalise(number, country)
    return {"label": label.strip()[:60] or phone.e164, "number": phone.e164}


def _refuse_taken(session: Session, campaign: Campaign, line: str) -> None:
    other = session.scalar(
        select(Campaign.name).where(
            Campaign.id != campaign.id,
            Campaign.client_id == campaign.client_id,
            Campaign.backend == campaign.backend,
            Campaign.direction == "inbound",
            Campaign.line == line,
            Campaign.state != CampaignState.ENDED.value,
        )
    )
    if other is not None:
        raise Conflict(
            N_("The campaign %(name)s takes the calls of this line."),
            N_("Choose another line, or end that campaign."),
            params={"name": other},
        )
