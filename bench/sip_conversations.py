"""Conversations of two SIP legs, bridged and recorded: lost RTP, added delay, CPU and memory, at 10, 25, 50 and 100.

SIPp is the far side of every leg and sends back each RTP packet; what is missing is counted by the cells (RTCP's own
count of the packets that came back). A SIPp echoes all its calls' packets through one socket, whose buffer holds some
270: so there is one SIPp for ten conversations, and what the kernel dropped at SIPp's sockets and at the cells' is told
apart. One conversation more is between two sockets of this script: the delay is from a loud packet leaving one to the
first loud packet at the other. The conversations of a size stay for the next one.
"""

from __future__ import annotations

import logging
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import replace
from pathlib import Path

import structlog

from hookline.ports.telephony import ConnectStation, LegAnswered, LegEvent, PlaceCall
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.process import CellProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

SIZES = tuple(int(size) for size in sys.argv[1:]) or (10, 25, 50, 100)
SECONDS = 15.0
CALLS_PER_SIPP = 10
CUSTOMER, AGENT = "+48600100100", "agent"
LOUD, SILENT = b"\x2a" * 160, b"\xd5" * 160  # A-law
_HEADER = struct.Struct("!BBHII")
_TICKS = 100.0

_UAS = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="uas"><recv request="INVITE"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:sipp@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio @port@ RTP/AVP 8
a=rtpmap:8 PCMA/8000

]]></send>
<recv request="ACK"/><recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send></scenario>"""


class Peer:
    """SIPp, which answers every call; its sound is its own echo, or that of a socket of ours."""

    def __init__(self, folder: Path, rtp_port: int = 0) -> None:
        self.port, self.media_port = _free_port(), 0 if rtp_port else _free_port()
        scenario = folder / f"{self.port}.xml"
        scenario.write_text(_UAS.replace("@port@", str(rtp_port) if rtp_port else "[media_port]"))
        command = ["sipp", "-sf", str(scenario), "-i", "127.0.0.1", "-p", str(self.port), "-nostdin"]
        command += ["-mp", str(self.media_port or _free_port()), *(() if rtp_port else ("-rtp_echo",))]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class Measured(SipBackend):
    """A backend whose cells may be asked what they have received. Its customers are at the SIPp that `trunk` names."""

    def __init__(self, settings: SipSettings) -> None:
        super().__init__(lambda client_id: [self.trunk], settings)
        self.trunk = Trunk(id=1, name="SIPp", host="127.0.0.1", port=1, caller_id="+48221000000")
        self.counts: dict[str, tuple[int, int]] = {}
        self.answered: set[str] = set()
        self.start(self._note)

    def _note(self, event: LegEvent) -> None:
        if isinstance(event, LegAnswered):
            self.answered.add(event.leg_id)

    def _hear(self, cell: CellProcess, report: msg.Message) -> None:
        if isinstance(report, msg.Measured):
            self.counts[report.leg] = (report.received, report.lost)
        super()._hear(cell, report)

    def count(self) -> dict[str, tuple[int, int]]:
        """Packets received and lost, by leg."""
        self.counts.clear()
        assert self._board is not None
        legs = dict(self._board.table.legs)
        for name, entry in legs.items():
            entry.carrier.cell.send(msg.Measure(name))
        _until(lambda: len(self.counts) == len(legs), 10)
        return dict(self.counts)

    def pids(self) -> list[int]:
        """The cells in use."""
        assert self._board is not None
        return [cell.pid for cell in self._board.table.cells]


class Probe:
    """Two RTP sockets of one conversation: one says a loud packet now and then, the other says when it hears it."""

    def __init__(self) -> None:
        self.sockets = [_socket() for _ in range(2)]
        self.delays: list[float] = []
        self._sent_at = 0.0
        self._over = threading.Event()
        self._to: list[tuple[str, int] | None] = [None, None]
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._say, self._hear, self._learn)]

    def start(self) -> None:
        """The conversation is up."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """It is over."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _learn(self) -> None:
        """Where the first leg's cell sends from is where it hears."""
        self.sockets[0].settimeout(0.5)
        while not self._over.is_set():
            try:
                self._to[0] = self.sockets[0].recvfrom(2048)[1]
            except TimeoutError:
                continue

    def _say(self) -> None:
        number, next_at = 0, time.perf_counter()
        while not self._over.is_set():
            next_at += 0.02
            time.sleep(max(0.0, next_at - time.perf_counter()))
            to = self._to[0]
            if to is None:
                continue
            loud = number % 25 in (0, 1)
            if number % 25 == 0:
                self._sent_at = time.perf_counter()
            header = _HEADER.pack(0x80, 8, number & 0xFFFF, number * 160, 7)
            self.sockets[0].sendto(header + (LOUD if loud else SILENT), to)
            number += 1

    def _hear(self) -> None:
        self.sockets[1].settimeout(0.5)
        seen = 0.0
        while not self._over.is_set():
            try:
                packet = self.sockets[1].recv(2048)
            except TimeoutError:
                continue
            if self._sent_at != seen and sum(byte ^ 0xD5 > 0x20 for byte in packet[12:]) > 20:
                self.delays.append(time.perf_counter() - self._sent_at)
                seen = self._sent_at


