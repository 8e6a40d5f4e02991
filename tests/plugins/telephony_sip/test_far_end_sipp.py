"""The far end against SIPp, a SIP peer that nobody here wrote."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from hookline_telephony_sip.far_end.process import FarEndProcess

NUMBERS = {
    "+48600100100": {"kind": "answer", "ring_seconds": 0.2, "sound": {"kind": "tone", "frequency": 440}},
    "+48600100101": {"kind": "busy", "ring_seconds": 0.1},
    "+48600100102": {"kind": "no_answer"},
    "+48600100103": {"kind": "no_answer", "gives_up_after_seconds": 0.3},
    "+48600100104": {"kind": "decline"},
    "+48600100105": {"kind": "invalid"},
    "+48600100106": {"kind": "unreachable"},
    "+48600100107": {"kind": "answer", "ring_seconds": 0, "hang_up_after_seconds": 0.2},
}
# SIPp's own [branch] is new in each request, but CANCEL and the ACK of a refusal must repeat the INVITE's.
INVITE = """
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[call_number]-[pid]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: sip:sipp@[local_ip]:[local_port]
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
]]></send>
<recv response="100" optional="true"/>
"""
ACK = """
<send><![CDATA[
ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/UDP [local_ip]:[local_port];branch=z9hG4bK-[call_number]-[pid]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"""
CANCEL = ACK.replace("ACK ", "CANCEL ", 1).replace("CSeq: 1 ACK", "CSeq: 1 CANCEL").replace("[peer_tag_param]", "")
OK_TO_BYE = """
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
"""


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    numbers = [{"number": number, "behaviour": behaviour} for number, behaviour in NUMBERS.items()]
    with FarEndProcess({"numbers": numbers}) as process:
        yield process
        assert process.control.stats()["errors"] == 0, process.log_text()


def sipp(far_end: FarEndProcess, folder: Path, number: str, *arguments: str, steps: str = "") -> None:
    """Run one scenario (SIPp's own UAC, or the given steps) and expect success."""
    scenario = ["-sn", "uac"]
    if steps:
        (folder / "scenario.xml").write_text(
            f'<?xml version="1.0" encoding="ISO-8859-1" ?><scenario name="test">{steps}</scenario>'
        )
        scenario = ["-sf", str(folder / "scenario.xml")]
    command = ["sipp", far_end.network, "-i", "127.0.0.1", "-s", number, "-nostdin", "-timeout", "30", "-timeout_error"]
    done = subprocess.run(
        [*command, *scenario, "-trace_err", *(arguments or ("-m", "1"))],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        check=False,
    )
    errors = "".join(path.read_text() for path in folder.glob("*_errors.log"))
    assert done.returncode == 0, f"{errors}\n{done.stdout[-2000:]}"


@pytest.mark.parametrize("number", ["+48600100100", "48600100100"])
def test_an_answered_call_is_hung_up_by_the_caller(far_end: FarEndProcess, tmp_path: Path, number: str) -> None:
    sipp(far_end, tmp_path, number, "-m", "1", "-d", "400")
    record = far_end.control.wait_for_call("ended", to=number)
    assert (record["code"], record["ended_by"]) == (200, "caller")
    assert record["rtp_sent_packets"] >= 15


@pytest.mark.parametrize(
    ("number", "status", "rings"),
    [
        ("+48600100101", 486, True),
        ("+48600100103", 480, True),
        ("+48600100104", 603, False),
        ("+48600100105", 404, False),
        ("+48600100106", 503, False),
    ],
)
def test_a_refused_call_ends_with_its_status(
    far_end: FarEndProcess, tmp_path: Path, number: str, status: int, rings: bool
) -> None:
    ringing = '<recv response="180"/>' if rings else ""
    sipp(far_end, tmp_path, number, steps=f'{INVITE}{ringing}<recv response="{status}"/>{ACK}')
    record = far_end.control.wait_for_call("ended", to=number)
    assert (record["code"], record["ended_by"]) == (status, "refused")


def test_a_ringing_call_is_cancelled(far_end: FarEndProcess, tmp_path: Path) -> None:
    steps = f'{INVITE}<recv response="180"/>{CANCEL}<recv response="200"/><recv response="487"/>{ACK}'
    sipp(far_end, tmp_path, "+48600100102", steps=steps)
    assert far_end.control.wait_for_call("ended", to="+48600100102")["ended_by"] == "cancel"


def test_the_far_end_hangs_up(far_end: FarEndProcess, tmp_path: Path) -> None:
    steps = f'{INVITE}<recv response="180" optional="true"/><recv response="200"/>{ACK}{OK_TO_BYE}'
    sipp(far_end, tmp_path, "+48600100107", steps=steps)
    assert far_end.control.wait_for_call("ended", to="+48600100107")["ended_by"] == "far_end"


@pytest.mark.realtime
def test_sixty_calls_at_once_all_get_their_audio(far_end: FarEndProcess, tmp_path: Path) -> None:
    before = len(far_end.control.history())
    load = ("-m", "60", "-l", "60", "-r", "60", "-d", "3000")
    sipp(far_end, tmp_path, "+48600100100", *load)
    control = far_end.control
    ended = control.wait_until(lambda: len(control.history()) - before >= 60 and control.history()[before:])
    assert ended
    assert {(item["code"], item["ended_by"]) for item in ended} == {(200, "caller")}
    packets = sorted(int(item["rtp_sent_packets"]) for item in ended)
    assert packets[0] >= 130, packets  # 150 packets in 3 s; a busy machine may lose a few
    assert all(item["rtp_sent_packets"] <= 50 * _answered_seconds(item) + 15 for item in ended), ended  # no faster
    assert re.search(r"Traceback", far_end.log_text()) is None


def _answered_seconds(item: dict[str, Any]) -> float:
    answered, ended = (datetime.fromisoformat(item[key]) for key in ("answered_at", "ended_at"))
    return (ended - answered).total_seconds()
