"""People who talk by real phones: browsers with a tone for a microphone, and what is heard where, by its pitch."""

from __future__ import annotations

import math
import os
import re
import signal
import struct
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from installation import PASSWORD
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from conftest import CHROMIUM, FLAGS
from hookline_telephony_sip.far_end.process import FarEndProcess

# What the page's speaker plays, by frequency: the share of its energy around each pitch.
LISTEN = """async (pitches) => {
  const stream = window.hooklinePhone?.speaker.srcObject;
  if (!stream) return pitches.map(() => 0);
  if (window.testEar?.stream !== stream) {
    const context = new AudioContext(), analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0.2;
    context.createMediaStreamSource(stream).connect(analyser);
    await context.resume();
    window.testEar = { stream, context, analyser };
  }
  const { context, analyser } = window.testEar, bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const width = context.sampleRate / analyser.fftSize;
  const power = bins.map((decibels) => 10 ** (decibels / 10));
  const all = power.reduce((sum, value) => sum + value, 0);
  const near = (pitch) => power.filter((value, bin) => Math.abs(bin * width - pitch) < 60).reduce((a, b) => a + b, 0);
  return pitches.map((pitch) => (all > 1e-7 ? near(pitch) / all : 0));
}"""
HEARD, UNHEARD = 0.004, 0.0005
"""Shares of the energy. A browser takes a lasting pitch for noise and makes it quiet; what is not there has none."""


class Person:
    """Somebody at a browser of his own, whose microphone hears one pitch; logged in."""

    def __init__(self, playwright: Playwright, folder: Path, url: str, login: str, pitch: int) -> None:
        self._url = url
        self._microphone = folder / f"{login}.wav"
        _write_tone(self._microphone, pitch)
        flags = [
            *FLAGS,
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={self._microphone}",
            "--allow-loopback-in-peer-connection",
        ]
        self._browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        self._context: BrowserContext = self._browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="en-GB"
        )
        self._context.set_default_timeout(20_000)
        page = self._context.new_page()
        page.goto(f"{url}/login")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"^(?!.*/login)"))
        page.close()

    def window(self, path: str = "/desk") -> Page:
        """Open a window."""
        page = self._context.new_page()
        page.goto(self._url + path)
        return page

    def fall_asleep(self) -> None:
        """The lid is closed: every process of the browser stops, and nothing leaves it any more."""
        os.killpg(self._group(), signal.SIGSTOP)

    def wake_up(self) -> None:
        """The lid is opened."""
        os.killpg(self._group(), signal.SIGCONT)

    def close(self) -> None:
        """Close the browser."""
        self._browser.close()

    def _group(self) -> int:
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes()
            except OSError:
                continue  # it has gone meanwhile
            if str(self._microphone).encode() in words:
                return os.getpgid(int(entry.parent.name))
        raise AssertionError("the browser does not run")


def until(found: Callable[[], object], what: str | Callable[[], str], seconds: float = 15.0) -> float:
    """Wait for it; after how many seconds it was so."""
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds, what if isinstance(what, str) else what()
    return time.monotonic() - began


def page_hears(page: Page, *pitches: int, not_: tuple[int, ...] = ()) -> None:
    """Wait until the page's speaker plays all these and none of those."""

    shares: dict[int, float] = {}

    def right() -> bool:
        shares.update(zip((*pitches, *not_), page.evaluate(LISTEN, [*pitches, *not_]), strict=True))
        return all(shares[pitch] > HEARD for pitch in pitches) and all(shares[pitch] < UNHEARD for pitch in not_)

    until(right, lambda: f"{page.url} plays {pitches}, not {not_}: {shares}")


def far_call(far_end: FarEndProcess, *, phone: str = "") -> dict[str, Any]:
    """The call at the far end that goes on, or is about to: the customer's, or that of a telephone."""
    return far_end.control.wait_until(
        lambda: next((call for call in far_end.control.calls() if call["phone"] == phone), None) or {}
    )


def far_hears(far_end: FarEndProcess, *pitches: int, not_: tuple[int, ...] = (), phone: str = "") -> float:
    """Wait until the customer (or who is at the telephone) hears all these and none of those; the seconds it took."""
    heard: dict[str, float] = {}

    def right() -> bool:
        found = far_end.control.hear(far_call(far_end, phone=phone)["id"], [*pitches, *not_], 0.3)
        heard.update(found["energies"])
        return (
            found["level"] > 0.02
            and all(heard[str(pitch)] > HEARD for pitch in pitches)
            and all(heard[str(pitch)] < UNHEARD for pitch in not_)
        )

    return until(right, lambda: f"the far side hears {pitches}, not {not_}: {heard}")


def _write_tone(path: Path, pitch: int) -> None:
    """A WAV of one pitch, whole periods long, which Chromium takes for its microphone."""
    with path.open("wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        samples = (int(14000 * math.sin(2 * math.pi * pitch * n / 48000)) for n in range(48000 * 2))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
