"""Trunks beside each other: which is tried, which next, how digits and codecs go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hookline.ports.telephony import HangupCause, LegAnswered, LegRinging, NoCapacity
from hookline.testing.telephony_rig import EventLog
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.codecs import Codec
from hookline_telephony_sip.dtmf import DtmfMethod
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import NumberFormat, Trunk
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import free_udp_port

pytestmark = pytest.mark.realtime


class Trunks(Caller):
    """A backend with several trunks."""

    def __init__(self, trunks: list[Trunk]) -> None:
        self.log = EventLog()
        self.network = ""
        self.trunks = trunks
        self.backend = SipBackend(lambda client_id: self.trunks, SipSettings(warm_cells=0, reply_seconds=0.5))
        self.backend.start(self.log)


@pytest.fixture(scope="module")
def good() -> Iterator[FarEndProcess]:
    with FarEndProcess({"default": {"kind": "answer", "ring_seconds": 0}}) as process:
        yield process


@pytest.fixture
def made(good: FarEndProcess) -> Iterator[list[Trunks]]:
    made: list[Trunks] = []
    yield made
    for trunks in made:
        trunks.backend.stop()


def _trunks(made: list[Trunks], *trunks: Trunk) -> Trunks:
    made.append(Trunks([replace(trunk, id=number) for number, trunk in enumerate(trunks, 1)]))
    return made[-1]


def _calls_to(far_end: FarEndProcess) -> list[str]:
    return [str(call["to"]) for call in [*far_end.control.calls(), *far_end.control.history()]]


def test_a_trunk_that_fails_or_is_silent_gives_way_to_the_next(good: FarEndProcess, made: list[Trunks]) -> None:
    silent = trunk_to(f"127.0.0.1:{free_udp_port()}")
    with FarEndProcess({"default": {"kind": "unreachable"}}) as failing:
        caller = _trunks(made, trunk_to(failing.network), silent, replace(trunk_to(good.network), dial_prefix="9"))
        leg = caller.call("room")
        caller.wait(LegAnswered, leg)
        assert _calls_to(failing) == ["+48600100100"]
        assert "9+48600100100" in _calls_to(good)
        assert len(caller.events(LegRinging, leg)) <= 1
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL


def test_what_the_called_one_says_is_final(good: FarEndProcess, made: list[Trunks]) -> None:
    before = len(_calls_to(good))
    with FarEndProcess({"default": {"kind": "busy"}}) as busy:
        caller = _trunks(made, trunk_to(busy.network), trunk_to(good.network))
        assert caller.ended(caller.call("room")).cause is HangupCause.BUSY
    assert len(_calls_to(good)) == before, "no second trunk calls who is busy"


def test_a_trunk_that_is_down_is_passed_over_and_a_full_one_too(good: FarEndProcess, made: list[Trunks]) -> None:
    down = replace(trunk_to(f"127.0.0.1:{free_udp_port()}"), down=True)
    caller = _trunks(made, down, replace(trunk_to(good.network), max_channels=1))
    leg = caller.call("room")
    caller.wait(LegAnswered, leg, seconds=5)
    caller.trunks = caller.trunks[1:]
    with pytest.raises(NoCapacity):
        caller.call("other")
    caller.backend.hang_up(leg)
    caller.ended(leg)
    caller.wait(LegAnswered, caller.call("other"))


def test_the_dial_string_is_what_the_trunk_is_asked_for(good: FarEndProcess, made: list[Trunks]) -> None:
    plain = replace(trunk_to(good.network), number_format=NumberFormat.PLAIN, dial_prefix="0*")
    caller = _trunks(made, plain, trunk_to(good.network), trunk_to(good.network))
    assert caller.backend.dial_strings("+48600100100", 1) == ["0*48600100100", "+48600100100"]


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.PCMA])
def test_the_trunks_first_codec_is_the_calls(good: FarEndProcess, made: list[Trunks], codec: Codec) -> None:
    caller = _trunks(made, replace(trunk_to(good.network), codecs=(codec,), dtmf=DtmfMethod.RFC4733))
    leg = caller.call("room")
    caller.wait(LegAnswered, leg)
    caller.backend.send_dtmf(leg, "12#")
    call = next(call for call in good.control.calls() if call["state"] == "confirmed")
    caller.until(lambda: _digits(good, call["id"]) == "12#", "the digits arrive")
    caller.backend.hang_up(leg)
    caller.ended(leg)


def _digits(far_end: FarEndProcess, call: object) -> str:
    return next((str(item["dtmf_received"]) for item in far_end.control.calls() if item["id"] == call), "")
