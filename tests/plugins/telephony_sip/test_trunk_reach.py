"""Trunks are asked every minute whether they are there, and the page, the health checks and the log tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from hookline.bootstrap import Runtime
from hookline.health import Level
from hookline.jobs import JobRun
from hookline.ports.telephony import PlaceCall
from hookline.testing.clock import VirtualClock
from hookline.testing.jobs import VirtualJobs
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.ping import Pong
from hookline_telephony_sip.reach import TrunkReach
from hookline_telephony_sip.service import TrunkDraft, TrunkService
from hookline_web.testing import PageClient, People
from tests.plugins.telephony_sip.sip_legs import Caller

JOB = "telephony_sip.check-trunks"
pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    with FarEndProcess({"default": {"kind": "answer", "ring_seconds": 5}}) as process:
        yield process


def _trunk(runtime: Runtime, name: str, network: str) -> int:
    host, port = network.split(":")
    return TrunkService(runtime.db).add_trunk(
        runtime.identity.system_actor(), TrunkDraft(name=name, host=host, port=int(port))
    )


def test_hookline_register_jobs_asks_trunks_every_minute(
    runtime: Runtime,
    people: People,
    clock: VirtualClock,
    browser: Callable[[str | None], PageClient],
    far_end: FarEndProcess,
) -> None:
    _trunk(runtime, "There", far_end.network)
    _trunk(runtime, "Away", "127.0.0.1:9")
    out = _trunk(runtime, "Out of use", "127.0.0.1:9")
    TrunkService(runtime.db).set_trunk_active(runtime.identity.system_actor(), out, False)
    admin = browser("admin")
    assert admin.get("/p/telephony_sip/").text.count("not looked at") == 2
    jobs = VirtualJobs(clock, runtime.scheduler)
    jobs.run_due()
    clock.advance(59)
    assert JOB not in jobs.run_due()
    clock.advance(1)
    assert JOB in jobs.run_due()
    assert runtime.job_board.statuses()[JOB].result == "1 of 2 answer"
    page = admin.get("/p/telephony_sip/").text
    assert "silent" in page
    assert "not looked at" not in page
    assert " ms</span>" in page


class _Asked:
    """Answers pings as it is told to."""

    def __init__(self) -> None:
        self.pong = Pong(200, 0.012)
        self.times = 0

    def __call__(self, *_where: object) -> Pong:
        self.times += 1
        return self.pong


@pytest.fixture
def asked() -> _Asked:
    return _Asked()


@pytest.fixture
def reach(runtime: Runtime, people: People, asked: _Asked) -> TrunkReach:
    _trunk(runtime, "Main", "127.0.0.1:5060")
    return TrunkReach(runtime.db, "127.0.0.1", ask=asked)


def test_it_remembers_since_when_a_trunk_is_silent(reach: TrunkReach, asked: _Asked, clock: VirtualClock) -> None:
    reach.check_all(JobRun())
    began = clock.now()
    clock.advance(60)
    asked.pong = Pong(problem="silent")
    with capture_logs() as lines:
        reach.check_all(JobRun())
        clock.advance(60)
        reach.check_all(JobRun())
    state = reach.states()[1]
    assert (state.answers, state.problem) == (False, "silent")
    assert state.since_at == began + timedelta(seconds=60)
    assert [line["event"] for line in lines] == ["trunk_silent"], "said once, not each minute"
    asked.pong = Pong(503, 0.02)
    reach.check_all(JobRun())
    assert reach.states()[1].answers, "whoever says no is there"


def test_what_was_seen_long_ago_counts_no_more(reach: TrunkReach, asked: _Asked, clock: VirtualClock) -> None:
    reach.check_all(JobRun())
    clock.advance(3600)
    assert reach.states()[1].answers is None
    ((trunk, state),) = reach.fresh_states()
    assert (trunk.name, state.answers, asked.times) == ("Main", True, 2)


def test_hookline_register_health_checks_tells_of_library_cells_and_trunks(
    runtime: Runtime, people: People, far_end: FarEndProcess
) -> None:
    def seen() -> dict[str, Level]:
        return {c.check.name: c.level for c in runtime.health.look() if c.check.name.startswith("telephony_sip.")}

    assert seen() == {
        "telephony_sip.library": Level.OK,
        "telephony_sip.cells": Level.OK,
        "telephony_sip.trunks": Level.WARNING,
    }
    _trunk(runtime, "There", far_end.network)
    assert seen()["telephony_sip.trunks"] is Level.OK
    _trunk(runtime, "Away", "127.0.0.1:9")
    assert seen()["telephony_sip.trunks"] is Level.PROBLEM
    assert runtime.health.not_ready() == ["core.engine"], "a trunk that is away is no reason to take the pages away"
    found = next(c for c in runtime.health.look() if c.check.name == "telephony_sip.trunks").findings
    assert [f.message for f in found if f.level is Level.PROBLEM] == ["Away does not answer."]
    assert all("OPTIONS" in f.advice for f in found if f.level is Level.PROBLEM)


def test_a_cells_lines_in_the_log_carry_conversation_and_call(far_end: FarEndProcess) -> None:
    caller = Caller(far_end.network)
    command = PlaceCall(
        conversation_id="room-7",
        leg_id="leg-1",
        number="+48600100100",
        caller_id="+48221000000",
        ring_timeout_seconds=20,
        client_id=1,
        headers={"Call": "42"},
    )
    with capture_logs() as lines:
        caller.backend.place_call(command)
        cell = next(iter(caller.backend._board.table.cells))
        cell.send(msg.SendDigits("leg-1", "1"))  # before the answer: the cell says that nobody would hear them
        caller.backend.hang_up("leg-1")
        caller.ended("leg-1")
    caller.backend.stop()
    (note,) = [line for line in lines if line["event"] == "cell_note"]
    assert (note["conversation"], note["call_id"]) == ("room-7", "42")
    assert "digits" in note["said"]
    assert "600100100" not in str(lines)
