"""The SIP backend: the telephony port on pjsua2 cells.

It keeps one table (leg → conversation → cells), sends commands to cells and translates their reports. It never
imports pjsua2, which may abort its process.
"""

from __future__ import annotations

import importlib.util
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import structlog

from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    EventSink,
    LegEvent,
    LegKind,
    NoSuchLeg,
    PlaceCall,
    Play,
    Problem,
    StationKind,
    SupervisionMode,
    TelephonyError,
)
from hookline_telephony_sip.addresses import dtmf_digits
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.errors import (
    AnsweredAlready,
    BackendStopped,
    DuplicateLeg,
    NoSuchRecording,
    NoSupervisor,
    SameLeg,
)
from hookline_telephony_sip.figures import Figures, figures
from hookline_telephony_sip.inbound import Inbound, InboundTrunks
from hookline_telephony_sip.openings import dial_number, dial_station, expect_call, open_browser
from hookline_telephony_sip.outbound import usable_trunks
from hookline_telephony_sip.pool import CellPool
from hookline_telephony_sip.problems import cells_failing, no_trunk, package_missing, trunk_distrusted
from hookline_telephony_sip.process import CellProcess
from hookline_telephony_sip.reports import Reports
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.soundfiles import mend_recording, prepare_folder, prompt_seconds, write_cell_files
from hookline_telephony_sip.switchboard import Switchboard
from hookline_telephony_sip.table import PlayEntry, RecordingEntry
from hookline_telephony_sip.tickets import Tickets
from hookline_telephony_sip.trunk import TrunkProvider

log = structlog.get_logger(__name__)


