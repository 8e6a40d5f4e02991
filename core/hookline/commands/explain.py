"""`hookline explain`: why a contact was dialled, or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from hookline.commands.installation import installation
from hookline.db.models import Contact
from hookline.domain.access import Scope
from hookline.domain.dialling import Refusal
from hookline.services.explain import Explanation, NumberNow, PastDecision


@click.command()
@click.argument("campaign")
@click.argument("contact")
def explain(campaign: str, contact: str) -> None:
    """Say why CONTACT was or was not dialled in CAMPAIGN, and what the dial gate would say now.

    CAMPAIGN is an id or a name; CONTACT an id, an external id or a phone number.
    """
    with installation() as runtime:
        everything = Scope.everything()
        found = runtime.record_reads.find_campaign(everything, campaign)
        person = runtime.record_reads.find_contact(everything, found.id, contact)
        answer = runtime.explain.explain(everything, found.id, person.id)
    click.echo("\n".join(report(answer, person)))


def report(answer: Explanation, person: Contact) -> Iterator[str]:
    """The answer in lines; times are the contact's local ones."""
    yield f"Campaign: {answer.campaign}"
    yield f"Contact:  {person.name or 'no name'} (id {person.id}), times in {person.time_zone}"
    yield f"Standing: {_standing(answer, person.time_zone)}"
    if answer.last_note:
        yield f"Note:     {answer.last_note}"
    yield ""
    yield "What the gate would say now:"
    if not answer.now:
        yield "  The contact has no phone number."
    for number in answer.now:
        yield from _now(number)
    yield ""
    yield "What it said before, newest first:"
    if not answer.past:
        yield "  Nothing: no attempt was made yet."
    for decision in answer.past:
        yield from _past(decision, person.time_zone)


def _standing(answer: Explanation, zone: str) -> str:
    attempts = "1 attempt" if answer.attempts == 1 else f"{answer.attempts} attempts"
    due = f", due {_local(answer.next_due_at, zone)}" if answer.next_due_at else ""
    return f"{answer.state.replace('_', ' ')}, {attempts}{due}"


def _now(number: NumberNow) -> Iterator[str]:
    yield f"  {number.number}: {'refused' if number.refusals else 'may be dialled'}"
    yield from _reasons(number.refusals)


def _past(decision: PastDecision, zone: str) -> Iterator[str]:
    allowed = "allowed and dialled" if decision.placed else "allowed, not dialled"
    yield f"  {_local(decision.at, zone)}  {decision.number}: {allowed if decision.allowed else 'refused'}"
    yield from _reasons(decision.refusals)
    yield f"    asked: {', '.join(decision.asked)}"


def _reasons(refusals: tuple[Refusal, ...]) -> Iterator[str]:
    for refusal in refusals:
        source = f"; {refusal.source}" if refusal.source else ""
        yield f"    - {refusal.text} [{refusal.rule}{source}]"


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
