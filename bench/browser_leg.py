"""What a browser as the agent's phone costs: delay through a cell, coming back after a reload, CPU, memory.

The page is aiortc in this process, the customer the SIP far end, which says back what it hears. Everything on loopback.
The delay is from the frame leaving the page to the packet with its sound being back: both directions, and the far end's
own frame of 20 ms; a browser adds its microphone's and its speaker's buffers.
"""

from __future__ import annotations

import asyncio
import fractions
import importlib
import os
import statistics
import threading
import time
import uuid
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame

from hookline.ports.telephony import ConnectStation, LegAnswered, LegEvent, PlaceCall, StationKind
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.browser_settings import BrowserSettings
from hookline_telephony_sip.cell import webrtc_peer
from hookline_telephony_sip.far_end.g711 import PCMU, decode
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

RATE, SAMPLES = 8000, 160
PULSES, RELOADS, CPU_SECONDS = 25, 10, 10.0
PULSE_EVERY = 40  # frames
LOUD = 3000
ECHO, TONE = "+48600100100", "+48600100101"
importlib.import_module("aioice.ice").get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Pulses(MediaStreamTrack):
    """A microphone: silence, and every 0.8 s one frame of noise, whose moment is noted."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.left_at: list[float] = []
        self._count, self._start = 0, 0.0

    async def recv(self) -> AudioFrame:
        """The next 20 ms."""
        self._start = self._start or time.monotonic()
        await asyncio.sleep(max(0.0, self._start + self._count * 0.02 - time.monotonic()))
        pulse = self._count % PULSE_EVERY == PULSE_EVERY - 1
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(array("h", [12000, -12000] * 80 if pulse else [0] * SAMPLES).tobytes())
        frame.pts, frame.sample_rate, frame.time_base = self._count * SAMPLES, RATE, fractions.Fraction(1, RATE)
        self._count += 1
        if pulse:
            self.left_at.append(time.monotonic())
        return frame


class Page:
    """A page that is a leg's phone, and notes when loud packets come."""

    def __init__(self, backend: SipBackend, leg: str) -> None:
        self.backend, self.leg = backend, leg
        self.microphone = Pulses()
        self.loud_at: list[float] = []

    async def open(self) -> None:
        """Connect."""
        self.connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(self.microphone)
        webrtc_peer._tap(connection.getTransceivers()[0].receiver, self._heard)
        await connection.setLocalDescription(await connection.createOffer())
        offer = {"type": "offer", "sdp": connection.localDescription.sdp}
        answer = await asyncio.to_thread(self.backend.browser_message, self.leg, offer)
        await connection.setRemoteDescription(RTCSessionDescription(str(answer["sdp"]), "answer"))

    def _heard(self, sequence: int, payload: bytes) -> None:
        if max(map(abs, decode(payload, PCMU))) > LOUD:
            self.loud_at.append(time.monotonic())


