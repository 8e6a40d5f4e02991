"""The cell's process: parse the arguments, run the owner's loop, end in good order whatever happens."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time

import pjsua2 as pj

from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.channel import Channel
from hookline_telephony_sip.cell.library import MAX_CALLS, Options
from hookline_telephony_sip.cell.native import error_text
from hookline_telephony_sip.cell.room import Room

_POLL_MILLISECONDS = 20
_TURN_SECONDS = 0.02
_CLOSE_SECONDS = 3.0


def main() -> int:
    """Run one cell until the parent says so or goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us in good order
    os.umask(0o077)  # recordings are personal data
    control, options = _arguments()
    channel = Channel(control)
    room = Room(options, channel.report)
    try:
        room.start()
    except pj.Error as error:
        channel.report(msg.Note("error", f"the SIP library does not start: {error_text(error)}"))
        channel.close()
        return 1
    channel.report(msg.Ready(MAX_CALLS))
    try:
        _run(channel, room)
        busy = not room.empty
        _wind_up(room)
    except Exception as error:
        # An owner that has lost track of its room ends at once, which the parent handles as a loss. Unwinding
        # would free calls after the library, and abort.
        channel.report(msg.Note("error", f"the cell gives up: {error_text(error)}"))
        channel.close()
        os._exit(1)
    library = room.library
    del room
    library.stop(wait_for_answers=busy)
    channel.close()
    return 0


def _arguments() -> tuple[socket.socket, Options]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--control", type=int, required=True)
    for name in ("bind", "signalling", "comfort", "silence", "ringback"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--clock-rate", type=int, required=True)
    parser.add_argument("--media-timeout", type=float, required=True)
    parser.add_argument("--session-seconds", type=int, required=True)
    parser.add_argument("--proxy", default="")
    given = vars(parser.parse_args())
    return socket.socket(fileno=given.pop("control")), Options(**given)


def _run(channel: Channel, room: Room) -> None:
    beat_at = turn_at = 0.0
    while True:
        room.library.poll(_POLL_MILLISECONDS)
        commands = channel.commands()
        for command in commands:
            if command is None or isinstance(command, msg.Quit):
                return
            room.carry_out(command)
        now = time.monotonic()
        # The poll also returns for every packet of sound, which asks nothing of the room.
        if commands or room.facts or now >= turn_at:
            room.turn()
            turn_at = now + _TURN_SECONDS
        if time.monotonic() >= beat_at:
            channel.report(msg.Beat())
            beat_at = time.monotonic() + msg.BEAT_SECONDS


def _wind_up(room: Room) -> None:
    room.close()
    deadline = time.monotonic() + _CLOSE_SECONDS
    while not room.empty and time.monotonic() < deadline:
        room.library.poll(_POLL_MILLISECONDS)
        room.turn()
    room.release()


if __name__ == "__main__":
    raise SystemExit(main())
