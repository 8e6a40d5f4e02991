"""One scenario of the conformance kit, and what happens where a backend does not declare what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hookline.ports.telephony import Capability, DtmfReceived, TelephonyError
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
        if capability is Capability.DTMF_RECEIVE:
            _check_deaf(play, customer, Capability.PLACE in has)
            continue
        command = _command(play, capability, room, agent, customer)
        error = play.refused(command, f"without {capability.value} its command raises TelephonyError")
        play.expect(not error.retryable, f"the refusal of an undeclared {capability.value} is not retryable")


def _command(play: Play, capability: Capability, room: str, agent: str, customer: str) -> Callable[[], None]:
    backend = play.backend
    commands: dict[Capability, Callable[[], object]] = {
        Capability.STATION: lambda: play.station(room),
        Capability.PLACE: lambda: play.call(room),
        Capability.BRIDGE: lambda: backend.bridge(room, agent, customer),
        Capability.HOLD: lambda: backend.hold(customer, True),
        Capability.MUTE: lambda: backend.mute(customer, True),
        Capability.DTMF_SEND: lambda: backend.send_dtmf(customer, "1"),
        Capability.RECORD: lambda: play.record(room, customer),
    }

    def give() -> None:
        commands[capability]()

    return give


def _check_deaf(play: Play, customer: str, can_place: bool) -> None:
    """There is no command to refuse: but what is not declared must not come either."""
    if can_place:
        play.far(customer).press("5")
        play.rig.let_pass(SETTLE_SECONDS)
        heard = play.events(customer, DtmfReceived)
        play.expect(not heard, "without dtmf_receive no DtmfReceived comes")


def refuses(command: Callable[[], None], kind: type[TelephonyError]) -> bool:
    """Whether the command raises that error; for commands that race with the end of their leg."""
    try:
        command()
    except kind:
        return True
    return False
