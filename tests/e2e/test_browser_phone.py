"""The browser as the agent's and the supervisor's phone: Debian's Chromium with a tone for a microphone, a customer at
the SIP far end, and who hears whom told by pitch."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import time as clock
from pathlib import Path

import pytest
from installation import PASSWORD, Installation
from playwright.sync_api import Page, Playwright, expect, sync_playwright
from talking import Person, far_call, far_hears, page_hears, until

from hookline.bootstrap import Runtime
from hookline.domain.access import Grant, Role, Scope
from hookline.domain.campaigns import DEFAULT_DISPOSITIONS, CallingWindow, DayWindow, Purpose
from hookline.services.campaigns import CampaignDraft
from hookline.services.imports import NewList
from hookline.services.prompts import PromptKind
from hookline.services.stations import StationDraft
from hookline.settings import load_settings
from hookline.testing.tones import write_tones
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.service import TrunkDraft, TrunkService

pytestmark = [pytest.mark.serial, pytest.mark.timeout(240)]

AGENT, CUSTOMER, SUPERVISOR, TELEPHONE, MUSIC = 620, 1000, 1900, 1460, 2500
CONTACTS = "Imię;Nazwisko;Telefon\n" + "".join(f"Maria;Nowak {n};22 123 45 6{n}\n" for n in range(6))


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    tone = {"kind": "tone", "amplitude": 0.4, "frequency": CUSTOMER}
    answer = {"kind": "answer", "ring_seconds": 0.5, "sound": tone}
    phone = {"name": "sofia", "answer": "auto", "sound": {"kind": "tone", "amplitude": 0.4, "frequency": TELEPHONE}}
    numbers = [{"prefix": "+4822123456", "behaviour": answer}]
    with FarEndProcess({"phones": [phone], "numbers": numbers}) as running:
        yield running


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, far_end: FarEndProcess) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("browser-phone")
    made = Installation(folder)
    (folder / "hookline.toml").write_text(
        'drain_seconds = 0\n[plugins.telephony_sip]\nbrowser_addresses = ["127.0.0.1"]\n', "utf-8"
    )
    password = str(folder / "password")
    made.run("init", "--admin", "admin", "--client", "Zielona Energia", "--password-file", password)
    _fill(folder, far_end)
    yield made.serve()
    made.stop()


def _fill(folder: Path, far_end: FarEndProcess) -> None:
    """A trunk, contacts, hold music, a running campaign of Anna's, and Sofia with a telephone beside her browser; in
    one process, since each command takes its time."""
    runtime = Runtime(load_settings(folder, environ={}))
    host, port = far_end.network.rsplit(":", 1)
    try:
        actor = runtime.identity.system_actor()
        trunk = TrunkDraft(name="far end", host=host, port=int(port), caller_id="+48221000000")
        TrunkService(runtime.db).add_trunk(actor, trunk)
        client = runtime.clients.list_clients(Scope.everything())[0].id
        anna = runtime.identity.add_user("anna", "Anna Zawada", PASSWORD, Role.AGENT)
        sofia = runtime.identity.add_user("sofia", "Sofia Lis", PASSWORD, Role.SUPERVISOR, clients=[client])
        runtime.stations.add_station(actor, StationDraft("Sofia's telephone", far_end.phones["sofia"], sofia))
        music = folder / "music.wav"
        write_tones(music, [(1.0, [MUSIC])])
        with music.open("rb") as stream:
            runtime.desk_calls.prompts.upload(actor, None, PromptKind.HOLD_MUSIC, "music.wav", stream)
        import_id = runtime.imports.upload(
            actor, io.BytesIO(CONTACTS.encode()), "contacts.csv", NewList(client, "Spring", "PL")
        )
        runtime.imports.run(actor, import_id)
        always = CallingWindow({day: DayWindow(clock(0), clock(23, 59)) for day in range(7)})
        draft = CampaignDraft(
            client,
            "Spring offer",
            Purpose.SERVICE,
            "telephony_sip",
            window=always,
            list_ids=[runtime.import_reports.get(actor, import_id).list_id],
            agents={anna: Grant()},
            dispositions=list(DEFAULT_DISPOSITIONS),
        )
        runtime.campaigns.start(actor, runtime.campaigns.create(actor, draft))
    finally:
        runtime.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def anna(
    playwright: Playwright, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """The agent; her windows stay open from test to test, as do her shift and her phone."""
    person = Person(playwright, tmp_path_factory.mktemp("anna"), installation.url, "anna", AGENT)
    yield person
    person.close()


def _call(desk: Page, far_end: FarEndProcess) -> None:
    """Be in a call: begin work, or write down what came of the last one, and dial."""
    state = desk.locator("#desk").get_attribute("data-state")
    if state == "wrap_up":
        desk.keyboard.press("1")
        desk.keyboard.press("Enter")
    elif state == "offline":
        expect(desk.locator("#station_id")).to_have_value("browser")
        desk.keyboard.press("r")
    expect(desk.locator("#desk")).to_have_attribute("data-state", "reserved")
    expect(desk.locator("#desk-contact")).to_contain_text("Maria Nowak")
    expect(desk.locator(".phone-state")).to_have_text("Phone connected")
    desk.keyboard.press("d")
    expect(desk.locator(".call-connected")).to_be_visible()
    page_hears(desk, CUSTOMER)
    far_hears(far_end, AGENT)


def _hang_up(desk: Page) -> None:
    desk.keyboard.press("x")
    expect(desk.locator("#desk")).to_have_attribute("data-state", "wrap_up")


def _state(page: Page) -> object:
    return page.evaluate("window.hooklinePhone?.state")


def test_the_browser_is_the_phone_over_a_reload_and_a_second_window(anna: Person, far_end: FarEndProcess) -> None:
    desk = anna.window()
    _call(desk, far_end)
    until(lambda: desk.evaluate("window.hooklinePhone.microphone.level") > 0.2, "the meter moves")

    desk.reload()
    expect(desk.locator(".call-connected")).to_be_visible()
    page_hears(desk, CUSTOMER)
    far_hears(far_end, AGENT)

    other = anna.window()
    page_hears(other, CUSTOMER)
    until(lambda: _state(desk) == "closed", "the first window gives way")
    expect(desk.locator(".phone-state")).to_have_text("In another window")
    far_hears(far_end, AGENT)
    desk.get_by_role("button", name="Use it here").click()
    page_hears(desk, CUSTOMER)
    until(lambda: _state(other) == "closed", "the second window gives way")

    desk.keyboard.press("m")
    expect(desk.get_by_role("button", name="Unmute")).to_be_visible()
    assert desk.evaluate("window.hooklinePhone.track.enabled") is False
    desk.keyboard.press("m")
    far_hears(far_end, AGENT)
    _hang_up(desk)
    assert _state(desk) == "connected"
    other.close()
    desk.close()


@pytest.mark.parametrize("seconds", [4, pytest.param(20, marks=pytest.mark.long)])
def test_the_customer_hears_music_while_the_browser_is_away_and_a_hang_up_meanwhile_is_shown(
    anna: Person, far_end: FarEndProcess, seconds: float
) -> None:
    desk = anna.window()
    _call(desk, far_end)
    desk.close()
    far_hears(far_end, MUSIC, not_=(AGENT,))
    desk = anna.window()
    expect(desk.locator(".call-connected")).to_be_visible()
    page_hears(desk, CUSTOMER)
    far_hears(far_end, AGENT, not_=(MUSIC,))

    slept_at = time.monotonic()
    anna.fall_asleep()
    try:
        far_hears(far_end, MUSIC, not_=(AGENT,))
        until(lambda: time.monotonic() - slept_at > seconds, "the lid is opened", 2 * seconds)
        far_hears(far_end, MUSIC, not_=(AGENT,))
    finally:
        anna.wake_up()
    far_hears(far_end, AGENT, not_=(MUSIC,))
    page_hears(desk, CUSTOMER)

    anna.fall_asleep()
    try:
        far_hears(far_end, MUSIC, not_=(AGENT,))
        far_end.control.hang_up(far_call(far_end)["id"])
    finally:
        anna.wake_up()
    expect(desk.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    expect(desk.locator("#desk-call")).to_contain_text("the contact hung up")
    expect(desk.locator(".phone-state")).to_have_text("Phone connected")
    desk.close()


def test_a_supervisor_listens_whispers_and_barges_in_by_browser_and_by_telephone(
    anna: Person, far_end: FarEndProcess, playwright: Playwright, installation: Installation, tmp_path: Path
) -> None:
    sofia = Person(playwright, tmp_path, installation.url, "sofia", SUPERVISOR)
    desk = anna.window()
    _call(desk, far_end)
    board = sofia.window("/p/monitoring/")
    try:
        board.fill("#supervision-reason", "Training")
        board.get_by_role("button", name="Listen: Anna Zawada").click()
        page_hears(board, AGENT, CUSTOMER)
        _others_hear(desk, far_end, (), (SUPERVISOR,))
        expect(desk.locator("#desk-bar")).not_to_contain_text("Sofia")
        board.locator("#supervise-whisper").click()
        _others_hear(desk, far_end, (SUPERVISOR,), ())
        expect(desk.locator("#desk-bar")).to_contain_text("Sofia Lis coaches you")
        board.locator("#supervise-barge").click()
        far_hears(far_end, AGENT, SUPERVISOR)
        page_hears(desk, CUSTOMER, SUPERVISOR)
        page_hears(board, AGENT, CUSTOMER)
        board.get_by_role("button", name="Listen: Anna Zawada").click()
        _others_hear(desk, far_end, (), (SUPERVISOR,))
        board.reload()
        page_hears(board, AGENT, CUSTOMER)
        board.locator("#supervise-leave").click()
        expect(board.locator("#supervision-station")).to_be_visible()

        board.select_option("#supervision-station", label="Sofia's telephone")
        board.get_by_role("button", name="Whisper: Anna Zawada").click()
        far_hears(far_end, AGENT, CUSTOMER, phone="sofia")
        page_hears(desk, CUSTOMER, TELEPHONE)
        far_hears(far_end, AGENT, not_=(TELEPHONE,))
        board.locator("#supervise-barge").click()
        far_hears(far_end, AGENT, TELEPHONE)
        board.locator("#supervise-leave").click()
        far_hears(far_end, AGENT, not_=(TELEPHONE,))
    finally:
        sofia.close()
        _hang_up(desk)
        desk.close()


def _others_hear(desk: Page, far_end: FarEndProcess, whispered: tuple[int, ...], nobody: tuple[int, ...]) -> None:
    """The customer hears the agent alone; the agent the customer, and what is whispered."""
    page_hears(desk, CUSTOMER, *whispered, not_=nobody)
    far_hears(far_end, AGENT, not_=(SUPERVISOR,))
