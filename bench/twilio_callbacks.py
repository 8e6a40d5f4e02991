"""How fast Twilio's messages are answered with 200 calls at once, and what a killed server leaves behind.

A stand-in for Twilio (tests/plugins/telephony_twilio/standin) runs in this process, `hookline serve`'s own server in
another: 100 agents and 100 customers talk in 100 conferences; customers hang up after some seconds, and the next ones
are called. In the middle the server is killed (SIGKILL), Twilio goes on without it for two seconds, and a new one
starts: every call of the former one must then be accounted for, and be over at Twilio. Latencies are those that the
stand-in sees: from opening the connection to the last byte of the answer.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import select

from hookline import logs
from hookline.bootstrap import Runtime
from hookline.db.models import Client
from hookline.ports.telephony import ConnectStation, LegAnswered, LegEnded, LegEvent, PlaceCall
from hookline.settings import Settings
from hookline.testing.databases import lay_sqlite
from hookline_telephony_twilio.models import CallRecord
from hookline_web.server import Server
from tests.plugins.telephony_twilio.installation import PLUGIN, SECRETS
from tests.plugins.telephony_twilio.standin import Behaviour, StandIn
from tests.plugins.telephony_twilio.standin.accounts import ACCOUNT_SID, API_KEY, APP_SID, CALLER_ID
from tests.plugins.telephony_twilio.standin.courier import Delivery

ROOMS = 100
TALK_SECONDS = (8.0, 16.0)
PER_SECOND = 25
BUSY_SECONDS = 10.0
AWAY_SECONDS = 2.0


def settings(folder: Path, port: int, api_base: str) -> Settings:
    """Of both servers, the former and the new one."""
    told = {
        "account_sid": ACCOUNT_SID,
        "api_key_sid": API_KEY,
        "app_sid": APP_SID,
        "caller_id": CALLER_ID,
        "public_url": f"http://127.0.0.1:{port}",
        "api_base": api_base,
        "calls_per_second": PER_SECOND,
    }
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'hookline.db'}",
        disabled_plugins=("telephony_sip", "gdpr", "scripts", "monitoring"),
        enabled_plugins=(PLUGIN,),
        plugins={PLUGIN: told},
        environment=dict(SECRETS),
        log_level="error",
    )


# The server's process


class Floor:
    """Keeps every room busy: an agent who stays, and one customer after the other."""

    def __init__(self, runtime: Runtime, run: str) -> None:
        self._backend = runtime.host.backends()[PLUGIN]
        self._run, self._numbers = run, itertools.count(1)
        self._rooms: dict[str, tuple[str, str]] = {}
        with runtime.db.read() as session:
            self._client_id = session.scalars(select(Client.id)).one()
        self._sink: Callable[[LegEvent], None] = runtime.engine.sink
        runtime.engine.sink = self.hear  # type: ignore[method-assign]

    def open(self) -> None:
        """Connect the agents; customers follow."""
        for number in range(ROOMS):
            room, agent = f"{self._run}-room-{number}", f"{self._run}-agent-{number}"
            self._rooms[agent] = (room, "agent")
            self._backend.connect_station(
                ConnectStation(
                    conversation_id=room,
                    leg_id=agent,
                    address=f"sip:agent{number}@bench.invalid",
                    caller_id=CALLER_ID,
                    ring_timeout_seconds=60,
                    client_id=self._client_id,
                )
            )

    def hear(self, event: LegEvent) -> None:
        """An agent is there: call somebody. A customer answers: bridge. A customer goes: call the next."""
        room, kind = self._rooms.get(event.leg_id, ("", ""))
        if isinstance(event, LegAnswered) and kind == "agent":
            self._call(room)
        elif isinstance(event, LegAnswered):
            self._backend.bridge(room, room.replace("-room-", "-agent-"), event.leg_id)
        elif isinstance(event, LegEnded) and kind == "customer":
            del self._rooms[event.leg_id]
            self._call(room)

    def _call(self, room: str) -> None:
        number = next(self._numbers)
        leg = f"{self._run}-customer-{number}"
        self._rooms[leg] = (room, "customer")
        self._backend.place_call(
            PlaceCall(
                conversation_id=room,
                leg_id=leg,
                number=f"+48600{number:06}",
                caller_id=CALLER_ID,
                ring_timeout_seconds=60,
                client_id=self._client_id,
            )
        )


def serve(folder: Path, port: int, api_base: str, run: str) -> None:
    """Be the server until killed."""

    logs.configure("error", "console")

    class BusyServer(Server):
        def load(self) -> Any:
            live = super().load()
            assert self._runtime is not None
            self._floor = Floor(self._runtime, run)
            return live

        def _started(self, worker: Any) -> None:
            super()._started(worker)
            threading.Thread(target=self._floor.open, daemon=True).start()

    BusyServer(lambda: Runtime(settings(folder, port, api_base)), f"127.0.0.1:{port}").run()


# This process


def start(folder: Path, port: int, api_base: str, run: str) -> subprocess.Popen[bytes]:
    """The server in a process group of its own."""
    command = [sys.executable, __file__, "serve", str(folder), str(port), api_base, run]
    return subprocess.Popen(command, start_new_session=True)


def kill(server: subprocess.Popen[bytes]) -> None:
    """Without a warning, its worker too."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def until(holds: Callable[[], bool], seconds: float) -> float:
    """Wait for it; how long it took. Raises where it does not come."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise SystemExit("the benchmark came to no end: what was awaited did not come")
        time.sleep(0.02)
    return time.monotonic() - begun


def talking(standin: StandIn) -> int:
    """How many calls are answered just now."""
    with standin.world.lock:
        return sum(call.status == "in-progress" for call in standin.world.live_calls())


def report(name: str, deliveries: Sequence[Delivery]) -> None:
    """Percentiles of one kind of message, in milliseconds."""
    times = sorted(one.seconds * 1000 for one in deliveries)
    if times:
        shares = {share: times[min(len(times) - 1, int(len(times) * share / 100))] for share in (50, 95, 99)}
        told = ", ".join(f"p{share} {value:.1f} ms" for share, value in shares.items())
        print(f"{name}: {len(times)} answered, {told}")


def busy(standin: StandIn, title: str) -> None:
    """All rooms talk; then measure for a while."""
    took = until(lambda: talking(standin) >= 2 * ROOMS - PER_SECOND, 60)
    print(f"{title}: {talking(standin)} calls are answered after {took:.1f} s")
    before = len(standin.deliveries)
    time.sleep(BUSY_SECONDS)
    seen = standin.deliveries[before:]
    print(f"{title}: {talking(standin)} calls at the end; {len(seen) / BUSY_SECONDS:.0f} messages a second")
    asks = [one for one in seen if "/voice/" in one.url or "/digits/" in one.url]
    report(f"{title}, status and conference callbacks", [one for one in seen if one not in asks and one.status])
    report(f"{title}, documents", [one for one in asks if one.status])
    print(f"{title}: answered with an error {sum(one.status >= 400 for one in seen)}")


def restart(standin: StandIn, folder: Path, port: int, server: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """Kill the server, let Twilio go on without it, start another; how the former one's calls were settled."""
    with standin.world.lock:
        former = set(standin.world.calls)
        open_then = sum(not call.is_over() for call in standin.world.calls.values())
    kill(server)
    before = len(standin.deliveries)
    time.sleep(AWAY_SECONDS)
    missed = sum(one.status == 0 for one in standin.deliveries[before:])
    began = time.monotonic()
    new = start(folder, port, standin.address, "second")

    def settled() -> bool:
        with standin.world.lock:
            return all(standin.world.calls[sid].is_over() for sid in former)

    until(settled, 60)
    took = time.monotonic() - began
    print(
        f"killed with {open_then} calls open; {missed} messages found nobody; all settled {took:.1f} s after the start"
    )
    return new


