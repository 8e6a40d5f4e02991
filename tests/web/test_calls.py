"""The calls' pages: who finds which calls, what a call's page tells, and recordings that can be sought in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.db.models import Recording
from hookline.domain.access import Grant
from hookline.testing.behaviour import BUSY
from hookline.testing.centre import Centre
from hookline_web.testing import PageClient
from hookline_web.views.calls import timeline
from tests.web.campaign_centre import ONE, TWO, Floor, furnish

HEARS = Grant(hear_own_recordings=True, see_numbers=True)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    centre = Centre(tmp_path)
    yield furnish(centre)
    centre.close()


@pytest.fixture
def admin(floor: Floor) -> PageClient:
    return floor.browser("admin")


def _one_call(floor: Floor, **grants: bool) -> int:
    floor.centre.campaign([ONE], agents=[floor.anna], grant=Grant(**grants) if grants else HEARS)
    floor.centre.start_work(floor.anna)
    return floor.talk(floor.anna, "SUCCESS", "wants the offer")


def _recording(floor: Floor) -> Recording:
    with floor.centre.runtime.db.read() as session:
        return session.scalars(select(Recording)).one()


def test_a_calls_page_tells_its_course_outcome_and_why_it_was_allowed(floor: Floor, admin: PageClient) -> None:
    call = _one_call(floor)
    page = admin.get(f"/calls/{call}").text
    for text in ("Placed", "Answered", "Customer and agent connected", "The agent hung up."):
        assert text in page
    for text in ("wants the offer", "Success", ONE, "+48221000000", "Spring"):
        assert text in page
    assert "Within the calling window" in page
    assert "<audio controls" in page
    assert "style=" not in page


def test_the_timeline_has_every_moment_in_order_with_the_time_between(floor: Floor) -> None:
    _one_call(floor)
    call = floor.centre.calls()[0]
    moments = timeline(call)
    assert [m.at for m in moments] == sorted(m.at for m in moments)
    assert moments[0].what == "Placed"
    assert moments[-1].seconds is None
    assert call.disposed_at is not None
    assert sum(m.seconds or 0 for m in moments) == pytest.approx(
        (call.disposed_at - call.queued_at) / timedelta(seconds=1)
    )


def test_a_call_in_progress_follows_itself(floor: Floor, admin: PageClient) -> None:
    floor.centre.campaign([ONE], agents=[floor.anna])
    floor.centre.start_work(floor.anna)
    call = floor.centre.runtime.work.dial(floor.centre.actor(floor.anna))
    floor.centre.advance(4)
    page = admin.get(f"/calls/{call}").text
    assert f"hookline:CallEnded:call-{call} from:body" in page
    assert "Talking" in page


def test_agents_find_their_own_calls_only(floor: Floor) -> None:
    floor.centre.campaign([ONE, TWO], agents=[floor.anna, floor.bob], grant=HEARS)
    floor.centre.start_work(floor.anna)
    mine = floor.talk(floor.anna, "SUCCESS")
    floor.centre.runtime.agents.log_out(floor.anna)
    floor.centre.start_work(floor.bob)
    his = floor.talk(floor.bob, "REFUSED")

    anna = floor.browser("anna")
    listed = anna.get("/calls").text
    assert f"/calls/{mine}" in listed
    assert f"/calls/{his}" not in listed
    assert "Your calls" in listed
    assert anna.get(f"/calls/{his}").status_code == 404
    assert anna.get(f"/calls/{mine}").status_code == 200


def test_calls_of_other_clients_do_not_exist(floor: Floor) -> None:
    floor.centre.campaign([ONE], agents=[floor.anna], client_id=floor.globex, name="Theirs", grant=HEARS)
    floor.centre.start_work(floor.anna)
    call = floor.talk(floor.anna, "SUCCESS")
    boss = floor.browser("boss")
    assert f"/calls/{call}" not in boss.get("/calls").text
    assert boss.get(f"/calls/{call}").status_code == 404
    assert boss.get(f"/calls/recordings/{_recording(floor).id}").status_code == 404


def test_numbers_are_masked_without_the_grant(floor: Floor, admin: PageClient) -> None:
    call = _one_call(floor, see_numbers=False)
    anna = floor.browser("anna")
    for page in (anna.get("/calls").text, anna.get(f"/calls/{call}").text):
        assert ONE not in page
        assert "+48 ••• ••• •67" in page
    assert ONE in admin.get("/calls").text


def test_filters_narrow_the_list_and_nonsense_is_left_out(floor: Floor, admin: PageClient) -> None:
    campaign = floor.centre.campaign([ONE, TWO], agents=[floor.anna])
    floor.centre.network.behaves(TWO, BUSY)
    floor.centre.start_work(floor.anna)
    answered = f'/calls/{floor.talk(floor.anna, "SUCCESS")}"'
    floor.centre.runtime.work.dial(floor.centre.actor(floor.anna))
    floor.centre.advance(3)
    busy = f'/calls/{floor.centre.calls()[-1].id}"'
    day = floor.centre.clock.now().date()

    def shows(query: str) -> tuple[bool, bool]:
        page = admin.get(f"/calls?{query}").text
        return answered in page, busy in page

    assert shows("") == (True, True)
    assert shows("result=busy") == (False, True)
    assert shows("disposition=SUCCESS") == (True, False)
    assert shows(f"campaign_id={campaign}&agent_id={floor.anna}") == (True, True)
    assert shows(f"agent_id={floor.bob}") == (False, False)
    assert shows(f"first_day={day}&last_day={day}") == (True, True)
    assert shows(f"first_day={day + timedelta(days=1)}") == (False, False)
    assert shows(f"last_day={day - timedelta(days=1)}") == (False, False)
    assert shows("result=nonsense&campaign_id=x&after=-1&first_day=yesterday") == (True, True)


def test_a_recording_can_be_sought_in(floor: Floor, admin: PageClient) -> None:
    call = _one_call(floor)
    row = _recording(floor)
    address = f"/calls/recordings/{row.id}"
    assert address in admin.get(f"/calls/{call}").text
    whole = admin.get(address)
    assert whole.status_code == 200
    assert whole.mimetype == "audio/wav"
    assert whole.data[:4] == b"RIFF"
    part = admin.get(address, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.data == whole.data[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"


@pytest.mark.parametrize(
    ("asked", "start", "length"),
    [("bytes=0-0", 0, 1), ("bytes=-5", -5, 5), ("bytes=44-", 44, None), ("bytes=0-999999999", 0, None)],
)
def test_ranges_may_be_open_at_either_end(
    floor: Floor, admin: PageClient, asked: str, start: int, length: int | None
) -> None:
    _one_call(floor)
    address = f"/calls/recordings/{_recording(floor).id}"
    whole = admin.get(address).data
    part = admin.get(address, headers={"Range": asked})
    wanted = whole[start:] if length is None else whole[start:][:length]
    assert (part.status_code, part.data) == (206, wanted)


def test_odd_ranges_get_the_whole_or_are_refused(floor: Floor, admin: PageClient) -> None:
    _one_call(floor)
    address = f"/calls/recordings/{_recording(floor).id}"
    whole = admin.get(address)
    beyond = admin.get(address, headers={"Range": f"bytes={len(whole.data)}-"})
    assert beyond.status_code == 416
    for odd in ("bytes=0-1,4-5", "lines=1-2", "nonsense"):
        answer = admin.get(address, headers={"Range": odd})
        assert (answer.status_code, len(answer.data)) == (200, len(whole.data))
    outdated = admin.get(address, headers={"Range": "bytes=0-9", "If-Range": '"something-else"'})
    assert (outdated.status_code, len(outdated.data)) == (200, len(whole.data))
    current = admin.get(address, headers={"Range": "bytes=0-9", "If-Range": whole.headers["ETag"]})
    assert (current.status_code, len(current.data)) == (206, 10)


def test_a_recording_the_browser_has_is_not_sent_again(floor: Floor, admin: PageClient) -> None:
    _one_call(floor)
    address = f"/calls/recordings/{_recording(floor).id}"
    whole = admin.get(address)
    again = admin.get(address, headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = admin.head(address)
    assert (head.status_code, head.data) == (200, b"")
    assert head.content_length == len(whole.data)
    assert head.headers["Accept-Ranges"] == "bytes"


def test_agents_hear_only_their_own_recordings_and_only_where_granted(floor: Floor) -> None:
    call = _one_call(floor, see_numbers=True)
    address = f"/calls/recordings/{_recording(floor).id}"
    anna = floor.browser("anna")
    assert anna.get(address).status_code == 403
    assert "<audio" not in anna.get(f"/calls/{call}").text
    assert floor.browser("bob").get(address).status_code == 404
    assert floor.browser("boss").get(address).status_code == 200


def test_a_granted_agent_hears_his_own_call(floor: Floor) -> None:
    call = _one_call(floor)
    anna = floor.browser("anna")
    assert "<audio" in anna.get(f"/calls/{call}").text
    assert anna.get(f"/calls/recordings/{_recording(floor).id}").status_code == 200


class _Engine:
    """A script engine that knows one answer."""

    name = "test"

    def answers(self, call_ids: list[int]) -> dict[int, dict[str, str]]:
        return {call_id: {"renewal": "yes", "reason": "<b>price</b>"} for call_id in call_ids}


def test_script_answers_are_shown_with_the_call_and_escaped(
    floor: Floor, admin: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = _one_call(floor)
    assert "Script answers" not in admin.get(f"/calls/{call}").text
    monkeypatch.setattr(floor.centre.runtime.host, "script_engines", lambda: {"test": _Engine()})
    page = admin.get(f"/calls/{call}").text
    assert "renewal" in page
    assert "&lt;b&gt;price&lt;/b&gt;" in page


def test_the_empty_list_says_when_calls_come(floor: Floor, admin: PageClient) -> None:
    assert "as soon as agents work in a running campaign" in admin.get("/calls").text
    assert "Every call you make appears here" in floor.browser("anna").get("/calls").text
