"""The simulated telephone network: its far sides, what its events promise, and what tests may arrange."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.ports.telephony import (
    ConnectStation,
    DtmfReceived,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    NoCapacity,
    NoSuchLeg,
    PlaceCall,
    Problem,
    RecordingFinished,
    TelephonyBackend,
    TelephonyError,
)
from hookline.testing import behaviour as b
from hookline.testing.behaviour import Behaviour
from hookline.testing.clock import START, VirtualClock
from hookline.testing.simulated import SimulatedBackend
from hookline.testing.telephony_play import broken_rules
from hookline.testing.tones import AGENT_TONE_HZ, CUSTOMER_TONE_HZ, level, wav_seconds

NUMBER = "+48221234567"
STATION = "sip:anna@192.0.2.1"


class World:
    """A running backend, its clock and its events."""

    def __init__(self, capacity: int | None = None) -> None:
        self.clock = VirtualClock()
        self.backend = SimulatedBackend(self.clock, capacity=capacity)
        self.events: list[LegEvent] = []
        self.backend.start(self.events.append)

    def call(self, leg: str = "leg", number: str = NUMBER, room: str = "room", timeout: float = 30) -> None:
        self.backend.place_call(
            PlaceCall(
                conversation_id=room,
                leg_id=leg,
                number=number,
                caller_id="+48221000000",
                ring_timeout_seconds=timeout,
                client_id=1,
            )
        )

    def station(self, leg: str = "agent", room: str = "room", timeout: float = 30) -> None:
        self.backend.connect_station(
            ConnectStation(
                conversation_id=room,
                leg_id=leg,
                address=STATION,
                caller_id="+48221000000",
                ring_timeout_seconds=timeout,
            )
        )

    def happened(self, leg: str = "leg") -> list[tuple[float, str]]:
        """(seconds since the start, what) for the leg's events."""

        def what(event: LegEvent) -> str:
            return event.cause.value if isinstance(event, LegEnded) else type(event).__name__

        return [((event.at - START).total_seconds(), what(event)) for event in self.events if event.leg_id == leg]


@pytest.fixture
def world() -> World:
    return World()


def test_it_is_a_telephony_backend(world: World) -> None:
    backend: TelephonyBackend = world.backend
    assert (backend.name, backend.title) == ("simulated", "Simulated")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (b.ANSWERS, [(0.5, "LegRinging"), (2, "LegAnswered")]),
        (b.ANSWERS_AND_HANGS_UP, [(0.5, "LegRinging"), (2, "LegAnswered"), (5, "normal")]),
        (b.BUSY, [(1, "busy")]),
        (b.DECLINED, [(0.5, "LegRinging"), (1, "declined")]),
        (b.INVALID, [(1, "invalid_number")]),
        (b.UNREACHABLE, [(1, "unreachable")]),
        (b.FAILED, [(1, "failed")]),
        (b.NO_ANSWER, [(0.5, "LegRinging"), (30, "no_answer")]),
        (Behaviour(cause=HangupCause.NO_ANSWER, refuses_after_seconds=9), [(0.5, "LegRinging"), (9, "no_answer")]),
        (Behaviour(rings_after_seconds=None, answers_after_seconds=30), [(30, "LegAnswered")]),
        (Behaviour(answers_after_seconds=0.1), [(0.1, "LegAnswered")]),
        (Behaviour(presses="7#"), [(0.5, "LegRinging"), (2, "LegAnswered"), (3, "DtmfReceived"), (3, "DtmfReceived")]),
    ],
)
def test_a_number_behaves_as_told(world: World, behaviour: Behaviour, expected: list[tuple[float, str]]) -> None:
    world.backend.behaves(NUMBER, behaviour)
    world.call()
    world.clock.advance(60)
    assert world.happened() == expected


def test_a_refusal_carries_the_networks_words_and_our_own_timer_none(world: World) -> None:
    world.backend.behaves(NUMBER, b.BUSY, b.NO_ANSWER)
    world.call("one")
    world.call("two")
    world.clock.advance(30)
    ends = [(e.code, e.reason) for e in world.events if isinstance(e, LegEnded)]
    assert ends == [(486, "Busy Here"), (0, "")]


def test_of_several_behaviours_one_serves_each_call_and_the_last_for_ever(world: World) -> None:
    world.backend.behaves(NUMBER, b.BUSY, b.DECLINED)
    for leg in ("one", "two", "three"):
        world.call(leg)
    world.clock.advance(5)
    assert [world.happened(leg)[-1][1] for leg in ("one", "two", "three")] == ["busy", "declined", "declined"]


