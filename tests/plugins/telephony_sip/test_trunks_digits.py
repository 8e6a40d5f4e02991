"""Digits by SIP INFO and G.722, against SIPp."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hookline.ports.telephony import DtmfReceived, LegAnswered
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.codecs import Codec
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_script import answer_invite, expect, scenario, sdp

pytestmark = pytest.mark.realtime


def test_digits_go_out_as_info_and_g722_is_offered_first(tmp_path: Path) -> None:
    answered = answer_invite("200 OK", sdp(), until_acknowledged=True)
    script = scenario(answered, expect("ACK"), expect("INFO"), _ok(), expect("BYE"), _ok())
    with SippPeer("", tmp_path, script=script) as peer:
        trunk = replace(trunk_to(peer.network), dtmf=DtmfMethod.INFO, codecs=(Codec.G722, Codec.PCMA))
        caller = Caller()
        caller.backend.stop()
        caller.log = EventLog()
        caller.backend = SipBackend(lambda client_id: [trunk], SipSettings(warm_cells=0), wideband=lambda: True)
        caller.backend.start(caller.log)
        leg = caller.call("room")
        caller.wait(LegAnswered, leg)
        caller.backend.send_dtmf(leg, "7")
        caller.until(lambda: "Signal=7" in peer.messages(), "the digit goes out")
        caller.backend.hang_up(leg)
        caller.ended(leg)
        peer.finish()
        offer = peer.messages().partition("m=audio ")[2].partition("\n")[0].split()
        assert offer[2:4] == ["9", "8"], "G.722, then A-law"
        assert not caller.events(DtmfReceived, leg)
        caller.backend.stop()


def _ok() -> str:
    return """<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>"""
