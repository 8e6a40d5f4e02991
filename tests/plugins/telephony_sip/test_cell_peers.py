"""Who may speak SIP to a cell, and whose sound it takes."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

from hookline.ports.telephony import LegAnswered
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.cell.peers import socket_at
from hookline_telephony_sip.cell.sound_peers import SoundPeers
from hookline_telephony_sip.far_end.process import FarEndProcess
from tests.plugins.telephony_sip.rtp_peer import RtpPeer
from tests.plugins.telephony_sip.sip_legs import Caller


def _ports(pid: int) -> list[int]:
    """The UDP ports of a process."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[9] in inodes]


def _answers(source: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((source, 0))
        asking.settimeout(0.5)
        own = asking.getsockname()[1]
        text = (
            f"OPTIONS sip:x@127.0.0.1:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {source}:{own};branch=z9hG4bK{own}\r\n"
            f"From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: {own}\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
        asking.sendto(text.encode(), ("127.0.0.1", port))
        try:
            return asking.recv(4096).startswith(b"SIP/2.0")
        except OSError:
            return False


def test_a_cell_hears_its_peers_and_no_stranger() -> None:
    with FarEndProcess({"default": {"kind": "answer", "ring_seconds": 0}}) as far_end:
        caller = Caller(far_end.network)
        leg = caller.call("room")
        caller.wait(LegAnswered, leg)
        pid = caller.backend.cell_pid("room")
        assert pid is not None
        (port,) = [port for port in _ports(pid) if _answers("127.0.0.1", port)]
        assert not _answers("127.0.0.2", port)
        caller.backend.hang_up(leg)
        caller.ended(leg)
        caller.backend.stop()


def test_a_phone_behind_a_router_is_who_is_heard_first_and_nobody_after_him() -> None:
    with RtpPeer() as ours, RtpPeer() as router, RtpPeer(host="127.0.0.2") as intruder:
        place = ("31.0.0.1:4000", "31.0.0.1:4001")
        peers = SoundPeers()
        peers.agreed("192.168.0.7:4000", place)
        assert peers.undecided
        peers.heard("", place)
        assert peers.undecided, "nothing has come yet"
        here = (f"127.0.0.1:{ours.port}", f"127.0.0.1:{ours.port}")
        peers.heard(f"127.0.0.1:{router.port}", here)
        assert not peers.undecided
        intruder.say_to(ours.port)
        router.say_to(ours.port)
        EventLog().wait_for(lambda: ours.received > 5, 5.0, look_every=0.01)
        router.fall_silent()
        EventLog().wait_for(lambda: False, 0.05)
        before = ours.received
        EventLog().wait_for(lambda: False, 0.2)
        assert ours.received == before, "the kernel drops the intruder's"


def test_looking_for_a_socket_leaves_no_handle_behind(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sought, (tmp_path / "file").open("w"):
        sought.bind(("127.0.0.1", 0))
        before = len(os.listdir("/proc/self/fd"))
        for port in (sought.getsockname()[1], 1):
            found = socket_at("127.0.0.1", port)
            if found is not None:
                found.close()
        assert len(os.listdir("/proc/self/fd")) == before
