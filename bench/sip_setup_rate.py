"""How fast calls are set up: by the adapter in one cell, and by bare pjsua2 in one process, against one SIPp, by turns.

Both keep four calls under way, hang each up at its answer, and send no faster than one INVITE in 25 ms: more in one
process is not safe with this build of the library.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from hookline.ports.telephony import ConnectStation, LegAnswered, LegEnded, LegEvent, PlaceCall
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.cell.pace import DIAL_PAUSE_SECONDS
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

CALLS = 200
ROUNDS = 3
AT_ONCE = 3  # beside the station that keeps the cell


def adapter(port: int) -> float:
    """Calls set up a second."""
    trunk = Trunk(id=1, name="SIPp", host="127.0.0.1", port=port, caller_id="+48221000000")
    backend = SipBackend(lambda client_id: [trunk], SipSettings(warm_cells=1, max_cells=1))
    free, done, station = threading.Semaphore(AT_ONCE), threading.Semaphore(0), threading.Event()

    def hear(event: LegEvent) -> None:
        if isinstance(event, LegAnswered) and event.leg_id == "station":
            station.set()
        elif isinstance(event, LegAnswered):
            backend.hang_up(event.leg_id)
        elif isinstance(event, LegEnded) and event.leg_id != "station":
            free.release()
            done.release()

    backend.start(hear)
    backend.connect_station(
        ConnectStation(
            conversation_id="room",
            leg_id="station",
            address=f"sip:agent@127.0.0.1:{port}",
            caller_id="bench",
            ring_timeout_seconds=20,
        )
    )
    station.wait(20)
    begun = time.monotonic()
    for _ in range(CALLS):
        free.acquire()
        backend.place_call(
            PlaceCall(
                conversation_id="room",
                leg_id=uuid.uuid4().hex,
                number="+48600100100",
                caller_id="+48221000000",
                ring_timeout_seconds=20,
                client_id=1,
            )
        )
    for _ in range(CALLS):
        done.acquire()
    rate = CALLS / (time.monotonic() - begun)
    backend.stop()
    return rate


def bare(port: int) -> float:
    """Calls set up a second by pjsua2 itself, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--bare", str(port)], capture_output=True, text=True, check=True, timeout=120
    )
    return float(done.stdout.split()[-1])


def run_bare(port: int) -> None:
    """The bare caller: four calls under way, each hung up at its answer."""
    import pjsua2 as pj

    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly, config.logConfig.consoleLevel = 0, True, 0
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    account_config = pj.AccountConfig()
    account_config.idUri = "sip:bench@127.0.0.1"
    account = pj.Account()
    account.create(account_config)
    calls: list[Any] = []
    gone: list[Any] = []

    class Call(pj.Call):  # type: ignore[misc]
        state = 0

        def onCallState(self, prm: Any) -> None:
            self.state = self.getInfo().state

    made, next_at, begun = 0, 0.0, time.monotonic()
    while len(gone) < CALLS:
        if made < CALLS and len(calls) < AT_ONCE and time.monotonic() >= next_at:
            call = Call(account)
            call.makeCall(f"sip:+48600100100@127.0.0.1:{port}", pj.CallOpParam(True))
            calls.append(call)
            made, next_at = made + 1, time.monotonic() + DIAL_PAUSE_SECONDS
        endpoint.libHandleEvents(10)
        for call in list(calls):
            if call.state == pj.PJSIP_INV_STATE_CONFIRMED:
                call.hangup(pj.CallOpParam())
            if call.state == pj.PJSIP_INV_STATE_DISCONNECTED:
                calls.remove(call)
                gone.append(1)
    print(CALLS / (time.monotonic() - begun), flush=True)
    importlib.import_module("os")._exit(0)


def main() -> None:
    """Take turns and print both medians."""
    conversations = _sibling("sip_conversations")
    with tempfile.TemporaryDirectory() as name:
        peer = conversations.Peer(Path(name))
        try:
            pairs = [(adapter(peer.port), bare(peer.port)) for _ in range(ROUNDS)]
        finally:
            peer.stop()
    ours, theirs = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    print(f"set-ups a second in one process: adapter {ours:.1f}, bare pjsua2 {theirs:.1f}, ratio {ours / theirs:.2f}")


def _sibling(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if "--bare" in sys.argv:
        run_bare(int(sys.argv[-1]))
    else:
        main()
