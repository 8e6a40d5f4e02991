"""A cell carries many conversations, one after the other and several at once, and nothing of one reaches the next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.health import Level
from hookline.ports.telephony import HangupCause, LegAnswered, LegEnded, Play, PlayFinished
from hookline.testing.tones import write_tones
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.health import _cells
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to

pytestmark = pytest.mark.realtime

AGENT, CUSTOMER = 700, 1300
ACCOUNTS = 8  # that the library was compiled for


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    tones = {name: {"kind": "tone", "frequency": hertz} for name, hertz in (("agent", AGENT), ("customer", CUSTOMER))}
    config = {
        "default": {"kind": "answer", "ring_seconds": 0, "sound": tones["customer"]},
        "numbers": [{"ends": "99", "behaviour": {"kind": "no_answer"}}],
        "phones": [{"name": "anna", "answer_after_seconds": 0, "sound": tones["agent"]}],
    }
    with FarEndProcess(config) as process:
        yield process


@pytest.fixture
def caller(far_end: FarEndProcess, request: pytest.FixtureRequest) -> Iterator[Caller]:
    worn_after = 2 if "replaced" in request.node.name else 50
    caller = Caller(far_end.network, SipSettings(warm_cells=0, max_cells=4, conversations_per_cell=worn_after))
    yield caller
    caller.backend.stop()


def _talk(caller: Caller, far_end: FarEndProcess, room: str) -> tuple[str, str]:
    agent, customer = caller.station(room, far_end.phones["anna"]), caller.call(room)
    for leg in (agent, customer):
        caller.wait(LegAnswered, leg)
    caller.backend.bridge(room, agent, customer)
    return agent, customer


def _hear_each_other(far_end: FarEndProcess) -> bool:
    calls = [call for call in far_end.control.calls() if call["state"] == "confirmed"]
    wanted = {True: CUSTOMER, False: AGENT}
    heard = [
        far_end.control.hear(call["id"], [tone], 0.3)["energies"][str(tone)] > 0.5
        for call in calls
        if (tone := wanted[bool(call["phone"])])
    ]
    return len(heard) == 2 and all(heard)


def test_a_cell_is_used_again_without_a_trace_and_then_replaced(
    caller: Caller, far_end: FarEndProcess, tmp_path: Path
) -> None:
    agent, customer = _talk(caller, far_end, "first")
    first = caller.backend.cell_pid("first")
    boss = caller.station("first", far_end.phones["anna"])
    caller.wait(LegAnswered, boss)
    sound = tmp_path / "sound.wav"
    write_tones(sound, [(1.0, [3000])])
    caller.backend.play(Play(play_id="tune", leg_id=customer, path=sound, loop=True, aloud=True))
    caller.backend.mute(agent, True)
    caller.backend.hold(customer, True)
    caller.backend.start_recording("first", customer, "tape", tmp_path / "tape.wav")
    caller.backend.close_conversation("first")
    for leg in (agent, customer, boss):
        assert caller.ended(leg).cause is HangupCause.LOCAL
    assert [event.complete for event in caller.events(PlayFinished, customer)] == [False]
    agent, customer = _talk(caller, far_end, "second")
    assert caller.backend.cell_pid("second") == first, "the cell is used again"
    caller.until(lambda: _hear_each_other(far_end), "they hear each other and nothing of before")
    caller.backend.close_conversation("second")
    caller.ended(agent)
    caller.ended(customer)
    agent, _ = _talk(caller, far_end, "third")
    assert caller.backend.cell_pid("third") != first, "after two conversations a fresh cell takes over"


def test_one_cell_calls_with_more_log_ins_than_its_library_has_accounts(far_end: FarEndProcess) -> None:
    """Eight are compiled in; a ninth account would abort the cell."""
    logins = itertools.count()
    caller = Caller(far_end.network, SipSettings(warm_cells=0, max_cells=1))
    caller.backend._trunks = lambda _client: [trunk_to(far_end.network, f"user{next(logins)}", "password")]
    try:
        keeper = caller.call("room")
        caller.wait(LegAnswered, keeper)
        cell = caller.backend.cell_pid("room")
        for _ in range(ACCOUNTS + 2):
            leg = caller.call("room")
            caller.wait(LegAnswered, leg)
            caller.backend.hang_up(leg)
            assert caller.ended(leg).cause is HangupCause.LOCAL
        assert next(logins) > ACCOUNTS
        assert caller.backend.cell_pid("room") == cell
        assert not caller.events(LegEnded, keeper), "a call that is up keeps its account"
        (finding,) = _cells(caller.backend)
        assert (finding.level, finding.params["count"]) == (Level.OK, 1)
        assert 1 < finding.params["megabytes"] < 100
        assert 0 <= finding.params["percent"] < 100
    finally:
        caller.backend.stop()


def test_ringing_customers_share_a_cell_and_one_that_answers_joins_an_agent(
    caller: Caller, far_end: FarEndProcess
) -> None:
    legs = [caller.call(f"ring-{number}", number=f"+486001001{number}99") for number in range(3)]
    customer = caller.call("ring-3")
    caller.wait(LegAnswered, customer)
    assert len({caller.backend.cell_pid(f"ring-{number}") for number in range(4)}) == 1
    agent = caller.station("desk", far_end.phones["anna"])
    caller.wait(LegAnswered, agent)
    assert caller.backend.alive_cells() == 2
    caller.backend.join("desk", customer)
    caller.backend.bridge("desk", agent, customer)
    caller.until(lambda: _hear_each_other(far_end), "they hear each other", seconds=2.0)
    for number, leg in enumerate(legs):
        caller.backend.close_conversation(f"ring-{number}")
        assert caller.ended(leg).cause is HangupCause.CANCELLED
    assert not caller.events(LegEnded, customer)
    caller.backend.hang_up(customer)
    assert caller.ended(customer).conversation_id == "desk"


def test_transferred_customers_do_not_keep_the_agent_from_the_next_call(caller: Caller, far_end: FarEndProcess) -> None:
    agent = caller.station("desk", far_end.phones["anna"])
    caller.wait(LegAnswered, agent)
    for number in range(3):
        customer, target = caller.call("desk"), caller.call("desk")
        for leg in (customer, target):
            caller.wait(LegAnswered, leg)
        caller.backend.transfer("desk", customer, target, f"gone-{number}")
    last = caller.call("desk")
    caller.wait(LegAnswered, last)
    caller.backend.bridge("desk", agent, last)
    assert not caller.events(LegEnded, agent)
