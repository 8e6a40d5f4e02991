"""`hookline explain` and `hookline campaigns list`, as somebody at the keyboard meets them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from hookline.cli import cli
from hookline.db.models import Contact
from hookline.errors import Conflict, HooklineError, NotFound
from hookline.testing.behaviour import BUSY
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"
Run = Callable[..., Result]


@pytest.fixture
def run(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the centre's installation."""
    settings = centre.runtime.settings
    monkeypatch.setenv("HOOKLINE_HOME", str(settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HOOKLINE_DISABLED_PLUGINS", "telephony_sip")
    return lambda *arguments: CliRunner().invoke(cli, arguments)


def _dialled(centre: Centre) -> int:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    centre.network.behaves(ONE, BUSY)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.runtime.campaigns.pause(centre.operator, campaign)
    return campaign


def _says(result: Result) -> HooklineError:
    assert isinstance(result.exception, HooklineError)
    return result.exception


def test_explain_tells_past_decisions_and_what_would_be_said_now(centre: Centre, run: Run) -> None:
    _dialled(centre)
    answer = run("explain", "spring", "22 123 45 67")
    assert answer.exit_code == 0, answer.output
    assert "Campaign: Spring" in answer.output
    assert "retry, 1 attempt, due " in answer.output
    assert f"{ONE}: refused" in answer.output
    assert "The campaign is not running. [core.campaign-not-running; campaign state]" in answer.output
    assert f"{ONE}: allowed and dialled" in answer.output
    assert "core.suppressed" in answer.output


def test_explain_finds_by_ids_and_says_what_is_not_there(centre: Centre, run: Run) -> None:
    campaign = _dialled(centre)
    record = centre.record(campaign, TWO)
    by_id = run("explain", str(campaign), str(record.contact_id))
    assert "Nothing: no attempt was made yet." in by_id.output
    assert isinstance(_says(run("explain", "Autumn", ONE)), NotFound)
    assert isinstance(_says(run("explain", "Spring", "+48221234500")), NotFound)


def test_explain_asks_back_where_a_name_fits_twice(centre: Centre, run: Run) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.campaign([ONE], agents=[anna], client_id=centre.client("Globex"))
    error = _says(run("explain", "Spring", ONE))
    assert isinstance(error, Conflict)
    assert "1, 2" in error.advice


def test_explain_asks_back_where_an_id_is_anothers_external_id(centre: Centre, run: Run) -> None:
    campaign = _dialled(centre)
    first, second = (centre.record(campaign, number).contact_id for number in (ONE, TWO))
    with centre.runtime.db.write() as unit:
        unit.session.get_one(Contact, second).external_id = str(first)
    error = _says(run("explain", "Spring", str(first)))
    assert isinstance(error, Conflict)
    assert f"{first}, {second}" in error.advice
    assert "Nothing: no attempt was made yet." in run("explain", "Spring", TWO).output


def test_campaigns_list_shows_every_campaign_with_its_figures(centre: Centre, run: Run) -> None:
    campaign = _dialled(centre)
    lines = run("campaigns", "list").output.splitlines()
    assert lines[0].split() == ["ID", "STATE", "CLIENT", "NAME", "DONE", "CALLS", "TODAY", "SUCCESSES", "RATE"]
    assert lines[1].split() == [str(campaign), "paused", "Acme", "Spring", "0/2", "0", "0", "-"]


def test_campaigns_list_says_where_to_make_the_first_one(centre: Centre, run: Run) -> None:
    assert centre.calls() == []
    assert "no campaign yet" in run("campaigns", "list").output
