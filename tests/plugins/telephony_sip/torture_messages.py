"""RFC 4475's own messages, and the answer to each: the one that the RFC asks for, or one that it allows."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from hookline.ports.telephony import HangupCause, LegEnded
from tests.plugins.telephony_sip.listener_desk import AGENT, Desk

MESSAGES = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "rfc4475").glob("*.dat"))}
SILENCE = 0

#: Valid ones. A call rings (180) or is no dialog of ours (481); what is no call is answered as what it is.
AT_THE_LISTENER = {
    **dict.fromkeys(("esc01", "longreq", "inv2543"), 180),
    **dict.fromkeys(("lwsdisp", "semiuri", "transports", "badbranch", "zeromf"), 200),
    **dict.fromkeys(("intmeth", "escnull", "esc02", "dblreq", "mpart01", "regaut01"), 405),
    **dict.fromkeys(("cparam01", "cparam02", "regescrt"), 405),
    "wsinv": 481,
    # Answers to nothing that we asked.
    **dict.fromkeys(("unreason", "noreason", "bcast", "scalarlg", "bigcode"), SILENCE),
    # Invalid ones: no answer.
    **dict.fromkeys(("badinv01", "clerr", "ncl", "scalar02", "quotbal", "lwsruri", "lwsstart", "trws"), SILENCE),
    **dict.fromkeys(("baddn", "badvers", "mismatch01", "mismatch02", "insuf", "multi01", "mcl01"), SILENCE),
    # Invalid ones that a liberal element may take (3.1.2.11, 12, 13, 14), what is odd in them being ignored.
    **dict.fromkeys(("escruri", "baddate"), 180),
    "regbadct": 405,
    "badaspec": 200,
    # Valid ones that ask for what we do not do.
    **dict.fromkeys(("unkscm", "novelsc", "ltgtruri"), 416),
    "unksm2": 405,
    "bext01": 420,
    "invut": 415,
    "sdp01": 406,
}

#: Debian's Kamailio 5.6 drops three valid ones (a fold in CSeq, a % in a header's name) and wants no more octets in a
#: datagram than Content-Length says. Registrations are asked who they are.
AT_THE_FRONT = {
    **AT_THE_LISTENER,
    **dict.fromkeys(("wsinv", "intmeth", "esc02"), SILENCE),
    **dict.fromkeys(("escnull", "regaut01", "cparam01", "cparam02", "regescrt", "regbadct"), 401),
    **dict.fromkeys(("clerr", "dblreq", "baddn", "mismatch01", "mismatch02", "scalar02", "ltgtruri"), 400),
    **dict.fromkeys(("unkscm", "novelsc", "unksm2"), 400),
    "mpart01": 403,
    "zeromf": 483,
    "trws": 200,
}


def answers(desk: Desk, expected: dict[str, int]) -> dict[str, int]:
    """Send all of them during a talk; the status of each one's last answer. Everything is as before, afterwards."""
    assert len(MESSAGES) == 49
    person, leg = desk.talk()
    listener = desk.backend.listener_pid
    before = _open_files(listener)
    sockets = {name: _sends(desk, data) for name, data in MESSAGES.items()}
    statuses = dict.fromkeys(MESSAGES, SILENCE)

    def all_came() -> bool:
        for name, sender in sockets.items():
            statuses[name] = _last(sender) or statuses[name]
        return all(statuses[name] >= status for name, status in expected.items())

    desk.log.wait_for(all_came, 5.0)
    person.forget()
    desk.until(lambda: person.hears_tone(AGENT), "the talk goes on")
    all_came()
    desk.nobody_rings()
    for sender in sockets.values():
        sender.close()
    assert not desk.events(LegEnded, leg)
    person.hang_up()
    assert desk.ended(leg).cause is HangupCause.NORMAL
    assert (desk.backend.listener_pid, _open_files(listener)) == (listener, before)
    return statuses


def _sends(desk: Desk, data: bytes) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind(("127.0.0.1", 0))
    sender.setblocking(False)
    sender.sendto(data, desk.address)
    return sender


def _last(sender: socket.socket) -> int:
    """The status of the last answer that has come; 0 where none has."""
    status = 0
    while True:
        try:
            status = int(sender.recv(65535).split(b" ", 2)[1])
        except BlockingIOError:
            return status


def _open_files(pid: int | None) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))
