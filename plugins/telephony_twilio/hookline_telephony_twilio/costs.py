"""What calls cost: asked of Twilio after their end, since it tells the price some minutes later, and summed up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog
from sqlalchemy import func, select

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, Leg
from hookline.domain.access import Actor
from hookline_telephony_twilio.accounts import Account, Accounts
from hookline_telephony_twilio.book import Book
from hookline_telephony_twilio.models import CallRecord
from hookline_telephony_twilio.permissions import MANAGE
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.rest import TwilioRest

log = structlog.get_logger(__name__)
MOST_TRIES = 12
_AT_ONCE = 100


@dataclass(frozen=True)
class CampaignCost:
    """What a campaign's calls cost, in one currency. `open`: calls whose price is not known yet."""

    campaign_id: int
    campaign: str
    unit: str
    price: Decimal
    calls: int
    seconds: int
    open: int


class Costs:
    """Prices."""

    def __init__(self, db: Database, book: Book, accounts: Accounts) -> None:
        self._db, self._book, self._accounts = db, book, accounts

    def fetch(self, rest_of: Callable[[Account], TwilioRest]) -> int:
        """Ask for prices that are not known; returns how many are known now."""
        known = 0
        accounts = self._accounts.all()
        for row in self._book.unpriced(MOST_TRIES, _AT_ONCE):
            account = accounts.get(row.account_sid)
            if account is not None and self._price(row, rest_of(account)):
                known += 1
        return known

    def by_campaign(self, actor: Actor, since: datetime) -> Sequence[CampaignCost]:
        """Customers' calls since then, the dearest campaign first."""
        actor.require(MANAGE)
        query = (
            select(
                Campaign.id,
                Campaign.name,
                CallRecord.price_unit,
                func.coalesce(func.sum(CallRecord.price), 0),
                func.count(CallRecord.leg_id),
                func.sum(CallRecord.duration_seconds),
                func.count(CallRecord.leg_id) - func.count(CallRecord.price),
            )
            .join(Leg, Leg.id == CallRecord.leg_id)
            .join(Call, Call.id == Leg.call_id)
            .join(Campaign, Campaign.id == Call.campaign_id)
            .where(CallRecord.requested_at >= since)
            .group_by(Campaign.id, Campaign.name, CallRecord.price_unit)
        )
        if actor.scope.clients is not None:
            query = query.where(Campaign.client_id.in_(actor.scope.clients))
        with self._db.read() as session:
            rows = session.execute(query).tuples().all()
        found = [
            CampaignCost(key, name, unit, price or Decimal(), calls, seconds or 0, open_)
            for key, name, unit, price, calls, seconds, open_ in rows
        ]
        return sorted(found, key=lambda cost: cost.price, reverse=True)

    def _price(self, row: CallRecord, rest: TwilioRest) -> bool:
        try:
            seen = rest.call(row.call_sid)
        except ProviderError as error:
            log.info("price_not_told", status=error.status, code=error.code)
            if error.gone:
                self._book.priced(row.leg_id, None, "", 0)
            return False
        self._book.priced(row.leg_id, seen.price, seen.price_unit, seen.duration_seconds)
        return seen.price is not None
