"""The main job, whole, in real pages and over real SIP: import, campaign, call, disposition, playback, export."""

from __future__ import annotations

import csv
import io
import re
import struct
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import pytest
from installation import PASSWORD, Installation
from playwright.sync_api import Page, expect

from hookline_telephony_sip.far_end.process import FarEndProcess

pytestmark = pytest.mark.serial

AGENT_TONE, CUSTOMER_TONE = 440, 1000
CONTACTS = """Imię;Nazwisko;Telefon;Miasto
Maria;Nowak;22 123 45 60;Warszawa
Jan;Kowalski;22 123 45 61;Kraków
Zły;Numer;12;Łódź
"""
SCRIPT = """title: Spring offer
steps:
  - title: Greeting
    say: Good morning, am I speaking with **{{ contact.first_name }} {{ contact.last_name }}**?
    ask:
      - {key: interested, label: "Interested in the offer?", kind: yes_no}
      - {key: reason, label: "Why?", kind: text}
"""


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    tone = {"kind": "tone", "amplitude": 0.4}
    with FarEndProcess(
        {
            "phones": [{"name": "anna", "answer": "auto", "sound": {**tone, "frequency": AGENT_TONE}}],
            "numbers": [
                {
                    "number": "+48221234560",
                    "behaviour": {"kind": "answer", "ring_seconds": 1, "sound": {**tone, "frequency": CUSTOMER_TONE}},
                },
                {"number": "+48221234561", "behaviour": {"kind": "busy"}},
            ],
        }
    ) as running:
        yield running


@pytest.fixture
def installation(tmp_path: Path, far_end: FarEndProcess) -> Iterator[Installation]:
    made = Installation(tmp_path)
    password = str(tmp_path / "password")
    made.run("init", "--admin", "admin", "--client", "Zielona Energia", "--password-file", password)
    made.run("users", "add", "anna", "--name", "Anna Zawada", "--password-file", password)
    made.run("users", "add", "ewa", "--role", "supervisor", "--client", "Zielona Energia", "--password-file", password)
    (tmp_path / "script.yaml").write_text(SCRIPT, "utf-8")
    made.run("scripts", "import", str(tmp_path / "script.yaml"))
    host, port = far_end.network.rsplit(":", 1)
    made.run("sip", "trunks", "add", "--name", "far end", "--host", host, "--port", port, "--caller-id", "+48221000000")
    yield made.serve()
    made.stop()


def _log_in(page: Page, url: str, login: str) -> None:
    page.goto(f"{url}/login")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^(?!.*/login)"))


def _import_contacts(page: Page, url: str, folder: Path) -> None:
    (folder / "contacts.csv").write_text(CONTACTS, "utf-8-sig")
    page.goto(f"{url}/imports/new")
    page.set_input_files("#file", str(folder / "contacts.csv"))
    page.select_option("#client_id", label="Zielona Energia")
    page.select_option("#country", "PL")
    page.fill("#name", "Spring")
    page.get_by_role("button", name="Upload and look at it").click()
    expect(page.locator("#column-2")).to_have_value("phone")
    expect(page.locator("#preview-rows")).to_contain_text("+48")
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.locator(".stats")).to_contain_text("2")
    expect(page.locator("main")).to_contain_text("Rejected rows")
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows (CSV)").click()
    rejected = Path(download.value.path()).read_text("utf-8-sig")
    assert "Numer" in rejected
    assert "4" in rejected.splitlines()[1]


def _add_station(page: Page, url: str, far_end: FarEndProcess) -> None:
    page.goto(f"{url}/stations/new")
    page.fill("#name", "Anna's phone")
    page.fill("#address", far_end.phones["anna"])
    page.select_option("#user_id", label="Anna Zawada")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("Anna's phone")


def _build_campaign(page: Page, url: str) -> str:
    page.goto(f"{url}/campaigns/new")
    page.select_option("#client_id", label="Zielona Energia")
    page.get_by_label("Spring").check()
    page.fill("#name", "Spring offer")
    page.select_option("#purpose", "service")
    page.locator("#agents .pick", has_text="Anna Zawada").locator("input").check()
    page.locator("[aria-label='Anna Zawada: Sees numbers']").check()
    page.locator("[aria-label='Anna Zawada: Hears own recordings']").check()
    for day in range(7):
        page.locator(f"[name=open_days][value='{day}']").check()
        page.fill(f"[name=opens_{day}]", "00:00")
        page.fill(f"[name=closes_{day}]", "23:59")
    page.select_option("#script", label="Spring offer")
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.locator("main")).to_contain_text("Everything is there")
    page.get_by_role("button", name="Start").click()
    page.locator("#confirm [value=yes]").click()
    expect(page.locator("main h1")).to_contain_text("Running")
    return page.url


