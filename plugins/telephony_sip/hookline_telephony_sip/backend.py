"""The SIP backend: the telephony port on pjsua2 cells.

It keeps one table (leg → conversation → cell), sends commands to cells and translates their reports. It never
imports pjsua2, which may abort its process.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import threading
from pathlib import Path
from typing import ClassVar

import structlog

from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    EventSink,
    LegEvent,
    NoSuchLeg,
    PlaceCall,
    Problem,
    TelephonyError,
)
from hookline_telephony_sip.addresses import custom_headers, dtmf_digits, station_uri, user_part
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.comfort import write_comfort, write_silence
from hookline_telephony_sip.errors import BackendStopped, DuplicateLeg, NoTrunk, SameLeg, UnwritableRecording
from hookline_telephony_sip.pool import CellPool
from hookline_telephony_sip.problems import cells_failing, no_trunk, package_missing
from hookline_telephony_sip.process import CellFiles, CellProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.table import RecordingEntry, RoomEntry, Table
from hookline_telephony_sip.translate import leg_event, lost_events, lost_recording, recording_event
from hookline_telephony_sip.trunk import Trunk, TrunkProvider

log = structlog.get_logger(__name__)


class SipBackend:
    """Telephony over SIP trunks and SIP phones. See `hookline.ports.telephony.TelephonyBackend`."""

    name: ClassVar[str] = "telephony_sip"
    title: ClassVar[str] = "SIP"

    def __init__(self, trunks: TrunkProvider, settings: SipSettings | None = None) -> None:
        self._trunks = trunks
        self._settings = settings or SipSettings()
        self._lock = threading.RLock()
        self._table = Table()
        self._sink: EventSink | None = None
        self._pool: CellPool | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Everything the port knows."""
        return frozenset(Capability)

    # --- life ---

    def start(self, sink: EventSink) -> None:
        """Write the sound files and start the warm pool. Raises OSError."""
        self._sink = sink
        self._files = tempfile.TemporaryDirectory(prefix="hookline-sip-")
        folder = Path(self._files.name)
        files = CellFiles(folder / "comfort.wav", folder / "silence.wav")
        write_comfort(files.comfort, self._settings.clock_rate)
        write_silence(files.silence, self._settings.clock_rate)
        self._pool = CellPool(self._settings, files, self._hear, self._lose)
        if importlib.util.find_spec("pjsua2") is not None:
            self._pool.start()

    def stop(self) -> None:
        """Hang up everything and end every cell; returns when their processes are gone."""
        with self._lock:
            pool, self._pool = self._pool, None
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

    def cell_pid(self, conversation_id: str) -> int | None:
        """The process that carries the conversation, for diagnosis; None where there is none."""
        with self._lock:
            room = self._table.rooms.get(conversation_id)
            return room.cell.pid if room else None

    def problems(self, client_id: int | None) -> list[Problem]:
        """What keeps this client's calls from going out."""
        found: list[Problem] = []
        if importlib.util.find_spec("pjsua2") is None:
            found.append(package_missing())
        if self._pool is not None and self._pool.failing:
            found.append(cells_failing())
        if not self._trunks(client_id):
            found.append(no_trunk())
        return found

    def default_caller_id(self, client_id: int | None) -> str | None:
        """The caller ID of the trunk that would be used."""
        trunks = self._trunks(client_id)
        return (trunks[0].caller_id or None) if trunks else None

    # --- legs ---

    def place_call(self, command: PlaceCall) -> None:
        """Place the customer's leg over the client's first trunk. Raises NoTrunk, InvalidSipValue, NoCapacity."""
        trunk = self._first_trunk(command.client_id)
        self._dial(
            command.conversation_id,
            msg.Dial(
                leg=command.leg_id,
                uri=trunk.request_uri(command.number),
                from_uri=trunk.from_uri(command.caller_id),
                ring_timeout=command.ring_timeout_seconds,
                headers=custom_headers(command.headers),
                username=trunk.username,
                password=trunk.password,
                conversation=command.conversation_id,
                call=command.headers.get("Call", ""),
            ),
        )

    def connect_station(self, command: ConnectStation) -> None:
        """Ring the agent's SIP phone. Raises InvalidSipValue, NoCapacity."""
        caller = user_part(command.caller_id or "hookline", "the caller ID")
        self._dial(
            command.conversation_id,
            msg.Dial(
                leg=command.leg_id,
                uri=station_uri(command.address),
                from_uri=f"sip:{caller}@{self._settings.bind_address}",
                ring_timeout=command.ring_timeout_seconds,
                conversation=command.conversation_id,
            ),
        )

    def hang_up(self, leg_id: str) -> None:
        """End the leg. Raises NoSuchLeg."""
        with self._lock:
            self._table.leg(leg_id).room.cell.send(msg.HangUp(leg_id))

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let two answered legs hear each other. Raises NoSuchLeg, LegNotReady, SameLeg."""
        if leg_a == leg_b:
            raise SameLeg(leg_a)
        with self._lock:
            for leg_id in (leg_a, leg_b):
                if self._table.answered_leg(leg_id).room.name != conversation_id:
                    raise NoSuchLeg(leg_id)
            self._table.rooms[conversation_id].cell.send(msg.Bridge(leg_a, leg_b))

    def hold(self, leg_id: str, on: bool) -> None:
        """Hold the leg, by a re-INVITE, or take it back. Raises NoSuchLeg, LegNotReady."""
        with self._lock:
            self._table.answered_leg(leg_id).room.cell.send(msg.Hold(leg_id, on))

    def mute(self, leg_id: str, on: bool) -> None:
        """Keep what the leg says from the others and from recordings. Raises NoSuchLeg."""
        with self._lock:
            self._table.leg(leg_id).room.cell.send(msg.Mute(leg_id, on))

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """Send digits as RFC 4733 events. Raises NoSuchLeg, LegNotReady, InvalidSipValue."""
        with self._lock:
            cell = self._table.answered_leg(leg_id).room.cell
            cell.send(msg.SendDigits(leg_id, dtmf_digits(digits)))

    # --- recordings and rooms ---

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record into a 16 bit mono WAV file. Raises NoSuchLeg, DuplicateLeg, UnwritableRecording."""
        with self._lock:
            room = self._table.leg(leg_id).room
            if room.name != conversation_id:
                raise NoSuchLeg(leg_id)
            if any(recording_id in other.recordings for other in self._table.by_cell.values()):
                raise DuplicateLeg("Recording", recording_id)
            _prepare_folder(path)
            room.recordings[recording_id] = RecordingEntry(recording_id, leg_id, path)
            room.cell.send(msg.StartRecording(recording_id, leg_id, str(path)))

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording; one that has closed by itself is no error."""
        with self._lock:
            for room in self._table.by_cell.values():
                if recording_id in room.recordings:
                    room.cell.send(msg.StopRecording(recording_id))

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up what is left; the cell ends and the pool replaces it."""
        with self._lock:
            room = self._table.close_room(conversation_id)
            if room is not None and self._pool is not None:
                self._pool.give_back(room.cell)

    # --- inside ---

    def _first_trunk(self, client_id: int | None) -> Trunk:
        trunks = self._trunks(client_id)
        if not trunks:
            raise NoTrunk
        return trunks[0]

    def _dial(self, conversation_id: str, command: msg.Dial) -> None:
        with self._lock:
            if self._pool is None:
                raise BackendStopped
            if importlib.util.find_spec("pjsua2") is None:
                problem = package_missing()
                raise TelephonyError(problem.message, problem.advice, retryable=False)
            room = self._table.rooms.get(conversation_id)
            self._table.check_new_leg(command.leg, room)
            if room is None:
                room = self._table.add_room(conversation_id, self._pool.take())
            self._table.add_leg(command.leg, room)
            room.cell.send(command)

    def _hear(self, cell: CellProcess, report: msg.Message) -> None:
        with self._lock:
            room = self._table.by_cell.get(cell)
            events = self._events_of(room, report) if room else []
        for event in events:
            self._emit(event)

    def _events_of(self, room: RoomEntry, report: msg.Message) -> list[LegEvent]:
        if isinstance(report, msg.Recorded):
            recording = room.recordings.pop(report.recording, None)
            return [recording_event(room, recording, report)] if recording else []
        event = leg_event(room, report)
        entry = room.legs.get(event.leg_id) if event else None
        if event is None or entry is None:
            return []
        if isinstance(report, msg.Answered):
            entry.answered = True
        if not isinstance(report, msg.Ended):
            return [event]
        self._table.drop_leg(entry)
        # The cell closes a leg's recordings before it reports the end: one that is left was asked for too late.
        late = [recording for recording in room.recordings.values() if recording.leg == entry.name]
        for recording in late:
            del room.recordings[recording.name]
        rate = self._settings.clock_rate
        return [*(lost_recording(room, recording, event.at, rate) for recording in late), event]

    def _lose(self, cell: CellProcess) -> None:
        """The cell is gone, in good order or not: whatever is still in the table was lost."""
        with self._lock:
            room = self._table.drop_cell(cell)
        if room is None:
            return
        if room.legs:
            log.error(
                "cell_lost",
                cell=cell.number,
                conversation=room.name,
                legs=len(room.legs),
                recordings=len(room.recordings),
            )
        for event in lost_events(room, self._settings.clock_rate):
            self._emit(event)

    def _emit(self, event: LegEvent) -> None:
        """The sink is somebody else's code: its failure must not end the reader thread, and with it the cell."""
        if self._sink is None:
            return
        try:
            self._sink(event)
        except Exception as error:
            log.error("event_sink_failed", kind=type(event).__name__, error=type(error).__name__)


def _prepare_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnwritableRecording from error
    if not os.access(path.parent, os.W_OK):
        raise UnwritableRecording