class Bench:
    """A backend with a far end, and a loop for pages."""

    def __init__(self) -> None:
        answer: dict[str, Any] = {"kind": "answer", "ring_seconds": 0.05}
        numbers = [
            {"number": ECHO, "behaviour": {**answer, "sound": {"kind": "echo"}}},
            {"number": TONE, "behaviour": {**answer, "sound": {"kind": "tone", "frequency": 1000, "amplitude": 0.4}}},
        ]
        phone = {"name": "desk", "answer": "auto", "sound": {"kind": "silence"}}
        self.far_end = FarEndProcess({"phones": [phone], "numbers": numbers})
        host, port = self.far_end.network.rsplit(":", 1)
        trunk = Trunk(id=1, name="bench", host=host, port=int(port), caller_id="+48221000000")
        settings = SipSettings(warm_cells=1, max_cells=6, browser=BrowserSettings(addresses=("127.0.0.1",)))
        self.backend = SipBackend(lambda _client: [trunk], settings)
        self._events: list[LegEvent] = []
        self.backend.start(self._events.append)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, work: Any) -> Any:
        """Run on the pages' loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def station(self, room: str, kind: StationKind) -> str:
        """The agent's leg."""
        address = self.far_end.phones["desk"] if kind is StationKind.SIP else ""
        leg = uuid.uuid4().hex
        command = ConnectStation(
            conversation_id=room, leg_id=leg, address=address, caller_id="x", ring_timeout_seconds=30, station=kind
        )
        self.backend.connect_station(command)
        return leg

    def talk(self, room: str, agent: str, number: str) -> str:
        """Call the number and bridge it; the customer's leg."""
        self.answered(agent)
        leg = uuid.uuid4().hex
        command = PlaceCall(
            conversation_id=room,
            leg_id=leg,
            number=number,
            caller_id="+48221000000",
            ring_timeout_seconds=20,
            client_id=1,
        )
        self.backend.place_call(command)
        self.answered(leg)
        self.backend.bridge(room, agent, leg)
        return leg

    def answered(self, leg: str) -> None:
        """Wait for it."""
        until(lambda: any(isinstance(event, LegAnswered) and event.leg_id == leg for event in self._events))

    def close(self) -> None:
        """End everything."""
        self.backend.stop()
        self.far_end.stop()


def until(found: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for it, or give up."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.005)


def measure_delay(bench: Bench) -> None:
    """There and back."""
    room = uuid.uuid4().hex
    agent = bench.station(room, StationKind.BROWSER)
    page = Page(bench.backend, agent)
    bench.run(page.open())
    bench.talk(room, agent, ECHO)
    began = time.monotonic()
    until(lambda: sum(at > began + 0.8 for at in page.microphone.left_at) > PULSES, 60.0)
    delays = []
    for left in page.microphone.left_at:
        back = next((at for at in page.loud_at if left < at < left + 0.7), None)
        if left > began + 0.8 and back is not None:
            delays.append((back - left) * 1000)
    spread = f"p95 {sorted(delays)[int(len(delays) * 0.95)]:.0f}"
    print(f"there and back: median {statistics.median(delays):.0f} ms, {spread} ms, {len(delays)} pulses")
    bench.backend.close_conversation(room)


def measure_return(bench: Bench) -> None:
    """From the moment a reloaded page can send to the first packet of the customer's voice."""
    room = uuid.uuid4().hex
    agent = bench.station(room, StationKind.BROWSER)
    page = Page(bench.backend, agent)
    bench.run(page.open())
    bench.talk(room, agent, TONE)
    until(lambda: page.loud_at)
    took = []
    for _ in range(RELOADS):
        bench.run(page.connection.close())
        page = Page(bench.backend, agent)
        began = time.monotonic()
        bench.run(page.open())
        until(lambda: page.loud_at)  # noqa: B023 - called before the next round
        took.append((page.loud_at[0] - began) * 1000)
    print(f"audio back after a reload: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms")
    bench.backend.close_conversation(room)


def measure_cost(bench: Bench, kind: StationKind) -> None:
    """CPU and memory of a cell in which an agent and a customer talk."""
    room = uuid.uuid4().hex
    agent = bench.station(room, kind)
    if kind is StationKind.BROWSER:
        bench.run(Page(bench.backend, agent).open())
    bench.talk(room, agent, TONE)
    pid = bench.backend.cell_pid(room)
    before, began = _cpu(pid), time.monotonic()
    time.sleep(CPU_SECONDS)
    share = (_cpu(pid) - before) / (time.monotonic() - began)
    memory = sum(
        int(line.split()[1])
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if line.startswith(("Private_Clean", "Private_Dirty"))
    )
    print(f"cell with the agent at a {kind.value} station: {share:.1%} of a core, {memory / 1024:.0f} MB of its own")
    bench.backend.close_conversation(room)


def _cpu(pid: int | None) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    bench = Bench()
    try:
        measure_delay(bench)
        measure_return(bench)
        for kind in (StationKind.SIP, StationKind.BROWSER):
            measure_cost(bench, kind)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