class SipBackend:
    """Telephony over SIP trunks, SIP phones and browsers. See `hookline.ports.telephony.TelephonyBackend`."""

    name: ClassVar[str] = "telephony_sip"
    title: ClassVar[str] = "SIP"
    browser_module: ClassVar[str] = "/p/telephony_sip/static/phone.js"

    def __init__(
        self,
        trunks: TrunkProvider,
        settings: SipSettings | None = None,
        inbound: InboundTrunks = list,
        wideband: Callable[[], bool] = bool,
    ) -> None:
        """`inbound`: trunks by which calls come in. `wideband`: whether a trunk speaks G.722."""
        self._trunks = trunks
        self._settings = settings or SipSettings()
        self._lock = threading.RLock()
        self._sink: EventSink | None = None
        self._pool: CellPool | None = None
        self._board: Switchboard | None = None
        self._reports: Reports | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None
        self._inbound_trunks = inbound
        self._wideband = wideband
        self._inbound: Inbound | None = None
        self._tickets = Tickets()

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything the port knows; browsers where aiortc is installed."""
        missing = {Capability.BROWSER_STATION} if importlib.util.find_spec("aiortc") is None else set()
        return frozenset(Capability) - missing

    # --- life ---

    def start(self, sink: EventSink) -> None:
        """Write the sound files and start the warm pool. Raises OSError."""
        self._sink = sink
        if self._settings.clock_rate is None and self._wideband():
            self._settings = replace(self._settings, clock_rate=16000)
        self._files = tempfile.TemporaryDirectory(prefix="hookline-sip-")
        folder = Path(self._files.name)
        files = write_cell_files(folder, self._settings)
        self._pool = CellPool(self._settings, files, self._hear, self._lose)
        self._board = Switchboard(self._pool, self._settings, folder)
        self._reports = Reports(self._board, self._settings.rate)
        if importlib.util.find_spec("pjsua2") is not None:
            self._pool.start()
            if self._settings.inbound_port:
                self._inbound = Inbound(self._settings, self._inbound_trunks, self._tell)
                self._inbound.start()

    def stop(self) -> None:
        """Hang up everything and end every cell; returns when their processes are gone."""
        with self._lock:
            pool, self._pool = self._pool, None
            inbound, self._inbound = self._inbound, None
        if inbound is not None:
            inbound.stop()
        if pool is not None:
            pool.stop()
        if self._files is not None:
            self._files.cleanup()
            self._files = None

    @property
    def running(self) -> bool:
        """Whether it was started in this process."""
        return self._pool is not None

    def alive_cells(self) -> int:
        """How many cells run now, warm or in use: for the health page."""
        pool = self._pool
        return pool.alive() if pool else 0

    def cell_figures(self) -> Figures:
        """What the cells take of the machine: for the health page."""
        pool = self._pool
        return figures(pool.pids() if pool else [])

    @property
    def listener_pid(self) -> int | None:
        """The process that takes calls that come in; None where none runs."""
        inbound = self._inbound
        return inbound.listener.pid if inbound is not None else None

    @property
    def listens(self) -> bool | None:
        """Whether calls can come in; None where no port is set for them."""
        return self.listener_pid is not None if self._inbound is not None else None

    def cell_pid(self, conversation_id: str) -> int | None:
        """The process that carries the conversation, for diagnosis; None where there is none."""
        with self._lock:
            room = self._board.table.rooms.get(conversation_id) if self._board else None
            return room.home.cell.pid if room else None

    def problems(self, client_id: int | None) -> list[Problem]:
        """What keeps this client's calls from going out."""
        found: list[Problem] = []
        if importlib.util.find_spec("pjsua2") is None:
            found.append(package_missing())
        if self._pool is not None and self._pool.failing:
            found.append(cells_failing())
        trunks = self._trunks(client_id)
        if not trunks:
            found.append(no_trunk())
        elif all(trunk.distrusted for trunk in trunks):
            found.append(trunk_distrusted())
        return found

    def default_caller_id(self, client_id: int | None) -> str | None:
        """The caller ID of the trunk that would be used."""
        trunks = self._trunks(client_id)
        return (trunks[0].caller_id or None) if trunks else None

    def inbound_lines(self, client_id: int | None) -> Mapping[str, str]:
        """The trunks by which calls for this client may come in."""
        trunks = self._inbound_trunks() if self._settings.inbound_port else []
        return {str(trunk.id): trunk.name for trunk in trunks if trunk.client_id in (None, client_id)}

    def dial_strings(self, number: str, client_id: int | None) -> list[str]:
        """What the client's trunks would be asked for, prefixes included; each once."""
        return list(dict.fromkeys(trunk.dial_string(number) for trunk in self._trunks(client_id)))

    # --- legs ---

    def place_call(self, command: PlaceCall) -> None:
        """Place a leg over the client's trunks, the next where one fails.

        Raises NoTrunk, InvalidSipValue, NoCapacity.
        """
        with self._lock:
            board = self._running_board()
            trunks = usable_trunks(self._trunks(command.client_id), board.table.on_trunk)
            dial = dial_number(command, trunks, self._settings.reply_seconds)
            entry = board.place(command.conversation_id, command.leg_id, command.kind)
            entry.trunk = trunks[0].id
            board.begin(entry, dial)

    def answer(self, leg_id: str, conversation_id: str) -> None:
        """Lead an offered call to the conversation's cell. Raises NoSuchLeg, AnsweredAlready, NoCapacity."""
        with self._lock:
            board = self._running_board()
            if leg_id in board.table.legs:
                raise AnsweredAlready
            offered = self._inbound.answer(leg_id) if self._inbound else None
            if offered is None or self._inbound is None:
                raise NoSuchLeg(leg_id)
            try:
                entry = board.place(conversation_id, leg_id, LegKind.CUSTOMER)
            except TelephonyError:
                self._inbound.give_back(offered)
                raise
            entry.trunk = offered.trunk.id
            board.begin(entry, expect_call(leg_id, conversation_id, offered.token, offered.trunk))

    def connect_station(self, command: ConnectStation) -> None:
        """Ring the station, or wait for its browser. Raises InvalidSipValue, NoTrunk, NoCapacity."""
        with self._lock:
            board = self._running_board()
            browser = command.station is StationKind.BROWSER
            number = command.station is StationKind.NUMBER
            trunks = usable_trunks(self._trunks(command.client_id), board.table.on_trunk) if number else []
            opening = (
                open_browser(command, self._settings) if browser else dial_station(command, trunks, self._settings)
            )
            entry = board.place(command.conversation_id, command.leg_id, command.kind, browser=browser)
            if isinstance(opening, msg.Dial):
                entry.trunk = opening.routes[0].trunk
            board.begin(entry, opening)

    def browser_message(self, leg_id: str, message: Mapping[str, object]) -> Mapping[str, object]:
        """Hand it to the leg's cell and wait for the answer. Raises NoSuchLeg, BrowserUnheard."""
        with self._lock:
            cell = self._running_board().table.leg(leg_id).carrier.cell
            ticket = self._tickets.ask(cell, leg_id, message)
        return self._tickets.wait(ticket)

    def hang_up(self, leg_id: str) -> None:
        """End the leg, or refuse it where it is only offered. Raises NoSuchLeg."""
        if self._inbound is not None and self._inbound.refuse(leg_id):
            return
        with self._lock:
            self._running_board().table.leg(leg_id).carrier.cell.send(msg.HangUp(leg_id))

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let two legs hear each other. Raises NoSuchLeg, SameLeg."""
        if leg_a == leg_b:
            raise SameLeg(leg_a)
        with self._lock:
            room = self._running_board().room_of(conversation_id, leg_a, leg_b)
            room.home.cell.send(msg.Bridge(leg_a, leg_b))

    def unbridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Take it back. Raises NoSuchLeg."""
        with self._lock:
            room = self._running_board().room_of(conversation_id, leg_a, leg_b)
            room.home.cell.send(msg.Unbridge(leg_a, leg_b))

    def join(self, conversation_id: str, leg_id: str) -> None:
        """Bring an answered leg in. Raises NoSuchLeg, LegNotReady."""
        with self._lock:
            board = self._running_board()
            board.join(conversation_id, leg_id)
            board.release()

    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        """Let two legs go on alone. Raises NoSuchLeg, LegNotReady, SameLeg, DuplicateLeg."""
        if leg_a == leg_b:
            raise SameLeg(leg_a)
        with self._lock:
            self._running_board().transfer(conversation_id, leg_a, leg_b, new_conversation_id)

    def supervise(self, leg_id: str, mode: SupervisionMode) -> None:
        """Set how the supervisor takes part. Raises NoSuchLeg, NoSupervisor."""
        with self._lock:
            board = self._running_board()
            entry = board.table.leg(leg_id)
            if entry.kind is not LegKind.SUPERVISOR:
                raise NoSupervisor
            board.tell_home(entry, msg.Supervise(leg_id, mode.value))

    def hold(self, leg_id: str, on: bool) -> None:
        """Hold the leg, by a re-INVITE where it is a SIP call, or take it back. Raises NoSuchLeg, LegNotReady."""
        with self._lock:
            board = self._running_board()
            board.tell_both(board.table.answered_leg(leg_id), msg.Hold(leg_id, on))

    def mute(self, leg_id: str, on: bool) -> None:
        """Keep what the leg says from the others and from recordings. Raises NoSuchLeg."""
        with self._lock:
            board = self._running_board()
            board.tell_home(board.table.leg(leg_id), msg.Mute(leg_id, on))

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """Send digits the way its trunk wants them. Raises NoSuchLeg, LegNotReady, InvalidSipValue."""
        with self._lock:
            cell = self._running_board().table.answered_leg(leg_id).carrier.cell
            cell.send(msg.SendDigits(leg_id, dtmf_digits(digits)))

    # --- sounds, recordings and rooms ---

    def play(self, command: Play) -> None:
        """Play a WAV file. Raises NoSuchLeg, LegNotReady, DuplicateLeg, UnplayableSound."""
        seconds = prompt_seconds(command.path)
        with self._lock:
            board = self._running_board()
            entry = board.table.answered_leg(command.leg_id)
            if command.play_id in board.table.plays:
                raise DuplicateLeg("Sound", command.play_id)
            home = entry.room.home
            board.table.plays[command.play_id] = PlayEntry(command.play_id, command.leg_id, home)
            path, loop, aloud = str(command.path), command.loop, command.aloud
            home.cell.send(msg.PlaySound(command.play_id, command.leg_id, path, seconds, loop, aloud))

    def stop_play(self, play_id: str) -> None:
        """Stop it; one that has ended is no error."""
        with self._lock:
            entry = self._running_board().table.plays.get(play_id)
            if entry is not None:
                entry.cell.cell.send(msg.StopPlay(play_id))

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record into a 16 bit stereo WAV file. Raises NoSuchLeg, DuplicateLeg, UnwritableRecording."""
        with self._lock:
            board = self._running_board()
            room = board.room_of(conversation_id, leg_id)
            if recording_id in board.table.recordings:
                raise DuplicateLeg("Recording", recording_id)
            prepare_folder(path)
            entry = RecordingEntry(recording_id, leg_id, path, conversation_id, room.home)
            board.table.recordings[recording_id] = entry
            room.home.cell.send(msg.StartRecording(recording_id, leg_id, str(path)))

    def pause_recording(self, recording_id: str, on: bool) -> None:
        """Leave out what is said, or go on. Raises NoSuchRecording."""
        with self._lock:
            entry = self._running_board().table.recordings.get(recording_id)
            if entry is None:
                raise NoSuchRecording
            entry.home.cell.send(msg.PauseRecording(recording_id, on))

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording; one that has closed by itself is no error."""
        with self._lock:
            entry = self._running_board().table.recordings.get(recording_id)
            if entry is not None:
                entry.home.cell.send(msg.StopRecording(recording_id))

    def mend_recording(self, path: Path) -> Sequence[tuple[float, float]]:
        """Put together what a dead process left in pieces; the gaps. Raises RecordingInUse, UnwritableRecording."""
        return mend_recording(path, self._settings.rate)

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up what is left; its cell is free for the next. A call that is only offered is refused."""
        if self._inbound is not None:
            self._inbound.refuse_in(conversation_id)
        with self._lock:
            if self._board is not None and self._pool is not None:
                self._board.close(conversation_id)
                self._board.release()

    # --- inside ---

    def _running_board(self) -> Switchboard:
        if self._pool is None or self._board is None:
            raise BackendStopped
        if importlib.util.find_spec("pjsua2") is None:
            problem = package_missing()
            raise TelephonyError(problem.message, problem.advice, retryable=False)
        return self._board

    def _hear(self, cell: CellProcess, report: msg.Message) -> None:
        if isinstance(report, msg.BrowserTold):
            self._tickets.told(report)
            return
        if isinstance(report, msg.Expecting):
            if self._inbound is not None:
                self._inbound.lead(report.leg, self._settings.cell_address, report.port)
            return
        with self._lock:
            events = self._reports.hear(cell, report) if self._reports else []
        self._tell(events)

    def _lose(self, cell: CellProcess) -> None:
        with self._lock:
            events = self._reports.lose(cell) if self._reports else []
        self._tell(events)

    def _tell(self, events: list[LegEvent]) -> None:
        """The sink is somebody else's code: its failure must not end the reader thread, and with it the cell."""
        sink = self._sink
        for event in events if sink is not None else ():
            try:
                sink(event)  # type: ignore[misc]
            except Exception as error:
                log.error("event_sink_failed", kind=type(event).__name__, error=type(error).__name__)
