"""The pages and commands of trunks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.domain.access import Role
from hookline.settings import Settings
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.service import TrunkService
from hookline_web.testing import PageClient, People

Browser = Callable[[str | None], PageClient]
pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    """The telephone network: every number answers, but one is busy."""
    busy = {"number": "+48220000002", "behaviour": {"kind": "busy"}}
    with FarEndProcess({"numbers": [busy], "default": {"kind": "answer", "ring_seconds": 0.1}}) as process:
        yield process


def _form(network: str = "127.0.0.1:5060", **fields: str) -> dict[str, str]:
    host, port = network.split(":")
    return {"name": "Main", "host": host, "port": port, "caller_id": "+48 22 100 00 00", "client_id": "", **fields}


@pytest.mark.parametrize("login", ["agent", "supervisor"])
@pytest.mark.parametrize("address", ["", "new", "1", "1/test", "tests/abc"])
def test_only_administrators_see_them(browser: Browser, login: str, address: str) -> None:
    assert browser(login).get(f"/p/telephony_sip/{address}").status_code == 403


def test_a_trunk_is_added_changed_and_taken_out_of_use(browser: Browser, people: People) -> None:
    admin = browser("admin")
    assert "No trunk yet" in admin.get("/p/telephony_sip/").text
    made = admin.post("/p/telephony_sip/new", data=_form(client_id=str(people.acme)))
    assert (made.status_code, made.location) == (302, "/p/telephony_sip/1/test")
    changed = admin.post(
        "/p/telephony_sip/1", data=_form(name="Better", username="u", password_variable="HOOKLINE_SIP_X")
    )
    assert changed.status_code == 302
    page = admin.get("/p/telephony_sip/").text
    assert "Better" in page
    assert "password not set" in page
    assert "HOOKLINE_SIP_X" in admin.get("/p/telephony_sip/1").text
    assert admin.post("/p/telephony_sip/1/deactivate").status_code == 302
    assert "out of use" in admin.get("/p/telephony_sip/").text
    assert admin.post("/p/telephony_sip/1/activate").status_code == 302


def test_a_mistake_is_shown_at_its_field_and_nothing_is_lost(browser: Browser) -> None:
    answer = browser("admin").post("/p/telephony_sip/new", data=_form(name="Kept", caller_id="22 100"))
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert "country code" in answer.text


def test_what_does_not_exist_is_said_so(browser: Browser) -> None:
    admin = browser("admin")
    for address in ("9", "9/test", "tests/none"):
        assert admin.get(f"/p/telephony_sip/{address}").status_code == 404


def test_the_pages_speak_polish(browser: Browser, runtime: Runtime, people: People) -> None:
    runtime.identity.change_user(people.admin, display_name="Ada", role=Role.ADMINISTRATOR, language="pl")
    page = browser("admin").get("/p/telephony_sip/").text
    assert "Dodaj łącze" in page
    assert "No trunk yet" not in page


def test_a_test_call_is_followed_on_the_page(browser: Browser, far_end: FarEndProcess) -> None:
    admin = browser("admin")
    admin.post("/p/telephony_sip/new", data=_form(far_end.network))
    placed = admin.post("/p/telephony_sip/1/test", data={"number": "22 000 00 01"})
    assert placed.status_code == 302
    assert "220000001" not in placed.location
    assert 'hx-trigger="every 500ms"' in admin.get(placed.location).text
    call = placed.location.rpartition("call=")[2]
    assert admin.post("/p/telephony_sip/1/test", data={"number": "22 000 00 02"}).status_code == 409
    page = _until_over(admin, call)
    assert "The trunk works" in page
    assert "hx-trigger" not in page


def test_a_refused_number_is_said_at_its_field(browser: Browser, far_end: FarEndProcess) -> None:
    admin = browser("admin")
    admin.post("/p/telephony_sip/new", data=_form(far_end.network))
    answer = admin.post("/p/telephony_sip/1/test", data={"number": "112"})
    assert answer.status_code == 422
    assert "emergency" in answer.text
    assert not far_end.control.calls()


def test_somebody_elses_test_call_is_not_shown(browser: Browser, runtime: Runtime, far_end: FarEndProcess) -> None:
    runtime.identity.add_user("other", "Other", "correct-horse-battery", Role.ADMINISTRATOR)
    admin = browser("admin")
    admin.post("/p/telephony_sip/new", data=_form(far_end.network))
    call = admin.post("/p/telephony_sip/1/test", data={"number": "22 000 00 02"}).location.rpartition("call=")[2]
    other = browser("other")
    assert other.get(f"/p/telephony_sip/tests/{call}").status_code == 404
    assert other.post(f"/p/telephony_sip/tests/{call}/stop").status_code == 404
    assert "busy" in _until_over(admin, call)


def _until_over(admin: PageClient, call: str) -> str:
    deadline = time.monotonic() + 60.0
    while 'data-stage="over"' not in (page := admin.get(f"/p/telephony_sip/tests/{call}").text):
        assert time.monotonic() < deadline, page
        threading.Event().wait(0.1)
    return page


# The commands


def _run(settings: Settings, *arguments: str) -> Result:
    env = {"HOOKLINE_HOME": str(settings.data_dir.parent), "HOOKLINE_DATA_DIR": str(settings.data_dir)}
    return CliRunner().invoke(cli, ["sip", *arguments], env=env)


def test_trunks_by_command(settings: Settings, runtime: Runtime, people: People) -> None:
    assert "No trunk yet" in _run(settings, "trunks", "list").output
    added = _run(
        settings,
        *["trunks", "add", "--name", "Main", "--host", "192.0.2.1", "--client", "Acme", "--caller-id", "+48221000000"],
    )
    assert added.exit_code == 0, added.output
    changed = _run(settings, "trunks", "change", "main", "--host", "127.0.0.1", "--port", "5070", "--client", "")
    assert changed.exit_code == 0, changed.output
    (view,) = TrunkService(runtime.db).list_trunks(runtime.identity.system_actor())
    record = view.record
    assert (record.host, record.port, record.client_id, record.caller_id) == ("127.0.0.1", 5070, None, "+48221000000")
    assert "Main: 127.0.0.1:5070, by address, for every client" in _run(settings, "trunks", "list").output
    assert "out of use" in _run(settings, "trunks", "deactivate", "Main").output
    assert "in use again" in _run(settings, "trunks", "activate", "Main").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("trunks add --name Main --host bad_host!", "host:"),
        ("trunks add --name Main --host 127.0.0.1 --client Nobody", "There is no client Nobody"),
        ("trunks change Nothing --port 5070", "no trunk of this name"),
        ("trunks test Nothing +48220000001", "no trunk of this name"),
    ],
)
def test_a_command_says_what_is_wrong(settings: Settings, people: People, arguments: str, words: str) -> None:
    result = _run(settings, *arguments.split())
    assert result.exit_code == 1
    assert words in str(result.exception)


def test_a_test_call_by_command(settings: Settings, people: People, far_end: FarEndProcess) -> None:
    host, port = far_end.network.split(":")
    _run(settings, *f"trunks add --name Main --host {host} --port {port} --caller-id +48221000000".split())
    good = _run(settings, "trunks", "test", "Main", "+48220000001")
    assert good.exit_code == 0, good.output
    assert "Answered after" in good.output
    assert "The trunk works" in good.output
    busy = _run(settings, "trunks", "test", "Main", "22 000 00 02")
    assert busy.exit_code == 1
    assert "486" in busy.output


def test_the_far_end_tells_how_to_use_a_softphone(settings: Settings) -> None:
    assert "softphone" in _run(settings, "far-end", "--softphone-hint").output
