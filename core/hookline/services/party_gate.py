"""The dial gate for people who are no contacts: transfers' and consultations' targets, agents' own telephones.

The number policies hold for them as for anybody: emergency, premium and foreign numbers are refused, and so are
numbers that asked not to be called. They are judged as the number and as what each line would ask the network for, its
prefix included. What protects contacts (calling window, attempts, consent) does not apply: the target is asked to help
in a call, nobody is called for the campaign's purpose. Every answer is stored before a backend is touched.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign, PartyDecision
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.errors import Conflict
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import ConnectStation, PlaceCall, TelephonyBackend
from hookline.services import policies
from hookline.services.dial_strings import answer, judge_dial_strings
from hookline.text import N_


@dataclass(frozen=True)
class PartyAsk:
    """A wish to call somebody: why ("transfer", "consult", "station"), for which campaign and call, asked by whom."""

    purpose: str
    campaign_id: int
    call_id: int | None
    asked_by: int


class PartyRefused(Conflict):
    """The number policies stand against calling this number."""

    id = "party-refused"

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(
            refusals[0].message, N_("Choose another number, or ask your administrator."), params=refusals[0].params
        )
        self.refusals = tuple(refusals)


class PartyGate:
    """Decides about a number, stores the decision, and places what was allowed."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def place(self, ask: PartyAsk, command: PlaceCall, backend: TelephonyBackend) -> None:
        """Place a leg to somebody who helps in a call. Raises PartyRefused, TelephonyError."""
        self._allow(ask, command.number, backend)
        backend.place_call(command)

    def connect(self, ask: PartyAsk, command: ConnectStation, backend: TelephonyBackend) -> None:
        """Ring a station that is a phone number. Raises PartyRefused, TelephonyError."""
        self._allow(ask, command.address, backend)
        backend.connect_station(command)

    def _allow(self, ask: PartyAsk, number: str, backend: TelephonyBackend) -> None:
        with self._db.read() as session:
            campaign = session.get_one(Campaign, ask.campaign_id)
            strings = backend.dial_strings(number, campaign.client_id)
            refusals = self._refusals(session, ask, campaign, number, strings)
        with self._db.write() as unit:
            unit.session.add(
                PartyDecision(
                    purpose=ask.purpose,
                    campaign_id=ask.campaign_id,
                    call_id=ask.call_id,
                    asked_by=ask.asked_by,
                    number=number,
                    dial_strings=strings,
                    allowed=not refusals,
                    refusals=[asdict(refusal) for refusal in refusals],
                    asked=[rule for rule, _ in self._rules(ask)],
                    decided_at=unit.clock.now(),
                )
            )
        if refusals:
            raise PartyRefused(refusals)

    def _refusals(
        self, session: Session, ask: PartyAsk, campaign: Campaign, number: str, strings: list[str]
    ) -> list[Refusal]:
        request = self._request(ask, campaign, number)
        found = [answer(rule, policy, session, request, campaign) for rule, policy in self._rules(ask)]
        found.append(judge_dial_strings(session, request, campaign, strings))
        if self._hooks.is_closing(campaign.backend):
            found.append(
                Refusal("core.backend-closing", N_("The telephony takes no new calls: its plugin is being disabled."))
            )
        return [refusal for refusal in found if refusal is not None]

    def _rules(self, ask: PartyAsk) -> list[tuple[str, policies.CorePolicy]]:
        names = ["core.emergency", "core.premium", "core.foreign"]
        # An agent's own telephone is called to work with, whoever else must not call it.
        names += [] if ask.purpose == "station" else ["core.suppressed"]
        return [(name, policies.CORE_POLICIES[name]) for name in names]

    def _request(self, ask: PartyAsk, campaign: Campaign, number: str) -> DialRequest:
        return DialRequest(
            attempt_id=0,
            client_id=campaign.client_id,
            campaign_id=campaign.id,
            campaign_contact_id=0,
            contact_id=0,
            number=number,
            purpose=Purpose(campaign.purpose),
            time_zone="UTC",
            agent_id=ask.asked_by,
            mode=ask.purpose,
            at=self._db.clock.now(),
        )