def test_defaults_serve_whoever_was_told_nothing(world: World) -> None:
    world.backend.behaves_by_default(number=b.BUSY)
    world.call()
    world.station()
    world.clock.advance(1)
    assert (world.happened(), world.happened("agent")[-1]) == ([(1, "busy")], (0.5, "LegAnswered"))
    world.backend.behaves_by_default(station=b.DECLINED)
    world.station("another")
    world.clock.advance(1)
    assert world.happened("another")[-1] == (2, "declined")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Behaviour(answers_after_seconds=-1),
        lambda: Behaviour(cause=HangupCause.LOCAL),
        lambda: SimulatedBackend(VirtualClock()).behaves(NUMBER),
    ],
)
def test_a_behaviour_that_cannot_be_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"negative|refuse with|at least one"):
        make()


def test_events_come_only_while_the_clock_is_advanced(world: World) -> None:
    world.call()
    world.backend.hang_up("leg")
    assert world.events == []
    world.clock.advance(0)
    assert world.happened() == [(0, "cancelled")]


def test_the_sink_may_give_commands(world: World) -> None:
    backend = SimulatedBackend(world.clock)
    told: list[str] = []

    def sink(event: LegEvent) -> None:
        told.append(type(event).__name__)
        if isinstance(event, LegAnswered):
            backend.hang_up(event.leg_id)
            told.append("obeyed")

    backend.start(sink)
    world.backend = backend
    world.call()
    world.clock.advance(2)
    assert told == ["LegRinging", "LegAnswered", "obeyed", "LegEnded"]


def test_a_sink_that_raises_is_heard_of_and_loses_no_event() -> None:
    clock = VirtualClock()
    backend = SimulatedBackend(clock)
    told: list[LegEvent] = []

    def sink(event: LegEvent) -> None:
        told.append(event)
        if isinstance(event, LegRinging):
            raise LookupError("the service is broken")

    backend.start(sink)
    world = World()
    world.backend = backend
    world.call()
    with pytest.raises(LookupError):
        clock.advance(5)
    clock.advance(5)
    assert [type(event) for event in told] == [LegRinging, LegAnswered]


def test_hands_of_fate(world: World) -> None:
    world.backend.behaves(NUMBER, b.NO_ANSWER)
    for leg in ("picked up", "declined"):
        world.call(leg)
    world.clock.advance(1)
    world.backend.picks_up("picked up")
    world.backend.caller_hangs_up("declined")
    world.clock.advance(1)
    world.backend.press("picked up", "5")
    world.backend.caller_hangs_up("picked up")
    world.clock.advance(0)
    assert [what for _, what in world.happened("picked up")] == ["LegRinging", "LegAnswered", "DtmfReceived", "normal"]
    assert [what for _, what in world.happened("declined")] == ["LegRinging", "declined"]
    with pytest.raises(NoSuchLeg):
        world.backend.picks_up("picked up")


def test_it_keeps_what_was_asked_accepted_or_not(world: World) -> None:
    world.call()
    with pytest.raises(NoSuchLeg):
        world.backend.hold("nobody", True)
    world.backend.close_conversation("room")
    assert [asked.command for asked in world.backend.commands] == ["place_call", "hold", "close_conversation"]
    assert world.backend.asked("place_call")[0]["command"].number == NUMBER
    assert world.backend.asked("hold") == [{"leg_id": "nobody", "on": True}]


def test_a_problem_keeps_calls_from_going_out_and_stations_work_on(world: World) -> None:
    world.backend.problems_now = [Problem(id="no-trunk", message="There is no trunk.", advice="Add one.")]
    world.station()
    with pytest.raises(TelephonyError, match="There is no trunk") as refused:
        world.call()
    assert not refused.value.retryable
    assert world.backend.problems(1) == world.backend.problems_now
    world.backend.problems_now = []
    world.call()
    world.clock.advance(2)
    assert world.happened()[-1] == (2, "LegAnswered")


def test_the_next_commands_can_be_made_to_fail(world: World) -> None:
    world.backend.refuse_next = [NoCapacity("Every line is in use.")]
    with pytest.raises(NoCapacity):
        world.call()
    world.call()
    world.clock.advance(2)
    assert world.happened()[-1] == (2, "LegAnswered")


def test_no_more_conversations_than_its_capacity() -> None:
    world = World(capacity=1)
    world.call("one", room="a")
    world.call("two", room="a")
    with pytest.raises(NoCapacity) as refused:
        world.call("three", room="b")
    assert refused.value.retryable
    world.backend.close_conversation("a")
    world.call("three", room="b")
    world.clock.advance(2)
    assert world.happened("three")[-1] == (2, "LegAnswered")


def test_before_start_and_after_stop_nothing_is_accepted(world: World) -> None:
    with pytest.raises(RuntimeError, match="already started"):
        world.backend.start(world.events.append)
    world.call()
    world.backend.stop()
    assert world.happened() == [(0, "cancelled")]
    with pytest.raises(TelephonyError, match="not running"):
        world.call("another")
    world.backend.stop()
    world.clock.advance(60)
    assert len(world.events) == 1


