"""Stopping without cutting anybody off: no new calls, running ones finish, or are bid farewell when time is up."""

from __future__ import annotations

import threading
import time

import structlog
from sqlalchemy import func, select

from hookline.db.database import Database
from hookline.db.models import Call
from hookline.domain.calls import CallState
from hookline.services.gate import DialGate
from hookline.services.inbound import InboundService
from hookline.services.transfers import TransferService

log = structlog.get_logger(__name__)

#: How long a farewell may take: a message, and the hang-up after it.
FAREWELL_SECONDS = 30.0
_LOOK_SECONDS = 0.2


class Draining:
    """Brings the engine to rest."""

    def __init__(self, db: Database, gate: DialGate, inbound: InboundService, transfers: TransferService) -> None:
        self._db = db
        self._gate = gate
        self._inbound = inbound
        self._transfers = transfers
        self._hurry = threading.Event()

    def close(self) -> None:
        """No new call goes out or comes in from now on."""
        self._gate.close()
        self._inbound.close()

    def run(self, limit_seconds: float) -> int:
        """Close, wait until every call is over, bid farewell to those that are not at the limit; how many were not.

        `hurry`, from another thread, ends the waiting.
        """
        self.close()
        log.info("draining: no new calls", running=self.running())
        if self._wait(limit_seconds):
            return 0
        left = self.farewell()
        self._wait(FAREWELL_SECONDS)
        return left

    def farewell(self) -> int:
        """Tell the customers of the calls that still run that they must end; how many there were."""
        with self._db.read() as session:
            calls = session.scalars(select(Call).where(Call.state != CallState.ENDED.value)).all()
        for call in calls:
            try:
                self._transfers.bid_farewell(call)
            except Exception as error:
                log.error("a call could not be bid farewell", call_id=call.id, exc_info=error)
        return len(calls)

    def hurry(self) -> None:
        """Wait no longer."""
        self._hurry.set()

    def running(self) -> int:
        """How many calls there are."""
        with self._db.read() as session:
            count = select(func.count()).select_from(Call).where(Call.state != CallState.ENDED.value)
            return session.scalar(count) or 0

    def _wait(self, seconds: float) -> bool:
        """Whether every call is over, or somebody is in a hurry."""
        end = time.monotonic() + seconds
        while self.running():
            if self._hurry.wait(_LOOK_SECONDS):
                return True
            if time.monotonic() >= end:
                return False
        return True
