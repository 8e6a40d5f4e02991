"""The rigs on which the conformance kit is played."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hookline.testing.clock import VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.simulated_rig import SimulatedRig
from hookline.testing.telephony_conformance import RealTimeRig
from hookline.testing.telephony_rig import ANSWER_HEADERS
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.browser_settings import BrowserSettings
from hookline_telephony_sip.far_end.client import FarEndControl
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk
from tests.contract.browsers import BrowserFarSide, RigBrowsers
from tests.plugins.telephony_sip.inbound_caller import InboundCaller
from tests.plugins.telephony_sip.sipp_peer import free_udp_port
from tests.plugins.telephony_twilio.rig import TwilioRig

HEARD_SECONDS = 0.3

NUMBERS: dict[str, dict[str, Any]] = {
    "answers": {"kind": "answer", "ring_seconds": 0.3, "headers": ANSWER_HEADERS},
    "answers_late": {"kind": "answer", "ring_seconds": 3.0},
    "answers_and_hangs_up": {"kind": "answer", "ring_seconds": 0.3, "hang_up_after_seconds": 1.5},
    "busy": {"kind": "busy"},
    "no_answer": {"kind": "no_answer"},
    "declined": {"kind": "decline", "ring_seconds": 0.3},
    "invalid": {"kind": "invalid"},
    "unreachable": {"kind": "unreachable"},
    "announces": {"kind": "no_answer"},
    "person": {"kind": "answer", "ring_seconds": 0.3},
    "machine": {"kind": "answer", "ring_seconds": 0.3},
}
SPOKEN: dict[str, dict[str, Any]] = {
    "person": {"kind": "clip", "clips": ["pl_halo"], "repeat": False},
    "machine": {"kind": "clip", "clips": ["en_voicemail", "en_hello"], "pause_seconds": 0},
}
STATIONS = {"answers": "auto", "declines": "decline"}
SIP_SETTINGS = SipSettings(warm_cells=2, max_cells=6, browser=BrowserSettings(addresses=("127.0.0.1",)))


class SipFarSide:
    """One call at the far end, found by the number or phone that was called."""

    def __init__(self, control: FarEndControl, address: str, pitches: dict[str, int]) -> None:
        self._control = control
        self._address = address
        self._pitches = pitches

    @property
    def tone_hz(self) -> int:
        return self._pitches[self._address]

    def hears(self, address: str) -> bool:
        return self.hears_tone(self._pitches[address])

    def hears_tone(self, hz: int) -> bool:
        call = self._record()
        if call["state"] == "ended":
            return False
        heard = self._control.hear(call["id"], [hz], HEARD_SECONDS)
        return bool(heard["level"] > 0.01 and heard["energies"][str(hz)] > 0.2)

    def headers(self) -> Mapping[str, str]:
        headers: dict[str, str] = self._record()["headers"]
        return headers

    def digits(self) -> str:
        return str(self._record()["dtmf_received"])

    def press(self, digit: str) -> None:
        self._control.send_dtmf(self._record()["id"], digit)

    def hang_up(self) -> None:
        self._control.hang_up(self._record()["id"])

    def _record(self) -> dict[str, Any]:
        user = self._address.removeprefix("sip:").partition("@")[0]
        calls = [*self._control.calls(), *self._control.history()]
        return next(call for call in calls if user in (call["phone"], call["to"]))


class CallerFarSide:
    """Somebody who has called in."""

    def __init__(self, caller: InboundCaller, pitches: dict[str, int]) -> None:
        self._caller = caller
        self._pitches = pitches

    @property
    def tone_hz(self) -> int:
        return self._caller.tone_hz

    def hears(self, address: str) -> bool:
        return self.hears_tone(self._pitches[address])

    def hears_tone(self, hz: int) -> bool:
        return self._caller.hears_tone(hz)

    def headers(self) -> Mapping[str, str]:
        return {}

    def digits(self) -> str:
        return ""

    def press(self, digit: str) -> None:
        raise NotImplementedError("the kit presses digits on numbers only")

    def hang_up(self) -> None:
        self._caller.hang_up()


class SipRig(RealTimeRig):
    """The SIP backend with its cells, and the far end as a process; each address says a tone of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._far_end = FarEndProcess({"phones": [{"name": "anybody"}]})
        host, port = self._far_end.network.split(":")
        trunk = Trunk(id=1, name="far end", host=host, port=int(port), caller_id=self.caller_id)
        coming = replace(trunk, inbound=True)
        settings = replace(SIP_SETTINGS, inbound_port=free_udp_port())
        self.backend = SipBackend(lambda client_id: [trunk], settings, lambda: [coming])
        self._listener = ("127.0.0.1", settings.inbound_port)
        self._callers: dict[str, InboundCaller] = {}
        self.backend.start(self.log)
        self._count = itertools.count()
        self._pitches: dict[str, int] = {}
        self._browsers = RigBrowsers(self.backend, lambda name: int(self._tone(name)["frequency"]))

    def number(self, behaviour: str) -> str:
        number = f"+48600{next(self._count):06}"
        tone = self._tone(number)
        told = {**NUMBERS[behaviour], "sound": SPOKEN.get(behaviour, tone)}
        self._far_end.control.set(number, {**told, "early_sound": tone} if behaviour == "announces" else told)
        return number

    def number_station(self, behaviour: str) -> str:
        return self.number("answers" if behaviour == "answers" else "declined")

    def station(self, behaviour: str) -> str:
        name = f"phone{next(self._count)}"
        address = self._far_end.phones["anybody"].replace("anybody", name)
        self._far_end.control.set_phone({"name": name, "answer": STATIONS[behaviour], "sound": self._tone(address)})
        return address

    def caller(self, headers: Mapping[str, str]) -> str:
        number = f"+48700{next(self._count):06}"
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pitch = int(self._tone(number)["frequency"])
        self._callers[number] = InboundCaller(self._listener, number, "+48221000000", pitch, extra)
        return number

    def open_browser(self, leg_id: str) -> str:
        return self._browsers.open(leg_id)

    def lose_browser(self, leg_id: str) -> None:
        self._browsers.lose(leg_id)

    def far_side(self, leg_id: str, address: str) -> SipFarSide | BrowserFarSide | CallerFarSide:
        if address in self._callers:
            return CallerFarSide(self._callers[address], self._pitches)
        browser = self._browsers.far_side(address, self._pitches)
        return browser or SipFarSide(self._far_end.control, address, self._pitches)

    def lose(self, conversation_id: str) -> None:
        pid = self.backend.cell_pid(conversation_id)
        assert pid is not None, "there is no cell to lose"
        os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        self._browsers.close()
        self.backend.stop()
        for caller in self._callers.values():
            caller.close()
        self._far_end.stop()

    def _tone(self, address: str) -> dict[str, Any]:
        pitch = 400 + 130 * (len(self._pitches) % 20)
        self._pitches[address] = pitch
        return {"kind": "tone", "frequency": pitch}


@pytest.fixture
def simulated_rig(tmp_path: Path) -> SimulatedRig:
    return SimulatedRig(SimulatedBackend(VirtualClock()), tmp_path)


@pytest.fixture(scope="module")
def sip_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SipRig]:
    rig = SipRig(tmp_path_factory.mktemp("recordings"))
    yield rig
    rig.close()


@pytest.fixture(scope="module")
def twilio_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioRig]:
    rig = TwilioRig(tmp_path_factory.mktemp("twilio"))
    yield rig
    rig.close()
