"""Test calls: one call over one trunk, placed by an administrator to a telephone of his own. See docs/adr/0008.

A test call is no attempt at a contact: it runs in a cell of its own, with no agent and no conversation in it, says
nothing, is hung up after three seconds, and cannot be placed to a contact's number.
"""

from __future__ import annotations

import queue
import secrets
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import structlog

from hookline.errors import NotFound
from hookline.ports.telephony import HangupCause
from hookline.text import N_
from hookline_telephony_sip.causes import Asked, hangup_cause
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.errors import TestCallRunning
from hookline_telephony_sip.ping import Pong, ping
from hookline_telephony_sip.process import CellProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.soundfiles import write_cell_files
from hookline_telephony_sip.trunk import Trunk

log = structlog.get_logger(__name__)

RING_SECONDS = 30.0
LISTEN_SECONDS = 3.0
_START_SECONDS = 15.0
_END_SECONDS = 5.0
_KEPT = 20
_HOPELESS = ("unresolved", "kept_in", "closed", "certificate")  # after such a ping there is nobody to call
_LEG = "test"


class Stage(StrEnum):
    """How far a test call has come."""

    PINGING = "pinging"
    DIALLING = "dialling"
    RINGING = "ringing"
    ANSWERED = "answered"  # listening to what comes in
    OVER = "over"


@dataclass(frozen=True)
class Progress:
    """A test call as it stands. Seconds are counted from the dialling; None: it did not happen (yet).

    `received` and `lost` are RTP packets, `code` the SIP status that ended it, `cause` the same in the field's words.
    """

    stage: Stage = Stage.PINGING
    pong: Pong | None = None
    rang_after: float | None = None
    answered_after: float | None = None
    received: int | None = None
    lost: int = 0
    code: int = 0
    reason: str = ""
    cause: HangupCause | None = None
    stopped: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.stage is Stage.OVER

    @property
    def passed(self) -> bool:
        """Answered, and sound came in."""
        return self.over and bool(self.received)


class _Gone(msg.Message):
    """The cell is gone."""


class _Stop(msg.Message):
    """Somebody asked for the end."""


class Trial:
    """One test call, from its start on a thread of its own. `number` is E.164 and has been checked."""

    def __init__(self, settings: SipSettings, trunk: Trunk, number: str) -> None:
        self.id = secrets.token_urlsafe(12)
        self.trunk = trunk
        self.number = number
        self.progress = Progress()
        self.cell_pid: int | None = None  # the process that carries it, for diagnosis
        self._settings = settings
        self._uri, self._from = trunk.request_uri(number), trunk.from_uri("")
        self._reports: queue.Queue[msg.Message] = queue.Queue()
        self._dialled_at = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="test-call", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up; it ends a moment later."""
        self._reports.put(_Stop())

    def wait(self, seconds: float) -> Progress:
        """Wait for the end, at most so long; the progress either way."""
        self._over.wait(seconds)
        return self.progress

    def _run(self) -> None:
        try:
            trunk, settings = self.trunk, self._settings
            pong = ping(trunk.host, trunk.port, settings.bind_address, trunk.transport, settings.tls_authorities)
            self._note(pong=pong)
            if self.progress.pong and self.progress.pong.problem in _HOPELESS:
                self._note(cause=HangupCause.UNREACHABLE)
            else:
                self._call()
        except Exception as error:
            log.error("test_call_broke", error=type(error).__name__, exc_info=error)
            self._note(cause=HangupCause.FAILED)
        self._note(stage=Stage.OVER)
        self._over.set()

    def _call(self) -> None:
        with tempfile.TemporaryDirectory(prefix="hookline-test-call-") as folder:
            files = write_cell_files(Path(folder), self._settings)
            cell = CellProcess(self._settings, files, self._hear, lambda _cell: self._reports.put(_Gone()))
            self.cell_pid = cell.pid
            cell.listen()
            try:
                self._talk(cell)
            finally:
                cell.quit()
                if not cell.join(_END_SECONDS):
                    cell.kill()
                    cell.join(_END_SECONDS)

    def _talk(self, cell: CellProcess) -> None:
        self._note(stage=Stage.DIALLING)
        self._dialled_at = time.monotonic()
        cell.send(self._dial())
        deadline, leaving = self._dialled_at + _START_SECONDS + RING_SECONDS, False
        while self.progress.cause is None:
            report = self._next(deadline)
            if isinstance(report, _Stop) or (report is None and self._listened() and not leaving):
                self._note(stopped=report is not None)
                self._hang_up(cell)
                deadline, leaving = time.monotonic() + _END_SECONDS, True
            elif report is None:
                self._note(cause=HangupCause.LOST)
            else:
                self._take(report)
                if isinstance(report, msg.Answered):
                    deadline = time.monotonic() + LISTEN_SECONDS

    def _listened(self) -> bool:
        return self.progress.stage is Stage.ANSWERED

    def _hang_up(self, cell: CellProcess) -> None:
        if self._listened():
            cell.send(msg.Measure(_LEG))
        cell.send(msg.HangUp(_LEG))

    def _next(self, deadline: float) -> msg.Message | None:
        try:
            return self._reports.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def _take(self, report: msg.Message) -> None:
        since = time.monotonic() - self._dialled_at
        match report:
            case msg.Ringing():
                self._note(stage=Stage.RINGING, rang_after=since)
            case msg.Answered():
                self._note(stage=Stage.ANSWERED, answered_after=since)
            case msg.Measured(received=received, lost=lost):
                self._note(received=received, lost=lost)
            case msg.Ended(code=code, reason=reason, answered=answered, asked=asked):
                cause = hangup_cause(answered=answered, asked=Asked(asked), code=code)
                self._note(code=code, reason=reason, cause=cause)
            case _Gone():
                self._note(cause=HangupCause.LOST)

    def _dial(self) -> msg.Dial:
        route = msg.Route(
            uri=self._uri,
            from_uri=self._from,
            username=self.trunk.username,
            password=self.trunk.password,
            codecs=self.trunk.codecs,
            dtmf=self.trunk.dtmf.value,
        )
        return msg.Dial(leg=_LEG, routes=(route,), ring_timeout=RING_SECONDS)

    def _hear(self, _cell: CellProcess, report: msg.Message) -> None:
        self._reports.put(report)

    def _note(self, **news: object) -> None:
        self.progress = replace(self.progress, **news)  # type: ignore[arg-type]


@dataclass
class _Kept:
    owner: int | None
    trial: Trial


class Trials:
    """The test calls of this process: one at a time, the last ones kept to be looked at by who placed them."""

    def __init__(self, settings: SipSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}

    def begin(self, owner: int | None, trunk: Trunk, number: str) -> Trial:
        """Start one. Raises TestCallRunning, InvalidSipValue. `owner` is the user's id."""
        trial = Trial(self._settings, trunk, number)
        with self._lock:
            if any(not kept.trial.progress.over for kept in self._kept.values()):
                raise TestCallRunning
            self._kept[trial.id] = _Kept(owner, trial)
            for old in list(self._kept)[:-_KEPT]:
                del self._kept[old]
        trial.start()
        return trial

    def get(self, owner: int | None, trial_id: str) -> Trial:
        """A test call of this person's; raises NotFound."""
        with self._lock:
            kept = self._kept.get(trial_id)
        if kept is None or kept.owner != owner:
            raise NotFound(N_("This test call is not known any more."), N_("Place another one."))
        return kept.trial
