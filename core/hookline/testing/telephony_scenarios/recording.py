"""Recordings: playable, of the right length, and told of exactly once."""

from __future__ import annotations

import wave
from pathlib import Path

from hookline.ports.telephony import (
    Capability,
    HangupCause,
    LegEnded,
    LegKind,
    RecordingFinished,
    SupervisionMode,
    TelephonyError,
)
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios, refuses
from hookline.testing.tones import channels, level, wav_seconds

_here = Scenarios()
SCENARIOS = _here.all

RECORD = (Capability.STATION, Capability.PLACE, Capability.BRIDGE, Capability.RECORD)
SLACK_SECONDS = 1.0
"""By how much a recording's length may differ from the time between start and end."""

AUDIBLE = 0.02
"""How loud, as a share of full scale, somebody's tone must be on a recording."""


def _check_file(play: Play, finished: RecordingFinished, path: Path, seconds: float) -> None:
    play.expect(finished.path == path, "RecordingFinished names the path that was asked for")
    try:
        length = wav_seconds(path)
    except (OSError, EOFError, wave.Error) as error:
        raise play.failure(f"Broken: the recording is a readable WAV; {error!r}.") from error
    play.expect(abs(length - seconds) <= SLACK_SECONDS, f"the file is about {seconds} s long; it is {length}")
    play.expect(abs(finished.seconds - length) <= 0.1, f"the event tells the file's length; it says {finished.seconds}")


@_here.scenario(*RECORD)
def recording(play: Play) -> None:
    """A recorded call: both sides are on it, it closes with its leg, before LegEnded, and plays."""
    room, agent, customer = play.talk()
    tones = {"agent": play.far(agent).tone_hz, "customer": play.far(customer).tone_hz}
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(3.0)
    play.backend.hang_up(customer)
    play.until_ended(customer, HangupCause.LOCAL)
    finished = play.until_recorded(customer, recording_id)
    play.expect(finished.complete, "a recording that was closed in order is complete")
    _check_file(play, finished, path, 3.0)
    for who, hz in tones.items():
        play.expect(level(path, hz) > AUDIBLE, f"the {who} ({hz} Hz) is on the recording")


@_here.scenario(*RECORD, Capability.RECORD_STEREO)
def recording_stereo(play: Play) -> None:
    """In stereo the customer is on the left alone, and the agent on the right alone."""
    room, agent, customer = play.talk()
    tones = {0: play.far(customer).tone_hz, 1: play.far(agent).tone_hz}
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(2.0)
    play.backend.stop_recording(recording_id)
    _check_file(play, play.until_recorded(customer, recording_id), path, 2.0)
    play.expect(channels(path) == 2, "a stereo recording has two channels")
    for side, hz in tones.items():
        play.expect(level(path, hz, side) > AUDIBLE, f"{hz} Hz is on channel {side}")
        play.expect(level(path, hz, 1 - side) < AUDIBLE / 2, f"{hz} Hz is not on channel {1 - side}")


@_here.scenario(*RECORD, Capability.RECORD_STEREO, Capability.SUPERVISE)
def whisper_is_not_recorded(play: Play) -> None:
    """A supervisor's whisper is on neither channel; what he says to both (barge) is on the right."""
    room, _, customer = play.talk()
    supervisor = play.answered_station(room, LegKind.SUPERVISOR)
    hz = play.far(supervisor).tone_hz
    for mode, recorded in ((SupervisionMode.WHISPER, False), (SupervisionMode.BARGE, True)):
        play.backend.supervise(supervisor, mode)
        play.rig.let_pass(SETTLE_SECONDS)
        recording_id, path = play.record(room, customer)
        play.rig.let_pass(1.5)
        play.backend.stop_recording(recording_id)
        play.until_recorded(customer, recording_id)
        play.expect(level(path, hz, 0) < AUDIBLE / 2, f"in {mode.value} the supervisor is not on the left")
        play.expect((level(path, hz, 1) > AUDIBLE) is recorded, f"right channel in {mode.value}: {recorded}")


