"""Cells live and die; the calls of others go on, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.errors import InvalidInput
from hookline.ports.telephony import (
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    NoCapacity,
    NoSuchLeg,
    RecordingFinished,
    TelephonyError,
)
from hookline.testing.telephony_rig import EventLog
from hookline.testing.tones import level, wav_seconds
from hookline_telephony_sip import process
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.errors import BackendStopped, DuplicateLeg, LegNotReady, NoTrunk, SameLeg
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to

pytestmark = pytest.mark.realtime

AGENT, CUSTOMER = 700, 1300
HEARD, SILENT = 0.05, 0.005
LEFT, RIGHT = 0, 1


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
def caller(far_end: FarEndProcess) -> Iterator[Caller]:
    caller = Caller(far_end.network, SipSettings(warm_cells=1, max_cells=2))
    yield caller
    caller.backend.stop()


def talk(caller: Caller, far_end: FarEndProcess, room: str = "room") -> tuple[str, str]:
    agent = caller.station(room, far_end.phones["anna"])
    customer = caller.call(room)
    for leg in (agent, customer):
        caller.wait(LegAnswered, leg)
    caller.backend.bridge(room, agent, customer)
    return agent, customer


def running(pid: int) -> bool:
    """Whether the process is there and not only its name on the list of the dead."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def kill_cell(caller: Caller, room: str) -> int:
    pid = caller.backend.cell_pid(room)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_killed_cell_loses_its_call_keeps_its_recording_and_touches_no_other(
    caller: Caller, far_end: FarEndProcess, tmp_path: Path
) -> None:
    agent, customer = talk(caller, far_end)
    _, other = talk(caller, far_end, "other")
    path = tmp_path / "deep" / "call.wav"
    caller.backend.start_recording("room", customer, "tape", path)
    caller.recorded(path, 2.5)
    kill_cell(caller, "room")
    finished = caller.wait(RecordingFinished, customer)
    for leg in (agent, customer):
        assert caller.ended(leg).cause is HangupCause.LOST
    assert not finished.complete
    assert finished.seconds == pytest.approx(wav_seconds(path), abs=0.01)
    assert finished.seconds > 2.4
    assert level(path, AGENT, RIGHT) > HEARD
    assert level(path, CUSTOMER, LEFT) > HEARD
    assert not caller.events(LegEnded, other)
    with pytest.raises(NoSuchLeg):
        caller.backend.hang_up(customer)
    caller.until(lambda: caller.backend.alive_cells() == 2, "the dead cell is replaced")
    talk(caller, far_end)
    caller.backend.hang_up(other)
    assert caller.ended(other).cause is HangupCause.LOCAL


def test_a_recording_holds_both_sides_and_only_what_was_heard(
    caller: Caller, far_end: FarEndProcess, tmp_path: Path
) -> None:
    agent, customer = talk(caller, far_end)
    caller.until(lambda: _both_heard(far_end), "they hear each other")
    for name, prepare in (
        ("both", lambda: None),
        ("muted", lambda: caller.backend.mute(agent, True)),
        ("held", lambda: caller.backend.hold(customer, True)),
    ):
        prepare()
        caller.log.wait_for(lambda: False, 0.3)
        _record(caller, customer, tmp_path / f"{name}.wav", name)
    heard = {
        name: (
            level(tmp_path / f"{name}.wav", AGENT, RIGHT) > HEARD,
            level(tmp_path / f"{name}.wav", CUSTOMER, LEFT) > HEARD,
        )
        for name in ("both", "muted", "held")
    }
    assert heard == {"both": (True, True), "muted": (False, True), "held": (False, False)}
    assert level(tmp_path / "held.wav", CUSTOMER) < SILENT
    assert wav_seconds(tmp_path / "held.wav") > 0.9, "time goes on while nobody speaks"
    assert (tmp_path / "both.wav").stat().st_mode & 0o077 == 0


def _both_heard(far_end: FarEndProcess) -> bool:
    talking = [call for call in far_end.control.calls() if call["state"] == "confirmed"]
    calls = sorted(talking, key=lambda call: str(call["started_at"]))[-2:]
    pairs = [(call["id"], CUSTOMER if call["phone"] else AGENT) for call in calls]
    return all(far_end.control.hear(call, [tone], 0.3)["energies"][str(tone)] > 0.5 for call, tone in pairs)


def _record(caller: Caller, leg: str, path: Path, name: str) -> None:
    caller.backend.start_recording("room", leg, name, path)
    caller.recorded(path, 1.0)
    caller.backend.stop_recording(name)
    caller.until(lambda: len(caller.events(RecordingFinished, leg)) and _finished(caller, leg, name), "it is closed")


def _finished(caller: Caller, leg: str, name: str) -> bool:
    return any(event.recording_id == name and event.complete for event in caller.events(RecordingFinished, leg))


