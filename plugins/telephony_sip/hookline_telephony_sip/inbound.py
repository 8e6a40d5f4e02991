"""Calls that come in: what the listener offers is told to the core, and what the core answers is led to a cell."""

from __future__ import annotations

import secrets
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from hookline.ports.telephony import CallOffered, HangupCause, LegEnded, LegEvent
from hookline.services.phones import InvalidPhone, country_of, normalise
from hookline_telephony_sip.addresses import custom_words
from hookline_telephony_sip.listener import words
from hookline_telephony_sip.listener.process import ListenerProcess
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trunk import Trunk

log = structlog.get_logger(__name__)

InboundTrunks = Callable[[], list[Trunk]]
REFUSED = 603
_REFRESH_SECONDS = 30.0


@dataclass(frozen=True)
class Offered:
    """A call that rings at the listener. `token`: by which its cell will know it."""

    leg: str
    conversation: str
    offer: str
    token: str
    trunk: Trunk


class Inbound:
    """The listener's calls. `tell` takes events, from the listener's thread."""

    def __init__(self, settings: SipSettings, trunks: InboundTrunks, tell: Callable[[list[LegEvent]], None]) -> None:
        self._trunks = trunks
        self._public = settings.public_address if settings.proxy else ""
        self._tell = tell
        self._lock = threading.Lock()
        self._offers: dict[str, Offered] = {}  # by leg, until the answer
        self._led: dict[str, Offered] = {}  # by leg, on its way to a cell
        self._known: dict[str, Trunk] = {}
        self._stopped = threading.Event()
        bind = (settings.inbound_address or settings.bind_address, settings.inbound_port)
        self.listener = ListenerProcess(
            bind, settings.cell_address, settings.proxy_address, self._hear, self._say_lines, self._lose_offers
        )
        self._refresher = threading.Thread(target=self._refresh, name="inbound-lines", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self.listener.start()
        self._refresher.start()

    def stop(self) -> None:
        """No more calls come in."""
        self._stopped.set()
        self.listener.stop()

    def answer(self, leg: str) -> Offered | None:
        """Take the offer; None where it is not there any more."""
        with self._lock:
            offered = self._offers.pop(leg, None)
            if offered is not None:
                self._led[leg] = offered
            return offered

    def give_back(self, offered: Offered) -> None:
        """It could not be answered: it rings on."""
        with self._lock:
            self._led.pop(offered.leg, None)
            self._offers[offered.leg] = offered

    def lead(self, leg: str, host: str, port: int) -> None:
        """The cell expects the call at this address."""
        with self._lock:
            offered = self._led.pop(leg, None)
        if offered is not None:
            self.listener.send(words.Forward(offered.offer, host, port, offered.token))

    def refuse(self, leg: str) -> bool:
        """Refuse the offer; whether there was one. LegEnded follows."""
        with self._lock:
            offered = self._offers.pop(leg, None)
        if offered is None:
            return False
        self.listener.send(words.Refuse(offered.offer, REFUSED))
        self._tell([_gone(offered, HangupCause.CANCELLED)])
        return True

    def refuse_in(self, conversation: str) -> None:
        """Refuse the offer for which this conversation was made up, if there is one."""
        with self._lock:
            legs = [offered.leg for offered in self._offers.values() if offered.conversation == conversation]
        for leg in legs:
            self.refuse(leg)

    def _hear(self, word: words.Word) -> None:
        match word:
            case words.Offered():
                self._offer(word)
            case words.Withdrawn(offer=name):
                with self._lock:
                    gone = next((item for item in self._offers.values() if item.offer == name), None)
                    if gone is not None:
                        del self._offers[gone.leg]
                if gone is not None:
                    self._tell([_gone(gone, HangupCause.CANCELLED)])
            case words.Registered(line=line, status=status):
                (log.info if status == 200 else log.error)("trunk_registered", trunk=int(line), status=status)

    def _offer(self, word: words.Offered) -> None:
        trunk = self._known.get(word.line)
        if trunk is None:
            self.listener.send(words.Refuse(word.offer, REFUSED))
            return
        offered = Offered(uuid.uuid4().hex, uuid.uuid4().hex, word.offer, secrets.token_hex(16), trunk)
        with self._lock:
            self._offers[offered.leg] = offered
        event = CallOffered(
            conversation_id=offered.conversation,
            leg_id=offered.leg,
            at=datetime.now(UTC),
            number=_e164(word.number, trunk) or "",
            dialled=_e164(word.dialled, trunk) or word.dialled,
            line=word.line,
            client_id=trunk.client_id,
            headers=custom_words(word.headers),
        )
        self._tell([event])

    def _lose_offers(self) -> None:
        """The listener has died: who was ringing is lost, whoever talks is not."""
        with self._lock:
            lost, self._offers = list(self._offers.values()), {}
        self._tell([_gone(offered, HangupCause.LOST) for offered in lost])

    def _say_lines(self) -> None:
        trunks = self._trunks()
        self._known = {str(trunk.id): trunk for trunk in trunks}
        addresses = {str(trunk.id): resolve(trunk) for trunk in trunks}
        logins = tuple(
            words.Login(str(trunk.id), trunk.host, trunk.port, trunk.username, trunk.password, self._public)
            for trunk in trunks
            if trunk.registers and trunk.password
        )
        self.listener.send(words.Lines(addresses, logins))

    def _refresh(self) -> None:
        """Trunks change, and so do the addresses behind their names."""
        while not self._stopped.wait(_REFRESH_SECONDS):
            self._say_lines()


def resolve(trunk: Trunk) -> list[str]:
    """The IPv4 addresses of the trunk's host."""
    try:
        found = socket.getaddrinfo(trunk.host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        log.warning("trunk_unresolved", trunk=trunk.id)
        return []
    return sorted({str(item[4][0]) for item in found})


def _e164(number: str, trunk: Trunk) -> str | None:
    try:
        return normalise(number, country_of(trunk.caller_id) or "").e164
    except InvalidPhone:
        return None


def _gone(offered: Offered, cause: HangupCause) -> LegEnded:
    return LegEnded(
        conversation_id=offered.conversation, leg_id=offered.leg, at=datetime.now(UTC), cause=cause, code=0, reason=""
    )