def test_who_is_on_the_recording_when(world: World, tmp_path: Path) -> None:
    world.station()
    world.call()
    world.clock.advance(2)
    one, two, three = (tmp_path / "calls" / name for name in ("one", "two", "three"))
    steps: list[tuple[Path, Callable[[], object]]] = [
        (one, lambda: None),
        (two, lambda: world.backend.bridge("room", "agent", "leg")),
        (three, lambda: world.backend.hold("leg", True)),
    ]
    for path, prepare in steps:
        prepare()
        world.backend.start_recording("room", "leg", path.name, path)
        world.clock.advance(2.5)
        world.backend.stop_recording(path.name)
    sides = ((AGENT_TONE_HZ, 1), (AGENT_TONE_HZ, 0), (CUSTOMER_TONE_HZ, 0), (CUSTOMER_TONE_HZ, 1))
    levels = [[round(level(path, hz, side), 2) for hz, side in sides] for path in (one, two, three)]
    assert levels == [[0, 0, 0.5, 0], [0.5, 0, 0.5, 0], [0, 0, 0, 0]]
    assert [wav_seconds(path) for path in (one, two, three)] == [2.5] * 3


def test_a_silent_far_side_is_not_heard(world: World, tmp_path: Path) -> None:
    world.backend.behaves(NUMBER, b.ANSWERS_SILENTLY)
    world.station()
    world.call()
    world.clock.advance(2)
    world.backend.bridge("room", "agent", "leg")
    world.backend.start_recording("room", "leg", "rec", tmp_path / "rec.wav")
    world.clock.advance(1)
    world.backend.hang_up("leg")
    assert level(tmp_path / "rec.wav", CUSTOMER_TONE_HZ) < 0.001 < level(tmp_path / "rec.wav", AGENT_TONE_HZ)


def test_a_long_recordings_file_is_cut_and_its_length_told(world: World, tmp_path: Path) -> None:
    world.call()
    world.clock.advance(2)
    world.backend.start_recording("room", "leg", "rec", tmp_path / "rec.wav")
    world.clock.advance(3600)
    world.backend.hang_up("leg")
    world.clock.advance(0)
    finished = [event for event in world.events if isinstance(event, RecordingFinished)]
    assert (finished[0].seconds, wav_seconds(tmp_path / "rec.wav")) == (3600, 60)


