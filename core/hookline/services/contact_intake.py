"""One contact brought in by itself, by the rules of an import: merged where the client has it, put on its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hookline.db.database import Database, UnitOfWork
from hookline.domain.access import Actor
from hookline.errors import Conflict, HooklineError, InvalidInput
from hookline.services.feeding import feed_campaigns
from hookline.services.imports.merging import write_batch
from hookline.services.imports.people import Target
from hookline.services.imports.reading import Row
from hookline.services.imports.rows import PLAIN, Draft
from hookline.services.imports.rules import ImportRules
from hookline.services.lists import open_list
from hookline.services.phones import InvalidPhone, Phone, normalise
from hookline.text import N_


@dataclass(frozen=True)
class Intake:
    """What became of it. Where the client knew the contact already, what was empty in it was filled.

    `left_out` counts the numbers that another contact of the client has.
    """

    contact_id: int
    is_new: bool
    left_out: int


class ContactIntake:
    """Brings single contacts in."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        actor: Actor,
        list_id: int,
        numbers: Sequence[str],
        *,
        external_id: str = "",
        fields: Mapping[str, str] | None = None,
        custom: Mapping[str, str] | None = None,
    ) -> Intake:
        """Put a contact on the list, and with it into the campaigns that the list feeds.

        Raises NotFound, InvalidInput by field ("numbers.0"), Conflict where another contact of the client has the
        number.
        """
        actor.require("contacts.import")
        with self._db.write() as unit:
            return self._add(unit, actor, list_id, numbers, external_id, fields or {}, custom or {})

    def add_many(
        self, actor: Actor, list_id: int, contacts: Sequence[Mapping[str, Any]]
    ) -> list[Intake | HooklineError]:
        """Put many on the list, all in one transaction; each a mapping with numbers, external_id, custom and fields.

        What was wrong with one of them is answered in its place, the others come in. Raises NotFound for the list.
        """
        actor.require("contacts.import")
        answers: list[Intake | HooklineError] = []
        with self._db.write() as unit:
            open_list(unit.session, actor.scope, list_id)
            for sent in contacts:
                rest = {name: value for name, value in sent.items() if name in PLAIN}
                try:
                    said = sent.get("external_id", ""), rest, sent.get("custom", {})
                    answers.append(self._add(unit, actor, list_id, sent["numbers"], *said))
                except (InvalidInput, Conflict) as error:
                    answers.append(error)
        return answers

    def _add(
        self,
        unit: UnitOfWork,
        actor: Actor,
        list_id: int,
        numbers: Sequence[str],
        external_id: str,
        fields: Mapping[str, str],
        custom: Mapping[str, str],
    ) -> Intake:
        target = open_list(unit.session, actor.scope, list_id)
        phones = _phones(numbers, target.country)
        draft = Draft(
            row=Row(1, ()),
            phones=phones,
            time_zone=phones[0].time_zone,
            external_id=external_id.strip() or None,
            fields={name: fields.get(name, "").strip() for name in PLAIN},
            custom=dict(custom),
        )
        # Each dial asks the suppression lists anyhow; a single contact that somebody adds is wanted there.
        into = Target(target.client_id, list_id, rules=ImportRules(scrub=False))
        result = write_batch(unit.session, into, [draft], unit.clock.now())
        if not result.written.ids:
            raise Conflict(
                N_("Another contact of this client has the number."),
                N_("A number belongs to one contact of a client."),
            )
        contact_id = result.written.ids[0]
        feed_campaigns(unit, list_id, [contact_id])
        return Intake(contact_id, bool(result.imported), len(result.warnings))


def _phones(numbers: Sequence[str], country: str) -> tuple[Phone, ...]:
    found: dict[str, Phone] = {}
    wrong: dict[str, list[str]] = {}
    for place, text in enumerate(numbers):
        try:
            phone = normalise(text, country)
        except InvalidPhone as error:
            wrong[f"numbers.{place}"] = [error.message]
        else:
            found.setdefault(phone.e164, phone)
    if wrong or not found:
        raise InvalidInput(
            N_("Some fields need another look."),
            N_("Mend the marked fields and send again."),
            wrong or {"numbers": [N_("Write at least one number.")]},
        )
    return tuple(found.values())
