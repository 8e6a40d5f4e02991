"""Digits by SIP INFO, G.722, and session timers, against SIPp."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hookline.ports.telephony import DtmfReceived, HangupCause, LegAnswered
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.codecs import Codec
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_script import (
    ANSWERS,
    HANGS_UP,
    IS_HUNG_UP,
    answer,
    answer_again,
    answer_invite,
    expect,
    expect_reply,
    invite,
    pause,
    request,
    scenario,
    sdp,
)

pytestmark = pytest.mark.realtime


@contextmanager
def _calling(script: str, folder: Path, **settings: float) -> Iterator[tuple[Caller, SippPeer, str]]:
    """A call by a trunk with digits by INFO and G.722 first, to this peer."""
    with SippPeer("", folder, script=script) as peer:
        trunk = replace(trunk_to(peer.network), dtmf=DtmfMethod.INFO, codecs=(Codec.G722, Codec.PCMA))
        caller = Caller()
        caller.backend.stop()
        caller.log = EventLog()
        wanted = SipSettings(warm_cells=0, **settings)  # type: ignore[arg-type]
        caller.backend = SipBackend(lambda client_id: [trunk], wanted, wideband=lambda: True)
        caller.backend.start(caller.log)
        try:
            yield caller, peer, caller.call("room")
        finally:
            caller.backend.stop()


def test_digits_go_out_as_info_and_g722_is_offered_first(tmp_path: Path) -> None:
    with _calling(scenario(ANSWERS, expect("INFO"), answer(), IS_HUNG_UP), tmp_path) as (caller, peer, leg):
        caller.wait(LegAnswered, leg)
        caller.backend.send_dtmf(leg, "7")
        caller.until(lambda: "Signal=7" in peer.messages(), "the digit goes out")
        caller.backend.hang_up(leg)
        caller.ended(leg)
        peer.finish()
        offer = peer.messages().partition("m=audio ")[2].partition("\n")[0].split()
        assert offer[2:4] == ["9", "8"], "G.722, then A-law"
        assert not caller.events(DtmfReceived, leg)


def test_digits_come_in_as_info(tmp_path: Path) -> None:
    digits = "".join(
        request("INFO", number, f"Signal={digit}\nDuration=160\n", kind="application/dtmf-relay") + expect_reply(200)
        for number, digit in ((2, "5"), (3, "#"))
    )
    with _calling(scenario(ANSWERS, digits, HANGS_UP), tmp_path) as (caller, peer, leg):
        assert caller.ended(leg).cause is HangupCause.NORMAL
        assert [event.digit for event in caller.events(DtmfReceived, leg)] == ["5", "#"]
        peer.finish()


def test_a_trunk_that_wants_longer_sessions_gets_them(tmp_path: Path) -> None:
    small = answer_invite("422 Session Interval Too Small", headers=["Min-SE: 3600"], until_acknowledged=True)
    again = expect("ACK") + invite()
    with _calling(scenario(small, again, ANSWERS, HANGS_UP), tmp_path) as (caller, peer, leg):
        assert caller.ended(leg).cause is HangupCause.NORMAL
        peer.finish()
        asked = re.findall(r"^Session-Expires: *([0-9]+)", peer.messages(), re.MULTILINE)
        assert asked[:2] == ["1800", "3600"]
        assert len(caller.events(LegAnswered, leg)) == 1


@pytest.mark.long
def test_a_long_call_is_refreshed_and_goes_on(tmp_path: Path) -> None:
    """Half of the shortest session that RFC 4028 allows: 45 s."""
    timed = answer_invite(
        "200 OK",
        sdp(),
        headers=["Supported: timer", "Require: timer", "Session-Expires: 90;refresher=uac"],
        until_acknowledged=True,
    )
    fresh = answer_again("200 OK", sdp(version=2), headers=["Require: timer", "Session-Expires: 90;refresher=uac"])
    script = scenario(timed, expect("ACK"), invite(), fresh, expect("ACK"), pause(200), HANGS_UP)
    with _calling(script, tmp_path, session_seconds=90, media_timeout_seconds=0) as (caller, peer, leg):
        caller.wait(LegAnswered, leg)
        assert caller.ended(leg, seconds=70.0).cause is HangupCause.NORMAL
        peer.finish()
