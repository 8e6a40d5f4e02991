"""The conformance kit for data holders: whoever keeps personal data hands it out and erases it, and no one else's.

A holder conforms when it passes every scenario. Yours does it like this, in a test file of yours:

    import pytest
    from hookline.testing.centre import Centre
    from hookline.testing.holder_conformance import SCENARIOS, HolderRig, Scenario

    @pytest.fixture
    def rig(centre: Centre) -> HolderRig:
        return HolderRig(centre, "acme.visits", lambda number: centre.call_with(number).contact_id)

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_the_holder_conforms(scenario: Scenario, rig: HolderRig) -> None:
        scenario.run(rig)
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import inspect

from hookline.data_holders import DataHolder, DataRecord, ErasureReport, Subject
from hookline.db.base import Base
from hookline.db.models import Contact
from hookline.domain.access import Scope
from hookline.testing import kit
from hookline.testing.centre import Centre
from hookline.testing.kit import expect

__all__ = ["SCENARIOS", "HolderRig", "Scenario"]


@dataclass(frozen=True)
class HolderRig:
    """A holder under test: the centre whose plugin has it, its name, and how data about somebody comes into it.

    `plant` is given a telephone number, makes a contact with it and something for the holder to keep about her, and
    returns the contact's id.
    """

    centre: Centre
    name: str
    plant: Callable[[str], int]
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(500))

    @property
    def holder(self) -> DataHolder:
        """The holder as it is registered."""
        found = {holder.name: holder for holder in self.centre.runtime.data_register.holders()}
        expect(self.name in found, f"No holder {self.name} is registered; there are {', '.join(sorted(found))}.")
        return found[self.name]

    def planted(self) -> Subject:
        """Somebody new, about whom the holder keeps something."""
        number = f"+48221234{next(self._count)}"
        return Subject(contact_ids=frozenset({self.plant(number)}), numbers=frozenset({number}))

    def export(self, subject: Subject) -> list[DataRecord]:
        """What the holder hands out about her."""
        with self.centre.runtime.db.read() as session:
            return self.holder.export(session, Scope.everything(), subject)

    def erase(self, subject: Subject) -> ErasureReport:
        """Let the holder erase what it keeps about her."""
        with self.centre.runtime.db.write() as unit:
            return self.holder.erase(unit, subject)


Scenario: TypeAlias = kit.Scenario[HolderRig]


def _it_says_what_the_register_asks_for(rig: HolderRig) -> None:
    holder = rig.holder
    for room in ("title", "what", "why"):
        expect(getattr(holder, room), f"{holder.name} leaves {room} empty.")
    expect(holder.retention_days >= 0, f"{holder.name} has a negative retention period.")
    expect(holder.tables or holder.file_stores, f"{holder.name} names neither tables nor file stores.")


def _its_tables_are_there_and_marked_personal(rig: HolderRig) -> None:
    there = set(inspect(rig.centre.runtime.db.engine).get_table_names())
    models = {m.class_.__tablename__: m.class_ for m in Base.registry.mappers if hasattr(m.class_, "__tablename__")}
    for table in rig.holder.tables:
        expect(table in there, f"The table {table} is not in the database: which migration makes it?")
        expect(table in models and models[table].personal, f"No column of {table} is marked: personal = marks(…).")


def _it_hands_out_what_it_keeps_and_names_the_controller(rig: HolderRig) -> None:
    subject = rig.planted()
    records = rig.export(subject)
    expect(records, f"{rig.name} keeps something about the contact and hands out nothing.")
    with rig.centre.runtime.db.read() as session:
        client = session.get_one(Contact, next(iter(subject.contact_ids))).client_id
    for record in records:
        json.dumps(dict(record.data))  # raises where the export's file could not be written
        expect(record.table in rig.holder.tables, f"{record.table} is handed out, and not named in tables.")
        expect(record.client_id in (client, None), f"A record of {record.table} is said to be another client's.")


def _it_hands_out_nothing_about_others(rig: HolderRig) -> None:
    one, other = rig.planted(), rig.planted()
    of_one, of_other = _keys(rig.export(one)), _keys(rig.export(other))
    expect(of_one and of_other, f"{rig.name} hands out nothing about one of two contacts.")
    expect(not of_one & of_other, f"{rig.name} hands out the same record about two people.")


def _about_nobody_it_hands_out_and_erases_nothing(rig: HolderRig) -> None:
    somebody = rig.planted()
    before = _keys(rig.export(somebody))
    expect(not rig.export(Subject()), f"{rig.name} hands out records about nobody.")
    report = rig.erase(Subject())
    expect((report.erased, report.anonymised) == (0, 0), f"{rig.name} says that it erased something of nobody's.")
    expect(_keys(rig.export(somebody)) == before, f"{rig.name} erased somebody's data when asked about nobody.")


def _it_erases_and_says_what_it_keeps(rig: HolderRig) -> None:
    one, other = rig.planted(), rig.planted()
    of_other = _keys(rig.export(other))
    report = rig.erase(one)
    left = rig.export(one)
    expect(not left or report.kept, f"After the erasure {rig.name} still hands out data, and says nothing of keeping.")
    expect(bool(report.kept) == bool(report.why), f"{rig.name} must say both what it keeps and by what right.")
    expect(
        report.erased or report.anonymised or report.kept, f"{rig.name} erased something and reports nothing at all."
    )
    expect(_keys(rig.export(other)) == of_other, f"{rig.name} erased data about somebody else.")


def _erasing_twice_is_safe(rig: HolderRig) -> None:
    subject = rig.planted()
    rig.erase(subject)
    left = rig.export(subject)
    again = rig.erase(subject)
    expect(again.erased == 0, f"{rig.name} erases again what is erased.")
    expect(rig.export(subject) == left, f"{rig.name} changes what it kept when it erases again.")


def _an_erasure_that_is_rolled_back_leaves_everything(rig: HolderRig) -> None:
    subject = rig.planted()
    before = rig.export(subject)
    try:
        with rig.centre.runtime.db.write() as unit:
            rig.holder.erase(unit, subject)
            unit.session.flush()
            raise _ThoughtBetterOfIt
    except _ThoughtBetterOfIt:
        expect(rig.export(subject) == before, f"{rig.name} erases outside the unit of work it is given.")


class _ThoughtBetterOfIt(Exception):
    """Another holder's erasure failed."""


def _keys(records: list[DataRecord]) -> set[str]:
    return {f"{record.table}:{record.data.get('id', json.dumps(dict(record.data)))}" for record in records}


SCENARIOS: list[Scenario] = kit.scenarios(
    _it_says_what_the_register_asks_for,
    _its_tables_are_there_and_marked_personal,
    _it_hands_out_what_it_keeps_and_names_the_controller,
    _it_hands_out_nothing_about_others,
    _about_nobody_it_hands_out_and_erases_nothing,
    _it_erases_and_says_what_it_keeps,
    _erasing_twice_is_safe,
    _an_erasure_that_is_rolled_back_leaves_everything,
)
"""Every scenario."""
