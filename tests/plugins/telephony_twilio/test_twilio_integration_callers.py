"""Who calls in waits in a queue and is told his place, or leaves a message; and calls wait for their turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.ports.telephony import HangupCause
from hookline.testing.telephony_play import Play
from hookline.testing.tones import level, wav_seconds
from hookline_telephony_twilio.models import VoicemailRecord
from tests.plugins.telephony_twilio.rig import TwilioRig
from tests.plugins.telephony_twilio.standin.calls import Call


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwilioRig]:
    """Callers wait in a queue and may leave a message; two calls may be out at once, one begun in a second."""
    folder = tmp_path_factory.mktemp("callers")
    rig = TwilioRig(folder, queue_callers=True, voicemail=True, concurrent_calls=2, calls_per_second=1)
    yield rig
    rig.close()


@pytest.fixture
def play(rig: TwilioRig) -> Iterator[Play]:
    play = Play(rig)
    yield play
    play.finish()


def caller(rig: TwilioRig, play: Play, leg: str) -> Call:
    return rig.call_of(play._addresses[leg])


def test_callers_hear_music_are_told_their_place_and_move_up(rig: TwilioRig, play: Play) -> None:
    first, second = play.offered(), play.offered()
    rig.let_pass(6.0)
    assert caller(rig, play, first.leg_id).person.told[0] != caller(rig, play, second.leg_id).person.told[0]
    room = play.room()
    agent = play.answered_station(room)
    play.answer(first.leg_id, room)
    play.until_answered(first.leg_id)
    play.backend.bridge(room, agent, first.leg_id)
    play.until_heard({agent: [first.leg_id], first.leg_id: [agent]})
    told = caller(rig, play, second.leg_id).person.told
    place_of_the_first = caller(rig, play, first.leg_id).person.told[0]
    play.until("the second is told that he is first now", lambda: told[-1] == place_of_the_first, 120.0)
    play.far(second.leg_id).hang_up()
    play.until_ended(second.leg_id, HangupCause.CANCELLED)


def test_whom_nobody_takes_leaves_a_message_that_is_kept_here_alone(rig: TwilioRig, play: Play, tmp_path: Path) -> None:
    offer = play.offered()
    call = caller(rig, play, offer.leg_id)
    rig.let_pass(1.0)
    play.backend.hang_up(offer.leg_id)
    play.until_ended(offer.leg_id, HangupCause.CANCELLED)
    play.until("he is asked to speak", lambda: len(rig.installation.standin.world.recordings) == 1, 30.0)
    rig.let_pass(4.0)
    rig.installation.standin.act(call.hang_up)
    play.until("the message is here and not at Twilio", lambda: not rig.installation.standin.world.recordings, 30.0)
    rig.let_pass(1.0)
    with rig.installation.runtime.db.read() as session:
        message = session.scalars(select(VoicemailRecord)).one()
    found = list(rig.installation.runtime.settings.data_dir.rglob(message.path))
    assert wav_seconds(found[0]) == pytest.approx(4.0, abs=0.5)
    assert level(found[0], call.person.hertz) > 0.1
    assert (message.number, message.deleted_at is not None) == (call.from_, True)


def test_calls_wait_for_their_turn(rig: TwilioRig, play: Play) -> None:
    room = play.room()
    legs = [play.call(room, "no_answer", 60.0) for _ in range(3)]
    rig.let_pass(0.5)

    def begun() -> list[str]:
        return [leg for leg in legs if rig.installation.standin.calls_to(play._addresses[leg])]

    assert begun() == legs[:1]
    rig.let_pass(5.0)
    assert begun() == legs[:2]
    play.backend.hang_up(legs[0])
    play.until_ended(legs[0], HangupCause.CANCELLED)
    play.until("the third has its turn", lambda: begun() == legs)
    play.backend.hang_up(legs[1])
