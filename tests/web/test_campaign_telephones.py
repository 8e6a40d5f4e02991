"""A campaign's form: whether it calls or is called, on which line, and where its agents may send a customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hookline.db.models import Campaign
from hookline.testing.centre import Centre
from hookline.testing.cheap_passwords import cheaply_hashed
from hookline_web.testing import PageClient
from tests.web.campaign_centre import Floor, form_of, furnish
from tests.web.sent_form import fields_of

LINES = {"main": "Main number", "claims": "Claims hotline"}
TARGETS = "Claims: 22 765 43 21\n+48 601 234 567"


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """One for all; each test uses a line of its own."""
    with cheaply_hashed():
        centre = Centre(tmp_path_factory.mktemp("lines"), plugins=[])
        centre.network.lines = dict(LINES)
        yield furnish(centre)
        centre.close()


@pytest.fixture(scope="module")
def admin(floor: Floor) -> PageClient:
    """The administrator's browser."""
    return floor.browser("admin")


def _made(floor: Floor, admin: PageClient, **changes: Any) -> Campaign:
    answer = admin.post("/campaigns/new", data=form_of(floor.centre.client_id, **changes))
    assert answer.status_code == 302, answer.text
    return _campaign(floor, int(answer.location.rsplit("/", 1)[1]))


def _campaign(floor: Floor, campaign_id: int) -> Campaign:
    return floor.centre.runtime.campaigns.get(floor.centre.operator.scope, campaign_id)


def test_a_called_campaign_is_made_shown_and_sent_back_unchanged(floor: Floor, admin: PageClient) -> None:
    sent = {"direction": "inbound", "line": "main", "transfer_targets": TARGETS}
    made = _made(floor, admin, name="Hotline", **sent)
    kept = [
        {"label": "Claims", "number": "+48227654321"},
        {"label": "+48601234567", "number": "+48601234567"},
    ]
    assert (made.direction, made.line, made.transfer_targets) == ("inbound", "main", kept)
    read = admin.get(f"/campaigns/{made.id}/settings").text
    for words in ("It is called", "Main number", "Claims", "+48227654321"):
        assert words in read
    fields = fields_of(admin.get(f"/campaigns/{made.id}/edit").text)
    assert fields["line"] == ["main"]
    assert admin.post(f"/campaigns/{made.id}/edit", data=fields).status_code == 302
    again = _campaign(floor, made.id)
    assert (again.direction, again.line, again.transfer_targets) == ("inbound", "main", kept)
    turned = {**fields, "direction": "outbound", "transfer_targets": ""}
    assert admin.post(f"/campaigns/{made.id}/edit", data=turned).status_code == 302
    again = _campaign(floor, made.id)
    assert (again.direction, again.line, again.transfer_targets) == ("outbound", "", [])


def test_who_says_nothing_makes_a_campaign_that_calls(floor: Floor, admin: PageClient) -> None:
    made = _made(floor, admin, name="Plain")
    assert (made.direction, made.line, made.transfer_targets) == ("outbound", "", [])


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"direction": "sideways"}, "Choose from the list."),
        ({"direction": "inbound", "line": "gone"}, "Choose from the list."),
        ({"transfer_targets": "Claims: 12"}, "“Claims: 12”"),
    ],
)
def test_what_cannot_be_stands_at_its_field_and_nothing_is_made(
    floor: Floor, admin: PageClient, sent: dict[str, str], words: str
) -> None:
    answer = admin.post("/campaigns/new", data=form_of(floor.centre.client_id, name="Refused", **sent))
    assert answer.status_code == 422
    assert words in answer.text
    names = {c.name for c in floor.centre.runtime.campaigns.list_campaigns(floor.centre.operator.scope)}
    assert "Refused" not in names


def test_a_line_that_is_taken_is_named_and_the_form_saves_the_campaign_that_was_made(
    floor: Floor, admin: PageClient
) -> None:
    _made(floor, admin, name="First", direction="inbound", line="claims")
    sent = form_of(floor.centre.client_id, name="Second", direction="inbound", line="claims")
    answer = admin.post("/campaigns/new", data=sent)
    assert answer.status_code == 422
    assert "The campaign First takes the calls of this line." in answer.text
    campaigns = floor.centre.runtime.campaigns.list_campaigns(floor.centre.operator.scope)
    (second,) = [c for c in campaigns if c.name == "Second"]
    assert f'action="/campaigns/{second.id}/edit"' in answer.text
    assert second.direction == "outbound"


def test_lines_follow_client_and_telephony(floor: Floor, admin: PageClient) -> None:
    sent = form_of(floor.centre.client_id, direction="inbound", line="claims")
    part = admin.post("/campaigns/form/line", data=sent).text
    assert '<option value="claims" selected>Claims hotline</option>' in part
    assert "Main number" not in admin.post("/campaigns/form/line", data={**sent, "backend": "none"}).text
    assert "Main number" in admin.post("/campaigns/form/client", data=sent).text
    assert floor.browser("anna").post("/campaigns/form/line", data=sent).status_code == 403
