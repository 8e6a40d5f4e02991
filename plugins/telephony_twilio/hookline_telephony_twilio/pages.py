"""What the pages and commands need, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Campaign
from hookline.domain.access import Actor
from hookline.health import Finding
from hookline.ports.clock import Clock
from hookline_telephony_twilio.accounts import Account, Accounts
from hookline_telephony_twilio.book import Book
from hookline_telephony_twilio.costs import CampaignCost, Costs
from hookline_telephony_twilio.doctor import Doctor
from hookline_telephony_twilio.models import NumberRecord
from hookline_telephony_twilio.numbers import Numbers, NumberSeen
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.rest import TwilioRest
from hookline_telephony_twilio.service import AccountService
from hookline_telephony_twilio.settings import TwilioSettings

COST_DAYS = 30


@dataclass(frozen=True)
class Overview:
    """What the first page shows."""

    numbers: Sequence[NumberRecord]
    costs: Sequence[CampaignCost]


class Desk:
    """Asks Twilio for people and jobs, apart from calls."""

    def __init__(self, db: Database, settings: TwilioSettings, clock: Clock, accounts: AccountService) -> None:
        self._db, self._settings = db, settings
        self.accounts = accounts
        self.known = Accounts(settings, accounts.accounts)
        self.book, self.numbers = Book(db), Numbers(db)
        self.costs = Costs(db, self.book, self.known)
        self.doctor = Doctor(settings, self.known, clock, self.rest, self._countries)

    def rest(self, account: Account) -> TwilioRest:
        """An account's API."""
        settings = self._settings
        return TwilioRest(account, api_base=settings.api_base, region=settings.region, edge=settings.edge)

    def overview(self, actor: Actor) -> Overview:
        """Numbers, and what the last days' calls cost."""
        since = self._db.clock.now() - timedelta(days=COST_DAYS)
        return Overview(self.numbers.all(), self.costs.by_campaign(actor, since))

    def look(self) -> list[Finding]:
        """What the doctor says."""
        return self.doctor.look()

    # Jobs

    def fetch_prices(self, _run: object = None) -> None:
        """Ask what calls cost."""
        self.costs.fetch(self.rest)

    def see_numbers(self, _run: object = None) -> None:
        """Note which numbers the accounts have, and whose calls come to us."""
        for account in self.known.all().values():
            seen = [NumberSeen(one.sid, one.number, one.name, ours) for one, ours in self.doctor.numbers(account)]
            self.numbers.replace(account, seen)

    def delete_fetched(self, _run: object = None) -> None:
        """Delete at Twilio what is here and could not be deleted there at once."""
        accounts = self.known.all()
        for row in self.book.to_delete():
            account = accounts.get(row.account_sid)
            if account is None:
                continue
            try:
                self.rest(account).delete_recording(row.sid)
            except ProviderError as error:
                if error.passing:
                    raise
                continue
            self.book.deleted(row.recording_id)

    def _countries(self) -> list[str]:
        with self._db.read() as session:
            rows = session.scalars(
                select(Campaign.allowed_countries).where(
                    Campaign.backend == "telephony_twilio", Campaign.state != "ended"
                )
            )
            return sorted({country for countries in rows for country in countries or ()})
