"""The browser as the agent's phone: Debian's Chromium with a tone for a microphone, a customer at the SIP far end."""

from __future__ import annotations

import io
import math
import re
import struct
import time
import wave
from collections.abc import Callable, Iterator
from datetime import time as clock
from pathlib import Path

import pytest
from installation import PASSWORD, Installation
from playwright.sync_api import Page, expect, sync_playwright

from conftest import CHROMIUM, FLAGS
from hookline.bootstrap import Runtime
from hookline.domain.access import Grant, Role, Scope
from hookline.domain.campaigns import DEFAULT_DISPOSITIONS, CallingWindow, DayWindow, Purpose
from hookline.services.campaigns import CampaignDraft
from hookline.services.imports import NewList
from hookline.settings import load_settings
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.service import TrunkDraft, TrunkService

pytestmark = [pytest.mark.serial, pytest.mark.timeout(240)]

AGENT_TONE, CUSTOMER_TONE = 620, 1000
CONTACTS = "Imię;Nazwisko;Telefon\nMaria;Nowak;22 123 45 60\nJan;Kowalski;22 123 45 61\n"

# What the page's speaker plays, by frequency: the share of its energy around a pitch.
LISTEN = """async (pitch) => {
  const stream = window.hooklinePhone?.speaker.srcObject;
  if (!stream) return 0;
  if (window.testEar?.stream !== stream) {
    const context = new AudioContext(), analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    context.createMediaStreamSource(stream).connect(analyser);
    await context.resume();
    window.testEar = { stream, context, analyser };
  }
  const { context, analyser } = window.testEar, bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const width = context.sampleRate / analyser.fftSize;
  const power = bins.map((decibels) => 10 ** (decibels / 10));
  const all = power.reduce((sum, value) => sum + value, 0);
  const near = power.filter((value, bin) => Math.abs(bin * width - pitch) < 60).reduce((sum, value) => sum + value, 0);
  return all > 1e-7 ? near / all : 0;
}"""


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    tone = {"kind": "tone", "amplitude": 0.4, "frequency": CUSTOMER_TONE}
    answer = {"kind": "answer", "ring_seconds": 0.5, "sound": tone}
    numbers = [{"number": number, "behaviour": answer} for number in ("+48221234560", "+48221234561")]
    with FarEndProcess({"phones": [{"name": "desk"}], "numbers": numbers}) as running:
        yield running


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, far_end: FarEndProcess) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("browser-phone")
    made = Installation(folder)
    (folder / "hookline.toml").write_text('[plugins.telephony_sip]\nbrowser_addresses = ["127.0.0.1"]\n', "utf-8")
    password = str(folder / "password")
    made.run("init", "--admin", "admin", "--client", "Zielona Energia", "--password-file", password)
    _fill(folder, far_end.network)
    yield made.serve()
    made.stop()


def _fill(folder: Path, network: str) -> None:
    """A trunk, two contacts, a running campaign of Anna's; in one process, since each command takes its time."""
    runtime = Runtime(load_settings(folder, environ={}))
    host, port = network.rsplit(":", 1)
    try:
        actor = runtime.identity.system_actor()
        trunk = TrunkDraft(name="far end", host=host, port=int(port), caller_id="+48221000000")
        TrunkService(runtime.db).add_trunk(actor, trunk)
        anna = runtime.identity.add_user("anna", "Anna Zawada", PASSWORD, Role.AGENT)
        client = runtime.clients.list_clients(Scope.everything())[0].id
        stream = io.BytesIO(CONTACTS.encode())
        import_id = runtime.imports.upload(actor, stream, "contacts.csv", NewList(client, "Spring", "PL"))
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
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV of one pitch, whole periods long, which Chromium takes for its microphone."""
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    with path.open("wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        samples = (int(14000 * math.sin(2 * math.pi * AGENT_TONE * n / 48000)) for n in range(48000 * 2))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


@pytest.fixture
def agent(microphone: Path, installation: Installation) -> Iterator[Callable[[], Page]]:
    """Opens windows of one browser in which Anna is logged in."""
    with sync_playwright() as playwright:
        flags = [
            *FLAGS,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}",
            "--allow-loopback-in-peer-connection",
        ]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
        context.set_default_timeout(20_000)
        first = context.new_page()
        first.goto(f"{installation.url}/login")
        first.fill("[name=login]", "anna")
        first.fill("[name=password]", PASSWORD)
        first.keyboard.press("Enter")
        first.wait_for_url(re.compile(r"^(?!.*/login)"))
        first.close()

        def window() -> Page:
            page = context.new_page()
            page.goto(f"{installation.url}/desk")
            return page

        yield window
        browser.close()


def _until(found: Callable[[], object], what: str, seconds: float = 15.0) -> float:
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds, what
    return time.monotonic() - began


def _agent_hears(page: Page, what: str) -> None:
    _until(lambda: page.evaluate(LISTEN, CUSTOMER_TONE) > 0.6, what)


def _customer_hears(far_end: FarEndProcess, what: str) -> None:
    def heard() -> bool:
        call = next(call for call in far_end.control.calls() if call["state"] != "ended")
        found = far_end.control.hear(call["id"], [AGENT_TONE], 0.3)
        return found["energies"][str(AGENT_TONE)] > 0.6 and found["level"] > 0.02

    _until(heard, what)


def _state(page: Page) -> object:
    return page.evaluate("window.hooklinePhone?.state")


def test_the_browser_is_the_phone_over_a_reload_and_a_second_window(
    agent: Callable[[], Page], far_end: FarEndProcess
) -> None:
    desk = agent()
    expect(desk.locator("#station_id")).to_have_value("browser")
    desk.keyboard.press("r")
    expect(desk.locator("#desk-contact")).to_contain_text("Maria Nowak")
    expect(desk.locator(".phone-state")).to_have_text("Phone connected")
    desk.keyboard.press("d")
    expect(desk.locator(".call-connected")).to_be_visible()
    _agent_hears(desk, "the agent hears the customer")
    _customer_hears(far_end, "the customer hears the agent")
    _until(lambda: desk.evaluate("window.hooklinePhone.microphone.level") > 0.2, "the meter moves")

    desk.reload()
    expect(desk.locator(".call-connected")).to_be_visible()
    _agent_hears(desk, "the agent hears the customer again after the reload")
    _customer_hears(far_end, "the customer hears the agent again after the reload")

    other = agent()
    _agent_hears(other, "the second window has the phone")
    _until(lambda: _state(desk) == "closed", "the first window gives way")
    expect(desk.locator(".phone-state")).to_have_text("In another window")
    _customer_hears(far_end, "the customer hears the agent from the second window")
    desk.get_by_role("button", name="Use it here").click()
    _agent_hears(desk, "the phone is taken back")
    _until(lambda: _state(other) == "closed", "the second window gives way")

    desk.keyboard.press("m")
    expect(desk.get_by_role("button", name="Unmute")).to_be_visible()
    assert desk.evaluate("window.hooklinePhone.track.enabled") is False
    desk.keyboard.press("m")
    _customer_hears(far_end, "the customer hears the agent after the mute")
    desk.keyboard.press("x")
    expect(desk.locator("#desk")).to_have_attribute("data-state", "wrap_up")
    assert _state(desk) == "connected"