def main() -> None:
    """Both halves, and whether any call is unaccounted for."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as free:
        folder, port = Path(name), free.getsockname()[1]
        free.close()
        lay_sqlite(folder / "hookline.db")
        standin = StandIn()
        runtime = Runtime(settings(folder, port, standin.address))
        with runtime.db.write() as unit:
            unit.session.add(Client(name="Acme", created_at=unit.clock.now()))
        chance = random.Random(7)
        for number in range(1, 5000):
            standin.behaves(f"+48600{number:06}", Behaviour(hangs_up_after=chance.uniform(*TALK_SECONDS)))
        server = start(folder, port, standin.address, "first")
        try:
            busy(standin, "before")
            server = restart(standin, folder, port, server)
            busy(standin, "after")
        finally:
            kill(server)
        with runtime.db.read() as session:
            rows = {row.leg_id: row for row in session.scalars(select(CallRecord))}
        runtime.close()
        lost = [leg for leg, row in rows.items() if leg.startswith("first-") and row.ended_at is None]
        twice = len(standin.world.calls) - len({call.callback.url for call in standin.world.calls.values()})
        print(
            f"{len(rows)} calls in the books; of the killed server's unaccounted for {len(lost)}; placed twice {twice}"
        )
        print("broken rules of Twilio's description:", len(standin.faults), *standin.faults[:3])
        standin.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
    else:
        main()
