"""SIPp as somebody who calls far more often than is good."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from tests.plugins.telephony_sip.sipp_peer import SCENARIOS, free_media_ports, free_udp_port


class SippFlood:
    """So many INVITEs a second from one loopback address, from now on."""

    def __init__(self, target: tuple[str, int], source: str, folder: Path, *, rate: int, calls: int) -> None:
        self._folder = folder
        folder.mkdir()
        where = ["-i", source, "-p", str(free_udp_port()), "-mp", str(free_media_ports())]
        pace = ["-r", str(rate), "-m", str(calls), "-l", str(calls), "-timeout", "120"]
        self._process = subprocess.Popen(
            [
                *("sipp", f"{target[0]}:{target[1]}", "-sf", str(SCENARIOS / "flood.xml"), *where, *pace),
                *("-nostdin", "-trace_msg", "-ringbuffer_size", "0"),
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def over(self) -> bool:
        """Whether every call has ended."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()

    def finals(self) -> Counter[int]:
        """How many calls got which final answer."""
        found: dict[str, int] = {}
        text = "".join(path.read_text(errors="replace") for path in self._folder.glob("*_messages.log"))
        for answer in re.findall(r"^SIP/2\.0 [2-6].*?^\r?$", text, re.MULTILINE | re.DOTALL):
            call = re.search(r"^Call-ID: *(\S+)", answer, re.MULTILINE)
            if call is not None and re.search(r"^CSeq: *1 INVITE", answer, re.MULTILINE):
                found[call[1]] = int(answer[8:11])
        return Counter(found.values())