@pytest.mark.parametrize(
    ("command", "retryable"),
    [
        (lambda backend, path: backend.join("room-2", "ringing"), True),
        (lambda backend, path: backend.bridge("room", "agent", "agent"), False),
        (lambda backend, path: backend.bridge("room", "agent", "elsewhere"), False),
        (lambda backend, path: backend.hold("ringing", True), True),
        (lambda backend, path: backend.send_dtmf("ringing", "1"), True),
        (lambda backend, path: backend.send_dtmf("agent", "1, 2"), False),
        (lambda backend, path: backend.start_recording("room", "ringing", "rec", path), True),
        (lambda backend, path: backend.start_recording("room", "agent", "rec", path), False),
        (lambda backend, path: backend.start_recording("room", "elsewhere", "rec", path), False),
        (lambda backend, path: backend.start_recording("other", "elsewhere", "taken", path), False),
        (lambda backend, path: backend.stop_recording("rec"), False),
        (lambda backend, path: backend.picks_up("agent"), False),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused(
    world: World, tmp_path: Path, command: Callable[[SimulatedBackend, Path], None], retryable: bool
) -> None:
    world.backend.behaves(NUMBER, b.NO_ANSWER)
    world.station()
    world.call("ringing")
    world.call("elsewhere", number="+48220000001", room="other")
    world.clock.advance(2)
    world.backend.start_recording("other", "elsewhere", "taken", tmp_path / "taken.wav")
    with pytest.raises(TelephonyError) as refused:
        command(world.backend, tmp_path / "rec.wav")
    assert refused.value.retryable is retryable
    assert not isinstance(refused.value, NoSuchLeg)


# Whatever is commanded, in whatever order: the port's promises hold.

LEGS = st.sampled_from(["leg-1", "leg-2", "leg-3", "leg-4"])
ROOMS = st.sampled_from(["room-1", "room-2"])
NUMBERS = {
    "+48220000001": b.ANSWERS,
    "+48220000002": b.ANSWERS_AND_HANGS_UP,
    "+48220000003": b.BUSY,
    "+48220000004": b.NO_ANSWER,
    "+48220000005": Behaviour(answers_after_seconds=0, presses="1", hangs_up_after_seconds=0, presses_after_seconds=0),
    "+48220000006": Behaviour(cause=HangupCause.FAILED, rings_after_seconds=0, refuses_after_seconds=0),
}
COMMANDS = st.one_of(
    st.tuples(st.just("call"), LEGS, st.sampled_from(sorted(NUMBERS)), ROOMS, st.sampled_from([0, 2, 5.0])),
    st.tuples(st.just("station"), LEGS, ROOMS),
    st.tuples(st.just("advance"), st.sampled_from([0, 0.5, 1, 2, 10])),
    st.tuples(st.sampled_from(["hang_up", "caller_hangs_up", "picks_up"]), LEGS),
    st.tuples(st.sampled_from(["hold", "mute"]), LEGS, st.booleans()),
    st.tuples(st.sampled_from(["send_dtmf", "press"]), LEGS, st.just("5")),
    st.tuples(st.just("bridge"), ROOMS, LEGS, LEGS),
    st.tuples(st.just("record"), ROOMS, LEGS, st.sampled_from(["rec-1", "rec-2"])),
    st.tuples(st.just("stop_recording"), st.sampled_from(["rec-1", "rec-2"])),
    st.tuples(st.sampled_from(["close_conversation", "lose_conversation"]), ROOMS),
)


def obey(world: World, folder: Path, name: str, *arguments: object) -> bool:
    """Give the command; whether it was accepted."""
    backend = world.backend
    commands: dict[str, Callable[..., object]] = {
        "call": world.call,
        "station": world.station,
        "advance": world.clock.advance,
        "record": lambda room, leg, rec: backend.start_recording(room, leg, rec, folder / f"{rec}.wav"),
    }
    try:
        commands.get(name, getattr(backend, name, None))(*arguments)  # type: ignore[misc]
    except TelephonyError:
        return False
    except KeyError:
        if name != "lose_conversation":
            raise
        return False
    return True


def run(commands: list[tuple[object, ...]], folder: Path) -> tuple[World, set[str], set[str]]:
    """The world after the commands and a stop, with the legs and recordings that were accepted."""
    world = World()
    for number, behaviour in NUMBERS.items():
        world.backend.behaves(number, behaviour)
    legs, recordings = set(), set()
    for name, *arguments in commands:
        accepted = obey(world, folder, str(name), *arguments)
        if accepted and name in ("call", "station"):
            legs.add(str(arguments[0]))
        if accepted and name == "record":
            recordings.add(str(arguments[2]))
    world.backend.stop()
    return world, legs, recordings


@settings(max_examples=300, deadline=None)
@given(st.lists(COMMANDS, max_size=25))
def test_any_sequence_of_commands_keeps_the_order_of_events(commands: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as folder:
        world, legs, recordings = run(commands, Path(folder))
        finished = [event for event in world.events if isinstance(event, RecordingFinished)]
        assert all(abs(wav_seconds(event.path) - event.seconds) < 0.001 for event in finished)
    for leg in legs:
        events = [event for event in world.events if event.leg_id == leg]
        assert broken_rules(events) == []
    assert {event.leg_id for event in world.events} == legs
    assert sorted(event.recording_id for event in finished) == sorted(recordings)
    assert [event.at for event in world.events] == sorted(event.at for event in world.events)


@settings(max_examples=50, deadline=None)
@given(st.lists(COMMANDS, max_size=25))
def test_the_same_commands_give_the_same_events(commands: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as folder:
        assert run(commands, Path(folder))[0].events == run(commands, Path(folder))[0].events


def test_threads_and_a_running_clock_keep_the_order_of_events() -> None:
    world = World()
    world.backend.behaves_by_default(number=b.ANSWERS_AND_HANGS_UP)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        for turn in range(20):
            leg, room = f"{number}-{turn}", f"room-{number}-{turn % 3}"
            try:
                world.call(leg, room=room)
                world.clock.advance(1)
                (world.backend.close_conversation if turn % 2 else world.backend.hang_up)(room if turn % 2 else leg)
            except NoSuchLeg:
                continue
            except BaseException as error:
                failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.backend.stop()
    assert failed == []
    legs = {f"{number}-{turn}" for number in range(4) for turn in range(20)}
    broken = {leg: broken_rules([event for event in world.events if event.leg_id == leg]) for leg in legs}
    assert broken == {leg: [] for leg in legs}


def test_digits_reach_the_far_side_and_come_from_it(world: World) -> None:
    world.call()
    world.clock.advance(2)
    world.backend.send_dtmf("leg", "12")
    world.backend.send_dtmf("leg", "#")
    world.backend.press("leg", "9")
    world.backend.hang_up("leg")
    world.clock.advance(0)
    assert world.backend.digits_heard("leg") == "12#"
    assert [event.digit for event in world.events if isinstance(event, DtmfReceived)] == ["9"]
