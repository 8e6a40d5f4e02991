"""What becomes of a campaign contact after a call or a refusal: done, or due again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import UnitOfWork
from hookline.db.models import Attempt, Call, Campaign, CampaignContact, ContactNumber, Disposition, Suppression
from hookline.domain.callbacks import CallbackState, CallbackWish
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import Category, RecordState, RetryRule, in_another_part
from hookline.domain.dialling import Refusal
from hookline.errors import InvalidInput
from hookline.services import callbacks, record_notes
from hookline.services.calling_windows import window_of
from hookline.services.policies import PASSING_RULES, next_local_day
from hookline.services.revocation import hold_dialling, revoke_open_attempts
from hookline.services.suppression_lists import Reach, first_list
from hookline.text import N_

#: A contact that the agent skips comes back after this time, a refused one after a day.
SKIP_SECONDS = 3600
REFUSED_SECONDS = 86_400
#: Refusals that are looked at again on the next day, and those that end the record.
_NEXT_DAY = ("core.attempts-per-day", "core.attempts-per-week", "core.number-attempts")
_FOR_GOOD = ("core.attempts-total", "core.number-attempts-total")


@dataclass(frozen=True)
class Fate:
    """What was decided: `due_at` None means the record is done."""

    due_at: datetime | None


def retry_rule(campaign: Campaign, result: CallResult) -> RetryRule | None:
    """The campaign's rule for a result, None where there is to be no further attempt."""
    rule = campaign.retry_rules.get(result.value)
    if not rule:
        return None
    return RetryRule(
        int(rule["delay_seconds"]),
        int(rule["max_attempts"]),
        bool(rule.get("other_number")),
        bool(rule.get("other_time")),
    )


def after_result(unit: UnitOfWork, record: CampaignContact, call: Call) -> Fate:
    """Apply an unanswered call's result: retry by rule, next number, or done."""
    result = CallResult(call.result)
    number = _number_row(unit.session, call)
    if number is not None:
        number.last_result = result.value
    if result is CallResult.INVALID_NUMBER:
        if number is not None:
            number.state = "wrong"
        return _settle(unit, record, unit.clock.now() if has_valid_number(unit.session, record.contact_id) else None)
    return _settle(unit, record, _next_try(unit, record, result))


def after_disposition(unit: UnitOfWork, call: Call, disposition: Disposition, wish: CallbackWish | None) -> Fate:
    """Apply what the agent said. `wish` is the time agreed for a callback, which that category cannot do without."""
    record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
    record.disposition_id = disposition.id
    category = Category(disposition.category)
    number = _number_row(unit.session, call)
    if category is Category.WRONG_NUMBER:
        if number is not None:
            number.state = "wrong"
        unit.session.flush()
        more = has_valid_number(unit.session, record.contact_id)
        return _settle(unit, record, unit.clock.now() if more else None)
    if category is Category.DO_NOT_CALL:
        _suppress_all(unit, call)
        return _settle(unit, record, None)
    if category is Category.CALLBACK:
        return _promise(unit, call, record, wish)
    if disposition.final:
        return _settle(unit, record, None)
    return _settle(unit, record, _next_try(unit, record, CallResult.ANSWERED))


def _promise(unit: UnitOfWork, call: Call, record: CampaignContact, wish: CallbackWish | None) -> Fate:
    if wish is None:
        text = N_("Say when the contact is to be called back.")
        raise InvalidInput(text, fields={"wall": [text]})
    return Fate(callbacks.book(unit, call, record, wish, call.note).due_at)


def after_refusals(unit: UnitOfWork, record: CampaignContact, refusals: list[Refusal]) -> Fate:
    """A policy stands against dialling: back when it passes by itself, else after a day; the reason is kept."""
    record_notes.keep(record, record_notes.of_refusals(refusals))
    now = unit.clock.now()
    due = now + timedelta(seconds=REFUSED_SECONDS)
    if all(r.rule in PASSING_RULES for r in refusals):
        window = window_of(record.campaign)
        zone = record.contact.time_zone
        after = next_local_day(now, zone) if any(r.rule in _NEXT_DAY for r in refusals) else now
        due = window.next_opening(after, zone) or due
    if any(r.rule in _FOR_GOOD for r in refusals):
        return _settle(unit, record, None)
    return _put_off(unit, record, due)


def out_of_numbers(unit: UnitOfWork, record: CampaignContact) -> Fate:
    """Every number of the contact proved wrong: there is nothing left to dial."""
    record_notes.keep(record, [(N_("No number is left to dial."), {})])
    return _settle(unit, record, None)


