"""A supervisor listens, whispers, barges in; the customer never hears a whisper."""

from __future__ import annotations

from hookline.ports.telephony import Capability, HangupCause, LegEnded, LegKind, SupervisionMode
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

NEEDS = (Capability.STATION, Capability.PLACE, Capability.BRIDGE, Capability.SUPERVISE)


def _check(play: Play, mode: SupervisionMode, agent: str, customer: str, supervisor: str) -> None:
    """Everybody hears whom they should in this mode."""
    listens = mode is not SupervisionMode.OFF
    to_agent = mode in (SupervisionMode.WHISPER, SupervisionMode.BARGE)
    to_customer = mode is SupervisionMode.BARGE
    heard = {
        supervisor: [agent, customer] if listens else [],
        agent: [customer, supervisor] if to_agent else [customer],
        customer: [agent, supervisor] if to_customer else [agent],
    }
    play.until_heard(heard)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(play.hears(customer, supervisor) is to_customer, f"in {mode.value} the customer hears what he should")


@_here.scenario(*NEEDS)
def supervise(play: Play) -> None:
    """Listen, whisper, barge and off, switched while the call runs: each hears just whom they should."""
    room, agent, customer = play.talk()
    supervisor = play.answered_station(room, LegKind.SUPERVISOR)
    play.until_heard({supervisor: [], agent: [customer], customer: [agent]})
    modes = SupervisionMode
    for mode in (modes.LISTEN, modes.WHISPER, modes.BARGE, modes.WHISPER, modes.OFF):
        play.backend.supervise(supervisor, mode)
        _check(play, mode, agent, customer, supervisor)
    play.far(supervisor).hang_up()
    play.until_ended(supervisor, HangupCause.NORMAL)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(customer, LegEnded), "the call goes on without its supervisor")


@_here.scenario(*NEEDS)
def supervise_the_next_call(play: Play) -> None:
    """The mode is kept: the supervisor whispers in the agent's next call without being asked again."""
    room = play.room()
    agent = play.answered_station(room)
    supervisor = play.answered_station(room, LegKind.SUPERVISOR)
    play.backend.supervise(supervisor, SupervisionMode.WHISPER)
    for _ in range(2):
        customer = play.answered_call(room)
        play.backend.bridge(room, agent, customer)
        _check(play, SupervisionMode.WHISPER, agent, customer, supervisor)
        play.backend.hang_up(customer)
        play.until_ended(customer, HangupCause.LOCAL)


@_here.scenario(*NEEDS, Capability.HOLD)
def supervise_on_hold(play: Play) -> None:
    """Nobody hears a held customer, and he hears nobody, whatever the supervisor does."""
    room, agent, customer = play.talk()
    supervisor = play.answered_station(room, LegKind.SUPERVISOR)
    play.backend.supervise(supervisor, SupervisionMode.BARGE)
    _check(play, SupervisionMode.BARGE, agent, customer, supervisor)
    play.backend.hold(customer, True)
    play.until_heard({customer: [], supervisor: [agent], agent: [supervisor]})


@_here.scenario(*NEEDS)
def supervise_nobody_else(play: Play) -> None:
    """Only a supervisor's leg takes a mode."""
    _, agent, _ = play.talk()
    error = play.refused(
        lambda: play.backend.supervise(agent, SupervisionMode.LISTEN), "an agent's leg cannot supervise"
    )
    play.expect(not error.retryable, "an agent's leg will not become a supervisor's")
