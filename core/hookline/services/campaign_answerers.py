"""Calls that were taken for an answering machine's and were a person's: they count as the abandoned calls they were.

Whether a machine answered is told by the sound, and now and then wrongly. Who hears it in the recording says so.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, CampaignContact
from hookline.domain.access import Actor
from hookline.errors import Conflict, NotFound
from hookline.ports.telephony import Answerer
from hookline.text import N_

log = structlog.get_logger(__name__)


class AnswererCorrections:
    """Puts right who answered."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def was_person(self, actor: Actor, call_id: int) -> None:
        """A person answered this call. From now on it counts as answered by one: abandoned, where no agent was there.

        The contact is then called only with an agent reserved, for as long as after any abandoned call. Raises NotFound
        outside the actor's scope, Conflict for a call that no machine was heard in or that is still up.
        """
        actor.require("campaigns.view")
        with self._db.write() as unit:
            call = unit.find_held(Call, call_id)
            if call is None or not actor.scope.covers_campaign(call.client_id, call.campaign_id):
                raise NotFound(N_("There is no such call."))
            if call.answerer != Answerer.MACHINE or call.ended_at is None:
                raise Conflict(N_("This call was not taken for an answering machine's."))
            call.answerer = Answerer.PERSON.value
            if call.agent_connected_at is None:
                campaign = unit.session.get_one(Campaign, call.campaign_id)
                record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
                until = call.ended_at + timedelta(hours=max(campaign.abandon_care_hours, 1))
                record.agent_only_until = max(until, record.agent_only_until or until)
        log.info("a person was taken for an answering machine", call_id=call_id, said_by=actor.user_id)