def test_the_main_job(
    installation: Installation, far_end: FarEndProcess, new_page: Callable[[], Page], tmp_path: Path
) -> None:
    admin, desk = new_page(), new_page()
    _log_in(admin, installation.url, "admin")
    _import_contacts(admin, installation.url, tmp_path)
    _add_station(admin, installation.url, far_end)
    campaign = _build_campaign(admin, installation.url)

    _log_in(desk, installation.url, "anna")
    desk.keyboard.press("r")
    expect(desk.locator("#desk-contact")).to_contain_text("Maria Nowak")
    expect(desk.locator("#desk-script")).to_contain_text("am I speaking with Maria Nowak?")
    desk.keyboard.press("d")
    expect(desk.locator(".call-connected")).to_be_visible()
    _talk(desk, far_end)

    desk.keyboard.press("x")
    expect(desk.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator("#desk-contact")).to_contain_text("Jan Kowalski")
    desk.keyboard.press("d")
    expect(desk.locator("#desk-bar")).to_contain_text("Busy")

    admin.goto(campaign)
    expect(admin.locator("main")).to_contain_text("Maria Nowak")
    _play_recording(admin, installation)
    _export(admin, campaign)
    _supervisor_sees(new_page(), installation)


def _talk(desk: Page, far_end: FarEndProcess) -> None:
    customer = far_end.control.wait_for_call("confirmed", to="+48221234560")
    assert customer["headers"]["X-Hookline-Campaign"]
    desk.locator(".choice", has_text="Yes").click()
    desk.locator("#q-reason").fill("+cheaper")
    desk.locator("#q-reason").blur()
    expect(desk.locator(".answer-state.ok")).to_have_count(2)
    desk.locator("#note").fill("likes the spring")
    expect(desk.locator("#note")).to_have_value("likes the spring")
    heard = far_end.control.hear(customer["id"], [AGENT_TONE, CUSTOMER_TONE], seconds=1.0)["energies"]
    assert heard[str(AGENT_TONE)] > 0.5

    desk.keyboard.press("Escape")
    desk.keyboard.press("h")
    expect(desk.locator("#desk-call")).to_contain_text("on hold")
    far_end.control.wait_until(lambda: far_end.control.calls()[-1]["on_hold"])
    desk.reload()
    expect(desk.locator("#desk-call")).to_contain_text("on hold")
    expect(desk.locator("#note")).to_have_value("likes the spring")
    expect(desk.locator("#q-reason")).to_have_value("+cheaper")
    desk.keyboard.press("h")
    expect(desk.locator("#desk-call")).to_contain_text("connected")
    far_end.control.wait_until(lambda: not far_end.control.calls()[-1]["on_hold"])
    desk.keyboard.press("k")
    desk.get_by_role("button", name="5", exact=True).click()
    far_end.control.wait_until(lambda: far_end.control.calls()[-1]["dtmf_received"] == "5")


def _play_recording(admin: Page, installation: Installation) -> None:
    admin.goto(f"{installation.url}/calls")
    admin.locator("tr", has_text="Maria Nowak").first.click()
    audio = admin.locator("audio").first
    expect(audio).to_be_visible()
    source = audio.get_attribute("src")
    whole = admin.request.get(f"{installation.url}{source}")
    assert whole.status == 200
    part = admin.request.get(f"{installation.url}{source}", headers={"Range": "bytes=44-1043"})
    assert part.status == 206
    assert part.body() == whole.body()[44:1044]
    energies = _energies(whole.body())
    assert energies[AGENT_TONE] > 0.1
    assert energies[CUSTOMER_TONE] > 0.1


def _energies(sound: bytes) -> dict[int, float]:
    """Each tone's share of the recording's energy."""
    with wave.open(io.BytesIO(sound)) as file:
        rate, sides, frames = file.getframerate(), file.getnchannels(), file.readframes(file.getnframes())
    interleaved = numpy.array(struct.unpack(f"<{len(frames) // 2}h", frames), dtype=float)
    samples = interleaved.reshape(-1, sides).sum(axis=1)
    spectrum = numpy.abs(numpy.fft.rfft(samples)) ** 2
    width = len(samples) / rate
    return {
        tone: float(spectrum[int((tone - 5) * width) : int((tone + 5) * width)].sum() / spectrum.sum())
        for tone in (AGENT_TONE, CUSTOMER_TONE)
    }


def _export(admin: Page, campaign: str) -> None:
    answer = admin.request.get(f"{campaign}/results.csv")
    assert answer.status == 200
    rows = list(csv.DictReader(io.StringIO(answer.text().lstrip("\ufeff"))))
    text = answer.text()
    assert len(rows) == 2
    assert "SUCCESS" in text or "Success" in text
    assert "likes the spring" in text
    assert "'+cheaper" in text  # a formula is defused
    assert "busy" in text.lower()


def _supervisor_sees(page: Page, installation: Installation) -> None:
    _log_in(page, installation.url, "ewa")
    page.goto(f"{installation.url}/p/monitoring/")
    expect(page.locator("main")).to_contain_text("Anna Zawada")
