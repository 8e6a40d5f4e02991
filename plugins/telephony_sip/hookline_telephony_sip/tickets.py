"""What browsers say to their cells, and the answers that are waited for."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Mapping

from hookline_telephony_sip.cell.messages import BrowserSays, BrowserTold
from hookline_telephony_sip.errors import BrowserUnheard
from hookline_telephony_sip.process import CellProcess

_SECONDS = 8.0  # a STUN server that is silent takes five


class Tickets:
    """Each message has one, by which its answer is known."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._waiting: dict[str, queue.SimpleQueue[BrowserTold]] = {}

    def ask(self, cell: CellProcess, leg: str, message: Mapping[str, object]) -> str:
        """Send it; the ticket to `wait` for."""
        ticket = str(next(self._numbers))
        self._waiting[ticket] = queue.SimpleQueue()
        cell.send(BrowserSays(leg, ticket, dict(message)))
        return ticket

    def told(self, answer: BrowserTold) -> None:
        """An answer has come; nobody may be waiting any more."""
        waiting = self._waiting.get(answer.ticket)
        if waiting is not None:
            waiting.put(answer)

    def wait(self, ticket: str) -> Mapping[str, object]:
        """The answer. Raises BrowserUnheard."""
        try:
            told = self._waiting[ticket].get(timeout=_SECONDS)
        except queue.Empty as error:
            raise BrowserUnheard from error
        finally:
            self._waiting.pop(ticket, None)
        if told.problem:
            raise BrowserUnheard(told.problem)
        return told.body
