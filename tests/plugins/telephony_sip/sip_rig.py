"""The SIP backend on real sockets, with the far end as the telephone network: a rig for the conformance kit."""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path

from hookline.testing.telephony_rig import RealTimeRig
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.far_end.client import FarEndControl, Record
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

BEHAVIOURS = {
    "answers": {"kind": "answer", "ring_seconds": 0.4},
    "answers_and_hangs_up": {"kind": "answer", "ring_seconds": 0.2, "hang_up_after_seconds": 1.5},
    "busy": {"kind": "busy", "ring_seconds": 0.1},
    "no_answer": {"kind": "no_answer"},
    "declined": {"kind": "decline", "ring_seconds": 0.1},
    "invalid": {"kind": "invalid"},
    "unreachable": {"kind": "unreachable"},
}
PHONES = {"answers": "auto", "declines": "decline"}
HEARD = 0.5  # of the energy; a tone that is not there has less than a thousandth


def trunk_to(network: str, **fields: object) -> Trunk:
    """The trunk to a far end's or SIPp's `host:port`."""
    host, port = network.split(":")
    values: dict[str, object] = {"id": 1, "name": "test", "caller_id": "+48221000000", **fields}
    return Trunk(host=host, port=int(port), **values)  # type: ignore[arg-type]


class SipFarSide:
    """The far end's half of one call."""

    def __init__(self, control: FarEndControl, call: Record, tones: dict[str, int], address: str) -> None:
        self._control = control
        self._id = call["id"]
        self._tones = tones
        self.tone_hz = tones[address]

    def hears(self, address: str) -> bool:
        """Whether the tone of `address` is most of what has arrived in the last 0.3 s."""
        tone = self._tones[address]
        heard = self._control.hear(self._id, [tone], seconds=0.3)
        return heard["level"] > 0.01 and heard["energies"][str(tone)] > HEARD

    def digits(self) -> str:
        """The digits that have arrived."""
        return str(self._control.wait_for_call(call_id=self._id)["dtmf_received"])

    def press(self, digit: str) -> None:
        """Press a digit."""
        self._control.send_dtmf(self._id, digit)

    def hang_up(self) -> None:
        """Hang up."""
        self._control.hang_up(self._id)


class SipRig(RealTimeRig):
    """Implements `telephony_rig.Rig`. Every number and phone says a tone of its own."""

    def __init__(self, directory: Path, settings: SipSettings | None = None) -> None:
        super().__init__(directory)
        self.far_end = FarEndProcess({"phones": [{"name": "first"}]})
        self.backend = SipBackend(lambda client_id: [trunk_to(self.far_end.network)], settings)
        self.backend.start(self.log)
        self._tones: dict[str, int] = {}
        self._count = itertools.count(1)

    def close(self) -> None:
        """Stop everything."""
        self.backend.stop()
        self.far_end.stop()

    def number(self, behaviour: str) -> str:
        """A fresh number."""
        count = next(self._count)
        number = f"+4860{count:07}"
        plan = BEHAVIOURS[behaviour]
        if plan["kind"] == "answer":
            plan = {**plan, "sound": {"kind": "tone", "frequency": self._tone(number, count)}}
        self.far_end.control.set(number, plan)
        return number

    def station(self, behaviour: str) -> str:
        """A fresh phone."""
        count = next(self._count)
        address = self.far_end.phones["first"].replace("first", f"phone{count}")
        sound = {"kind": "tone", "frequency": self._tone(address, count)}
        self.far_end.control.set_phone({"name": f"phone{count}", "answer": PHONES[behaviour], "sound": sound})
        return address

    def far_side(self, leg_id: str, address: str) -> SipFarSide:
        """The other end of a leg."""
        phone = address.startswith("sip:")
        name = address.removeprefix("sip:").split("@")[0]
        found = {"phone": name} if phone else {"to": name}
        call = self.far_end.control.wait_for_call(**found)
        return SipFarSide(self.far_end.control, call, self._tones, address)

    def lose(self, conversation_id: str) -> None:
        """kill -9."""
        pid = self.backend.cell_pid(conversation_id)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def _tone(self, address: str, count: int) -> int:
        self._tones[address] = 400 + 150 * (count % 17)
        return self._tones[address]