@_here.scenario(*RECORD, Capability.RECORD_PAUSE, Capability.MUTE)
def recording_paused(play: Play) -> None:
    """What is said during a pause is not in the file; the gap is told, and the recording goes on after it."""
    room, agent, customer = play.talk()
    hz = play.far(agent).tone_hz
    play.backend.mute(agent, True)
    play.until_heard({customer: [], agent: [customer]})
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(2.0)
    play.backend.pause_recording(recording_id, True)
    play.backend.pause_recording(recording_id, True)
    play.backend.mute(agent, False)
    play.until_heard({customer: [agent]})
    play.rig.let_pass(2.0)
    play.backend.mute(agent, True)
    play.until_heard({customer: [], agent: [customer]})
    play.backend.pause_recording(recording_id, False)
    play.rig.let_pass(1.5)
    play.backend.stop_recording(recording_id)
    finished = play.until_recorded(customer, recording_id)
    _check_file(play, finished, path, 3.5)
    play.expect(level(path, hz) < AUDIBLE / 2, "what the agent said during the pause is not in the file")
    play.expect(len(finished.gaps) == 1, f"one pause makes one gap; there are {len(finished.gaps)}")
    second, length = finished.gaps[0]
    play.expect(abs(second - 2.0) <= SLACK_SECONDS, f"the gap is told at second 2; it says {second}")
    play.expect(length >= 2.0, f"the gap's length is that of the pause, at least 2 s; it says {length}")
    play.refused(
        lambda: play.backend.pause_recording(recording_id, True), "a closed recording cannot be paused", TelephonyError
    )


@_here.scenario(*RECORD)
def recording_until_remote_hang_up(play: Play) -> None:
    """The recording also closes, complete, when the far side hangs up."""
    room, _, customer = play.talk()
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(2.0)
    play.far(customer).hang_up()
    play.until_ended(customer, HangupCause.NORMAL)
    finished = play.until_recorded(customer, recording_id)
    play.expect(finished.complete, "a recording that was closed in order is complete")
    _check_file(play, finished, path, 2.0)


@_here.scenario(*RECORD)
def stop_recording(play: Play) -> None:
    """stop_recording closes the recording while the call goes on; stopping it again does nothing more."""
    room, _, customer = play.talk()
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(2.0)
    play.backend.stop_recording(recording_id)
    finished = play.until_recorded(customer, recording_id)
    play.expect(finished.complete, "a stopped recording is complete")
    _check_file(play, finished, path, 2.0)
    play.expect(not play.events(customer, LegEnded), "the call goes on after stop_recording")
    refuses(lambda: play.backend.stop_recording(recording_id), TelephonyError)
    play.backend.hang_up(customer)
    play.until_ended(customer, HangupCause.LOCAL)


@_here.scenario(*RECORD)
def recording_twice(play: Play) -> None:
    """One call may be recorded in two pieces, each with its file."""
    room, _, customer = play.talk()
    for seconds in (1.5, 2.5):
        recording_id, path = play.record(room, customer)
        play.rig.let_pass(seconds)
        play.backend.stop_recording(recording_id)
        _check_file(play, play.until_recorded(customer, recording_id), path, seconds)


@_here.scenario(*RECORD)
def recording_after_loss(play: Play) -> None:
    """When the cell dies the recording is told of as not complete, and what was written can be played."""
    room, _, customer = play.talk()
    recording_id, path = play.record(room, customer)
    play.rig.let_pass(3.0)
    play.rig.lose(room)
    play.until_ended(customer, HangupCause.LOST)
    finished = play.until_recorded(customer, recording_id)
    play.expect(not finished.complete, "a recording that a loss cut off is not complete")
    _check_file(play, finished, path, 3.0)


@_here.scenario(*RECORD)
def recording_nowhere(play: Play) -> None:
    """A file that cannot be written is refused at once, and the call goes on."""
    room, _, customer = play.talk()
    not_a_folder = play.rig.directory / play.rig.fresh_id()
    not_a_folder.write_bytes(b"")
    path = not_a_folder / "call.wav"
    play.refused(
        lambda: play.backend.start_recording(room, customer, play.rig.fresh_id(), path),
        "a recording where no file can be raises TelephonyError",
    )
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(customer, LegEnded), "the call goes on")
    play.expect(not play.events(customer, RecordingFinished), "a refused recording is not told of")
