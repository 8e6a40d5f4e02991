"""Finding contacts: by parts of words and numbers, within the scope, page by page; not by what is gone."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import delete, text

from hookline.db import contact_search
from hookline.db.models import Contact, ContactSearch
from hookline.services.imports import NewList
from hookline.testing.centre import Centre
from tests.integration.importing import Importer

FILE = """Telefon;ID;Imię;Nazwisko;E-mail;Uwagi
600100200;K-77;Łukasz;Żółć;lukasz.z@example.com;woli rano
601100200;K-78;Anna;O'Hara;anna@firma.pl;
602100200;200600;;;;
"""


@pytest.fixture
def importer(centre: Centre) -> Importer:
    made = Importer(centre.runtime, centre.runtime.identity.system_actor())
    made.bring_in(FILE, NewList(centre.client_id, "Spring", "PL"))
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ŁUKASZ", [1]), ("lukasz zol", [1]), ("ukas", [1]), ("łu", [1]), ("żółć", [1]), ("o'hara", [2]),
        ("k-7", [1, 2]), ("firma.pl", [2]), ("anna@firma", [2]), ("rano", [1]), ("600 100 200", [1]),
        ("100200", [1, 2, 3]), ("0048 601", [2]), ("200600", [3]), ("%", []), ("_", []), ("lukaszanna", []),
        ('"', []), ("anna OR lukasz", []),
    ],
)  # fmt: skip
def test_contacts_are_found_by_parts_of_what_is_known(
    centre: Centre, importer: Importer, query: str, found: list[int]
) -> None:
    rows = centre.runtime.contacts.search(importer.actor, query).rows
    assert [row.id for row in rows] == found


def test_pages_follow_each_other_without_gap_or_repetition(centre: Centre, importer: Importer) -> None:
    more = "Telefon\n" + "".join(f"60500{n:04d}\n" for n in range(25))
    list_id = importer.bring_in(more, NewList(centre.client_id, "More", "PL")).list_id
    for wanted in ({"query": "60500"}, {"list_id": list_id}):
        seen: list[int] = []
        after: int | None = 0
        while after is not None:
            page = centre.runtime.contacts.search(importer.actor, **wanted, after=after, limit=10)  # type: ignore[arg-type]
            seen += [row.id for row in page.rows]
            after = page.next_after
        assert len(seen) == 25
        assert seen == sorted(set(seen))


def test_a_foreign_list_or_campaign_tells_an_agent_nothing(centre: Centre, importer: Importer) -> None:
    anna = centre.agent("anna")
    mine = centre.campaign(["+48604100100"], agents=[anna], name="Mine")
    foreign = centre.campaign(["+48604100101"], agents=[], running=False, name="Foreign")
    agent = centre.actor(anna)
    lists = {name: centre.runtime.campaigns.list_ids(importer.actor.scope, c)[0] for name, c in
             (("mine", mine), ("foreign", foreign))}  # fmt: skip
    importer.bring_in("Telefon\n604100100\n", lists["foreign"])  # his contact is on both
    search = centre.runtime.contacts.search
    assert len(search(agent, campaign_id=mine).rows) == 1
    assert search(agent, campaign_id=foreign).rows == ()
    assert len(search(agent, list_id=lists["mine"]).rows) == 1
    assert search(agent, list_id=lists["foreign"]).rows == ()
    assert [row.number for row in search(agent, "604100").rows] == ["+48604100100"]
    unseeing = dataclasses.replace(
        agent, grants={c: dataclasses.replace(grant, see_numbers=False) for c, grant in agent.grants.items()}
    )
    assert search(unseeing, "604100").rows == ()


def test_edits_change_what_is_found_and_erased_text_is_gone(centre: Centre, importer: Importer) -> None:
    contacts, actor = centre.runtime.contacts, importer.actor
    contacts.edit(actor, 1, {"last_name": "Nowacki"})
    contacts.set_tags(actor, 1, ["targi"])
    contacts.add_number(actor, 1, "+48609100200")
    for query in ("nowacki", "targi", "609100"):
        assert [row.id for row in contacts.search(actor, query).rows] == [1]
    assert contacts.search(actor, "żółć").rows == ()
    assert [row.id for row in contacts.search(actor, tag="targi").rows] == [1]
    with centre.runtime.db.write() as unit:
        unit.session.execute(delete(ContactSearch).where(ContactSearch.contact_id == 1))
    assert contacts.search(actor, "nowacki").rows == ()
    with centre.runtime.db.write() as unit:
        connection = unit.session.connection()
        while contact_search.tidy(connection):
            continue
        if connection.dialect.name == "sqlite":
            connection.execute(text("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'contact_fts', 'row')"))
            held = set(connection.scalars(text("SELECT term FROM temp.words")))
            assert "wac" not in held
            assert "ann" in held


def test_the_index_can_be_written_anew(centre: Centre, importer: Importer) -> None:
    with centre.runtime.db.write() as unit:
        contact_search.rebuild(unit.session.connection())
        unit.session.get_one(Contact, 2).first_name = "Hanna"
    assert [row.id for row in centre.runtime.contacts.search(importer.actor, "hanna").rows] == [2]
