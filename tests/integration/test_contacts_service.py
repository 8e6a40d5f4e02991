"""Contacts: found, shown and changed within a scope, and history told."""

from __future__ import annotations

import pytest

from hookline.db.models import CampaignContact
from hookline.domain.access import Grant, Role
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services.phones import InvalidPhone
from hookline.services.suppression_lists import Reach
from hookline.testing.centre import Centre


def _found(centre: Centre, query: str) -> list[str]:
    return [row.name for row in centre.runtime.contacts.search(centre.operator, query).rows]


def test_contacts_are_found_by_words_digits_and_identifier(centre: Centre) -> None:
    centre.contact("+48600100200", first_name="Łucja", last_name="Żak", email="lz@example.com", external_id="K-7")
    centre.contact("+48601100200", first_name="Jan", last_name="Żak", company="Ślimak 100%")
    assert _found(centre, "łucja") == ["Łucja Żak"]
    assert _found(centre, "ŻAK jan") == ["Jan Żak"]
    assert _found(centre, "lz@example") == ["Łucja Żak"]
    assert _found(centre, "k-7") == ["Łucja Żak"]
    assert _found(centre, "600 100") == ["Łucja Żak"]
    assert _found(centre, "0048 601-100") == ["Jan Żak"]
    assert _found(centre, "100%") == ["Jan Żak"]
    assert _found(centre, "%") == ["Jan Żak"]
    assert _found(centre, "60") == []
    assert len(_found(centre, "")) == 2


def test_pages_follow_each_other_without_gap_or_repeat(centre: Centre) -> None:
    ids = [centre.contact(f"+4860010020{n}") for n in range(5)]
    seen, after = [], 0
    while True:
        page = centre.runtime.contacts.search(centre.operator, after=after, limit=2)
        seen += [row.id for row in page.rows]
        if page.next_after is None:
            break
        after = page.next_after
    assert seen == ids