def after_skip(unit: UnitOfWork, record: CampaignContact, reason: str | Sequence[record_notes.Part]) -> Fate:
    """The contact was skipped: by the agent, in his words, or for Hookline's own reason."""
    record_notes.keep(record, reason)
    return _put_off(unit, record, unit.clock.now() + timedelta(seconds=SKIP_SECONDS))


def _put_off(unit: UnitOfWork, record: CampaignContact, due_at: datetime) -> Fate:
    """Nobody was called: the record waits, and a promise made stays a promise."""
    record.state = RecordState.CALLBACK if record.callback_id else RecordState.RETRY
    record.next_due_at, record.updated_at = due_at, unit.clock.now()
    record.owner_id, record.reserved_at = None, None
    return Fate(due_at)


def give_back(unit: UnitOfWork, record: CampaignContact) -> None:
    """The agent went away before dialling: the record is due as before."""
    record.owner_id, record.reserved_at = None, None
    if record.state == RecordState.RESERVED:
        due_again = RecordState.CALLBACK if record.callback_id else RecordState.RETRY
        never_due = RecordState.DONE if was_done(record) else RecordState.NEW
        record.state = due_again if record.next_due_at else never_due
    record.updated_at = unit.clock.now()


def was_done(record: CampaignContact) -> bool:
    """Whether a reserved record had been done with: only an agent who dials by hand comes to such a one again."""
    return record.state == RecordState.RESERVED and record.next_due_at is None and bool(record.last_result)


def has_valid_number(session: Session, contact_id: int) -> bool:
    """Whether any number is left that has not proved wrong."""
    found = session.scalar(
        select(ContactNumber.id).where(ContactNumber.contact_id == contact_id, ContactNumber.state == "valid").limit(1)
    )
    return found is not None


def _settle(unit: UnitOfWork, record: CampaignContact, due_at: datetime | None) -> Fate:
    callbacks.close(unit, record, CallbackState.DONE)
    record.state = RecordState.RETRY if due_at else RecordState.DONE
    record.next_due_at = due_at
    record.owner_id, record.reserved_at = None, None
    record.updated_at = unit.clock.now()
    return Fate(due_at)


def _next_try(unit: UnitOfWork, record: CampaignContact, result: CallResult) -> datetime | None:
    campaign = unit.session.get_one(Campaign, record.campaign_id)
    rule = retry_rule(campaign, result)
    if rule is None or record.attempts >= campaign.attempts_total:
        return None
    unit.session.flush()
    ended_so = unit.session.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.campaign_contact_id == record.id, Attempt.result == result.value)
    )
    if (ended_so or 0) >= rule.max_attempts:
        return None
    due = unit.clock.now() + timedelta(seconds=rule.delay_seconds)
    if not rule.other_time:
        return due
    zone = record.contact.time_zone
    return in_another_part(due, zone, window_of(campaign), unit.clock.now()) or due


def next_number(session: Session, record: CampaignContact) -> str | None:
    """The number to offer: the first that has not proved wrong, or, where the rule of the last result says so, the one
    after the number that was dialled last.
    """
    valid = [n.e164 for n in record.contact.numbers if n.state == "valid"]
    if not valid or not record.last_result:
        return valid[0] if valid else None
    rule = retry_rule(record.campaign, CallResult(record.last_result))
    if rule is None or not rule.other_number:
        return valid[0]
    last = session.scalar(
        select(Attempt.number)
        .where(Attempt.campaign_contact_id == record.id, Attempt.placed_at.is_not(None))
        .order_by(Attempt.id.desc())
        .limit(1)
    )
    return valid[(valid.index(last) + 1) % len(valid)] if last in valid else valid[0]


def _number_row(session: Session, call: Call) -> ContactNumber | None:
    return session.scalar(
        select(ContactNumber).where(ContactNumber.contact_id == call.contact_id, ContactNumber.e164 == call.number)
    )


def _suppress_all(unit: UnitOfWork, call: Call) -> None:
    hold_dialling(unit)
    numbers = set(
        unit.session.scalars(select(ContactNumber.e164).where(ContactNumber.contact_id == call.contact_id))
    ) | {call.number}
    known = set(
        unit.session.scalars(
            select(Suppression.e164).where(
                Suppression.client_id == call.client_id,
                Suppression.campaign_id.is_(None),
                Suppression.expires_at.is_(None),
                Suppression.e164.in_(numbers),
            )
        )
    )
    list_id = first_list(unit, Reach(call.client_id))
    for number in sorted(numbers - known):
        unit.session.add(
            Suppression(
                list_id=list_id,
                client_id=call.client_id,
                e164=number,
                reason="asked not to be called again",
                source="disposition",
                created_by=call.agent_id,
                created_at=unit.clock.now(),
            )
        )
    revoke_open_attempts(unit, contact_id=call.contact_id, because="asked not to be called again")
