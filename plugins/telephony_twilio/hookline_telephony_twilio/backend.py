"""The Twilio backend: the telephony port on Twilio's conferences.

See docs/adr/0025-the-conference-is-the-conversation.md. Commands change the table and have rooms settled; what comes
of it is told by Twilio's messages, which `webhooks` takes in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from hookline.db.database import Database
from hookline.ports.clock import Clock
from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    EventSink,
    HangupCause,
    LegKind,
    NoSuchLeg,
    PlaceCall,
    Play,
    Problem,
    StationKind,
    SupervisionMode,
)
from hookline_telephony_twilio.accounts import Account, Accounts, SubAccounts
from hookline_telephony_twilio.book import Book
from hookline_telephony_twilio.documents import Documents
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.errors import (
    AnsweredAlready,
    BackendStopped,
    IdInUse,
    InvalidDigits,
    LegNotReady,
    NoAccount,
    NoBrowsers,
    NoSupervisor,
    SameLeg,
)
from hookline_telephony_twilio.following import Following
from hookline_telephony_twilio.inbound import Inbound
from hookline_telephony_twilio.mending import Mending
from hookline_telephony_twilio.moves import Moves
from hookline_telephony_twilio.numbers import Numbers
from hookline_telephony_twilio.placing import Placing
from hookline_telephony_twilio.problems import missing_settings, out_of_reach
from hookline_telephony_twilio.provider.tokens import TOKEN_SECONDS, browser_token, identity_of
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.steering import Steering
from hookline_telephony_twilio.table import LegEntry, PlayEntry, Table
from hookline_telephony_twilio.taping import Taping
from hookline_telephony_twilio.voicemail import Voicemail
from hookline_telephony_twilio.watch import Watch
from hookline_telephony_twilio.webhooks import Webhooks

_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")
_STOP_SECONDS = 5.0
_BROWSER_HOSTS = ("https://*.twilio.com", "wss://*.twilio.com", "https://media.twiliocdn.com")
_CAPABILITIES = frozenset(Capability) - {Capability.EARLY_MEDIA, Capability.HEADERS}


class TwilioBackend:
    """Telephony through Twilio. See `hookline.ports.telephony.TelephonyBackend`."""

    name: ClassVar[str] = "telephony_twilio"
    title: ClassVar[str] = "Twilio"
    browser_module: ClassVar[str] = "/p/telephony_twilio/static/phone.js"

    def __init__(
        self,
        settings: TwilioSettings,
        db: Database,
        folder: Path,
        clock: Clock | None = None,
        sub_accounts: SubAccounts = list,
    ) -> None:
        """`folder`: where voicemail is kept. `sub_accounts`: clients' own accounts."""
        self._accounts = Accounts(settings, sub_accounts)
        self._numbers = Numbers(db)
        self._book = Book(db)
        shared = Shared(settings, self._accounts, self._book, clock or db.clock)
        self._shared, self._settings = shared, settings
        self._ending = Ending(shared)
        self._placing = Placing(shared, self._ending)
        self._steering = Steering(shared, self._ending)
        self._taping = Taping(shared, self._ending)
        self._moves = Moves(shared, self._taping)
        self._following = Following(shared, self._ending, self._placing)
        self._inbound = Inbound(shared, self._ending, self._numbers.called)
        self._watch = Watch(shared, self._ending)
        self._mending = Mending(shared)
        self.voicemail = Voicemail(db, shared, folder)
        documents = Documents(shared, self._ending)
        self.webhooks = Webhooks(shared, self._following, self._inbound, documents, self._taping, self.voicemail)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All but custom headers, which telephone numbers have none of, and sound before the answer."""
        return _CAPABILITIES if self._settings.app_sid else _CAPABILITIES - {Capability.BROWSER_STATION}

    @property
    def browser_hosts(self) -> Sequence[str]:
        """Where Twilio's Voice SDK signals, tells of quality, and fetches its sounds."""
        return _BROWSER_HOSTS if Capability.BROWSER_STATION in self.capabilities else ()

    @property
    def running(self) -> bool:
        """Whether it was started."""
        return self._shared.sink is not None

    def idle(self) -> bool:
        """Whether nothing is being done, and nothing waits but for its time."""
        return self._shared.works.idle

    def start(self, sink: EventSink) -> None:
        """Settle what a former process left with Twilio, and begin."""
        self._shared.sink = sink
        self._watch.start()

    def stop(self) -> None:
        """Hang up everything."""
        shared = self._shared
        self._watch.stop()
        with shared.lock:
            for entry in list(shared.table.legs.values()):
                self._ending.hang_up(entry, HangupCause.CANCELLED)
        shared.works.stop(_STOP_SECONDS)
        with shared.lock:
            for entry in list(shared.table.legs.values()):
                self._ending.end(entry, "completed")
                self._ending.release(entry)
            shared.sink = None

    def problems(self, client_id: int | None) -> list[Problem]:
        """What is missing for this client's calls."""
        if self._accounts.of_client(client_id) is not None and self._settings.public_url:
            return [out_of_reach()] if self._placing.in_trouble else []
        error = NoAccount()
        return missing_settings(self._settings) or [Problem(id=error.id, message=error.message, advice=error.advice)]

    def default_caller_id(self, client_id: int | None) -> str | None:
        """The account's."""
        account = self._accounts.of_client(client_id)
        return (account.caller_id or None) if account else None

    def inbound_lines(self, client_id: int | None) -> Mapping[str, str]:
        """The account's numbers."""
        account = self._accounts.of_client(client_id)
        return self._numbers.lines(account.account_sid) if account else {}

    def dial_strings(self, number: str, client_id: int | None) -> list[str]:
        """The number itself: Twilio knows no prefixes."""
        return [number] if self._accounts.of_client(client_id) is not None else []

    def sound(self, token: str) -> bytes | None:
        """What Twilio fetches to play."""
        return self._shared.sounds.read(token)

    # Legs

    def place_call(self, command: PlaceCall) -> None:
        """Call a number. Raises NoAccount, IdInUse."""
        with self._shared.lock:
            entry = LegEntry(
                leg_id=command.leg_id,
                conversation_id=command.conversation_id,
                kind=command.kind,
                account=self._account(command.client_id),
                client_id=command.client_id,
                detect=command.detect_answerer,
            )
            self._shared.table.add(entry)
        self._placing.place(entry, command.number, command.caller_id, command.ring_timeout_seconds)

    def connect_station(self, command: ConnectStation) -> None:
        """Ring a telephone, or wait for a browser. Raises NoAccount, NoBrowsers, IdInUse."""
        account = self._account(command.client_id)
        if command.station is StationKind.BROWSER and not account.app_sid:
            raise NoBrowsers
        with self._shared.lock:
            entry = LegEntry(
                leg_id=command.leg_id,
                conversation_id=command.conversation_id,
                kind=command.kind,
                account=account,
                station=command.station,
                client_id=command.client_id,
                grace_seconds=command.ring_timeout_seconds,
            )
            self._shared.table.add(entry)
        if command.station is not StationKind.BROWSER:
            self._placing.place(entry, command.address, self._shown(command, account), command.ring_timeout_seconds)
            return
        self._shared.works.do(f"book-{entry.leg_id}", lambda: self._shared.book.asked(entry))
        self._shared.timers.call_later(command.ring_timeout_seconds, lambda: self._never_came(entry))

    def browser_message(self, leg_id: str, message: Mapping[str, object]) -> Mapping[str, object]:
        """The page asks for a token with which its browser may call. Raises NoSuchLeg, NoBrowsers."""
        with self._shared.lock:
            entry = self._table.leg(leg_id)
            if entry.station is not StationKind.BROWSER:
                raise NoSuchLeg(leg_id)
        if message.get("want") != "token":
            return {}
        return {
            "token": browser_token(entry.account, leg_id, self._settings.region),
            "identity": identity_of(leg_id),
            "leg": leg_id,
            "edge": self._settings.edge,
            "ttl": TOKEN_SECONDS,
        }

    def answer(self, leg_id: str, conversation_id: str) -> None:
        """Take an offered call. Raises NoSuchLeg, AnsweredAlready."""
        with self._shared.lock:
            entry = self._table.leg(leg_id)
            if not entry.offered or entry.leaving is not None:
                raise AnsweredAlready if entry.leaving is None else NoSuchLeg(leg_id)
            self._inbound.answer(entry, conversation_id)

    def hang_up(self, leg_id: str) -> None:
        """End the leg. Raises NoSuchLeg."""
        with self._shared.lock:
            entry = self._table.leg(leg_id)
            if entry.offered:
                self._inbound.refuse(entry)
                return
            if entry.dialled and not entry.met and entry.answered_at is not None:
                self._inbound.let_go(entry, HangupCause.LOCAL)
                return
            self._ending.hang_up(entry, HangupCause.LOCAL if entry.answered_at else HangupCause.CANCELLED)

    # Who hears whom

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let two legs hear each other. Raises NoSuchLeg, LegNotReady, SameLeg."""
        if leg_a == leg_b:
            raise SameLeg
        with self._shared.lock:
            pair = [self._in_room(conversation_id, leg) for leg in (leg_a, leg_b)]
            if not all(entry.answered for entry in pair):
                raise LegNotReady
            for entry in pair:
                entry.met = True
            bridges = self._table.room(conversation_id).bridges
            if frozenset((leg_a, leg_b)) not in bridges:
                bridges.append(frozenset((leg_a, leg_b)))
            self._steering.settle(conversation_id)

    def unbridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Take it back. Raises NoSuchLeg."""
        with self._shared.lock:
            for leg in (leg_a, leg_b):
                self._in_room(conversation_id, leg)
            room = self._table.room(conversation_id)
            room.bridges = [pair for pair in room.bridges if pair != frozenset((leg_a, leg_b))]
            self._steering.settle(conversation_id)

    def join(self, conversation_id: str, leg_id: str) -> None:
        """Bring an answered leg in. Raises NoSuchLeg, LegNotReady."""
        with self._shared.lock:
            self._moves.join(self._table.answered_leg(leg_id), conversation_id)

    def transfer(self, conversation_id: str, leg_a: str, leg_b: str, new_conversation_id: str) -> None:
        """Let two legs go on alone. Raises NoSuchLeg, LegNotReady, SameLeg, IdInUse."""
        if leg_a == leg_b:
            raise SameLeg
        with self._shared.lock:
            self._in_room(conversation_id, leg_a)
            first, second = self._table.answered_leg(leg_a), self._in_room(conversation_id, leg_b)
            self._moves.transfer(first, second, new_conversation_id)

    def supervise(self, leg_id: str, mode: SupervisionMode) -> None:
        """Set how the supervisor takes part. Raises NoSuchLeg, NoSupervisor."""
        with self._shared.lock:
            entry = self._table.leg(leg_id)
            if entry.kind is not LegKind.SUPERVISOR:
                raise NoSupervisor
            entry.mode = mode
            self._steering.settle(entry.conversation_id)

    def hold(self, leg_id: str, on: bool) -> None:
        """Take the leg aside, or back. Raises NoSuchLeg, LegNotReady."""
        with self._shared.lock:
            entry = self._table.answered_leg(leg_id)
            entry.held = on
            self._steering.settle(entry.conversation_id)

    def mute(self, leg_id: str, on: bool) -> None:
        """Keep what the leg says from the others. Raises NoSuchLeg."""
        with self._shared.lock:
            entry = self._table.leg(leg_id)
            entry.muted = on
            self._steering.settle(entry.conversation_id)

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """Send digits; the leg leaves its conference for that moment. Raises NoSuchLeg, LegNotReady, InvalidDigits."""
        if not _DIGITS.fullmatch(digits):
            raise InvalidDigits
        with self._shared.lock:
            entry = self._table.answered_leg(leg_id)
            entry.digits += digits
            if entry.sending or entry.asked_for is not None or entry.place is None or not entry.sid:
                return  # the next document sends them
            entry.sending, sid = 1, entry.sid
        rest, address = self._shared.rest_of(entry), self._shared.address(f"voice/{leg_id}")
        self._shared.works.do(
            f"room-{entry.conversation_id}",
            lambda: rest.redirect(sid, address),
            lambda _error: self._ending.look(entry),
        )

    # Sounds, recordings, rooms

    def play(self, command: Play) -> None:
        """Play a WAV file. Raises NoSuchLeg, LegNotReady, IdInUse, UnplayableSound."""
        with self._shared.lock:
            entry = self._table.answered_leg(command.leg_id)
            if command.play_id in self._table.plays:
                raise IdInUse
            token = self._shared.sounds.name(command.path)
            self._moves.play(entry, PlayEntry(command.play_id, entry.leg_id, token, command.loop, command.aloud))

    def stop_play(self, play_id: str) -> None:
        """Stop it; one that has ended is no error."""
        with self._shared.lock:
            play = self._table.plays.get(play_id)
            entry = self._table.legs.get(play.leg_id) if play else None
            if entry is not None:
                self._ending.end_play(entry, play_id, complete=False)
                self._steering.settle(entry.conversation_id)

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record the leg's call. Raises NoSuchLeg, LegNotReady, IdInUse, UnwritableRecording."""
        with self._shared.lock:
            self._in_room(conversation_id, leg_id)
            self._taping.start(self._table.answered_leg(leg_id), recording_id, path)

    def pause_recording(self, recording_id: str, on: bool) -> None:
        """Leave out what is said, or go on. Raises NoSuchRecording."""
        with self._shared.lock:
            self._taping.pause(recording_id, on)

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording; one that has closed by itself is no error."""
        with self._shared.lock:
            self._taping.stop(recording_id)

    def mend_recording(self, path: Path) -> list[tuple[float, float]]:
        """Fetch what a former process had recorded. Raises RecordingPending where Twilio still works on it."""
        return self._mending.mend(path)

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up what is left."""
        with self._shared.lock:
            room = self._table.rooms.get(conversation_id)
            for entry in list(room.legs.values()) if room else []:
                self._ending.hang_up(entry, HangupCause.LOCAL if entry.answered_at else HangupCause.CANCELLED)
            if room is not None:
                room.own = True
                if not room.legs:
                    self._table.rooms.pop(conversation_id, None)

    # Inside

    @property
    def _table(self) -> Table:
        return self._shared.table

    def _account(self, client_id: int | None) -> Account:
        if not self.running:
            raise BackendStopped
        account = self._accounts.of_client(client_id)
        if account is None or not self._settings.public_url:
            raise NoAccount
        return account

    def _in_room(self, conversation_id: str, leg_id: str) -> LegEntry:
        entry = self._table.leg(leg_id)
        if entry.conversation_id != conversation_id:
            raise NoSuchLeg(leg_id)
        return entry

    def _never_came(self, entry: LegEntry) -> None:
        with self._shared.lock:
            if entry.answered_at is None and entry.ended is None:
                self._ending.end(entry, "no-answer", cause=entry.leaving or HangupCause.NO_ANSWER)

    @staticmethod
    def _shown(command: ConnectStation, account: Account) -> str:
        """Stations may be asked for under a name, which no telephone network shows."""
        return command.caller_id if command.caller_id.startswith("+") else account.caller_id