def test_twenty_calls_one_after_the_other_in_one_conversation(caller: Caller, far_end: FarEndProcess) -> None:
    agent, first = talk(caller, far_end)
    pid = caller.backend.cell_pid("room")
    caller.backend.hang_up(first)
    for _ in range(20):
        customer = caller.call("room")
        caller.wait(LegAnswered, customer)
        caller.backend.bridge("room", agent, customer)
        caller.backend.hang_up(customer)
        assert caller.ended(customer).cause is HangupCause.LOCAL
    assert caller.backend.cell_pid("room") == pid
    assert not caller.events(LegEnded, agent)


def test_stop_ends_every_leg_and_leaves_no_process(far_end: FarEndProcess) -> None:
    caller = Caller(far_end.network)
    agent, customer = talk(caller, far_end)
    ringing = caller.call("room", number="+48600100199")
    pids = {pid for pid in _children() if _is_cell(pid)}
    assert pids
    caller.backend.stop()
    assert [caller.ended(leg, seconds=0).cause for leg in (agent, customer, ringing)] == [
        HangupCause.LOCAL,
        HangupCause.LOCAL,
        HangupCause.CANCELLED,
    ]
    assert not any(running(pid) for pid in pids)
    assert caller.backend.alive_cells() == 0
    with pytest.raises(BackendStopped):
        caller.call("room")
    caller.backend.stop()


def _children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def _is_cell(pid: int) -> bool:
    return b"hookline_telephony_sip.cell" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_cell_whose_parent_is_killed_hangs_up_and_closes_its_recording(
    far_end: FarEndProcess, tmp_path: Path
) -> None:
    tape = tmp_path / "tape.wav"
    before = {call["id"] for call in far_end.control.calls()}
    script = (
        "import os, sys, time\n"
        "from tests.plugins.telephony_sip.sip_legs import Caller\n"
        "from hookline.ports.telephony import LegAnswered\n"
        "caller = Caller(sys.argv[1])\n"
        "leg = caller.call('room')\n"
        "caller.wait(LegAnswered, leg)\n"
        "from pathlib import Path\n"
        "caller.backend.start_recording('room', leg, 'tape', Path(sys.argv[2]))\n"
        "caller.recorded(Path(sys.argv[2]), 1.0)\n"
        "print(caller.backend.cell_pid('room'), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", script, far_end.network, tape],
        capture_output=True,
        env=environment,
        check=False,
        timeout=30,
    )
    pid = int(done.stdout.split()[-1])
    assert EventLog().wait_for(lambda: not running(pid), 5)
    assert wav_seconds(tape) > 0.9
    assert level(tape, CUSTOMER, LEFT) > HEARD
    assert not list(tmp_path.glob(".*.wav")), "no piece is left"
    assert {call["id"] for call in far_end.control.calls()} <= before, "the far side was hung up"


def test_more_conversations_than_cells_is_no_capacity_until_one_ends(caller: Caller, far_end: FarEndProcess) -> None:
    for room in ("one", "two"):
        caller.wait(LegAnswered, caller.station(room, far_end.phones["anna"]))
    with pytest.raises(NoCapacity) as caught:
        caller.station("three", far_end.phones["anna"])
    assert caught.value.retryable
    assert caught.value.advice
    caller.backend.close_conversation("one")
    caller.until(lambda: _has_room(caller, far_end), "a cell is free")


def _has_room(caller: Caller, far_end: FarEndProcess) -> bool:
    try:
        caller.wait(LegAnswered, caller.station("three", far_end.phones["anna"]))
    except NoCapacity:
        return False
    return True


def test_a_fifth_leg_goes_by_another_cell_before_the_library_aborts(
    caller: Caller, far_end: FarEndProcess, tmp_path: Path
) -> None:
    agent = caller.station("room", far_end.phones["anna"])
    caller.wait(LegAnswered, agent)
    ringing = [caller.call("room", number="+48600100199") for _ in range(3)]
    customer = caller.call("room")
    caller.wait(LegAnswered, customer)
    assert caller.backend.alive_cells() == 2
    caller.backend.bridge("room", agent, customer)
    caller.until(lambda: _both_heard(far_end), "they hear each other across cells")
    path = tmp_path / "wired.wav"
    _record(caller, customer, path, "wired")
    assert level(path, CUSTOMER, LEFT) > HEARD
    assert level(path, AGENT, RIGHT) > HEARD
    caller.backend.close_conversation("room")
    causes = [caller.ended(leg).cause for leg in (agent, customer, *ringing)]
    assert causes == [HangupCause.LOCAL] * 2 + [HangupCause.CANCELLED] * 3