def test_a_supervisor_finds_and_opens_only_his_clients_contacts(centre: Centre) -> None:
    other = centre.client("Globex")
    mine, theirs = centre.contact("+48600100200"), centre.contact("+48600100200", client_id=other)
    sue = centre.actor(centre.user("sue", Role.SUPERVISOR, clients=[centre.client_id]))
    assert [row.id for row in centre.runtime.contacts.search(sue).rows] == [mine]
    assert [row.id for row in centre.runtime.contacts.search(sue, client_id=other).rows] == []
    assert centre.runtime.contacts.get(sue, mine).sees_numbers
    for act in (
        lambda: centre.runtime.contacts.get(sue, theirs),
        lambda: centre.runtime.contact_history.of(sue, theirs),
        lambda: centre.runtime.contacts.edit(sue, theirs, {"city": "x"}),
        lambda: centre.runtime.contacts.add_number(sue, theirs, "601100200"),
        lambda: centre.runtime.contacts.remove_number(sue, theirs, 1),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_agent_sees_numbers_where_one_of_his_campaigns_with_the_contact_grants_it(centre: Centre) -> None:
    anna = centre.agent("anna")
    hidden = centre.campaign(["+48600100200"], agents=[anna], name="A", grant=Grant(see_numbers=False))
    shown = centre.campaign(["+48601100200"], agents=[anna], name="B", grant=Grant(see_numbers=True))
    first, second = (centre.record(c, n).contact_id for c, n in ((hidden, "+48600100200"), (shown, "+48601100200")))
    search = centre.runtime.contacts.search
    assert [row.number for row in search(centre.actor(anna)).rows] == ["+48 ••• ••• •00", "+48601100200"]
    assert [row.id for row in search(centre.actor(anna), "100200").rows] == [second]
    with centre.runtime.db.write() as unit:
        unit.session.add(
            CampaignContact(
                campaign_id=shown, contact_id=first, client_id=centre.client_id, updated_at=unit.clock.now()
            )
        )
    assert centre.runtime.contacts.get(centre.actor(anna), first).numbers[0].shown == "+48600100200"


def test_an_agent_edits_only_where_it_is_granted(centre: Centre) -> None:
    anna = centre.agent("anna")
    plain = centre.campaign(["+48600100200"], agents=[anna], name="A")
    trusted = centre.campaign(["+48601100200"], agents=[anna], name="B", grant=Grant(edit_contacts=True))
    first, second = (centre.record(c, n).contact_id for c, n in ((plain, "+48600100200"), (trusted, "+48601100200")))
    actor = centre.actor(anna)
    with pytest.raises(NotPermitted):
        centre.runtime.contacts.edit(actor, first, {"city": "Łódź"})
    centre.runtime.contacts.edit(actor, second, {"city": "Łódź"})
    assert centre.runtime.contacts.get(actor, second).contact.city == "Łódź"
    assert not centre.runtime.contacts.get(actor, first).may_edit


def test_wrong_values_change_nothing(centre: Centre) -> None:
    contact_id = centre.contact("+48600100200", city="Łódź")
    with pytest.raises(InvalidInput) as refused:
        centre.runtime.contacts.edit(
            centre.operator, contact_id, {"city": "x" * 200, "email": "no", "time_zone": "No/Where"}
        )
    assert set(refused.value.fields) == {"city", "email", "time_zone"}
    assert centre.runtime.contacts.get(centre.operator, contact_id).contact.city == "Łódź"


def test_numbers_are_checked_and_the_last_one_stays(centre: Centre) -> None:
    contacts = centre.runtime.contacts
    contact_id = centre.contact("+48600100200")
    centre.contact("+48602100200")
    with pytest.raises(InvalidPhone):
        contacts.add_number(centre.operator, contact_id, "112")
    for taken in ("600100200", "602100200"):
        with pytest.raises(Conflict):
            contacts.add_number(centre.operator, contact_id, taken)
    only = contacts.get(centre.operator, contact_id).numbers[0]
    with pytest.raises(Conflict):
        contacts.remove_number(centre.operator, contact_id, only.id)
    contacts.add_number(centre.operator, contact_id, "601100200")
    contacts.set_number_state(centre.operator, contact_id, only.id, valid=False)
    assert [n.state for n in contacts.get(centre.operator, contact_id).numbers] == ["wrong", "valid"]
    contacts.remove_number(centre.operator, contact_id, only.id)
    assert [n.shown for n in contacts.get(centre.operator, contact_id).numbers] == ["+48601100200"]


def test_the_history_tells_of_calls_over_the_viewers_campaigns(centre: Centre) -> None:
    anna, bob = centre.agent("anna"), centre.agent("bob")
    campaign_id = centre.campaign(["+48600100200"], agents=[anna], name="A", grant=Grant(see_numbers=False))
    contact_id = centre.record(campaign_id, "+48600100200").contact_id
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(8)
    (item,) = centre.runtime.contact_history.of(centre.operator, contact_id)
    assert (item.campaign_name, item.number, item.agent_name, item.allowed) == ("A", "+48600100200", "Anna", True)
    assert item.call_id == centre.calls()[0].id
    assert centre.runtime.contact_history.of(centre.actor(anna), contact_id)[0].number == "+48 ••• ••• •00"
    assert centre.runtime.contact_history.of(centre.operator, contact_id, before=item.attempt_id) == []
    with pytest.raises(NotFound):
        centre.runtime.contact_history.of(centre.actor(bob), contact_id)


def test_suppressed_numbers_are_marked_on_the_contact(centre: Centre) -> None:
    contact_id = centre.contact("+48600100200")
    other = centre.client("Globex")
    add = centre.runtime.suppression.add
    add(centre.operator, ["600100200"], Reach(other), country="PL", reason="theirs", source="s")
    assert centre.runtime.contacts.get(centre.operator, contact_id).numbers[0].suppressed == ""
    add(centre.operator, ["600100200"], Reach(), country="PL", reason="all", source="s")
    assert centre.runtime.contacts.get(centre.operator, contact_id).numbers[0].suppressed == "all"
