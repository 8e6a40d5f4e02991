"""The page on which a client's custom fields are declared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hookline.bootstrap import Runtime
from hookline.data_holders import Classification
from hookline.db.models import Contact
from hookline.domain.access import Scope
from hookline_web.testing import PageClient, People

Browser = Callable[[str | None], PageClient]


@pytest.fixture
def contact(runtime: Runtime, people: People) -> None:
    with runtime.db.write() as unit:
        now = unit.clock.now()
        custom = {"diet": "vegan", "branch": "north"}
        unit.session.add(Contact(client_id=people.acme, time_zone="UTC", custom=custom, created_at=now, updated_at=now))


@pytest.mark.parametrize("login", ["agent", "supervisor"])
def test_only_who_imports_declares(browser: Browser, people: People, login: str) -> None:
    someone = browser(login)
    assert someone.get("/fields").status_code == 403
    assert someone.post(f"/fields/{people.acme}").status_code == 403


def test_fields_that_contacts_have_are_declared(
    browser: Browser, runtime: Runtime, people: People, contact: None
) -> None:
    admin = browser("admin")
    assert "/fields" in admin.get("/lists").text
    page = admin.get("/fields").text
    assert page.count("not looked at") == 2
    assert "vegan" not in page, "names of fields, not what is in them"
    sent = {"key": ["branch", "diet"], "label": ["", "What they eat"], "classification": ["none", "special"]}
    assert admin.post(f"/fields/{people.acme}", data=sent).status_code == 302
    page = admin.get(f"/fields?client_id={people.acme}").text
    assert page.count('class="tag tag-ok"') == 2
    assert "What they eat" in page
    branch, diet = runtime.custom_fields.fields(Scope.everything(), people.acme)
    assert (branch.classification, diet.classification) == (Classification.NONE, Classification.SPECIAL)


@pytest.mark.parametrize(
    "sent",
    [
        {"key": ["diet"], "label": ["x"], "classification": ["secret"]},
        {"key": ["diet", "branch"], "label": ["x"], "classification": ["none"]},
        {"key": ["x" * 101], "label": [""], "classification": ["none"]},
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    browser: Browser, runtime: Runtime, people: People, sent: dict[str, list[str]]
) -> None:
    assert browser("admin").post(f"/fields/{people.acme}", data=sent).status_code == 422
    assert runtime.custom_fields.fields(Scope.everything(), people.acme) == []


def test_a_client_without_fields_says_where_they_come_from(browser: Browser, people: People) -> None:
    admin = browser("admin")
    assert "map a column to a field of your own" in admin.get("/fields").text
    assert admin.get("/fields?client_id=999").status_code == 404