class Bench:
    """Everything that runs; conversations are added size by size."""

    def __init__(self, folder: Path) -> None:
        most = max(SIZES)
        self._folder = folder
        self._echoes: list[Peer] = []
        self._probe = Probe()
        self._ends = [Peer(folder, sock.getsockname()[1]) for sock in self._probe.sockets]
        self._backend = Measured(SipSettings(warm_cells=5, max_cells=most + 5, media_timeout_seconds=0))
        self._talking = 0
        _talk(self._backend, "probe", *(f"sip:{AGENT}@127.0.0.1:{end.port}" for end in self._ends))
        self._probe.start()

    def measure(self, size: int) -> None:
        """Have so many conversations, wait until they have settled, and print what they cost."""
        for number in range(self._talking, size):
            self._add(number)
        self._talking = size
        pids = self._backend.pids()
        time.sleep(3.0)  # jitter buffers settle
        self._probe.delays.clear()
        before, cpu, begun, dropped = self._backend.count(), _cpu(pids), time.monotonic(), self._dropped()
        time.sleep(SECONDS)
        after, used, passed = self._backend.count(), _cpu(pids) - cpu, time.monotonic() - begun
        at_sipp, at_cells = (now - then for now, then in zip(self._dropped(), dropped, strict=True))
        _report(size, self._probe, before, after, used / passed, _memory(pids))
        if at_sipp or at_cells:
            print(f"    dropped by full buffers: {at_sipp} at SIPp, {at_cells} at the cells", flush=True)

    def close(self) -> None:
        """End everything."""
        self._probe.stop()
        self._backend.stop()
        for peer in (*self._echoes, *self._ends):
            peer.stop()

    def _add(self, number: int) -> None:
        if number % CALLS_PER_SIPP == 0:
            self._echoes.append(Peer(self._folder))
        port, room = self._echoes[-1].port, f"room-{number}"
        self._backend.trunk = replace(self._backend.trunk, port=port)
        customer = _talk(self._backend, room, f"sip:{AGENT}@127.0.0.1:{port}", "")
        self._backend.start_recording(room, customer, room, self._folder / f"{room}.wav")

    def _dropped(self) -> tuple[int, int]:
        """Datagrams that the kernel has dropped so far, at SIPp's media sockets and at all others on loopback."""
        ours = {peer.media_port for peer in self._echoes}
        sipp = others = 0
        for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
            fields = line.split()
            port, drops = int(fields[1].rpartition(":")[2], 16), int(fields[-1])
            if port in ours:
                sipp += drops
            else:
                others += drops
        return sipp, others


def main() -> None:
    """Print a line for each size."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        try:
            for size in SIZES:
                bench.measure(size)
        finally:
            bench.close()


def _report(
    size: int,
    probe: Probe,
    before: dict[str, tuple[int, int]],
    after: dict[str, tuple[int, int]],
    cpu: float,
    memory: float,
) -> None:
    received = sum(after[leg][0] - before[leg][0] for leg in before)
    lost = sum(after[leg][1] - before[leg][1] for leg in before)
    delays = sorted(delay * 1000 for delay in probe.delays)
    median = statistics.median(delays) if delays else float("nan")
    p95 = delays[int(len(delays) * 0.95)] if delays else float("nan")
    print(
        f"{size:>3} conversations: RTP received {received}, lost {lost}; delay median {median:.0f} ms,"
        f" p95 {p95:.0f} ms; CPU {cpu * 100:.0f} % of a core, {cpu * 100 / (size + 1):.2f} % each;"
        f" {memory / (size + 1):.1f} MB each",
        flush=True,
    )


def _talk(backend: Measured, room: str, station: str, other: str) -> str:
    """Two legs, answered and bridged; the second's id."""
    legs = [uuid.uuid4().hex, uuid.uuid4().hex]
    for leg, address in zip(legs, (station, other), strict=True):
        if address:
            command = ConnectStation(
                conversation_id=room, leg_id=leg, address=address, caller_id="bench", ring_timeout_seconds=20
            )
            backend.connect_station(command)
        else:
            backend.place_call(
                PlaceCall(
                    conversation_id=room,
                    leg_id=leg,
                    number=CUSTOMER,
                    caller_id="+48221000000",
                    ring_timeout_seconds=20,
                    client_id=1,
                )
            )
    if not _until(lambda: set(legs) <= backend.answered, 30):
        raise SystemExit("SIPp did not answer")
    backend.bridge(room, *legs)
    return legs[1]


def _cpu(pids: list[int]) -> float:
    """Seconds of CPU that these processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / _TICKS


def _memory(pids: list[int]) -> float:
    """MB that belong to these processes alone."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private"):
                total += int(line.split()[1])
    return total / 1024


def _until(predicate: object, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if callable(predicate) and predicate():
            return True
        time.sleep(0.02)
    return False


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    return made


def _free_port() -> int:
    with _socket() as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
