"""A call that was announced to a cell, and whose caller has changed his mind."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from hookline.testing.telephony_rig import EventLog
from hookline.testing.tones import write_tones
from hookline_telephony_sip.cell.messages import Answered, Ended, Expect, Expecting, Message
from hookline_telephony_sip.cell.wholemsg import OFFER_HEADER
from hookline_telephony_sip.far_end.bare_caller import Caller
from hookline_telephony_sip.process import CellFiles, CellProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.frozen import frozen

pytestmark = pytest.mark.realtime
R = TypeVar("R", Expecting, Answered, Ended)


class Told:
    """One cell by itself, and what it reports."""

    def __init__(self, folder: Path) -> None:
        sound = folder / "sound.wav"
        write_tones(sound, [(0.1, [440])])
        self.reports: list[Message] = []
        files = CellFiles(sound, sound, sound)
        self.cell = CellProcess(
            SipSettings(), files, lambda cell, report: self.reports.append(report), lambda cell: None
        )
        self.cell.listen()

    def expect(self, leg: str) -> int:
        """Announce a call whose token is its leg's name; the port it should come to."""
        self.cell.send(Expect(leg, leg, "room", 10.0))
        return self.wait(Expecting, leg).port

    def wait(self, kind: type[R], leg: str) -> R:
        """The leg's first report of this kind."""
        found = lambda: [report for report in self.reports if isinstance(report, kind) and report.leg == leg]  # noqa: E731
        assert EventLog().wait_for(lambda: bool(found()), 10.0), self.reports
        return found()[0]


def test_a_call_that_is_cancelled_before_the_cell_has_looked_ends_alone(tmp_path: Path) -> None:
    told = Told(tmp_path)
    port = told.expect("talks")
    with Caller(f"127.0.0.1:{port}") as other, Caller(f"127.0.0.1:{port}") as gone:
        other.dial("x", extra=f"{OFFER_HEADER}: talks\r\n")
        answer = other.until(200)
        other.to_tag = answer.headers.first("To").partition("tag=")[2]
        other.send("ACK", "x", cseq=answer.cseq)
        told.wait(Answered, "talks")
        told.expect("gone")
        with frozen(told.cell.pid):
            gone.dial("x", extra=f"{OFFER_HEADER}: gone\r\n")
            gone.send("CANCEL", "x", branch=f"{gone.call_id}-INVITE-1", cseq=1)
        assert not told.wait(Ended, "gone").answered
        assert gone.until(487)
        other.send("BYE", "x")
        assert told.wait(Ended, "talks").answered
    told.cell.quit()
    assert told.cell.join(10)
