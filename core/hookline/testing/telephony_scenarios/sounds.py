"""Sounds that are played to legs: announcements, hold music."""

from __future__ import annotations

from hookline.ports.telephony import Capability, HangupCause, LegEnded
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

PLAY = (Capability.PLACE, Capability.PLAY)
TALK = (Capability.STATION, Capability.BRIDGE)
SOUND_HZ = 3100
"""A pitch that no far side says."""


def _until_tone(play: Play, leg: str, hears: bool) -> None:
    words = f"leg {leg} {'hears' if hears else 'does not hear'} the sound"
    play.until(words, lambda: play.far(leg).hears_tone(SOUND_HZ) is hears)


@_here.scenario(*PLAY)
def play_once(play: Play) -> None:
    """A sound is heard, ends by itself as complete, and the leg stays."""
    customer = play.answered_call(play.room())
    play_id = play.play_sound(customer, play.sound(SOUND_HZ, 2.0))
    _until_tone(play, customer, True)
    finished = play.until_played(play_id)
    play.expect(finished.complete, "a sound that was played to its end is complete")
    _until_tone(play, customer, False)
    play.expect(not play.events(customer, LegEnded), "the leg stays when a sound ends")
    play.backend.stop_play(play_id)


@_here.scenario(*PLAY)
def play_again_and_again(play: Play) -> None:
    """A sound in a loop goes on beyond its length until it is stopped, which is not complete."""
    customer = play.answered_call(play.room())
    play_id = play.play_sound(customer, play.sound(SOUND_HZ, 0.5), loop=True)
    play.rig.let_pass(1.5)
    _until_tone(play, customer, True)
    play.backend.stop_play(play_id)
    play.expect(not play.until_played(play_id).complete, "a stopped sound is not complete")
    _until_tone(play, customer, False)


@_here.scenario(*PLAY, *TALK)
def play_to_one(play: Play) -> None:
    """A sound reaches its leg alone, unless it is played aloud; afterwards the two hear each other as before."""
    _, agent, customer = play.talk()
    for aloud in (False, True):
        play_id = play.play_sound(customer, play.sound(SOUND_HZ, 1.0), loop=True, aloud=aloud)
        _until_tone(play, customer, True)
        _until_tone(play, agent, aloud)
        play.backend.stop_play(play_id)
        play.until_played(play_id)
    play.until_heard({agent: [customer], customer: [agent]})


@_here.scenario(*PLAY, *TALK, Capability.HOLD)
def hold_music(play: Play) -> None:
    """A held leg hears what is played to it, and nobody else does; taken back, it talks on."""
    _, agent, customer = play.talk()
    play.backend.hold(customer, True)
    play_id = play.play_sound(customer, play.sound(SOUND_HZ, 1.0), loop=True)
    _until_tone(play, customer, True)
    play.until_heard({customer: [], agent: []})
    play.expect(not play.far(agent).hears_tone(SOUND_HZ), "hold music is for the held leg alone")
    play.backend.stop_play(play_id)
    play.backend.hold(customer, False)
    play.until_heard({agent: [customer], customer: [agent]})


@_here.scenario(*PLAY)
def play_to_a_leg_that_ends(play: Play) -> None:
    """When the leg ends its sound is told of as not complete, before LegEnded."""
    customer = play.answered_call(play.room())
    play_id = play.play_sound(customer, play.sound(SOUND_HZ, 0.5), loop=True)
    play.rig.let_pass(SETTLE_SECONDS)
    play.far(customer).hang_up()
    play.until_ended(customer, HangupCause.NORMAL)
    play.expect(not play.until_played(play_id).complete, "a sound that was cut off is not complete")


@_here.scenario(*PLAY)
def play_nothing(play: Play) -> None:
    """A file that is not there, or is no sound, is refused at once, and the leg stays."""
    customer = play.answered_call(play.room())
    no_sound = play.rig.directory / f"{play.rig.fresh_id()}.wav"
    for write in (False, True):
        if write:
            no_sound.write_bytes(b"this is no sound")
        error = play.refused(lambda: play.play_sound(customer, no_sound), "what is no sound cannot be played")
        play.expect(not error.retryable, "what is no sound will not become one")
    play.expect(not play.events(customer, LegEnded), "the leg stays")
