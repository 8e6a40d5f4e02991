"""The parent's handle on one cell: start it, send commands, hear its reports, and notice its death."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from hookline_telephony_sip.cell.messages import SILENCE_SECONDS, Beat, Message, Note, Quit, Ready, decode
from hookline_telephony_sip.settings import SipSettings

log = structlog.get_logger(__name__)

CALLS_PER_CELL = 4  # until the cell has said how many its library can carry
_EXIT_SECONDS = 6.0
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class CellFiles:
    """The sound files every cell is given; `comfort` is what a leg on hold hears."""

    comfort: Path
    silence: Path
    ringback: Path


class CellProcess:
    """A running cell. `on_report` gets its messages, `on_exit` is told once that it is gone; both from the cell's
    own reader thread, in order."""

    def __init__(
        self,
        settings: SipSettings,
        files: CellFiles,
        on_report: Callable[[CellProcess, Message], None],
        on_exit: Callable[[CellProcess], None],
    ) -> None:
        self.number = next(_numbers)
        self.ready = threading.Event()
        self.capacity = CALLS_PER_CELL
        self.served = 0  # conversations so far
        self._on_report = on_report
        self._on_exit = on_exit
        self._sending = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(SILENCE_SECONDS)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                _command_line(settings, files, theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # the library prints before its log settings apply
                start_new_session=True,
                env=child_environment(),
            )
        self._reader = threading.Thread(target=self._listen, name=f"cell-{self.number}", daemon=True)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def listen(self) -> None:
        """Begin to hear reports; apart from the constructor so that the owner has the handle before the first."""
        self._reader.start()

    def send(self, command: Message) -> None:
        """Send a command. A cell that has died is no error here: its death is reported by `on_exit`."""
        try:
            with self._sending:
                self._control.sendall(command.encode())
        except OSError:
            log.warning("cell_unreachable", cell=self.number)

    def quit(self) -> None:
        """Ask it to hang up everything and exit."""
        self.send(Quit())

    def kill(self) -> None:
        """End it at once; `on_exit` follows."""
        if self.alive:
            self._process.kill()

    def join(self, seconds: float) -> bool:
        """Wait for the end of process and reader. False where they are not over in time."""
        if self._reader is not threading.current_thread() and self._reader.ident is not None:
            self._reader.join(max(0.0, seconds))
        return not self._reader.is_alive()

    def _listen(self) -> None:
        try:
            self._read_reports()
        finally:
            self._reap()
            self._on_exit(self)

    def _read_reports(self) -> None:
        with self._control.makefile("rb") as lines:
            try:
                for line in lines:
                    self._hear(decode(line))
            except TimeoutError:
                log.error("cell_stuck", cell=self.number)
                self.kill()
            except (OSError, ValueError) as error:
                log.error("cell_channel_broken", cell=self.number, error=type(error).__name__)
                self.kill()

    def _hear(self, report: Message) -> None:
        match report:
            case Beat():
                return
            case Ready(calls=calls):
                self.capacity = calls
                self.ready.set()
            case Note():
                self._log(report)
                return
        self._on_report(self, report)

    def _log(self, note: Note) -> None:
        write = log.error if note.level == "error" else log.warning
        write("cell_note", cell=self.number, said=note.text, conversation=note.conversation, call_id=note.call)

    def _reap(self) -> None:
        try:
            code = self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._process.wait()
        self._control.close()
        log.info("cell_exited", cell=self.number, code=code)


def _command_line(settings: SipSettings, files: CellFiles, control: int) -> list[str]:
    return [
        *(sys.executable, "-P", "-m", "hookline_telephony_sip.cell"),
        *("--control", str(control)),
        *("--bind", settings.bind_address),
        *("--signalling", settings.cell_address),
        *("--clock-rate", str(settings.rate)),
        *("--comfort", str(files.comfort)),
        *("--silence", str(files.silence)),
        *("--ringback", str(files.ringback)),
        *("--session-seconds", str(settings.session_seconds)),
        *("--proxy", settings.proxy),
        *("--media-timeout", str(settings.media_timeout_seconds)),
    ]


def child_environment() -> dict[str, str]:
    """The import path as it is in this process, since the cell must run the same code, and none of our secrets."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # The library looks host names up on the owner thread: a dead name server must not make the cell seem stuck.
    kept["RES_OPTIONS"] = "timeout:2 attempts:2"
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
