"""A cell with browsers in it: real cells, aiortc as the page. What the conformance kit does not ask of a browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from hookline.ports.telephony import (
    ConnectStation,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegKind,
    StationBack,
    StationKind,
    StationLost,
    TelephonyError,
)
from hookline_telephony_sip.browser_settings import BrowserSettings
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.webrtc_browser import ADDRESS, TestBrowser

pytestmark = pytest.mark.realtime

AGENT_HZ, RELOADED_HZ, CUSTOMER_HZ, THIRD_HZ = 620, 760, 1000, 1450
VOICES = {"agent": RELOADED_HZ, "customer": CUSTOMER_HZ, "third": THIRD_HZ}
NUMBER, THIRD = "+48600100100", "+48600100101"
SHORT_SECONDS = 3.0
PORTS = range(47000, 47100)


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    numbers = [
        {
            "number": number,
            "behaviour": {
                "kind": "answer",
                "ring_seconds": 0.1,
                "sound": {"kind": "tone", "frequency": hz, "amplitude": 0.4},
            },
        }
        for number, hz in ((NUMBER, CUSTOMER_HZ), (THIRD, THIRD_HZ))
    ]
    with FarEndProcess({"phones": [{"name": "desk"}], "numbers": numbers}) as running:
        yield running


@pytest.fixture(scope="module")
def caller(far_end: FarEndProcess) -> Iterator[Caller]:
    settings = SipSettings(warm_cells=1, max_cells=4, browser=BrowserSettings((ADDRESS,), PORTS))
    started = Caller(far_end.network, settings)
    yield started
    started.backend.stop()


class Talk:
    """An agent in a browser, connected to a customer."""

    def __init__(self, caller: Caller, far_end: FarEndProcess, grace_seconds: float = 20.0) -> None:
        self.caller, self.far_end = caller, far_end
        self.room = uuid.uuid4().hex
        self.agent = browser_leg(caller, self.room, grace_seconds)
        self.page = TestBrowser(caller.backend, self.agent, AGENT_HZ).open()
        caller.wait(LegAnswered, self.agent)
        self.customer = caller.call(self.room, NUMBER)
        caller.wait(LegAnswered, self.customer)
        caller.backend.bridge(self.room, self.agent, self.customer)

    def customer_hears(self, hz: int) -> bool:
        """Whether the customer hears this pitch and little else."""
        return self._heard(hz)["energies"][str(hz)] > 0.5

    def _heard(self, hz: int) -> dict[str, dict[str, float]]:
        call = next(call for call in self.far_end.control.calls() if call["state"] != "ended")
        return self.far_end.control.hear(call["id"], [hz], 0.3)

    def reload(self) -> None:
        """Another page, with another voice, in place of the first."""
        self.page.close()
        self.page = TestBrowser(self.caller.backend, self.agent, RELOADED_HZ).open()

    def matrix(self, **heard: str) -> None:
        """Wait until each hears just these (names of VOICES), and stays so for a moment: three looks."""
        right = 0

        def is_so() -> bool:
            nonlocal right
            right = right + 1 if self._hears() == {who: set(whom.split()) for who, whom in heard.items()} else 0
            return right >= 3

        self.caller.until(is_so, f"{heard}, not {self._hears()}")

    def _hears(self) -> dict[str, set[str]]:
        found = {"agent": {name for name, hz in VOICES.items() if self.page.hears(hz)}}
        for call in self.far_end.control.calls():
            who = "customer" if call["to"] == NUMBER else "third"
            shares = self.far_end.control.hear(call["id"], VOICES.values(), 0.3)["energies"]
            found[who] = {name for name, hz in VOICES.items() if shares[str(hz)] > 0.1}
        return found

    def end(self) -> None:
        self.caller.backend.close_conversation(self.room)
        self.caller.until(lambda: not [c for c in self.far_end.control.calls() if c["state"] != "ended"], "it is over")


def browser_leg(caller: Caller, room: str, grace_seconds: float, kind: LegKind = LegKind.AGENT) -> str:
    """A leg that waits for its browser."""
    leg = uuid.uuid4().hex
    command = ConnectStation(
        conversation_id=room,
        leg_id=leg,
        address="",
        caller_id="hookline",
        ring_timeout_seconds=grace_seconds,
        station=StationKind.BROWSER,
        kind=kind,
    )
    caller.backend.connect_station(command)
    return leg


@pytest.fixture
def talk(caller: Caller, far_end: FarEndProcess) -> Iterator[Callable[..., Talk]]:
    """Begins talks, and ends them."""
    begun: list[Talk] = []

    def begin(grace_seconds: float = 20.0) -> Talk:
        begun.append(Talk(caller, far_end, grace_seconds))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()


def test_a_network_that_comes_back_in_time_takes_the_talk_up_without_a_new_page(talk: Callable[..., Talk]) -> None:
    now = talk()
    now.caller.until(lambda: now.page.hears(CUSTOMER_HZ) and now.customer_hears(AGENT_HZ), "they hear each other")
    now.page.die()
    now.caller.wait(StationLost, now.agent)
    now.caller.until(lambda: not now.customer_hears(AGENT_HZ), "nothing is heard of the agent")
    now.page.come_back()
    now.caller.wait(StationBack, now.agent)
    now.caller.until(lambda: now.page.hears(CUSTOMER_HZ) and now.customer_hears(AGENT_HZ), "they go on talking")


def test_a_reloaded_page_takes_the_line_over_at_once(talk: Callable[..., Talk]) -> None:
    now = talk()
    now.caller.until(lambda: now.customer_hears(AGENT_HZ), "the customer hears the first page")
    now.page.close()
    now.caller.wait(StationLost, now.agent, 1.0)  # it said farewell: nobody waits for the silence to grow long
    page = TestBrowser(now.caller.backend, now.agent, RELOADED_HZ).open()
    now.caller.until(lambda: page.hears(CUSTOMER_HZ) and now.customer_hears(RELOADED_HZ), "the second page talks")
    assert len(now.caller.events(LegAnswered, now.agent)) == 1


def test_a_customer_who_hangs_up_meanwhile_is_told_of_and_the_line_goes_on_waiting(talk: Callable[..., Talk]) -> None:
    now = talk()
    now.page.die()
    now.caller.wait(StationLost, now.agent)
    call = next(call for call in now.far_end.control.calls() if call["state"] != "ended")
    now.far_end.control.hang_up(call["id"])
    assert now.caller.ended(now.customer).cause is HangupCause.NORMAL
    now.page.come_back()
    now.caller.wait(StationBack, now.agent)
    assert not now.caller.events(LegEnded, now.agent)


def test_a_browser_that_died_silently_is_given_up_and_the_customer_stays(talk: Callable[..., Talk]) -> None:
    now = talk(SHORT_SECONDS)
    now.page.die()
    assert now.caller.ended(now.agent).cause is HangupCause.LOST
    assert not now.caller.events(LegEnded, now.customer)
    with pytest.raises(TelephonyError):
        TestBrowser(now.caller.backend, now.agent, AGENT_HZ).open()


def test_a_reload_changes_nobodys_hearing_in_hold_in_conference_and_after_a_transfer(talk: Callable[..., Talk]) -> None:
    now = talk()
    backend, room = now.caller.backend, now.room
    backend.hold(now.customer, True)
    now.reload()
    now.matrix(agent="", customer="")
    backend.hold(now.customer, False)
    now.matrix(agent="customer", customer="agent")

    third = now.caller.call(room, THIRD)
    now.caller.wait(LegAnswered, third)
    backend.hold(now.customer, True)
    backend.bridge(room, now.agent, third)
    now.reload()
    now.matrix(agent="third", customer="", third="agent")
    backend.hold(now.customer, False)
    backend.bridge(room, now.customer, third)
    now.reload()
    now.matrix(agent="customer third", customer="agent third", third="agent customer")

    elsewhere = uuid.uuid4().hex
    backend.transfer(room, now.customer, third, elsewhere)
    now.reload()
    now.matrix(agent="", customer="third", third="customer")
    backend.close_conversation(elsewhere)
    for leg in (now.customer, third):
        assert now.caller.ended(leg).cause is HangupCause.LOCAL
    customer = now.caller.call(room, NUMBER)
    now.caller.wait(LegAnswered, customer)
    backend.bridge(room, now.agent, customer)
    now.matrix(agent="customer", customer="agent")


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "offer"},
        {"type": "offer", "sdp": "no session"},
        {"type": "offer", "sdp": "v=0\r\n" * 20_000},
        {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"},
        {"type": "answer", "sdp": 7},
    ],
)
def test_nonsense_is_refused_and_harms_nobody(caller: Caller, message: dict[str, object]) -> None:
    room = uuid.uuid4().hex
    leg = browser_leg(caller, room, 20.0)
    with pytest.raises(TelephonyError):
        caller.backend.browser_message(leg, message)
    assert caller.backend.browser_message(leg, {"type": "begin"}) == {"ice_servers": []}
    caller.backend.close_conversation(room)
    assert caller.ended(leg).cause is HangupCause.CANCELLED
