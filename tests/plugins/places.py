"""A campaign with somebody in it, straight into the tables: what the plugins' tests stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hookline.bootstrap import Runtime
from hookline.db.models import (
    Attempt,
    Call,
    Campaign,
    CampaignAgent,
    CampaignContact,
    Contact,
    ContactNumber,
    Disposition,
)
from hookline.domain.campaigns import DEFAULT_DISPOSITIONS, DEFAULT_WINDOW, Purpose
from hookline.domain.dialling import DialRequest

ZONE = "Europe/Warsaw"


@dataclass(frozen=True)
class Place:
    """Ids of what `make_place` made."""

    client_id: int
    campaign_id: int
    contact_id: int
    record_id: int
    number: str
    agent_id: int
    call_id: int


def make_place(
    runtime: Runtime,
    client_id: int,
    agent_id: int,
    *,
    number: str = "+48600100200",
    purpose: Purpose = Purpose.MARKETING,
    name: str = "Spring",
) -> Place:
    """A running campaign with an agent assigned, one contact in it, and one ended call."""
    now = runtime.clock.now()
    with runtime.db.write() as unit:
        session = unit.session
        campaign = Campaign(
            client_id=client_id,
            name=name,
            purpose=purpose.value,
            state="running",
            backend="simulated",
            caller_id="+48221234567",
            window=DEFAULT_WINDOW.to_json(),
            retry_rules={},
            required_policies=["gdpr.consent"] if purpose is Purpose.MARKETING else [],
            allowed_countries=["PL"],
            created_at=now,
        )
        contact = Contact(
            client_id=client_id,
            external_id=f"X-{number[-3:]}",
            first_name="Łucja",
            last_name="Nowak",
            time_zone=ZONE,
            custom={},
            created_at=now,
            updated_at=now,
        )
        session.add_all([campaign, contact])
        session.flush()
        session.add(ContactNumber(contact_id=contact.id, client_id=client_id, e164=number))
        session.add(CampaignAgent(campaign_id=campaign.id, user_id=agent_id))
        session.add_all(
            Disposition(campaign_id=campaign.id, code=d.code, label=d.label, category=d.category.value, final=d.final)
            for d in DEFAULT_DISPOSITIONS
        )
        record = CampaignContact(campaign_id=campaign.id, contact_id=contact.id, client_id=client_id, updated_at=now)
        session.add(record)
        session.flush()
    place = Place(client_id, campaign.id, contact.id, record.id, number, agent_id, 0)
    call_id = add_call(runtime, place, queued_at=now, ended_at=now)
    return Place(**{**vars(place), "call_id": call_id})


def add_call(
    runtime: Runtime,
    place: Place,
    *,
    queued_at: datetime,
    connected_at: datetime | None = None,
    ended_at: datetime | None = None,
    disposition: str = "",
) -> int:
    """One call of the place's agent with the place's contact."""
    with runtime.db.write() as unit:
        attempt = Attempt(
            client_id=place.client_id,
            campaign_id=place.campaign_id,
            campaign_contact_id=place.record_id,
            contact_id=place.contact_id,
            number=place.number,
            agent_id=place.agent_id,
            mode="preview",
            opened_at=queued_at,
            placed_at=queued_at,
            closed_at=ended_at or queued_at,
        )
        unit.session.add(attempt)
        unit.session.flush()
        given = unit.session.query(Disposition).filter_by(campaign_id=place.campaign_id, code=disposition).first()
        call = Call(
            attempt_id=attempt.id,
            client_id=place.client_id,
            campaign_id=place.campaign_id,
            campaign_contact_id=place.record_id,
            contact_id=place.contact_id,
            agent_id=place.agent_id,
            number=place.number,
            backend="simulated",
            conversation_id="c",
            customer_leg_id=f"leg-{attempt.id}",
            queued_at=queued_at,
            answered_at=connected_at,
            agent_connected_at=connected_at,
            ended_at=ended_at,
            disposition_id=given.id if given else None,
        )
        unit.session.add(call)
        unit.session.flush()
        return call.id


def open_attempt(runtime: Runtime, place: Place) -> int:
    """An attempt that is open and not yet placed, as the gate makes it; returns its id."""
    with runtime.db.write() as unit:
        attempt = Attempt(
            client_id=place.client_id,
            campaign_id=place.campaign_id,
            campaign_contact_id=place.record_id,
            contact_id=place.contact_id,
            number=place.number,
            agent_id=place.agent_id,
            mode="preview",
            opened_at=unit.clock.now(),
        )
        unit.session.add(attempt)
        unit.session.flush()
        return attempt.id


def ask(runtime: Runtime, place: Place, purpose: Purpose = Purpose.MARKETING) -> DialRequest:
    """What the gate would put to policies now."""
    return DialRequest(
        attempt_id=0,
        client_id=place.client_id,
        campaign_id=place.campaign_id,
        campaign_contact_id=place.record_id,
        contact_id=place.contact_id,
        number=place.number,
        purpose=purpose,
        time_zone=ZONE,
        agent_id=place.agent_id,
        mode="preview",
        at=runtime.clock.now(),
    )