def test_of_two_joined_cells_either_may_die(caller: Caller, far_end: FarEndProcess, tmp_path: Path) -> None:
    for lost in ("customers", "agents"):
        customer = caller.call("ringing")
        caller.wait(LegAnswered, customer)
        carrier = caller.backend.cell_pid("ringing")
        agent = caller.station("desk", far_end.phones["anna"])
        caller.wait(LegAnswered, agent)
        caller.backend.join("desk", customer)
        caller.backend.close_conversation("ringing")
        caller.backend.bridge("desk", agent, customer)
        path = tmp_path / f"{lost}.wav"
        caller.backend.start_recording("desk", customer, lost, path)
        caller.recorded(path, 1.0)
        pid = carrier if lost == "customers" else caller.backend.cell_pid("desk")
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert caller.ended(customer).cause is HangupCause.LOST
        assert wav_seconds(path) > 0.9
        assert level(path, CUSTOMER, LEFT) > HEARD
        caller.backend.close_conversation("desk")
        assert caller.ended(agent).cause is (HangupCause.LOCAL if lost == "customers" else HangupCause.LOST)


def test_a_stuck_cell_is_killed_and_its_call_is_lost(far_end: FarEndProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SILENCE_SECONDS", 3.0)
    caller = Caller(far_end.network)
    leg = caller.call("room")
    caller.wait(LegAnswered, leg)
    pid = caller.backend.cell_pid("room")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert caller.ended(leg).cause is HangupCause.LOST
    caller.backend.stop()


def test_a_sink_that_raises_ends_nothing(far_end: FarEndProcess) -> None:
    log = EventLog()

    def sink(event: LegEvent) -> None:
        log(event)
        raise RuntimeError("somebody else's mistake")

    caller = Caller(far_end.network)
    caller.log = log
    caller.backend.stop()
    caller.backend = SipBackend(lambda client_id: [trunk_to(far_end.network)])
    caller.backend.start(sink)
    leg = caller.call("room")
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    caller.backend.stop()


def test_an_ip_trunk_and_one_with_a_login_both_get_their_calls_through(far_end: FarEndProcess) -> None:
    with FarEndProcess({"login": {"username": "hookline", "password": "secret"}}) as asking:
        right = Caller(asking.network, username="hookline", password="secret")
        leg = right.call("room")
        right.wait(LegAnswered, leg)
        right.backend.stop()
        wrong = Caller(asking.network, username="hookline", password="guess")
        assert wrong.ended(wrong.call("room")).cause is HangupCause.FAILED
        wrong.backend.stop()


def test_commands_before_the_answer_say_so(caller: Caller, far_end: FarEndProcess) -> None:
    leg = caller.call("room", number="+48600100199")
    for command in (
        lambda: caller.backend.hold(leg, True),
        lambda: caller.backend.send_dtmf(leg, "1"),
    ):
        with pytest.raises(LegNotReady):
            command()


def test_a_leg_is_not_bridged_with_itself(caller: Caller, far_end: FarEndProcess) -> None:
    leg = caller.call("room")
    caller.wait(LegAnswered, leg)
    with pytest.raises(SameLeg):
        caller.backend.bridge("room", leg, leg)


def test_an_id_is_used_once(caller: Caller, far_end: FarEndProcess, tmp_path: Path) -> None:
    _, customer = talk(caller, far_end)
    caller.backend.start_recording("room", customer, "tape", tmp_path / "a.wav")
    with pytest.raises(DuplicateLeg):
        caller.backend.start_recording("room", customer, "tape", tmp_path / "b.wav")


def test_without_a_trunk_the_problem_is_said_and_the_call_refused() -> None:
    caller = Caller()
    caller.backend.stop()
    backend = SipBackend(lambda client_id: [])
    backend.start(caller.log)
    caller.backend = backend
    assert [problem.id for problem in backend.problems(1)] == ["sip-no-trunk"]
    assert backend.default_caller_id(1) is None
    with pytest.raises(NoTrunk) as caught:
        caller.call("room")
    assert not caught.value.retryable
    backend.stop()


def test_cells_that_cannot_start_are_a_problem_said() -> None:
    caller = Caller(settings=SipSettings(bind_address="192.0.2.1"))
    caller.until(lambda: caller.backend.problems(1), "the problem is noticed")
    assert [problem.id for problem in caller.backend.problems(1)] == ["sip-cells-failing"]
    assert caller.ended(caller.call("room")).cause is HangupCause.LOST
    caller.backend.stop()


def test_a_missing_library_is_a_problem_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    caller = Caller()
    problem = caller.backend.problems(1)[0]
    assert problem.id == "sip-package-missing"
    assert "hookline[sip]" in problem.advice
    with pytest.raises(TelephonyError):
        caller.call("room")
    caller.backend.stop()


def test_the_parent_never_imports_the_library() -> None:
    script = "import sys, hookline_telephony_sip.backend; raise SystemExit('pjsua2' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0


def test_settings_that_cannot_work_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput) as caught:
        SipSettings(bind_address="::1", warm_cells=3, max_cells=2, hold_music=Path("/nowhere.wav"), clock_rate=1)
    assert set(caught.value.fields) == {"bind_address", "warm_cells", "hold_music", "clock_rate"}
