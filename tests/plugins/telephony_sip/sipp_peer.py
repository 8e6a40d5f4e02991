"""SIPp as the other end of a call: a SIP peer that nobody here wrote."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from hookline.testing.telephony_rig import EventLog

SCENARIOS = Path(__file__).parent / "sipp"
KAMAILIO = shutil.which("kamailio") or "/usr/sbin/kamailio"
START_SECONDS = 10.0


def free_udp_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_tcp_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_media_ports() -> int:
    """The first of the four that SIPp takes for RTP and RTCP of sound and picture, all free a moment ago."""
    while True:
        first = free_udp_port() & ~1
        try:
            with ExitStack() as held:
                for port in range(first, first + 4):
                    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


class SippPeer:
    """One run of a scenario: one from `sipp/`, its `@name@` places filled by `fields`, or one written in `script`."""

    def __init__(self, scenario: str, folder: Path, calls: int = 1, script: str = "", **fields: str) -> None:
        self.port = free_udp_port()
        self.network = f"127.0.0.1:{self.port}"
        self._folder = folder
        script = script or (SCENARIOS / f"{scenario}.xml").read_text()
        for name, value in fields.items():
            script = script.replace(f"@{name}@", value)
        (folder / "scenario.xml").write_text(script)
        command = ["sipp", "-sf", "scenario.xml", "-i", "127.0.0.1", "-p", str(self.port)]
        limits = [
            "-m",
            str(calls),
            "-timeout",
            "60" if calls == 1 else "600",
            "-timeout_error",
            "-nostdin",
            "-trace_err",
            "-trace_msg",
        ]
        self._process = subprocess.Popen(
            [*command, *limits, "-mp", str(free_media_ports())],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        listening = EventLog().wait_for(self._listens, START_SECONDS, look_every=0.02)
        assert listening, self.trouble()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def finish(self, seconds: float = 10.0) -> None:
        """The scenario has been played to its end, as it was written."""
        deadline = time.monotonic() + seconds
        code = self._process.wait(max(0.1, deadline - time.monotonic()))
        assert code == 0, self.trouble()

    def messages(self) -> str:
        """Every SIP message that it saw."""
        return "".join(path.read_text(errors="replace") for path in self._folder.glob("*_messages.log"))

    def media_port(self) -> int:
        """Where we said, in the INVITE, that we hear RTP."""
        return int(self.messages().partition("m=audio ")[2].partition(" ")[0])

    def trouble(self) -> str:
        """What it complains about."""
        return "".join(path.read_text(errors="replace") for path in self._folder.glob("*_errors.log"))

    def _listens(self) -> bool:
        wanted = f"0100007F:{self.port:04X}"
        return wanted in Path("/proc/net/udp").read_text()
