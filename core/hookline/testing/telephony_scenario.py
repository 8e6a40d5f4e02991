"""One scenario of the conformance kit, and what happens where a backend does not declare what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hookline.ports.telephony import (
    AnswererDetected,
    CallOffered,
    Capability,
    ConnectStation,
    DtmfReceived,
    LegKind,
    StationKind,
    SupervisionMode,
    TelephonyError,
)
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_rig import Rig


@dataclass(frozen=True)
class Scenario:
    """A piece of the contract. `needs` are the capabilities without which it cannot be played."""

    name: str
    summary: str
    play: Callable[[Play], None] = field(repr=False)
    needs: frozenset[Capability] = frozenset()

    def run(self, rig: Rig) -> None:
        """Play it on the rig; ScenarioFailed (an AssertionError) where the backend breaks the contract.

        A backend that lacks a needed capability must refuse its commands, which is checked instead.
        """
        play = Play(rig)
        missing = self.needs - rig.backend.capabilities
        try:
            if missing:
                check_refusals(play, missing)
            else:
                self.play(play)
        except BaseException:
            play.abandon()
            raise
        play.finish()


class Scenarios:
    """Collects the scenarios of one module, in the order in which they are written down."""

    def __init__(self) -> None:
        self.all: list[Scenario] = []

    def scenario(self, *needs: Capability) -> Callable[[Callable[[Play], None]], Callable[[Play], None]]:
        """Decorator: the function's name names the scenario, its docstring says what must hold."""

        def add(play: Callable[[Play], None]) -> Callable[[Play], None]:
            summary = (play.__doc__ or "").strip().splitlines()[0]
            self.all.append(Scenario(play.__name__, summary, play, frozenset(needs)))
            return play

        return add


def check_refusals(play: Play, missing: frozenset[Capability]) -> None:
    """Each command that belongs to a missing capability must raise a TelephonyError that is not retryable."""
    room = play.room()
    has = play.backend.capabilities
    agent = play.answered_station(room) if Capability.STATION in has else play.rig.fresh_id()
    customer = play.answered_call(room) if Capability.PLACE in has else play.rig.fresh_id()
    for capability in sorted(missing):
        if capability in QUIET:
            QUIET[capability](play, customer if Capability.PLACE in has else None)
            continue
        command = _command(play, capability, room, agent, customer)
        error = play.refused(command, f"without {capability.value} its command raises TelephonyError")
        play.expect(not error.retryable, f"the refusal of an undeclared {capability.value} is not retryable")


def _command(play: Play, capability: Capability, room: str, agent: str, customer: str) -> Callable[[], None]:
    backend, fresh = play.backend, play.rig.fresh_id()
    commands: dict[Capability, Callable[[], object]] = {
        Capability.STATION: lambda: play.station(room),
        Capability.NUMBER_STATION: lambda: _station(play, room, StationKind.NUMBER),
        Capability.BROWSER_STATION: lambda: _station(play, room, StationKind.BROWSER),
        Capability.PLACE: lambda: play.call(room),
        Capability.BRIDGE: lambda: backend.bridge(room, agent, customer),
        Capability.JOIN: lambda: backend.join(play.room(), customer),
        Capability.TRANSFER: lambda: backend.transfer(room, customer, agent, fresh),
        Capability.HOLD: lambda: backend.hold(customer, True),
        Capability.MUTE: lambda: backend.mute(customer, True),
        Capability.DTMF_SEND: lambda: backend.send_dtmf(customer, "1"),
        Capability.PLAY: lambda: play.play_sound(customer, play.sound(440, 1.0)),
        Capability.RECORD: lambda: play.record(room, customer),
        Capability.RECORD_PAUSE: lambda: backend.pause_recording(play.record(room, customer)[0], True),
        Capability.SUPERVISE: lambda: _supervise(play, room),
    }

    def give() -> None:
        commands[capability]()

    return give


def _station(play: Play, room: str, kind: StationKind) -> None:
    """Addressed with an id where the rig, lacking the capability, has no such station."""
    command = ConnectStation(
        conversation_id=room,
        leg_id=play.rig.fresh_id(),
        address="+48221000000" if kind is StationKind.NUMBER else "",
        caller_id=play.rig.caller_id,
        ring_timeout_seconds=1.0,
        station=kind,
        client_id=play.rig.client_id,
    )
    play.backend.connect_station(command)


def _supervise(play: Play, room: str) -> None:
    """A backend that supervises nobody may refuse the leg or its mode."""
    supervisor = play.station(room, kind=LegKind.SUPERVISOR)
    play.until_answered(supervisor)
    play.backend.supervise(supervisor, SupervisionMode.LISTEN)


# Capabilities without a command to refuse: but what is not declared must not come either.


def _check_deaf(play: Play, customer: str | None) -> None:
    if customer is not None:
        play.far(customer).press("5")
        play.rig.let_pass(SETTLE_SECONDS)
        heard = play.events(customer, DtmfReceived)
        play.expect(not heard, "without dtmf_receive no DtmfReceived comes")


def _check_closed(play: Play, customer: str | None) -> None:
    number = play.rig.caller({})
    play.rig.let_pass(SETTLE_SECONDS)
    offers = [event for event in play.rig.collected if isinstance(event, CallOffered) and event.number == number]
    play.expect(not offers, "without inbound no CallOffered comes")


def _check_unasked(play: Play, customer: str | None) -> None:
    leg = play.answered_call(play.room(), "machine", detect_answerer=True) if customer else None
    play.rig.let_pass(2.0)
    detected = play.events(leg, AnswererDetected) if leg else []
    play.expect(not detected, "without detect_answerer no AnswererDetected comes")


def _check_nothing(play: Play, customer: str | None) -> None:
    """What a backend may do without saying so harms nobody: `bridge_too_early` and `recording` see to the rest."""


QUIET: dict[Capability, Callable[[Play, str | None], None]] = {
    Capability.DTMF_RECEIVE: _check_deaf,
    Capability.INBOUND: _check_closed,
    Capability.DETECT_ANSWERER: _check_unasked,
    Capability.EARLY_MEDIA: _check_nothing,
    Capability.HEADERS: _check_nothing,
    Capability.RECORD_STEREO: _check_nothing,
}


def refuses(command: Callable[[], None], kind: type[TelephonyError]) -> bool:
    """Whether the command raises that error; for commands that race with the end of their leg."""
    try:
        command()
    except kind:
        return True
    return False
