"""Where the listener's limit lies: how fast it answers INVITEs that come at growing rates, and at what cost.

What is beyond its declared rate gets 503; the limit is where answers come late or not at all.
"""

from __future__ import annotations

import socket
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from hookline_telephony_sip.listener import words
from hookline_telephony_sip.listener.process import ListenerProcess
from hookline_telephony_sip.listener.server import INVITES_PER_SECOND

RATES = (15, 30, 150, 500, 1000, 2000)
SECONDS = 3.0
_TICKS = 100.0  # a second, of /proc/PID/stat


@dataclass
class Round:
    """What one rate brought."""

    sent: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)  # ms until the first answer, for each call
    cpu: float = 0.0


class Bench:
    """A listener whose calls are refused as soon as they are offered."""

    def __init__(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._address: tuple[str, int] = probe.getsockname()
        self._listener = ListenerProcess(self._address, "127.0.0.3", "", self._hear, self._say_lines, lambda: None)
        self._listener.start()
        while self._listener.pid is None:
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self._listener.stop()

    def at(self, rate: int) -> Round:
        """So many INVITEs a second."""
        done, asked = Round(), {}
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.bind(("127.0.0.1", 0))
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            before, begun = self._cpu(), time.monotonic()
            total = int(rate * SECONDS)
            while done.sent < total or time.monotonic() < begun + SECONDS + 1:
                due = min(total, int((time.monotonic() - begun) * rate) + 1)
                for number in range(done.sent, due):
                    asked[f"{rate}-{number}"] = time.monotonic()
                    caller.sendto(_invite(f"{rate}-{number}", caller.getsockname()), self._address)
                done.sent = max(done.sent, due)
                _read(caller, done, asked)
            done.cpu = (self._cpu() - before) / (time.monotonic() - begun) * 100
        return done

    def _hear(self, word: words.Word) -> None:
        if isinstance(word, words.Offered):
            self._listener.send(words.Refuse(word.offer, 603))

    def _say_lines(self) -> None:
        self._listener.send(words.Lines({"1": ["127.0.0.1"]}))

    def _cpu(self) -> float:
        stat = Path(f"/proc/{self._listener.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICKS


def _read(caller: socket.socket, done: Round, asked: dict[str, float]) -> None:
    caller.settimeout(0.001)
    while True:
        try:
            answer, source = caller.recvfrom(65535)
        except TimeoutError:
            return
        name = answer.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
        status = int(answer[8:11])
        if name in asked:
            done.waits.append((time.monotonic() - asked.pop(name)) * 1000)
        if status in (180, 503):
            done.statuses[status] = done.statuses.get(status, 0) + 1
        if status >= 300:
            caller.sendto(_invite(name, caller.getsockname(), "ACK"), source)


def _invite(name: str, own: tuple[str, int], method: str = "INVITE") -> bytes:
    return (
        f"{method} sip:+48221000000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own[0]}:{own[1]};branch=z9hG4bK{name}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:+48500000000@x>;tag=1\r\nTo: <sip:+48221000000@x>\r\nCall-ID: {name}\r\n"
        f"CSeq: 1 {method}\r\nContact: <sip:a@{own[0]}:{own[1]}>\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def main() -> None:
    """Print a line for each rate."""
    bench = Bench()
    print(f"declared: {INVITES_PER_SECOND:.0f} new calls a second; the rest is told 503\n")
    print("INVITE/s   rang   503   unanswered   p50 ms   p95 ms   % of a core")
    for rate in RATES:
        done = bench.at(rate)
        lost = done.sent - len(done.waits)
        cuts = statistics.quantiles(done.waits, n=20) if len(done.waits) > 1 else [0.0] * 19
        rang, refused = done.statuses.get(180, 0), done.statuses.get(503, 0)
        print(f"{rate:8} {rang:6} {refused:5} {lost:12} {cuts[9]:8.1f} {cuts[18]:8.1f} {done.cpu:13.0f}")
        time.sleep(3.0)  # its burst is whole again
    bench.stop()


if __name__ == "__main__":
    main()
